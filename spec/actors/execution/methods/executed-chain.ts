import { Common, Mainnet } from '@ethereumjs/common'
import { createTx } from '@ethereumjs/tx'
import { payloadParam, toBlock } from '../../../../actors/apis/engine-payload.ts'
import { ethApi } from '../../../../actors/apis/eth.ts'
import { stateApis } from '../../../../actors/apis/state.ts'
import { txpoolApi } from '../../../../actors/apis/txpool.ts'
import { Chain } from '../../../../actors/chain/chain.ts'
import { devAccounts, devGenesisJson } from '../../../../actors/chain/dev-genesis.ts'
import type { ExecutionPort } from '../../../../actors/chain/execution-port.ts'
import { MemoryStore } from '../../../../actors/chain/memory-store.ts'
import { BlockExecutor } from '../../../../actors/execution/block-executor.ts'
import { encodeResult } from '../../../../actors/execution/block-result.ts'
import { writeGenesisState } from '../../../../actors/execution/genesis-state.ts'
import { methodBackend } from '../../../../actors/execution/method-backend.ts'
import { runStateMethod, type StateMethodCall } from '../../../../actors/execution/methods/methods.ts'
import { queries, type StatePort } from '../../../../actors/execution/queries.ts'
import { StateStore } from '../../../../actors/execution/state-store.ts'
import { silent } from '../../../../actors/log/log.ts'
import { TxPool } from '../../../../actors/pool/tx-pool.ts'
import type { Api } from '../../../../actors/rpc/api.ts'
import { data } from '../../../../actors/rpc/json/hex.ts'
import { processRuntime, processScheduler } from '../../../../actors/runtime/process-runtime.ts'
import { TimeSlicer } from '../../../../actors/runtime/time-slicer.ts'
import { atOnce } from '../../../../protocols/chain/at-once.ts'
import { parseGenesis } from '../../../../protocols/chain/genesis.ts'
import { hexToBytes } from '../../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../../protocols/lib/keccak.ts'
import { callApi } from '../../apis/call-api.ts'

export type SentTransaction = {
  /** Which of the dev accounts sends it. */
  readonly from?: number
  readonly to?: string
  readonly data?: string
  readonly value?: bigint
  readonly gasLimit?: bigint
  readonly nonce?: bigint
  /** Gwei. */
  readonly price?: bigint
}

/** A chain on the genesis of the dev network whose blocks are executed here, and the methods of RPC on it. */
export class ExecutedChain {
  readonly chain: Chain
  readonly apis: readonly Api[]
  /** Opened by those who want it. */
  readonly pool: TxPool
  /** What the methods take for the time, in milliseconds: every look at it takes this long. */
  stepTime = 0
  #time = 0
  readonly #nonces = devAccounts.map(() => 0n)

  /** Builds blocks. */
  readonly states: StatePort

  private constructor(
    chain: Chain,
    states: StateStore,
    files: { journal?: string | undefined; blobs?: string | undefined },
  ) {
    this.chain = chain
    const { config } = chain
    this.states = {
      hasState: (block) => states.has(block),
      query: async (name, params) => structuredClone(await queries[name]({ states, config }, params as never)) as never,
    }
    this.pool = new TxPool(processRuntime(), {
      ...{ chain, states: this.states, slicer: new TimeSlicer(processScheduler()), log: silent },
      ...(files.journal !== undefined && { journal: files.journal }),
      ...(files.blobs !== undefined && { blobs: files.blobs }),
    })
    const { pool } = this
    const now = () => {
      this.#time += this.stepTime
      return this.#time
    }
    const run = (call: StateMethodCall) =>
      runStateMethod({ backend: methodBackend(states, config), now }, structuredClone(call))
    this.apis = [ethApi({ chain, pool }), ...stateApis(chain, run, { pool }), txpoolApi(pool)]
  }

  /** @param journal file of the pool @param blobs its folder for those */
  static async open(genesisJson: object = devGenesisJson, journal?: string, blobs?: string): Promise<ExecutedChain> {
    const genesis = parseGenesis(JSON.stringify(genesisJson))
    const store = new MemoryStore()
    await writeGenesisState(store, genesis.alloc!)
    const { hash, number, stateRoot } = genesis.header
    const states = await StateStore.begin(store, {
      ...{ hash, number, stateRoot, ancestors: [] },
      result: encodeResult({ receipts: Uint8Array.of(0xc0) }),
    })
    const executor = new BlockExecutor(states, genesis.config)
    const execution: ExecutionPort = {
      hasState: (hash) => states.has(hash),
      states: () => Array.from(states.states(), ({ hash }) => hash),
      execute: ({ header, body }, head) => executor.execute({ header: header.raw, body, head }),
      rebuild: async () => {},
    }
    return new ExecutedChain(await Chain.open({ genesis, execution }), states, { journal, blobs })
  }

  /** @throws (rejects) {RpcError} */
  // biome-ignore lint/suspicious/noExplicitAny: JSON, that each spec looks into
  call(name: string, ...params: unknown[]): Promise<any> {
    return callApi(this.apis, name, ...params)
  }

  /** Makes a block of these on the head, by testing_buildBlockV1. @returns their hashes */
  async add(...transactions: readonly SentTransaction[]): Promise<string[]> {
    const { head } = this.chain
    const signed = transactions.map((one) => this.sign(one))
    const attributes = {
      timestamp: `0x${(head.time + 1n).toString(16)}`,
      prevRandao: `0x${'00'.repeat(32)}`,
      suggestedFeeRecipient: `0x${'fe'.repeat(20)}`,
      withdrawals: [],
      parentBeaconBlockRoot: `0x${'00'.repeat(32)}`,
    }
    const given = [data(head.hash), attributes, signed.map(data)]
    const { executionPayload } = await this.call('testing_buildBlockV1', ...given)
    const block = atOnce(
      toBlock(payloadParam.read(executionPayload), { parentBeaconRoot: new Uint8Array(32), requests: [] }),
    )
    await this.chain.insertBlocks([block])
    return signed.map((envelope) => data(keccak256(envelope)))
  }

  /** @returns its envelope */
  sign(transaction: SentTransaction): Uint8Array {
    return hexToBytes(this.signAt({ nonce: this.#nonces[transaction.from ?? 0]!++, ...transaction }).slice(2))
  }

  /** @returns its envelope, in hex */
  signAt({ from = 0, to, data: input, price = 10n, ...fields }: SentTransaction & { nonce: bigint }): string {
    const common = new Common({ chain: { ...Mainnet, chainId: Number(this.chain.config.chainId) }, hardfork: 'prague' })
    const tx = createTx(
      {
        ...{ type: 2, chainId: common.chainId(), gasLimit: 1_000_000n, ...fields },
        ...{ maxFeePerGas: price * 1_000_000_000n, maxPriorityFeePerGas: price * 100_000_000n },
        ...(to && { to: to as `0x${string}` }),
        data: (input ?? '0x') as `0x${string}`,
      },
      { common },
    )
    return data(tx.sign(devAccounts[from]!.privateKey).serialize())
  }
}

/** @returns code that a transaction makes a contract with this code with */
export function deploying(code: string): string {
  const digits = code.replaceAll(' ', '')
  const length = (digits.length / 2).toString(16).padStart(2, '0')
  // PUSH1 length, DUP1, PUSH1 where it begins, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  return `0x60${length}80600b6000396000f3${digits}`
}
