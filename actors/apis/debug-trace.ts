import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { TraceOptions } from '../execution/methods/trace.ts'
import { type Method, method } from '../rpc/api.ts'
import { blockTag } from '../rpc/block-params.ts'
import { boolean, hash, int, optional, string } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import { struct } from '../rpc/struct-params.ts'
import type { BlockChain, Blocks } from './blocks.ts'
import type { TransactionLookup } from './eth-transactions.ts'
import type { Block } from './json/block.ts'
import type { RunStateMethod } from './state-caller.ts'

/** Those of geth's `debug` namespace that execute blocks again and log what they do (eth/tracers/api.go). */
export function traceMethods(
  chain: BlockChain & TransactionLookup,
  blocks: Blocks,
  run: RunStateMethod,
): Record<string, Method> {
  const trace = (block: Block, config: TraceConfig | undefined, index?: number) => {
    const { header, body } = block
    if (header.number === 0n) throw new RpcError('genesis is not traceable')
    const parent = chain.headerByHash(header.parentHash)
    if (!parent) throw new RpcError(`parent 0x${bytesToHex(header.parentHash)} not found`)
    const traced = { header: header.raw, body: body.raw, ...(index !== undefined && { index }) }
    return run(parent, 'debug_traceBlock', traced, readConfig(config))
  }
  const found = (block: Block | undefined, name: string): Block => {
    if (!block) throw new RpcError(`block ${name} not found`)
    return block
  }
  return {
    traceBlockByNumber: method([blockTag, traceConfig], (tag, config) =>
      trace(found(blocks.blockAt(tag), `#${tag}`), config),
    ),
    traceBlockByHash: method([hash, traceConfig], (hash, config) =>
      trace(found(blocks.blockByHash(hash), `0x${bytesToHex(hash)}`), config),
    ),
    traceTransaction: method([hash, traceConfig], (hash, config) => {
      const at = chain.transactionByHash(hash)
      const block = at && blocks.blockByHash(at.header.hash)
      if (!at || !block) throw new RpcError('transaction not found')
      return trace(block, config, at.index)
    }),
  }
}

const traceConfig = optional(
  struct('tracers.TraceConfig', {
    enableMemory: optional(boolean),
    disableStack: optional(boolean),
    disableStorage: optional(boolean),
    enableReturnData: optional(boolean),
    limit: optional(int),
    tracer: optional(string),
    timeout: optional(string),
  }),
)
type TraceConfig = NonNullable<ReturnType<typeof traceConfig.read>>

/** @throws {RpcError} a tracer that we do not have, a duration that is none */
function readConfig({ tracer, timeout, ...options }: TraceConfig = {} as TraceConfig): TraceOptions {
  if (tracer) throw new RpcError(`ReferenceError: ${tracer} is not defined`)
  return { ...options, ...(timeout !== undefined && { timeout: readDuration(timeout) }) }
}

/** As Go's `time.ParseDuration`: `300ms`, `1m30s`. @returns milliseconds */
function readDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)]
  if (text !== '0' && (parts.length === 0 || parts.map(([part]) => part).join('') !== text))
    throw new RpcError(`time: invalid duration ${JSON.stringify(text)}`)
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * unitsOf[unit!]!, 0)
}

const unitsOf: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}
