import { handshakeVersion } from '../../protocols/rlpx/handshake.ts'
import type { MessageEntry } from './entries.ts'

/** The packets of the encryption handshake, by the codes that they have in the feed. */
export const handshakeCodes = { auth: 0, ack: 1 } as const
export type HandshakeName = keyof typeof handshakeCodes

/** @returns `auth`, `ack` */
export const packetName = (code: number): string | undefined => names.get(code)
const names = new Map<number, string>(Object.entries(handshakeCodes).map(([name, code]) => [code, name]))

/**
 * What the feed has of such a packet: messages of a protocol `rlpx`, whose version is that of EIP-8. What is in them
 * makes the keys, and is published nowhere: they have no payload.
 */
export type HandshakePacket = Omit<MessageEntry, 'actor'>

/** @param size bytes on the wire */
export const sentPacket = (name: HandshakeName, size: number): HandshakePacket => ({
  ...{ type: 'message.sent', protocol: 'rlpx', version: handshakeVersion, code: handshakeCodes[name], size },
})

/** @param version undefined for what cannot be opened, or has not come whole: it is no packet of EIP-8 for us */
export const receivedPacket = (name: HandshakeName, size: number, version?: number): HandshakePacket => ({
  ...{ type: 'message.received', protocol: 'rlpx', code: handshakeCodes[name], size },
  ...(version !== undefined && { version }),
})

/** @returns `auth, 386 bytes` */
export const describePacket = ({ code, size }: HandshakePacket): string => `${packetName(code)}, ${size} bytes`
