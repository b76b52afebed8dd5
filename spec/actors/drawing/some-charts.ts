import { type AnyStateMachine, fromPromise, setup } from 'xstate'
import * as charts from '../../../machines/index.ts'

/** Every chart of ours. */
export const ownCharts: readonly AnyStateMachine[] = Object.values(charts)

/** The chart of the protocol that the README shows. */
export const doorMachine = setup({
  types: {} as { events: { type: 'Knock' | 'Answer' } },
  actions: { knock: () => {}, answer: () => {}, enter: () => {} },
}).createMachine({
  id: 'door',
  on: { Knock: { actions: 'answer' } },
  initial: 'knocking',
  states: { knocking: { entry: 'knock', on: { Answer: 'inside' } }, inside: { entry: 'enter' } },
})

/** Whatever XState allows and ours do not do, with names that markup must not take for its own. */
export const oddMachine = setup({
  actors: { work: fromPromise(async () => {}) },
  actions: { note: () => {} },
  guards: { 'is <b>&"odd"</b>': () => true },
}).createMachine({
  id: 'odd <chart> & "more"',
  description: 'a line of text that is long enough to be broken into several of them, and then goes on & on & on',
  initial: 'a',
  on: {
    home: '.a',
    deep: '.b.left.one',
    restart: { target: '.b', reenter: true },
    '*': { actions: 'note' },
  },
  states: {
    a: {
      description: 'where <it> begins',
      on: {
        both: { target: ['#leftTwo', '#rightTwo'] as never },
        again: { target: 'a', reenter: true },
        stay: { target: 'a' },
        'a.very.long.name.of.an.event.that.no.one.would.want.to.read.in.one.line.of.a.picture': 'b',
      },
      invoke: { src: 'work', id: 'work', onDone: 'b', onError: { target: 'c', actions: 'note' } },
    },
    b: {
      id: 'B',
      type: 'parallel',
      onDone: 'c',
      on: { back: { guard: 'is <b>&"odd"</b>', target: 'a' }, inner: '.left.two' },
      states: {
        left: {
          initial: 'one',
          states: {
            one: { on: { next: [{ guard: () => true, target: 'two' }, 'last', { target: '#B' }] } },
            two: { id: 'leftTwo', after: { 1500: '#left', 60000: 'last' } },
            last: { type: 'final' },
            before: { type: 'history' },
          },
          id: 'left',
        },
        right: {
          initial: 'one',
          states: {
            one: { on: { cross: '#leftTwo', out: '#C' } },
            two: { id: 'rightTwo', type: 'final' },
          },
        },
      },
    },
    c: { id: 'C', type: 'final', exit: 'note' },
  },
})
