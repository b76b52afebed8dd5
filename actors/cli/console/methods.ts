import { web3Names } from './web3-calls.ts'

// Methods that a node may serve, for completion and help: ours, and those of other clients that operators ask for most.

const namespaces: Readonly<Record<string, string>> = {
  admin: `addPeer addTrustedPeer datadir exportChain importChain nodeInfo peers removePeer removeTrustedPeer startHTTP
    startWS stopHTTP stopWS`,
  debug: `chart discoveryV4Table freeOSMemory gcStats getRawBlock getRawHeader getRawReceipts getRawTransaction memStats setHead stacks
    traceBlockByHash traceBlockByNumber traceTransaction verbosity vmodule`,
  engine: `exchangeCapabilities exchangeTransitionConfigurationV1 forkchoiceUpdatedV1 forkchoiceUpdatedV2
    forkchoiceUpdatedV3 forkchoiceUpdatedV4 getBlobsV1 getBlobsV2 getBlobsV3 getBlobsV4 getClientVersionV1
    getPayloadBodiesByHashV1 getPayloadBodiesByHashV2 getPayloadBodiesByRangeV1 getPayloadBodiesByRangeV2 getPayloadV1
    getPayloadV2 getPayloadV3 getPayloadV4 getPayloadV5 getPayloadV6 hasBlobs newPayloadV1 newPayloadV2 newPayloadV3
    newPayloadV4 newPayloadV5`,
  eth: `accounts baseFee blobBaseFee blockNumber call capabilities chainId config createAccessList estimateGas
    feeHistory gasPrice getBalance getBlockByHash getBlockByNumber getBlockReceipts
    getBlockTransactionCountByHash getBlockTransactionCountByNumber getCode getFilterChanges getFilterLogs
    getHeaderByHash getHeaderByNumber getLogs getProof getRawTransactionByBlockHashAndIndex
    getRawTransactionByBlockNumberAndIndex getRawTransactionByHash getStorageAt getStorageValues
    getTransactionByBlockHashAndIndex getTransactionByBlockNumberAndIndex getTransactionByHash
    getTransactionCount getTransactionReceipt getUncleByBlockHashAndIndex getUncleByBlockNumberAndIndex
    getUncleCountByBlockHash getUncleCountByBlockNumber maxPriorityFeePerGas newBlockFilter newFilter
    newPendingTransactionFilter sendRawTransaction sendRawTransactionSync simulateV1 syncing uninstallFilter`,
  net: 'listening peerCount version',
  rpc: 'modules',
  testing: 'buildBlockV1',
  txpool: 'content contentFrom inspect status',
  web3: 'clientVersion sha3',
}

/** By namespace, without it. */
export const rpcMethods: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(namespaces).map(([namespace, names]) => [namespace, names.split(/\s+/)]),
)

/** @returns what may stand behind `namespace.`, those that only the console has too */
export const consoleMethods = (namespace: string): readonly string[] =>
  [...(rpcMethods.get(namespace) ?? []), ...(web3Names.get(namespace) ?? [])].sort()

/**
 * readline's completer.
 * @param modules namespaces that the node serves
 * @returns what the last word of `line` may become, and that word
 */
export function complete(line: string, modules: readonly string[]): [candidates: string[], word: string] {
  const word = /[\w.]*$/.exec(line)![0]
  const [, namespace, separator] = /^([a-z\d]+)([._])/i.exec(word) ?? []
  if (namespace === undefined || separator === undefined)
    return [
      beginning(
        word,
        modules.map((name) => `${name}.`),
      ),
      word,
    ]
  if (!modules.includes(namespace)) return [[], word]
  return [
    beginning(
      word,
      (separator === '.' ? consoleMethods(namespace) : (rpcMethods.get(namespace) ?? [])).map(
        (name) => `${namespace}${separator}${name}`,
      ),
    ),
    word,
  ]
}

const beginning = (word: string, all: readonly string[]) => all.filter((one) => one.startsWith(word))
