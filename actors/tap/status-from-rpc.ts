import { hexToBytes } from '../../protocols/lib/bytes.ts'
import type { StatusFields } from '../harness/caps.ts'
import { RpcClient } from '../rpc/client.ts'

type Config = {
  readonly current: { readonly forkId: string }
  readonly next: { readonly activationTime: number } | null
}
type Block = { readonly hash: string; readonly number: string }

/**
 * The Status of the node at `url`: a tap that says it is as far as that node, without having its chain.
 * @throws (rejects) {RpcError} it does not have eth_config (EIP-7910), and what {@link RpcClient} throws
 */
export async function statusFromRpc(url: string, timeout: number): Promise<StatusFields> {
  const client = await RpcClient.connect(url, { timeout })
  try {
    const networkId = BigInt(await client.call<string>('net_version'))
    const genesis = await client.call<Block>('eth_getBlockByNumber', '0x0', false)
    const head = await client.call<Block>('eth_getBlockByNumber', 'latest', false)
    const { current, next } = await client.call<Config>('eth_config')
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

const bytes = (hex: string) => hexToBytes(hex.slice(2))
