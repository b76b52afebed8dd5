import { setup } from 'xstate'

/** A chart with nested and parallel states, guards, delays and effects. @param on what any state of it takes */
export const lampMachine = (on: Record<string, string> = {}) =>
  setup({
    actions: { shine: () => {}, warn: () => {} },
    guards: { isDark: () => true },
    delays: { rest: 15_000, flash: 250 },
  }).createMachine({
    id: 'lamp-1',
    initial: 'off',
    on,
    states: {
      off: {
        on: { 'switch.pressed': [{ guard: 'isDark', target: 'on' }, { actions: 'warn' }] },
        after: { rest: 'off' },
      },
      on: {
        type: 'parallel',
        on: { 'switch.pressed': 'off', 'mains.failed': 'broken' },
        states: {
          light: { initial: 'dim', states: { dim: { entry: 'shine', after: { flash: 'bright' } }, bright: {} } },
          fan: { initial: 'still', states: { still: { on: { 'fuse.blown': '#lamp-1.broken' } } } },
        },
      },
      broken: { type: 'final' },
    },
  })

/** Branches of one event that lead to one state: two for the same reason, one without. */
export const gateMachine = setup({
  types: {} as { events: { type: 'knock' } },
  guards: { isFull: () => false, isLate: () => false },
}).createMachine({
  id: 'gate',
  initial: 'open',
  states: {
    open: {
      on: {
        knock: [
          { guard: 'isFull', target: 'shut', description: 'too many peers' },
          { guard: 'isLate', target: 'shut', description: 'too many peers' },
          { target: 'shut' },
        ],
      },
    },
    shut: { type: 'final' },
  },
})
