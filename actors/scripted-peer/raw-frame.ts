import { compress } from 'snappyjs'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import { emptyPayload } from '../../protocols/p2p/messages.ts'
import type { SubCap } from '../../protocols/sub-protocols.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { PeerMessageName } from './negotiated-messages.ts'

/** One frame, and what is to be wrong with it. */
export type RawFrame<C extends SubCap = SubCap> = {
  /** As it is on the wire, or the message whose code it is. */
  readonly code: number | PeerMessageName<C>
  /** As it is given. @default an empty RLP list */
  readonly payload?: Uint8Array
  /** Snappy's block of the payload. @default false */
  readonly compressed?: boolean
  /** The bytes that the header claims; what it has when left out. */
  readonly size?: number
  /** Which of the two MACs is wrong. */
  readonly wrongMac?: 'header' | 'frame'
  /** How many bytes of the frame leave: the rest never comes. */
  readonly only?: number
}

/** @returns the bytes of it */
export function sealRaw(frames: FrameWriter, frame: RawFrame & { readonly code: number }): Uint8Array {
  const { code, payload = emptyPayload, compressed = false, size, wrongMac, only } = frame
  const sealed = frames.frame(concatBytes(encodeRlp(code), compressed ? compress(payload) : payload), size)
  if (wrongMac) sealed[wrongMac === 'header' ? headerMacAt : sealed.length - 1]! ^= 1
  return only === undefined ? sealed : sealed.subarray(0, only)
}

/** Behind the 16 bytes of the header. */
const headerMacAt = 16
