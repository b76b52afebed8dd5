import { expect } from 'chai'
import { engineApi } from '../../actors/apis/engine.ts'
import { ethApi } from '../../actors/apis/eth.ts'
import { PayloadBuilder } from '../../actors/apis/payload-builder.ts'
import { Chain } from '../../actors/chain/chain.ts'
import { importChain } from '../../actors/chain/import.ts'
import { loadGenesis } from '../../actors/chain/load-genesis.ts'
import { Executor } from '../../actors/execution/executor.ts'
import type { Api } from '../../actors/rpc/api.ts'
import { RpcError } from '../../actors/rpc/rpc-error.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { supervised } from '../../actors/runtime/supervision.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { noEth } from '../actors/apis/engine-caller.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth, type RpcAnswer } from '../support/geth.ts'
import { requireRelease } from './geth-release.ts'

/** A geth and our engine namespace on the test chain, asked the same. */
export class EnginePair {
  readonly geth: Geth
  readonly chain: Chain
  readonly #apis: readonly Api[]
  readonly #executor: Executor | undefined

  private constructor(geth: Geth, chain: Chain, executor?: Executor) {
    this.geth = geth
    this.chain = chain
    this.#executor = executor
    const builder = executor && new PayloadBuilder(executor)
    this.#apis = [engineApi({ chain, eth: noEth, version: '0.1.0', builder }), ethApi({ chain })]
  }

  /**
   * Skips without a geth, and with one before 1.17.6: it has other messages, and an older Amsterdam.
   * @param first a file of the chain's first blocks, which both import; none when left out
   */
  static async start(context: Mocha.Context, first?: string): Promise<EnginePair> {
    const path = requireClient(context, findGeth(), 'geth')
    await requireRelease(context, path, '1.17.6')
    const { genesis, networkId } = requireEthtest(context)
    // With snap sync it would execute no payload.
    const args = ['--syncmode', 'full']
    const geth = await Geth.start({ path, genesis, networkId, args, ...(first !== undefined && { chain: first }) })
    const chain = await Chain.open({ genesis: await loadGenesis(genesis), networkId })
    if (first !== undefined) await importChain(chain, first)
    return new EnginePair(geth, chain)
  }

  /** As {@link start}, and blocks are executed on our side, too. @param genesis a file of another chain than the test chain */
  static async startExecuting(context: Mocha.Context, genesis?: string): Promise<EnginePair> {
    const path = requireClient(context, findGeth(), 'geth')
    await requireRelease(context, path, '1.17.6')
    const file = genesis ?? requireEthtest(context).genesis
    const read = await loadGenesis(file)
    const networkId = read.config.chainId
    const geth = await Geth.start({ path, genesis: file, networkId, args: ['--syncmode', 'full'] })
    const failed = (error: Error) => {
      throw error
    }
    const runtime = supervised(processRuntime(), ({ error }) => failed(error as Error))
    const executor = await Executor.open(runtime, { genesis: read, failed })
    return new EnginePair(geth, await Chain.open({ genesis: read, networkId, execution: executor }), executor)
  }

  ours(method: string, ...params: unknown[]): Promise<RpcAnswer> {
    return callApi(this.#apis, method, ...params).then(
      (result) => ({ result }),
      (error) => {
        if (!(error instanceof RpcError)) throw error
        const { code, message, data } = error
        return { error: { code, message, ...(data !== undefined && { data }) } }
      },
    )
  }

  async theirs(method: string, ...params: unknown[]): Promise<RpcAnswer> {
    const { result, error } = await this.geth.engineAnswer({ method, params })
    return error ? { error } : { result }
  }

  /** Both answer the same. @returns that */
  async alike(method: string, ...params: unknown[]): Promise<RpcAnswer> {
    const theirs = await this.theirs(method, ...params)
    expect(await this.ours(method, ...params), `${method} ${JSON.stringify(params).slice(-200)}`).to.deep.equal(theirs)
    return theirs
  }

  async stop(): Promise<void> {
    await this.geth.stop()
    await this.chain.close()
    await this.#executor?.close()
  }
}
