import type { Command } from 'commander'
import { type NetworkName, network, networkNames } from '../../protocols/chain/networks.ts'
import { ipcName } from '../node/instance.ts'
import { ConfigError, readConfig } from './config-file.ts'
import { addFlags, applyFlags, initialValues } from './setting.ts'
import { defaultNetwork, type StartSettings, settings } from './settings.ts'
import { loopback } from './settings-rpc.ts'

/** What commander read: the flags that were given, and no others. */
export type GivenFlags = Readonly<Record<string, unknown>> & { readonly config?: string }

/** Adds the flags of all settings, and `--config`. */
export function addSettings(command: Command): Command {
  addFlags(
    command.option('--config <file>', 'a TOML file as `dumpconfig` writes it; flags win over what it says'),
    settings,
  )
  return command
}

/**
 * Defaults, then the configuration file, then flags.
 * @returns also the keys of the file that say nothing to this node, as they do to geth
 * @throws (rejects) {ConfigError}
 */
export async function resolveSettings({ config, ...given }: GivenFlags): Promise<{
  readonly settings: StartSettings
  readonly ignored: readonly string[]
}> {
  const { values, ignored } = config === undefined ? { values: {}, ignored: [] } : await readConfig(config, settings)
  if (values.genesis !== undefined && values.network !== undefined)
    throw new ConfigError(`${config}: Peerchart.Genesis and Peerchart.Network exclude each other; leave out one`)
  // A flag for one of the pair is also said against the other.
  const isChainGiven = given.genesis !== undefined || given.network !== undefined
  const chain = isChainGiven ? { genesis: undefined, network: undefined } : {}
  const said = applyFlags(settings, { ...initialValues(settings), ...values, ...chain }, given)
  refuseIdle('http', said.httpHost !== '', given)
  refuseIdle('ws', said.wsHost !== '', given)
  refuseIdle('metrics', said.metrics, given)
  const network = said.genesis === undefined ? (said.network ?? networkById(said.networkid)) : undefined
  // geth: a public network is what its nodes are found for; one of one's own has no bootnodes.
  const isOn = (asked: boolean | undefined) => !said.nodiscover && (asked ?? network !== undefined)
  const discovery = { discovery: isOn(said.discovery), discoveryV5: isOn(said.discoveryV5) }
  const ipcPath = said.ipcPath ?? (said.datadir === '' ? '' : ipcName)
  return { settings: { ...said, ...discovery, network, ipcPath, authHost: authHostOf(said, values, given) }, ignored }
}

/**
 * geth always listens for a consensus client, as it is nothing without one. This node needs none, and two of them on one
 * machine would want the same port: it listens once anything of the engine API is set.
 */
function authHostOf({ authHost }: StartSettings, file: Partial<StartSettings>, given: GivenFlags): string {
  const isAsked = Object.keys(given).some((name) => name.startsWith('authrpc.'))
  const isInFile = [file.authPort, file.authVhosts, file.jwtSecret].some((value) => value !== undefined)
  return authHost || (isAsked || (authHost === undefined && isInFile) ? loopback : '')
}

/** `geth --sepolia dumpconfig` says which network it is by its id alone. */
function networkById(id: bigint | undefined): NetworkName {
  const found = id === undefined ? undefined : networkNames.find((name) => network(name).networkId === id)
  return found ?? defaultNetwork
}

/** What geth leaves without a word: `--metrics.port 7` while nothing is served. @throws {ConfigError} */
function refuseIdle(part: string, isOn: boolean, given: GivenFlags): void {
  const idle = isOn ? undefined : Object.keys(given).find((name) => name.startsWith(`${part}.`))
  if (idle !== undefined) throw new ConfigError(`--${idle} does nothing without --${part}`)
}
