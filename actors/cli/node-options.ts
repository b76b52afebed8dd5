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
    bootnodes,
    netrestrict,
  } = settings
  const nodeKey = await toNodeKey(settings)
  return {
    ...(datadir !== '' && { datadir }),
    ...(genesis !== undefined && { genesis }),
    ...(network !== undefined && { network }),
    ...(networkid !== undefined && { networkId: networkid }),
    ...(identity !== undefined && { identity }),
    ...(nodeKey && { nodeKey }),
    rpc: await toRpcOptions(settings, log),
    ...(settings.metrics && { metrics: { host: settings.metricsHost, port: settings.metricsPort } }),
    ...(record !== undefined && { record: { file: record, maxBytes: recordMax } }),
    ...(keylog !== undefined && { keyLog: keylog }),
    ...listen,
    ...(netrestrict.length > 0 && { netRestrict: netrestrict.join() }),
    ...((discovery || discoveryV5) && {
      discovery: {
        v4: discovery,
        v5: discoveryV5,
        bootnodes,
        ...(discoveryPort !== undefined && { port: discoveryPort }),
      },
    }),
    maxPeers: maxpeers,
    maxInputBytes: maxInput,
    noDial: nodial,
    peers: peer,
    trusted,
    log,
  }
}

/** Not commander's to parse: it would show the digits with the error. */
async function toNodeKey({ nodekey, nodekeyhex }: StartSettings): Promise<Uint8Array | undefined> {
  if (nodekeyhex !== undefined) return parseNodeKey(nodekeyhex)
  return nodekey === undefined ? undefined : readNodeKey(nodekey)
}
