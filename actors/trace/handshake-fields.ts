import { handshakeVersion } from '../../protocols/rlpx/handshake.ts'
import type { Decoded } from './decoded.ts'
import type { MessageEntry } from './entries.ts'

/** What an entry says of the two packets of the encryption handshake. */
export type PacketKind = Pick<MessageEntry, 'code' | 'version'> & { readonly size?: number | undefined }

/** A packet for people: how it is made, and how long; its content makes the keys and is in no entry. */
export function decodePacket(name: string, { version, size = 0 }: PacketKind): Decoded {
  const format = formatOf(version, size === legacySizes[name])
  const content = version === undefined ? null : 'sealed; it makes the keys, so it is not kept'
  const fields = { format, ...(version !== undefined && { version }), bytes: size, content }
  return { name, fields, text: `${format}, ${size} bytes` }
}

function formatOf(version: number | undefined, isLegacySize: boolean): string {
  if (version === undefined) return isLegacySize ? 'from before EIP-8 by its length' : 'not of EIP-8'
  return version === handshakeVersion ? 'EIP-8' : `EIP-8, version ${version}`
}

/** Bytes, of packets as they were before EIP-8. */
const legacySizes: Readonly<Record<string, number>> = { auth: 307, ack: 210 }
