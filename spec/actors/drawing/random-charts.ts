import fc from 'fast-check'
import { type AnyStateMachine, createMachine } from 'xstate'

// Charts that no one would make: to see that whatever XState takes is drawn.

type Node = {
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final'
  readonly children: readonly Node[]
  readonly seed: number
}

const { tree } = fc.letrec<{ tree: Node; leaf: Node }>((tie) => ({
  leaf: fc.record({
    kind: fc.constantFrom<Node['kind']>('atomic', 'atomic', 'atomic', 'final'),
    children: fc.constant([]),
    seed: fc.nat(),
  }),
  tree: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    tie('leaf'),
    fc.record({
      kind: fc.constantFrom<Node['kind']>('compound', 'compound', 'parallel'),
      children: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      seed: fc.nat(),
    }),
  ),
}))

export const randomChart: fc.Arbitrary<AnyStateMachine> = fc
  .record({
    children: fc.array(tree, { minLength: 1, maxLength: 4 }),
    arrows: fc.array(fc.record({ from: fc.nat(), to: fc.nat(), on: fc.nat(30), isExternal: fc.boolean() }), {
      maxLength: 25,
    }),
  })
  .map(({ children, arrows }) => {
    const states: { id: string; config: Record<string, unknown>; kind: Node['kind'] }[] = []
    const root = configOf({ kind: 'compound', children, seed: 0 }, 'n')
    const sources = states.filter(({ kind }) => kind !== 'final')
    for (const { from, to, on, isExternal } of arrows) {
      const [source, target] = [sources[from % sources.length]!, states[to % states.length]!]
      const handlers = source.config.on as Record<string, object[]>
      const name = `event.${'long'.repeat(on % 7)}${on}`
      const guard = on % 3 === 0 ? {} : { guard: () => true }
      handlers[name] = [...(handlers[name] ?? []), { target: `#${target.id}`, reenter: isExternal, ...guard }]
    }
    return createMachine({ ...root, id: 'n' } as never)

    function configOf({ kind, children, seed }: Node, id: string): Record<string, unknown> {
      const config: Record<string, unknown> = { id, on: {} }
      states.push({ id, config, kind })
      if (seed % 3 === 1) config.description = 'what this state is about, in some text '.repeat(seed % 4)
      if (kind === 'parallel' || kind === 'final') config.type = kind
      if (kind === 'compound') config.initial = 's0'
      if (children.length > 0)
        config.states = Object.fromEntries(children.map((child, i) => [`s${i}`, configOf(child, `${id}-${i}`)]))
      return config
    }
  })
