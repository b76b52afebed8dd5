import { MalformedItem } from '../../protocols/eth/lazy-list.ts'
import { countOf, decode as decodeEth, MalformedMessage } from '../../protocols/eth/messages.ts'
import { type EthVersion, isAnswer, messageTable } from '../../protocols/eth/versions.ts'
import type { LocalProtocol, MatchedProtocol } from '../../protocols/p2p/matching.ts'
import { baseCodes, baseProtocolLength, decodeDisconnect } from '../../protocols/p2p/messages.ts'

/** @returns a message's name: `Hello`, `BlockHeaders`; by number where nobody gave it one: `snap 0x04`, `code 0x7f` */
export function nameMessage(code: number, matched: readonly MatchedProtocol<LocalProtocol>[]): string {
  if (code < baseProtocolLength) return baseNames.get(code) ?? hex('code', code)
  const protocol = matched.find(({ offset, length }) => offset <= code && code < offset + length)
  if (!protocol) return hex('code', code)
  const relative = code - protocol.offset
  const name = protocol.name === 'eth' ? messageTable(protocol.version as EthVersion).nameOf(relative) : undefined
  return name ?? hex(protocol.name, relative)
}

/** @returns what a script's log says of a message: `disc 0x10`, `BlockHeaders 3`, or its name alone */
export function describeMessage(name: string, payload: Uint8Array, version: EthVersion | undefined): string {
  if (name === 'Disconnect') return hex('disc', decodeDisconnect(payload))
  if (version === undefined || !isAnswer(name as never)) return name
  try {
    return `${name} ${countOf(decodeEth(version, name as never, payload) as never)}`
  } catch (error) {
    if (error instanceof MalformedMessage || error instanceof MalformedItem) return `${name} malformed`
    throw error
  }
}

const baseNames = new Map<number, string>(Object.entries(baseCodes).map(([name, code]) => [code, name]))
const hex = (what: string, code: number) => `${what} 0x${code.toString(16).padStart(2, '0')}`
