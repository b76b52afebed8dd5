import { Common, Mainnet } from '@ethereumjs/common'
import { createTx } from '@ethereumjs/tx'
import { payloadParam, toBlock } from '../../../../actors/apis/engine-payload.ts'
import { ethApi } from '../../../../actors/apis/eth.ts'
import { stateApis } from '../../../../actors/apis/state.ts'
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
import type { Api } from '../../../../actors/rpc/api.ts'
import { data } from '../../../../actors/rpc/json/hex.ts'
import { atOnce } from '../../../../protocols/chain/at-once.ts'
import { parseGenesis } from '../../../../protocols/chain/genesis.ts'
import { callApi } from '../../apis/call-api.ts'

export type SentTransaction = {
  /** Which of the dev accounts sends it. */
  readonly from?: number
  readonly to?: string
  readonly data?: string
  readonly value?: bigint
  readonly gasLimit?: bigint
}

/** A chain on the genesis of the dev network whose blocks are executed here, and the methods of RPC on it. */
export class ExecutedChain {
  readonly chain: Chain
  readonly apis: readonly Api[]
  /** What the methods take for the time, in milliseconds: every look at it takes this long. */
  stepTime = 0
  #time = 0
  readonly #nonces = devAccounts.map(() => 0n)

  /** Builds blocks. */
  readonly states: Pick<StatePort, 'query'>

  private constructor(chain: Chain, states: StateStore) {
    this.chain = chain
    const { config } = chain
    this.states = {
      query: async (name, params) => structuredClone(await queries[name]({ states, config }, params as never)) as never,
    }
    const now = () => {
      this.#time += this.stepTime
      return this.#time
    }
    const run = (call: StateMethodCall) =>
      runStateMethod({ backend: methodBackend(states, config), now }, structuredClone(call))
    this.apis = [ethApi({ chain }), ...stateApis(chain, run)]
  }

  static async open(genesisJson: object = devGenesisJson): Promise<ExecutedChain> {
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
    return new ExecutedChain(await Chain.open({ genesis, execution }), states)
  }

  /** @throws (rejects) {RpcError} */
  // biome-ignore lint/suspicious/noExplicitAny: JSON, that each spec looks into
  call(name: string, ...params: unknown[]): Promise<any> {
    return callApi(this.apis, name, ...params)
  }

  /** Makes a block of these on the head, by testing_buildBlockV1. @returns their hashes */
  async add(...transactions: readonly SentTransaction[]): Promise<string[]> {
    const { head } = this.chain
    const signed = transactions.map((one) => this.#sign(one))
    const attributes = {
      timestamp: `0x${(head.time + 1n).toString(16)}`,
      prevRandao: `0x${'00'.repeat(32)}`,
      suggestedFeeRecipient: `0x${'fe'.repeat(20)}`,
      withdrawals: [],
      parentBeaconBlockRoot: `0x${'00'.repeat(32)}`,
    }
    const given = [data(head.hash), attributes, signed.map((tx) => data(tx.serialize()))]
    const { executionPayload } = await this.call('testing_buildBlockV1', ...given)
    const block = atOnce(
      toBlock(payloadParam.read(executionPayload), { parentBeaconRoot: new Uint8Array(32), requests: [] }),
    )
    await this.chain.insertBlocks([block])
    return signed.map((tx) => data(tx.hash()))
  }

  /** @returns its envelope */
  sign(transaction: SentTransaction): Uint8Array {
    return this.#sign(transaction).serialize()
  }

  #sign({ from = 0, to, data: input, value = 0n, gasLimit = 1_000_000n }: SentTransaction) {
    const common = new Common({ chain: { ...Mainnet, chainId: Number(this.chain.config.chainId) }, hardfork: 'prague' })
    const nonce = this.#nonces[from]!++
    const fields = { nonce, gasLimit, value, maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
    const tx = createTx(
      {
        type: 2,
        chainId: common.chainId(),
        ...fields,
        ...(to && { to: to as `0x${string}` }),
        data: (input ?? '0x') as `0x${string}`,
      },
      { common },
    )
    return tx.sign(devAccounts[from]!.privateKey)
  }
}

/** @returns code that a transaction makes a contract with this code with */
export function deploying(code: string): string {
  const digits = code.replaceAll(' ', '')
  const length = (digits.length / 2).toString(16).padStart(2, '0')
  // PUSH1 length, DUP1, PUSH1 where it begins, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  return `0x60${length}80600b6000396000f3${digits}`
}
