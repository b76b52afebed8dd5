import { type Api, method } from '../rpc/api.ts'
import { quantity } from '../rpc/json/hex.ts'

export type NetApiOptions = {
  readonly networkId: bigint
  /** How many peers there are, of any protocol. */
  readonly peerCount: () => number
}

/** geth's `net` namespace. */
export function netApi({ networkId, peerCount }: NetApiOptions): Api {
  return {
    namespace: 'net',
    methods: {
      listening: method([], () => true), // geth says so whether or not it listens
      peerCount: method([], () => quantity(peerCount())),
      version: method([], () => networkId.toString()),
    },
  }
}
