import { expect } from 'chai'
import { engineApi } from '../../../actors/apis/engine.ts'
import type { EngineApiOptions } from '../../../actors/apis/engine-parts.ts'
import type { PayloadStatus } from '../../../actors/apis/engine-status.ts'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { type Fields, silent } from '../../../actors/log/log.ts'
import type { Api } from '../../../actors/rpc/api.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import type { RpcError } from '../../../actors/rpc/rpc-error.ts'
import type { ConsensusHead } from '../../../machines/downloader-setup.ts'
import type { Genesis } from '../../../protocols/chain/genesis.ts'
import { callApi } from './call-api.ts'
import { paramsOf } from './payloads.ts'

export const zeros = `0x${'00'.repeat(32)}`
/** The hash of no block. */
export const unknown = `0x${'11'.repeat(32)}`
export const hashOf = ({ header }: NewBlock): string => data(header.hash)

export const syncing: PayloadStatus = { status: 'SYNCING', latestValidHash: null, validationError: null }
export const accepted: PayloadStatus = { ...syncing, status: 'ACCEPTED' }

/** Who would fetch for a consensus client, in a node without peers. */
export const noEth: EngineApiOptions['eth'] = {
  follow: () => {},
  followed: undefined,
  custody: new Uint8Array(16),
  updateCustody: () => {},
}

/** The engine namespace of a chain of its own, called as a consensus client does. */
export class EngineCaller {
  readonly chain: Chain
  readonly api: Api
  /** What was to be fetched. */
  readonly followed: ConsensusHead[] = []
  /** Which cells were to be kept. */
  readonly masks: string[] = []

  /** What its log says. */
  readonly lines: string[] = []

  private constructor(chain: Chain) {
    this.chain = chain
    const { followed, masks } = this
    let custody: Uint8Array = new Uint8Array(16).fill(0xff)
    const eth = {
      follow: (head: ConsensusHead) => followed.push(head),
      get followed() {
        return followed.at(-1)
      },
      get custody() {
        return custody
      },
      updateCustody: (mask: Uint8Array) => {
        custody = mask
        masks.push(data(mask))
      },
    }
    const info = (message: string, { number, columns }: Fields = {}) =>
      this.lines.push(`${message}: ${number ?? columns}`)
    this.api = engineApi({ chain, eth, version: '1.2.3', log: { ...silent, info } })
  }

  static async open(genesis: Genesis): Promise<EngineCaller> {
    return new EngineCaller(await Chain.open({ genesis }))
  }

  call<Result>(name: string, ...params: unknown[]): Promise<Result> {
    return callApi([this.api], `engine_${name}`, ...params) as Promise<Result>
  }

  newPayload(block: NewBlock): Promise<PayloadStatus> {
    return this.call('newPayloadV4', ...paramsOf(block))
  }

  update(
    head: string,
    safe: string = zeros,
    finalized: string = zeros,
    attributes?: unknown,
  ): Promise<{ payloadStatus: PayloadStatus; payloadId: null }> {
    const state = { headBlockHash: head, safeBlockHash: safe, finalizedBlockHash: finalized }
    return this.call('forkchoiceUpdatedV3', state, attributes)
  }

  close(): Promise<void> {
    return this.chain.close()
  }
}

/** @returns the error that a call ends with: its code, its message, and what geth puts in its data */
export const refusal = (asking: Promise<unknown>): Promise<(string | number | undefined)[]> =>
  asking.then(
    (result) => expect.fail(`no refusal: ${JSON.stringify(result)}`),
    ({ code, message, data }: RpcError) => [code, message, (data as { err?: string } | undefined)?.err],
  )
