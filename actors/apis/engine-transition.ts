import { equalBytes } from '../../protocols/lib/bytes.ts'
import { type Method, method } from '../rpc/api.ts'
import { data, quantity as toQuantity } from '../rpc/json/hex.ts'
import { bigQuantity, hash, optional, quantity } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import { struct } from '../rpc/struct-params.ts'
import type { EngineParts } from './engine-parts.ts'

const configuration = struct('engine.TransitionConfigurationV1', {
  terminalTotalDifficulty: optional(bigQuantity),
  terminalBlockHash: hash,
  terminalBlockNumber: quantity,
})

/** Where proof of work ended, which both sides are to be of one mind about (execution-apis, engine/paris.md). */
export function transitionMethods({ chain }: Pick<EngineParts, 'chain'>): Record<string, Method> {
  return {
    exchangeTransitionConfigurationV1: method([configuration], (theirConfig) => {
      const { terminalTotalDifficulty: ours } = chain.config
      const { terminalTotalDifficulty: theirs, terminalBlockHash = zeros, terminalBlockNumber = 0n } = theirConfig
      if (theirs === undefined) throw new RpcError('invalid terminal total difficulty')
      if (ours !== theirs)
        throw new RpcError(`invalid ttd: execution ${ours ?? '<nil>'} consensus ${toQuantity(theirs)}`)
      const isNamed = terminalBlockHash.some((byte) => byte !== 0)
      const canonical = isNamed ? chain.canonicalHash(terminalBlockNumber) : undefined
      if (isNamed && !(canonical && equalBytes(canonical, terminalBlockHash)))
        throw new RpcError('invalid terminal block hash')
      return {
        terminalTotalDifficulty: toQuantity(theirs),
        terminalBlockHash: data(terminalBlockHash),
        terminalBlockNumber: toQuantity(isNamed ? terminalBlockNumber : 0n),
      }
    }),
  }
}

const zeros = new Uint8Array(32)
