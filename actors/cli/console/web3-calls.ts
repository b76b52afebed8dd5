// What geth's console makes of a call before it is JSON-RPC (its web3.js, and internal/web3ext): names, numbers, defaults.

/** Names that only the console has, by namespace. */
export const web3Names: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'eth',
    [
      'getBlock',
      'getBlockTransactionCount',
      'getBlockUncleCount',
      'getRawTransaction',
      'getRawTransactionFromBlock',
      'getTransaction',
      'getTransactionFromBlock',
      'getUncle',
    ],
  ],
])

/** @returns the JSON-RPC call that `eth.getBlock(600)` is, given as `eth_getBlock` and `[600]` */
export function toRpcCall(method: string, params: readonly unknown[]): { method: string; params: readonly unknown[] } {
  const [byNumber, byHash] = renamed[method] ?? [method, method]
  const name = isHash(params[0]) ? byHash : byNumber
  const given = takesQuantities.test(name) ? params.map(toQuantity) : params
  const rest = defaults[name]?.slice(given.length) ?? []
  return { method: name, params: given.length > 0 ? [...given, ...rest] : given }
}

type Renamed = readonly [byNumber: string, byHash: string]

const renamed: Readonly<Record<string, Renamed>> = {
  eth_getBlock: ['eth_getBlockByNumber', 'eth_getBlockByHash'],
  eth_getBlockTransactionCount: ['eth_getBlockTransactionCountByNumber', 'eth_getBlockTransactionCountByHash'],
  eth_getBlockUncleCount: ['eth_getUncleCountByBlockNumber', 'eth_getUncleCountByBlockHash'],
  eth_getRawTransaction: ['eth_getRawTransactionByHash', 'eth_getRawTransactionByHash'],
  eth_getRawTransactionFromBlock: [
    'eth_getRawTransactionByBlockNumberAndIndex',
    'eth_getRawTransactionByBlockHashAndIndex',
  ],
  eth_getTransaction: ['eth_getTransactionByHash', 'eth_getTransactionByHash'],
  eth_getTransactionFromBlock: ['eth_getTransactionByBlockNumberAndIndex', 'eth_getTransactionByBlockHashAndIndex'],
  eth_getUncle: ['eth_getUncleByBlockNumberAndIndex', 'eth_getUncleByBlockHashAndIndex'],
}

/** Last arguments that may be left out; the first never is. */
const defaults: Readonly<Record<string, readonly unknown[]>> = {
  eth_call: [undefined, 'latest'],
  eth_getBalance: [undefined, 'latest'],
  eth_getBlockByHash: [undefined, false],
  eth_getBlockByNumber: [undefined, false],
  eth_getCode: [undefined, 'latest'],
  eth_getTransactionCount: [undefined, 'latest'],
}

const takesQuantities = /^(eth_|debug_(getRaw|traceBlockByNumber$))/

/** A whole number, as these methods want it: `0x258`. */
const toQuantity = (value: unknown): unknown =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? `0x${(value as number).toString(16)}` : value

const isHash = (value: unknown) => typeof value === 'string' && /^0x[\da-f]{64}$/i.test(value)
