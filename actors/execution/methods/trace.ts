import { createBlockFromRLP } from '@ethereumjs/block'
import { runTx } from '@ethereumjs/vm'
import { joinBlock } from '../../../protocols/chain/block.ts'
import { decodeHeader, type Header } from '../../../protocols/chain/header.ts'
import { data } from '../../rpc/json/hex.ts'
import { PrintedJson } from '../../rpc/json/print.ts'
import { RpcError } from '../../rpc/rpc-error.ts'
import { startBlock } from './assemble.ts'
import { type Backend, stateAfter } from './backend.ts'
import { ancestorsOf, contextOf, createEnvironment } from './environment.ts'
import { maxAnswerLength, TimeLimit } from './limits.ts'
import { StructLogger, type StructLoggerOptions } from './struct-logger.ts'

export type TraceOptions = StructLoggerOptions & {
  /** In milliseconds, over all transactions of the request; geth's default for one. */
  readonly timeout?: number | undefined
}

export type TracedBlock = {
  /** RLP of its parts. */
  readonly header: Uint8Array
  readonly body: Uint8Array
  /** Of the one transaction that is wanted; all when left out. */
  readonly index?: number | undefined
}

/**
 * Executes the transactions of a block again and logs their steps (geth eth/tracers/api.go).
 * @param parent of the block: on its state
 * @throws {RpcError} it takes too long, or the answer is too long
 */
export async function traceBlock(
  backend: Backend,
  parent: Header,
  { header: rawHeader, body, index }: TracedBlock,
  { timeout = traceTimeout, ...options }: TraceOptions,
  now: () => number,
): Promise<PrintedJson> {
  const header = decodeHeader(rawHeader)
  const limit = new TimeLimit(now, Math.min(timeout, longestTrace), () => new RpcError('execution timeout'))
  const environment = await createEnvironment(backend, {
    ...{ state: await stateAfter(backend, parent), context: contextOf(backend, header), limit },
    ...{ isMerged: header.difficulty === 0n, hashOf: ancestorsOf(backend, parent) },
  })
  const { vm, common } = environment
  const raw = joinBlock({ header: rawHeader, body })
  const block = createBlockFromRLP(raw, { common, setHardfork: false })
  await startBlock(environment, header)
  const room = { left: maxAnswerLength }
  const traces: string[][] = []
  for (const [at, tx] of block.transactions.entries()) {
    await limit.pause()
    const run = () => runTx(vm, { tx, block, skipHardForkValidation: true, skipBlockGasLimitValidation: true })
    if (index !== undefined && at !== index) {
      await run()
      continue
    }
    const logger = new StructLogger(environment, options, limit, room)
    const result = await run().finally(() => logger.end())
    const { exceptionError: error, returnValue } = result.execResult
    const isReturned = error === undefined || error.error === 'revert'
    const head = `{"gas":${result.totalGasSpent},"failed":${error !== undefined},"returnValue":"${isReturned ? data(returnValue) : '0x'}","structLogs":[`
    const trace = [head, logger.end().join(), ']}']
    if (index !== undefined) return new PrintedJson(trace)
    traces.push([`${traces.length > 0 ? ',' : ''}{"txHash":"${data(tx.hash())}","result":`, ...trace, '}'])
  }
  return new PrintedJson(['[', ...traces.flat(), ']'])
}

/** geth `defaultTraceTimeout`. */
const traceTimeout = 5_000
/** An HTTP client has no answer after that. */
const longestTrace = 30_000
