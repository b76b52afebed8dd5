import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

// The floor plan: every folder of the sources stands on a floor, and imports from floors below alone, types included.

/** Ground first. Folders of one floor do not import each other. `*` stands for any folder in its place that has no floor of its own. */
export const floors: readonly (readonly string[])[] = [
  ['protocols/lib'],
  ['protocols/enode'],
  ['protocols/enr'],
  ['protocols/chain'],
  ['protocols/*'],
  ['protocols'],
  ['machines/names'],
  ['machines'],
  ['actors/trace'],
  ['actors/runtime', 'actors/drawing'],
  ['actors/log', 'actors/keylog', 'actors/kzg'],
  ['actors/rpc/json'],
  ['actors/rpc', 'actors/p2p', 'actors/chain'],
  ['actors/apis/json'],
  ['actors/execution/methods'],
  ['actors/execution'],
  ['actors/discovery'],
  ['actors/discovery/v4', 'actors/discovery/v5', 'actors/discovery/dns'],
  ['actors/node'],
  ['actors/pool'],
  ['actors/eth', 'actors/snap'],
  ['actors/apis'],
  ['actors/metrics', 'actors/recording'],
  ['actors/peerchart'],
  ['actors/simulation'],
  ['actors/scripted-peer'],
  ['actors/probe'],
  ['actors/gossip-watch', 'actors/crawler'],
  ['actors/explain'],
  ['actors/inspector'],
  ['actors/inspector/page'],
  ['actors'],
  ['actors/cli/console'],
  ['actors/cli'],
]

/** One file's import of another: paths from the root. */
export type Import = readonly [from: string, to: string]

export type Plan = {
  /** Of each folder, those that it imports, and how often. */
  readonly folders: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Files that import each other in a circle, and folders that do. */
  readonly circles: readonly (readonly string[])[]
  /** Imports of a floor above, or of another folder of the same. */
  readonly upward: readonly Import[]
  /** Folders that have no floor. */
  readonly homeless: readonly string[]
}

/** @param root a checkout */
export function planOf(root: string): Plan {
  const imports = importsOf(root)
  const folders = new Map<string, Map<string, number>>()
  for (const path of imports.flat()) if (!folders.has(dirname(path))) folders.set(dirname(path), new Map())
  for (const [from, to] of imports) {
    const [here, there] = [dirname(from), dirname(to)]
    if (here !== there) folders.get(here)!.set(there, (folders.get(here)!.get(there) ?? 0) + 1)
  }
  const between = [...folders].flatMap(([here, theirs]) => [...theirs.keys()].map((there) => [here, there] as const))
  return {
    folders,
    circles: [...circlesOf(imports), ...circlesOf(between)],
    upward: imports.filter(([from, to]) => isUpward(dirname(from), dirname(to))),
    homeless: [...folders.keys()].filter((folder) => floorOf(folder) < 0),
  }
}

function isUpward(here: string, there: string): boolean {
  return here !== there && floorOf(there) >= floorOf(here)
}

function floorOf(folder: string): number {
  const own = floors.findIndex((floor) => floor.includes(folder))
  return own >= 0 ? own : floors.findIndex((floor) => floor.includes(join(dirname(folder), '*')))
}

/** Types included: the compiler drops them, a reader does not. */
function importsOf(root: string): Import[] {
  const layers = ['protocols', 'machines', 'actors']
  const files = layers.flatMap((layer) => readdirSync(join(root, layer), { recursive: true, withFileTypes: true }))
  return files
    .filter((file) => file.isFile() && /\.tsx?$/.test(file.name) && !file.name.endsWith('.as.ts'))
    .flatMap(({ parentPath, name }) => {
      const path = join(relative(root, parentPath), name)
      const text = readFileSync(join(parentPath, name), 'utf8')
      const named = Array.from(text.matchAll(importPattern), ([, from, dynamic]) => (from ?? dynamic)!)
      return named.map((to): Import => [path, normalize(join(dirname(path), to))])
    })
}

const importPattern = /^(?:import|export)\b[^'"`;]*?['"](\.[^'"]+\.tsx?)['"]|\bimport\(\s*['"](\.[^'"]+)['"]/gm

/** Tarjan's strongly connected components, of more than one. */
function circlesOf(edges: readonly (readonly [string, string])[]): string[][] {
  const next = new Map<string, Set<string>>()
  for (const [from, to] of edges) {
    if (!next.has(to)) next.set(to, new Set())
    next.set(from, (next.get(from) ?? new Set()).add(to))
  }
  const found = new Map<string, { index: number; low: number; isOpen: boolean }>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (name: string) => {
    const here = { index: found.size, low: found.size, isOpen: true }
    found.set(name, here)
    open.push(name)
    for (const other of next.get(name)!) {
      const there = found.get(other) ?? visit(other)
      if (there.isOpen) here.low = Math.min(here.low, there.low)
    }
    if (here.low === here.index) {
      const circle = open.splice(open.indexOf(name))
      for (const member of circle) found.get(member)!.isOpen = false
      if (circle.length > 1) circles.push(circle.sort())
    }
    return here
  }
  for (const name of next.keys()) if (!found.has(name)) visit(name)
  return circles
}

/** As `npm run arch` prints it. */
export function describePlan({ folders, circles, upward, homeless }: Plan): string {
  const ordered = [...folders].sort(([a], [b]) => floorOf(a) - floorOf(b) || a.localeCompare(b))
  const rows = ordered.map(([folder, theirs]) => {
    const imported = [...theirs].sort(([a], [b]) => floorOf(a) - floorOf(b) || a.localeCompare(b))
    return `${folder.padEnd(24)} ${imported.map(([name, count]) => `${name} ${count}`).join(', ') || '–'}`
  })
  const arrows = [...folders.values()].reduce((sum, theirs) => sum + theirs.size, 0)
  return [
    ...rows,
    '',
    ...circles.map((circle) => `circle: ${circle.join(', ')}`),
    ...upward.map(([from, to]) => `upward: ${from} imports ${to}`),
    ...homeless.map((folder) => `no floor: ${folder}`),
    `${folders.size} folders, ${arrows} arrows, ${circles.length} circles, ${upward.length} upward imports`,
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const plan = planOf(join(import.meta.dirname, '..'))
  process.stdout.write(`${describePlan(plan)}\n`)
  process.exitCode = plan.circles.length + plan.upward.length + plan.homeless.length > 0 ? 1 : 0
}
