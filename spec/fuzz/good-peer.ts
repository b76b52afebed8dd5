import { getHeaders } from '../behaviour/provocations/requests.ts'
import { meet } from '../support/stages.ts'
import type { Bystander } from './node.ts'

/** A peer that asks for one header at a time. */
export async function goodPeer(enode: string): Promise<Bystander> {
  const peer = await meet(enode, { answerPings: true, timeout: timeout })
  await peer.status()
  let asked = 0n
  return {
    ask: () => peer.request(getHeaders({ id: ++asked, origin: 0n })),
    close: () => peer.close(),
  }
}

/** Milliseconds for an answer: it is not slow then, it does not come. */
export const timeout = 60_000
