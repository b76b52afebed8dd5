import { Observable, Subject, Subscription } from 'rxjs'
import { candidateMixMachine } from '../../machines/candidate-mix.ts'
import type { Enode } from '../../protocols/enode/enode.ts'
import type { CandidateSource } from '../p2p/dialer.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'

export type CandidateMixOptions = {
  /** Of its actor. */
  readonly id: string
  readonly parent: string
  /** By name. */
  readonly sources: Readonly<Record<string, CandidateSource>>
}

/** @returns nodes of all sources, each in its turn: {@link candidateMixMachine}, which runs as long as a dialer wants any */
export function candidateMix(runtime: Runtime, { id, parent, sources }: CandidateMixOptions): CandidateSource {
  const names = Object.keys(sources)
  return (wanted) =>
    new Observable<Enode>((dialer) => {
      const asked = new Map(names.map((name) => [name, new Subject<void>()]))
      const subscriptions = new Subscription()
      const actor = startActor(runtime, candidateMixMachine, {
        ...{ id, parent },
        input: (send) => {
          for (const [name, source] of Object.entries(sources)) {
            const offered = (node: Enode) => send({ type: 'candidate.offered', source: name, node })
            subscriptions.add(source(asked.get(name)!).subscribe(offered))
          }
          return {
            sources: names,
            ports: { ask: ({ source }) => asked.get(source)!.next(), deliver: ({ node }) => dialer.next(node) },
          }
        },
      })
      subscriptions.add(wanted.subscribe(() => actor.send({ type: 'candidate.wanted' })))
      return () => {
        subscriptions.unsubscribe()
        actor.send({ type: 'mix.stop' })
      }
    })
}
