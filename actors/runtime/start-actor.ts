import { type Actor, type AnyStateMachine, createActor, type EventFromLogic, type InputFrom } from 'xstate'
import type { Runtime } from './runtime.ts'
import { obeySteps, takeFirstStep } from './steps.ts'
import { reportBug } from './supervision.ts'

export type StartOptions<Machine extends AnyStateMachine> = {
  /** Unique among the living: `peer/3f9a…/7`. The feed, the log and the inspector know the actor by it. */
  readonly id: string
  readonly parent?: string
  /** As a function it is given the actor's mailbox, for ports that answer while the actor is starting. */
  readonly input: InputFrom<Machine> | ((send: Send<Machine>) => InputFrom<Machine>)
  /**
   * Of an actor that belongs to a connection: its chart or a port threw, and it hears nothing more. Ends the connection.
   * What belongs to none ends the node.
   */
  readonly crashed?: (error: unknown) => void
}

/**
 * Starts `machine` as the root of its own actor system: starting and stopping it costs the same however many others
 * live, and whatever it throws ends it alone: a bug of ours, which is reported.
 */
export function startActor<Machine extends AnyStateMachine>(
  { clock, feed, supervisor }: Pick<Runtime, 'clock' | 'feed' | 'supervisor'>,
  machine: Machine,
  { id, parent, input, crashed }: StartOptions<Machine>,
): Actor<Machine> {
  const send: Send<Machine> = (event) => actor.send(event)
  const given = typeof input === 'function' ? (input as (send: Send<Machine>) => InputFrom<Machine>)(send) : input
  const actor = createActor(machine, { id, clock, input: given } as never) as Actor<Machine>
  obeySteps(actor)
  feed.watch(actor, { id, ...(parent !== undefined && { parent }), chart: machine.id }, (error) => {
    reportBug({ supervisor }, { actor: id, error, ends: crashed ? 'connection' : 'node' })
    crashed?.(error)
  })
  takeFirstStep(actor)
  return actor
}

/** What a port is given to answer its chart: the send half of an actor. */
export type Send<Machine extends AnyStateMachine> = (event: EventFromLogic<Machine>) => void
