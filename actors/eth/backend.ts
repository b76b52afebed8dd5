import type { EthAnswer, EthRequest } from '../../protocols/eth/messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { answerSteps } from './answers.ts'
import type { ChainPort } from './chain-port.ts'

/** What sessions serve from (geth's eth.Backend): today the chain alone. */
export type Backend = {
  /** Finds what there is of what is asked for, and may wait for it: step by step, in the turns of the peer that asks. */
  answer(request: EthRequest, version: EthVersion): Steps<EthAnswer>
}

export function backendOf(chain: ChainPort): Backend {
  return { answer: (request, version) => answerSteps(version, request, chain) }
}
