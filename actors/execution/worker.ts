import { rm } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Alloc } from '../../protocols/chain/alloc.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { KeyValueStore } from '../chain/key-value-store.ts'
import { openStore } from '../chain/store.ts'
import '../runtime/native-secp256k1.ts'
import { BadBlock, BlockExecutor } from './block-executor.ts'
import { decodeResult, encodeResult } from './block-result.ts'
import { writeGenesisState } from './genesis-state.ts'
import { queries } from './queries.ts'
import { StateStore } from './state-store.ts'
import type { ThreadAnswer, ThreadError, ThreadInput, ThreadRequest } from './thread-messages.ts'

// The thread of an execution: one request after the other.

type Answer = ThreadAnswer extends infer One ? (One extends { readonly id: number } ? Omit<One, 'id'> : never) : never

const { directory, config, genesisHeader } = workerData as ThreadInput
let store: KeyValueStore | undefined
let states: StateStore
let executor: BlockExecutor

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

/** What waits: blocks go before what is asked of states. BOUNDED: by the callers, who wait for the answers. */
const [orders, questions]: [ThreadRequest[], ThreadRequest[]] = [[], []]
let isBusy = false

parentPort!.on('message', (request: ThreadRequest) => {
  const waiting = request.kind === 'query' ? questions : orders
  waiting.push(request)
  if (!isBusy) void serve()
})

/** One after the other; in between what has come meanwhile takes its place. */
async function serve(): Promise<void> {
  isBusy = true
  for (let request = next(); request; request = next()) {
    const { id } = request
    const done = await answer(request).catch((error): Answer => ({ kind: 'failed', error: toThreadError(error) }))
    parentPort!.postMessage({ ...done, id })
    await new Promise((resolve) => setImmediate(resolve))
  }
  isBusy = false
}

const next = () => orders.shift() ?? questions.shift()
