import { InvalidArgumentError } from 'commander'
import type { SyncMode } from '../../machines/downloader-setup.ts'
import { type NetworkName, networkNames } from '../../protocols/chain/networks.ts'
import { parseLink, TreeError } from '../../protocols/dnsdisc/tree.ts'
import { formatNat, NatError, parseNat } from '../../protocols/enode/nat.ts'
import { NetlistError, parseNetlist } from '../../protocols/enode/netlist.ts'
import { joinHostPort } from '../../protocols/enode/netutil.ts'
import type { Verbosity } from '../log/log.ts'
import { LogLevels, VmoduleError } from '../log/log-levels.ts'
import {
  addDialable,
  addEnode,
  longestTime,
  toBytes,
  toDuration,
  toNetworkId,
  toVerbosity,
  toWhole,
} from './arguments.ts'

// What a setting's value is: as the argument of a flag, and in a configuration file.

export type Kind<Value> = {
  /** Of a flag's argument; left out: it is taken as it is. @throws {InvalidArgumentError} */
  readonly parse?: ((text: string, previous?: Value) => Value) | undefined
  /** @throws {InvalidArgumentError} */
  read(toml: unknown): Value
  /** @returns undefined where a file is better off without it */
  write(value: Value): TomlValue | undefined
}

export type TomlValue = string | number | bigint | boolean | readonly string[]

export const text: Kind<string> = {
  read(toml) {
    if (typeof toml === 'string') return toml
    throw new InvalidArgumentError('Want a string.')
  },
  write: (value) => value,
}

export const yesNo: Kind<boolean> = {
  read(toml) {
    if (typeof toml === 'boolean') return toml
    throw new InvalidArgumentError('Want true or false.')
  },
  write: (value) => value,
}

/** On the command line with commas between. */
export const list: Kind<readonly string[]> = {
  parse: (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  read(toml) {
    if (Array.isArray(toml) && toml.every((item) => typeof item === 'string')) return toml
    throw new InvalidArgumentError('Want a list of strings.')
  },
  write: (value) => value,
}

export const whole = (least: number, most: number): Kind<number> => ({
  parse: (text) => toWhole(text, least, most),
  read(toml) {
    if (typeof toml === 'number' && Number.isInteger(toml) && toml >= least && toml <= most) return toml
    throw new InvalidArgumentError(`Want a whole number from ${least} to ${most}.`)
  },
  write: (value) => value,
})

export const port: Kind<number> = whole(0, 65_535)

export const maxPeers: Kind<number> = whole(0, 10_000)

/** Milliseconds; a file has Go's nanoseconds. */
export const duration: Kind<number> = {
  parse: toDuration,
  read: (toml) => whole(0, longestTime * 1e6).read(toml) / 1e6,
  write: (value) => value * 1e6,
}

/** Less has no room for one WebSocket message, the longest that there is. */
const leastInput = 32 << 20

export const inputBytes: Kind<number> = {
  ...whole(leastInput, Number.MAX_SAFE_INTEGER),
  parse(text) {
    const bytes = toBytes(text)
    if (bytes >= leastInput) return bytes
    throw new InvalidArgumentError(`Want at least ${leastInput >> 20}MiB.`)
  },
}

export const bytes: Kind<number> = { ...whole(1, Number.MAX_SAFE_INTEGER), parse: toBytes }

export const verbosity: Kind<Verbosity> = {
  parse: toVerbosity,
  read: (toml) => whole(0, 5).read(toml) as Verbosity,
  write: (value) => value,
}

/** geth's `--log.vmodule`. */
export const vmodule: Kind<string> = {
  parse(rules) {
    try {
      new LogLevels().setVmodule(rules)
    } catch (error) {
      if (error instanceof VmoduleError) throw new InvalidArgumentError('Want names and levels, as peer=5,rpc=4.')
      throw error
    }
    return rules
  },
  read: (toml) => vmodule.parse!(text.read(toml)),
  write: (value) => value,
}

/** A uint64; in a file, 0 leaves it to the chain. */
export const networkId: Kind<bigint | undefined> = {
  parse: toNetworkId,
  read(toml) {
    if (toml === 0) return undefined
    return toNetworkId(typeof toml === 'number' || typeof toml === 'bigint' ? `${toml}` : '')
  },
  write: (value) => value ?? 0,
}

export const networkName: Kind<NetworkName> = {
  parse(name) {
    const found = networkNames.find((other) => other === name)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`Allowed choices are ${networkNames.join(', ')}.`)
  },
  read: (toml) => networkName.parse!(text.read(toml)),
  write: (value) => value,
}

/** geth ethconfig.SyncMode. */
export const syncMode: Kind<SyncMode> = {
  parse(name) {
    if (name === 'full' || name === 'snap') return name
    throw new InvalidArgumentError('Allowed choices are full, snap.')
  },
  read: (toml) => syncMode.parse!(text.read(toml)),
  write: (value) => value,
}

/** Of a URL: empty, or from its first `/`. */
export const pathPrefix: Kind<string> = {
  parse(path) {
    if (/^(\/[^?#]*)?$/.test(path)) return path
    throw new InvalidArgumentError('Want a path that begins with /, without ? and #.')
  },
  read: (toml) => pathPrefix.parse!(text.read(toml)),
  write: (value) => value,
}

export type ListenAddress = { readonly host: string; readonly port: number }

/** `127.0.0.1:30303`, `[::1]:30303`, or `:30303` for every address that the machine has. */
export const listenAddress: Kind<ListenAddress> = {
  read(toml) {
    const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text.read(toml)) ?? []
    if (port === undefined || Number(port) > 65_535) throw new InvalidArgumentError('Want an address as host:port.')
    return { host: bracketed ?? plain, port: Number(port) }
  },
  write: ({ host, port }) => joinHostPort(host, port),
}

/** geth's DiscAddr: `:30301`, of which the port counts; empty is the TCP port. */
export const discAddr: Kind<number | undefined> = {
  parse: port.parse as NonNullable<Kind<number | undefined>['parse']>,
  read: (toml) => (toml === '' ? undefined : listenAddress.read(toml).port),
  write: (value) => (value === undefined ? '' : `:${value}`),
}

/** geth's `--nat`. */
export const nat: Kind<string> = {
  parse(how) {
    try {
      return formatNat(parseNat(how))
    } catch (error) {
      if (error instanceof NatError) throw new InvalidArgumentError(`${error.message}.`)
      throw error
    }
  },
  read: (toml) => nat.parse!(text.read(toml)),
  write: (value) => value,
}

/** enode URLs. */
export const nodes: Kind<readonly string[]> = nodesBy(addEnode)
/** enode URLs with an address. */
export const dialableNodes: Kind<readonly string[]> = nodesBy(addDialable)

/** Of several, with commas between. */
export const nodeList: Kind<readonly string[]> = {
  ...nodes,
  parse: (text) => nodes.read(list.parse!(text)),
}

/** Lists of nodes in DNS, with commas between. */
export const linkList: Kind<readonly string[]> = {
  parse: (text) => linkList.read(list.parse!(text)),
  read(toml) {
    const links = list.read(toml)
    try {
      for (const link of links) parseLink(link)
    } catch (error) {
      if (error instanceof TreeError) throw new InvalidArgumentError('Want enrtree://<key>@<domain>.')
      throw error
    }
    return links
  },
  write: (links) => links,
}

/** Networks as CIDR masks, with commas between. */
export const netlist: Kind<readonly string[]> = {
  parse: (text) => netlist.read(list.parse!(text)),
  read(toml) {
    const masks = list.read(toml)
    try {
      parseNetlist(masks.join())
    } catch (error) {
      if (error instanceof NetlistError) throw new InvalidArgumentError('Want networks, as 127.0.0.0/8,10.0.0.0/8.')
      throw error
    }
    return masks
  },
  write: (value) => value,
}

function nodesBy(add: typeof addEnode): Kind<readonly string[]> {
  return {
    parse: add,
    read: (toml) => list.read(toml).reduce<readonly string[]>((nodes, url) => add(url, nodes), []),
    write: (value) => value,
  }
}

/** Not in a file where it has no value. */
export const optional = <Value>({ parse, read, write }: Kind<Value>): Kind<Value | undefined> => ({
  ...(parse && { parse: (text) => parse(text) }),
  read,
  write: (value) => (value === undefined ? undefined : write(value)),
})
