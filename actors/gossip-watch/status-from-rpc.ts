import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { isNumber, isObject, shaped, type Validator } from '../../protocols/lib/shapes.ts'
import { RpcClient } from '../rpc/client.ts'
import { StrangeAnswer } from '../rpc/client-errors.ts'
import type { StatusFields } from '../scripted-peer/caps.ts'

/**
 * The Status of the node at `url`: a watch that sends it claims to be as far as that node, without its chain.
 * @throws (rejects) {RpcError} it does not have eth_config (EIP-7910); {StrangeAnswer}, and what {@link RpcClient} throws
 */
export async function statusFromRpc(url: string, timeout: number): Promise<StatusFields> {
  const client = await RpcClient.connect(url, { timeout })
  async function ask<Answer>(isFit: Validator, method: string, ...params: readonly unknown[]): Promise<Answer> {
    const answer = await client.request(method, params)
    if (!isFit(answer)) throw new StrangeAnswer(client.target, method, answer)
    return answer as Answer
  }
  try {
    const networkId = BigInt(await ask<string>(isDecimal, 'net_version'))
    const genesis = await ask<Block>(isBlock, 'eth_getBlockByNumber', '0x0', false)
    const head = await ask<Block>(isBlock, 'eth_getBlockByNumber', 'latest', false)
    const { current, next } = await ask<Config>(isConfig, 'eth_config')
    return {
      networkId,
      genesis: bytes(genesis.hash),
      forkId: { hash: bytes(current.forkId), next: BigInt(next?.activationTime ?? 0) },
      range: { earliest: 0n, latest: BigInt(head.number), latestHash: bytes(head.hash) },
    }
  } finally {
    client.close()
  }
}

type Block = { readonly hash: string; readonly number: string }
type Config = {
  readonly current: { readonly forkId: string }
  readonly next?: { readonly activationTime: number } | null
}

const like =
  (pattern: RegExp): Validator =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const isDecimal = like(/^\d{1,20}$/)
const isBlock = shaped({ hash: like(/^0x[\da-f]{64}$/i), number: like(/^0x[\da-f]{1,16}$/i) })
const isFork = shaped({ activationTime: isNumber })
const isConfig: Validator = (value) =>
  isObject(value) &&
  shaped({ forkId: like(/^0x[\da-f]{8}$/i) })(value.current) &&
  (value.next === undefined || value.next === null || isFork(value.next))

const bytes = (hex: string) => hexToBytes(hex.slice(2))
