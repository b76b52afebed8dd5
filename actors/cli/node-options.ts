import { network } from '../../protocols/chain/networks.ts'
import type { Logger } from '../log/log.ts'
import { parseNodeKey, readNodeKey } from '../node/node-key.ts'
import type { NodeOptions } from '../peerchart/node-options.ts'
import { toRpcOptions } from './rpc-options.ts'
import type { StartSettings } from './settings.ts'

/** @returns what {@link createNode} makes of the settings. @throws (rejects) {NodeKeyError} {JwtSecretError} {ConfigError} */
export async function toNodeOptions(settings: StartSettings, log: Logger): Promise<NodeOptions> {
  const {
    datadir,
    genesis,
    network,
    networkid,
    listen,
    maxpeers,
    maxInput,
    nodial,
    peer,
    trusted,
    identity,
    keylog,
    record,
    recordMax,
    discovery,
    discoveryV5,
    discoveryPort,
    nat,
    netrestrict,
  } = settings
  const nodeKey = await toNodeKey(settings)
  return {
    ...(datadir !== '' && { datadir }),
    ...(genesis !== undefined && { genesis }),
    ...(network !== undefined && { network }),
    ...(networkid !== undefined && { networkId: networkid }),
    ...executionOf(settings, log),
    ...(settings.receipts && { receipts: true }),
    ...(identity !== undefined && { identity }),
    ...(nodeKey && { nodeKey }),
    rpc: await toRpcOptions(settings, log),
    ...(settings.metrics && { metrics: { host: settings.metricsHost, port: settings.metricsPort } }),
    ...(record !== undefined && { record: { file: record, maxBytes: recordMax } }),
    ...(keylog !== undefined && { keyLog: keylog }),
    ...listen,
    ...(netrestrict.length > 0 && { netRestrict: netrestrict.join() }),
    ...((discovery || discoveryV5 || (settings.discoveryDns.length > 0 && !settings.nodiscover)) && {
      discovery: {
        v4: discovery ?? false,
        v5: discoveryV5 ?? false,
        ...bootnodesOf(settings),
        ...(settings.discoveryDns.length > 0 && { dns: settings.discoveryDns }),
        ...(discoveryPort !== undefined && { port: discoveryPort }),
      },
    }),
    nat,
    maxPeers: maxpeers,
    maxInputBytes: maxInput,
    noDial: nodial,
    peers: peer,
    trusted,
    log,
  }
}

/** A state that is fetched is for blocks that are executed on it. */
function executionOf(settings: StartSettings, log: Logger): Pick<NodeOptions, 'execute' | 'syncMode'> {
  const { syncmode } = settings
  const execute = isExecuting(settings, log)
  if (!execute && syncmode === 'snap') log.warn('No state is fetched where nothing is executed: syncing in full')
  return execute ? { execute, ...(syncmode === 'snap' && { syncMode: 'snap' as const }) } : {}
}

/** What is set, else whether there are accounts to begin with. */
function isExecuting({ execute, genesis, network }: StartSettings, log: Logger): boolean {
  if (execute === undefined && genesis === undefined)
    log.info('Blocks are not executed: the first accounts of this network are not here, --genesis FILE gives them', {
      network,
    })
  return execute ?? genesis !== undefined
}

/** What is set, else the network's. */
function bootnodesOf({ bootnodes, bootnodesV5, network: name }: StartSettings) {
  const ofNetwork = name && network(name)
  return {
    bootnodes: bootnodes ?? ofNetwork?.bootnodes ?? [],
    bootnodesV5: bootnodesV5 ?? ofNetwork?.bootnodesV5 ?? [],
  }
}

/** Not commander's to parse: it would show the digits with the error. */
async function toNodeKey({ nodekey, nodekeyhex }: StartSettings): Promise<Uint8Array | undefined> {
  if (nodekeyhex !== undefined) return parseNodeKey(nodekeyhex)
  return nodekey === undefined ? undefined : readNodeKey(nodekey)
}
