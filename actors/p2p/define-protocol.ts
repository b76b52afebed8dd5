import type { AnyStateMachine, EventFromLogic, InputFrom } from 'xstate'
import { PeerError } from '../../protocols/lib/peer-error.ts'
import { ProtocolReturned } from '../../protocols/p2p/disconnect-reasons.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { InternalError } from '../runtime/supervision.ts'
import type { Protocol, Session } from './protocol.ts'

/** One session as its chart's ports see it: messages by name. */
export type NamedSession<Name extends string> = Pick<Session, 'peer' | 'end'> & {
  send(name: Name, payload: Uint8Array): boolean
}

export type ProtocolDefinition<Machine extends AnyStateMachine, Name extends string> = {
  readonly name: string
  readonly version: number
  /** Every message by name, and its code counted from 0. */
  readonly messages: Readonly<Record<Name, number>>
  /** One session. It gets each message as an event of that name; when it is done, so is the peer. */
  readonly machine: Machine
  /** The chart's input for one session: its ports, most often. */
  input(session: NamedSession<Name>, send: Send<Machine>): InputFrom<Machine>
  /**
   * Turns a message into the chart's event: `{ type: name, payload }` when left out.
   * @throws {PeerError} the remote broke the protocol: Disconnect 0x02
   */
  decode?(name: Name, payload: Uint8Array): EventFromLogic<Machine>
  /** The chart's event for the end of the peer; none when left out. */
  readonly closed?: EventFromLogic<Machine>
} & Pick<Protocol, 'attributes'>

/** Makes a chart a devp2p capability: what `createNode({ protocols })` takes. */
export function defineProtocol<Machine extends AnyStateMachine, Name extends string>(
  definition: ProtocolDefinition<Machine, Name>,
): Protocol {
  const { name, version, messages, machine, input, decode, closed, attributes } = definition
  const names = new Map(Object.entries<number>(messages).map(([name, code]) => [code, name as Name]))
  const length = Array.from(names.keys()).reduce((most, code) => Math.max(most, code), 0) + 1
  return {
    name,
    version,
    length,
    ...(attributes && { attributes }),
    run(session) {
      const named: NamedSession<Name> = {
        peer: session.peer,
        send: (name, payload) => session.send(messages[name], payload),
        end: (error) => session.end(error),
      }
      const actor = startActor(session.runtime, machine, {
        id: `${session.actor}/${name}`,
        parent: session.actor,
        input: (send) => input(named, send),
        crashed: (error) => session.end(new InternalError(error)),
      })
      actor.subscribe({ complete: () => session.end(new ProtocolReturned()), error: () => {} })
      return {
        message(code, payload) {
          const name = names.get(code)
          if (name === undefined) return session.end(new Error(`invalid message code: ${code}`))
          const event = read(session, () => decode?.(name, payload) ?? { type: name, payload })
          if (event) actor.send(event as EventFromLogic<Machine>)
        },
        closed() {
          if (closed) actor.send(closed)
          actor.stop()
        },
        info: () => ({ version }),
      }
    },
  }
}

function read<Event>(session: Session, decode: () => Event): Event | undefined {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    session.end(error)
    return undefined
  }
}
