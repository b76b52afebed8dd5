import { type Chart, type State, statesOf } from './chart.ts'

/** A transition from state to state, drawn inside of `scope`, the innermost state around both. */
type Edge = { readonly scope: string; readonly from: string; readonly to: string; readonly label: Label }

/** Of one event; any of the guards is enough. */
type Label = {
  readonly on: string
  readonly guards: readonly string[]
  /** Where it begins and ends, when that is inside of what the arrow connects. */
  readonly place: string
  readonly why: string
}

/** @returns the chart's states, and the transitions between them, as GitHub draws them from Markdown */
export function chartToMermaid({ name, root }: Chart): string {
  const edges = statesOf(root).flatMap(edgesOf)
  return ['stateDiagram-v2', ...insideOf(root).map((line) => `  ${line}`)].join('\n')

  function insideOf(state: State): string[] {
    const labels = new Map<string, Label[]>()
    for (const { scope, from, to, label } of edges) {
      const arrow = `${from === '' ? '[*]' : idOf(from)} --> ${idOf(to)}`
      if (scope === state.path) labels.set(arrow, [...(labels.get(arrow) ?? []), label])
    }
    const regions = state.states.map(declarationOf)
    const isParallel = state.type === 'parallel'
    return [
      ...regions.flatMap((region, i) => (isParallel && i > 0 ? ['--', ...region] : region)),
      ...(state.initial === undefined ? [] : [`[*] --> ${idOf(state.initial)}`]),
      ...[...labels].map(([arrow, same]) => `${arrow} : ${textOfAll(withAlternatives(same))}`),
      ...state.states.filter(({ type }) => type === 'final').map(({ path }) => `${idOf(path)} --> [*]`),
    ]
  }

  function declarationOf(state: State): string[] {
    const declaration = `state "${state.key}" as ${idOf(state.path)}`
    if (state.states.length > 0) return [`${declaration} {`, ...insideOf(state).map((line) => `  ${line}`), '}']
    if (state.entry.length === 0) return [declaration]
    return [declaration, `${idOf(state.path)} : entry / ${state.entry.join(', ')}`]
  }

  function idOf(path: string): string {
    return `${name}.${path}`.replace(/\W/g, '_')
  }
}

/** Mermaid draws no arrow across a border: it goes from the outermost state that is left to the outermost entered. */
function edgesOf({ path, transitions }: State): Edge[] {
  return transitions.flatMap(({ on, guard, targets, description }) =>
    targets.map((target) => {
      const scope = scopeOf(path, target)
      const [from, to] = [childToward(scope, path), childToward(scope, target)]
      const inner = [
        from === '' ? 'anywhere' : from !== path ? `in ${pathFrom(from, path)}` : '',
        to !== target ? `to ${pathFrom(to, target)}` : '',
      ].filter(Boolean)
      const place = inner.length > 0 ? ` (${inner.join(', ')})` : ''
      // A colon or semicolon would end the label.
      const why = description?.replace(/[:;]/g, ',') ?? ''
      const label = { on, guards: guard ? [guard] : [], place, why }
      return { scope, from, to, label }
    }),
  )
}

/** Branches of one event that lead to the same state, and say the same, are one label. */
function withAlternatives(labels: readonly Label[]): Label[] {
  const merged: Label[] = []
  for (const label of labels) {
    const last = merged.at(-1)
    if (last?.on !== label.on || last.place !== label.place || last.why !== label.why) merged.push(label)
    else merged[merged.length - 1] = { ...last, guards: [...last.guards, ...label.guards] }
  }
  return merged
}

/** What neighbours have in common is said once, at the last of them. */
const textOfAll = (labels: readonly Label[]): string =>
  labels
    .map((label, i) => {
      if (label.why === '' || labels[i + 1]?.why === label.why) return textOf(label)
      return `${textOf(label)} – ${labels[i - 1]?.why === label.why ? 'each ' : ''}${label.why}`
    })
    .join('<br/>')

const textOf = ({ on, guards, place }: Label): string =>
  `${on}${guards.length > 0 ? ` ${guards.map((guard) => `[${guard}]`).join(' or ')}` : ''}${place}`

const keysOf = (path: string): string[] => (path === '' ? [] : path.split('.'))
const pathFrom = (outer: string, inner: string): string => keysOf(inner).slice(keysOf(outer).length).join('.')

/** The innermost state that is around both and neither of them, if there is one. */
function scopeOf(a: string, b: string): string {
  const [left, right] = [keysOf(a), keysOf(b)]
  const common = left.findIndex((key, i) => key !== right[i])
  const shared = common === -1 ? left : left.slice(0, common)
  return (shared.length === left.length || shared.length === right.length ? shared.slice(0, -1) : shared).join('.')
}

/** @returns the state directly inside of `scope` that is or holds `path`; none of `scope` itself */
const childToward = (scope: string, path: string): string =>
  keysOf(path)
    .slice(0, keysOf(scope).length + 1)
    .join('.')
