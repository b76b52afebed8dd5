import { rm } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Alloc } from '../../protocols/chain/alloc.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { SortedStore } from '../chain/key-value-store.ts'
import { openStore } from '../chain/store.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import '../runtime/native-secp256k1.ts'
import { BadBlock, BlockExecutor } from './block-executor.ts'
import { decodeResult, encodeResult } from './block-result.ts'
import { writeGenesisState } from './genesis-state.ts'
import { queries } from './queries.ts'
import { StateStore } from './state-store.ts'
import { type SyncCalls, syncCalls } from './sync-calls.ts'
import type { ThreadAnswer, ThreadError, ThreadInput, ThreadRequest } from './thread-messages.ts'

// The thread of an execution: one request after the other.

type Answer = ThreadAnswer extends infer One ? (One extends { readonly id: number } ? Omit<One, 'id'> : never) : never

const { directory, syncDirectory, config, genesisHeader } = workerData as ThreadInput
let store: SortedStore | undefined
let states: StateStore
let executor: BlockExecutor
let sync: SyncCalls | undefined

async function open(): Promise<Answer> {
  store = await openStore(directory)
  const found = StateStore.open(store)
  return found ? use(found) : { kind: 'empty' }
}

async function begin(alloc: Alloc): Promise<Answer> {
  const { hash, number, stateRoot } = decodeHeader(genesisHeader)
  await writeGenesisState(store!, alloc)
  return use(await StateStore.begin(store!, { hash, number, stateRoot, ancestors: [], result: noResult }))
}

function use(found: StateStore): Answer {
  states = found
  executor = new BlockExecutor(states, config)
  return { kind: 'opened', states: Array.from(states.states(), ({ hash }) => hash) }
}

/** Of a genesis, which has no transactions. */
const noResult = encodeResult({ receipts: Uint8Array.of(0xc0) })

async function rebuild(): Promise<Answer> {
  await store?.close()
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  return open()
}

async function execute(block: { header: Uint8Array; body: Uint8Array; head: Uint8Array }): Promise<Answer> {
  const before = new Map(Array.from(states.states(), ({ hash }) => [bytesToHex(hash), hash]))
  try {
    const result = await executor.execute(block)
    for (const { hash } of states.states()) before.delete(bytesToHex(hash))
    return { kind: 'executed', result, gone: [...before.values()] }
  } catch (error) {
    if (error instanceof BadBlock) return { kind: 'refused', reason: error.reason, detail: error.message }
    throw error
  }
}

async function answer(request: ThreadRequest): Promise<Answer> {
  switch (request.kind) {
    case 'open':
      return open()
    case 'rebuild':
      return rebuild()
    case 'begin':
      return begin(request.alloc)
    case 'execute':
      return execute(request)
    case 'recall':
      return { kind: 'executed', result: decodeResult(states.result(request.hash)!), gone: [] }
    case 'query':
      return { kind: 'answered', answer: await queries[request.name]({ states, config }, request.params as never) }
    case 'sync': {
      sync ??= syncCalls({ store: store!, directory: syncDirectory, committed: use })
      return { kind: 'answered', answer: await sync[request.name](request.params as never) }
    }
    case 'close':
      await store?.close()
      return { kind: 'closed' }
  }
}

function toThreadError(error: unknown): ThreadError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack, code, data } = error as Error & { code?: unknown; data?: unknown }
  return { name, message, stack, ...(typeof code === 'number' && { code }), ...(data !== undefined && { data }) }
}

type Question = ThreadRequest & { readonly kind: 'query' }
type Order = Exclude<ThreadRequest, Question>

/** What waits: blocks go before what is asked of states. BOUNDED: by the callers, who wait for the answers. */
const orders: Order[] = []
const questions: Question[] = []
let isBusy = false
/** The blocks that came while a question was answered: it lets them be executed in its pauses. */
let executing: Promise<void> | undefined

parentPort!.on('message', (request: ThreadRequest) => {
  if (request.kind === 'query') questions.push(request)
  else orders.push(request)
  if (!isBusy) void serve()
  else if (isAsked)
    executing ??= executeMeanwhile().finally(() => {
      executing = undefined
    })
})

/** Whether a question is being answered. */
let isAsked = false

/** One after the other; in between what has come meanwhile takes its place. */
async function serve(): Promise<void> {
  isBusy = true
  for (;;) {
    const order = orders.shift()
    if (order) await reply(order, answer(order))
    else {
      const question = questions.shift()
      if (!question) break
      isAsked = true
      await reply(question, answerQuestion(question))
      isAsked = false
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  isBusy = false
}

async function reply({ id }: ThreadRequest, answered: Promise<Answer>): Promise<void> {
  const done = await answered.catch((error): Answer => ({ kind: 'failed', error: toThreadError(error) }))
  parentPort!.postMessage({ ...done, id })
}

/** Only blocks: what closes the database, or writes another one, waits for the question. */
async function executeMeanwhile(): Promise<void> {
  while (orders[0]?.kind === 'execute' || orders[0]?.kind === 'recall') {
    const order = orders.shift()!
    await reply(order, answer(order))
  }
}

/** What was read of a state that went meanwhile says nothing. */
async function answerQuestion(question: Question): Promise<Answer> {
  const done = await answer(question).catch((error): Answer => ({ kind: 'failed', error: toThreadError(error) }))
  if (!executing) return done
  await executing
  const { name, params } = question
  if (name !== 'method' && name !== 'build') return done // those are answered in one go
  const { hash, number } = decodeHeader('parent' in params ? params.parent : (params as { block: Uint8Array }).block)
  if (states.has(hash)) return done
  return { kind: 'failed', error: toThreadError(new RpcError(`the state of block ${number} is not available`)) }
}
