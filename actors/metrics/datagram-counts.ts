import type { Registry } from 'prom-client'
import { packetNames } from '../../protocols/discv4/packets.ts'
import { discv5Codes } from '../trace/datagrams.ts'
import type { MessageEntry } from '../trace/entries.ts'
import { gaugeOf } from './gauges.ts'

/** Packets of discovery that came, under geth's names: `discover/ingress/PING/v4`. Each is there once it was seen, as in geth. */
export class DatagramCounts {
  readonly #registry: Registry
  /** BOUNDED: by the packets that there are. */
  readonly #received = new Map<string, { count: number }>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  take({ type, protocol, code }: MessageEntry): void {
    const name = type === 'message.received' ? nameOf(protocol, code) : undefined
    if (name === undefined) return
    const received = this.#received.get(name) ?? this.#first(name)
    received.count++
  }

  #first(name: string): { count: number } {
    const received = { count: 0 }
    this.#received.set(name, received)
    gaugeOf(this.#registry, `discover_ingress_${name}`, `Packets of discovery received: ${name}`, () => received.count)
    return received
  }
}

/** @returns undefined for what geth does not count: a handshake is counted by the message in it */
function nameOf(protocol: string, code: number): string | undefined {
  const name = protocol === 'discv4' ? packetNames[code - 1] : v5Names.get(code)
  return name && `${name}_${protocol === 'discv4' ? 'v4' : 'v5'}`
}

/** geth v5wire. */
const v5Names: ReadonlyMap<number, string> = new Map([
  ...['PING', 'PONG', 'FINDNODE', 'NODES', 'TALKREQ', 'TALKRESP'].map((name, i) => [i + 1, name] as const),
  [discv5Codes.ordinary, 'UNKNOWN'],
  [discv5Codes.whoareyou, 'WHOAREYOU'],
])
