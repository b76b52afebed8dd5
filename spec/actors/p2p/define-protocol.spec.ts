import { expect } from 'chai'
import { setup } from 'xstate'
import { defineProtocol, type NamedSession } from '../../../actors/p2p/define-protocol.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { type DiscError, DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { meet, settle } from './pair.ts'

describe('a protocol of one chart', () => {
  type Name = 'Count' | 'Done'
  type Ports = { answer(count: { count: number }): void; note(what: string): void }
  type Event = { type: 'Count'; count: number } | { type: 'Done' } | { type: 'closed' }

  /** Answers each number with the next, up to three. */
  const counter = setup({
    types: {} as { context: { ports: Ports }; input: Ports; events: Event },
    actions: {
      answer: ({ context }, count: { count: number }) => context.ports.answer(count),
      note: ({ context }, { what }: { what: string }) => context.ports.note(what),
    },
    guards: { isLast: (_, { count }: { count: number }) => count >= 3 },
  }).createMachine({
    id: 'counter',
    context: ({ input }) => ({ ports: input }),
    initial: 'counting',
    states: {
      counting: {
        on: {
          Count: [
            {
              guard: { type: 'isLast', params: ({ event }) => event },
              actions: { type: 'note', params: { what: 'last' } },
            },
            { actions: { type: 'answer', params: ({ event }) => ({ count: event.count + 1 }) } },
          ],
          Done: 'done',
          closed: { actions: { type: 'note', params: { what: 'closed' } } },
        },
      },
      done: { type: 'final' },
    },
  })

  function counting() {
    const notes: string[] = []
    let session: NamedSession<Name> | undefined
    const protocol = defineProtocol({
      name: 'counter',
      version: 1,
      messages: { Count: 0, Done: 2 } satisfies Record<Name, number>,
      machine: counter,
      input: (own: NamedSession<Name>) => {
        session = own
        return {
          answer: ({ count }) => void own.send('Count', Uint8Array.of(count)),
          note: (what) => void notes.push(what),
        }
      },
      decode: (name, payload): Event => {
        if (name === 'Done') return { type: 'Done' }
        if (payload.length !== 1) throw new PeerError('invalid message', 'a count is one byte')
        return { type: 'Count', count: payload[0]! }
      },
      closed: { type: 'closed' },
    })
    return { protocol, notes, send: (name: Name, ...bytes: number[]) => session!.send(name, Uint8Array.from(bytes)) }
  }

  it('takes as many codes as its table reaches', () => {
    expect(counting().protocol).to.deep.include({ name: 'counter', version: 1, length: 3 })
  })

  it('gives the chart each message as an event, and sends what the chart decides', async () => {
    const [ours, theirs] = [counting(), counting()]
    await meet([ours.protocol], [theirs.protocol])
    ours.send('Count', 0)
    await settle()
    expect([ours.notes, theirs.notes]).to.deep.equal([['last'], []])
  })

  it('ends the peer with 0x02 when a payload does not decode', async () => {
    const [ours, theirs] = [counting(), counting()]
    const [near] = await meet([ours.protocol], [theirs.protocol])
    ours.send('Count', 1, 2)
    await settle()
    expect((near.ended!.error as DiscError).reason).to.equal(DiscReason.ProtocolError)
    expect(theirs.notes).to.deep.equal(['closed'])
  })

  it('ends the peer with 0x10 on a code that is not in the table', async () => {
    const ours = defineProtocol({
      ...{ name: 'counter', version: 1, messages: { Count: 0, Hole: 1, Done: 2 }, machine: counter },
      input: (session) => {
        session.send('Hole', new Uint8Array())
        return { answer() {}, note() {} }
      },
    })
    const [near] = await meet([ours], [counting().protocol])
    expect((near.ended!.error as DiscError).reason).to.equal(DiscReason.SubprotocolError)
  })

  it('ends the peer with "client quitting" when the chart is done', async () => {
    const [ours, theirs] = [counting(), counting()]
    const [near, far] = await meet([ours.protocol], [theirs.protocol])
    ours.send('Done')
    await settle()
    expect((near.ended!.error as DiscError).reason).to.equal(DiscReason.Quitting)
    expect(far.feed.actors).to.deep.equal([])
  })
})
