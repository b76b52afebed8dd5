import { type EthVersion, messageTable } from '../../protocols/eth/versions.ts'
import { baseNames } from '../../protocols/p2p/messages.ts'
import type { MessageEntry } from '../trace/entries.ts'

export type MessageCount = {
  readonly direction: 'ingress' | 'egress'
  readonly protocol: string
  /** Undefined for the base protocol. */
  readonly version: number | undefined
  readonly code: number
  packets: number
  /** Of payloads, uncompressed. */
  bytes: number
}

/** How many messages of each kind came and went. */
export class MessageCounts {
  /** In the order in which they were first seen. */
  readonly all: MessageCount[] = []
  /** By code, within protocol and version. BOUNDED: codes by the length of their protocol. */
  readonly #received = new Map<string, (MessageCount | undefined)[]>()
  readonly #sent = new Map<string, (MessageCount | undefined)[]>()

  take(entry: MessageEntry): void {
    const counts = entry.type === 'message.received' ? this.#received : this.#sent
    const key = entry.version === undefined ? entry.protocol : `${entry.protocol}/${entry.version}`
    const count = counts.get(key)?.[entry.code] ?? this.#first(counts, key, entry)
    count.packets++
    count.bytes += entry.size
  }

  #first(counts: Map<string, (MessageCount | undefined)[]>, key: string, entry: MessageEntry): MessageCount {
    const { type, protocol, version, code } = entry
    const direction = type === 'message.received' ? 'ingress' : 'egress'
    const count: MessageCount = { direction, protocol, version, code, packets: 0, bytes: 0 }
    const ofProtocol = counts.get(key) ?? []
    ofProtocol[code] = count
    counts.set(key, ofProtocol)
    this.all.push(count)
    return count
  }
}

/** @returns the message's name as its specification has it, or its code: `0x03` */
export function messageName({ protocol, version, code }: Pick<MessageCount, 'protocol' | 'version' | 'code'>): string {
  if (protocol === 'p2p') return baseNames.get(code) ?? toHex(code)
  const name = protocol === 'eth' ? messageTable(version as EthVersion)?.nameOf(code) : undefined
  return name ?? toHex(code)
}

/** As geth writes codes in the names of its metrics. */
export const toHex = (code: number): string => `0x${code.toString(16).padStart(2, '0')}`
