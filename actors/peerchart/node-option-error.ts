import { type NetworkName, networkNames } from '../../protocols/chain/networks.ts'
import { nearest } from '../../protocols/lib/nearest.ts'
import type { NodeOptions } from './node-options.ts'

/** What JavaScript lets pass. @throws {NodeOptionError} */
export function checkOptions(options: NodeOptions): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(known, name))
      throw new NodeOptionError(`there is no option ${shown(name)}; did you mean ${nearest(name, Object.keys(known))}?`)
  const { network, genesis, maxInputBytes } = options
  if (maxInputBytes !== undefined && !(Number.isSafeInteger(maxInputBytes) && maxInputBytes > 0))
    throw new NodeOptionError(`maxInputBytes is a whole number of bytes, not ${shown(maxInputBytes)}`)
  const { syncMode, execute } = options
  if (syncMode !== undefined && syncMode !== 'full' && syncMode !== 'snap')
    throw new NodeOptionError(`syncMode is full or snap, not ${shown(syncMode)}`)
  if (syncMode === 'snap' && !execute)
    throw new NodeOptionError('syncMode snap needs execute: a state is fetched for the blocks that stand on it')
  if (network === undefined) return
  if (!networkNames.includes(network as NetworkName))
    throw new NodeOptionError(
      `there is no network ${shown(network)}: want ${networkNames.join(', ')}; did you mean ${nearest(String(network), networkNames)}? Another chain is given as genesis`,
    )
  if (genesis !== undefined) throw new NodeOptionError('network and genesis are two chains: give one of them')
}

const shown = (value: unknown) => JSON.stringify(String(value).slice(0, 60))

const known: Readonly<Record<keyof NodeOptions, true>> = {
  apis: true,
  datadir: true,
  discovery: true,
  ethVersions: true,
  execute: true,
  syncMode: true,
  genesis: true,
  headPollInterval: true,
  host: true,
  identity: true,
  keyLog: true,
  log: true,
  maxInputBytes: true,
  maxPeers: true,
  metrics: true,
  nat: true,
  netRestrict: true,
  network: true,
  networkId: true,
  noDial: true,
  nodeKey: true,
  peers: true,
  port: true,
  protocols: true,
  receipts: true,
  record: true,
  rpc: true,
  runtime: true,
  transport: true,
  trusted: true,
}

/** An option of a node that there is not, or a value that it does not take. */
export class NodeOptionError extends Error {
  override readonly name = 'NodeOptionError'
}
