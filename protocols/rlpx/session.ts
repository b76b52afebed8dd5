import { address, memory, sourceBytes } from '../lib/sponge.ts'
import { ByteBuffer } from './byte-buffer.ts'
import type { Ciphers } from './ciphers.ts'
import { FrameCipher, headerBytes, macBytes, padded } from './frame-cipher.ts'
import { FrameReader } from './frame-reader.ts'
import { Inflation } from './inflation.ts'
import { maxCodeBytes, readCode, writeCode } from './message-code.ts'
import { RlpxError } from './rlpx-error.ts'
import type { Secrets } from './secrets.ts'
import { compress, compressInside, inflateInside, maxCompressedBytes, maxMessageBytes, readClaim } from './snappy.ts'

export type RlpxMessage = {
  readonly code: number
  /** Plain, and the receiver's own. */
  readonly payload: Uint8Array
  /** What the payload took on the wire, compressed or not. */
  readonly wireSize: number
}

/** One connection after its handshake: messages to bytes and back (devp2p rlpx.md). It does no I/O. */
export class RlpxSession {
  readonly #cipher: FrameCipher
  readonly #reader: FrameReader
  /** BOUNDED: by the caller, who takes it out. */
  readonly #output = new ByteBuffer()
  /** A message too big to be inflated in one go. */
  #inflating: { code: number; wireSize: number; inflation: Inflation } | undefined
  #isSnappy = false
  #failure: unknown

  constructor(secrets: Secrets, ciphers: Ciphers) {
    this.#cipher = new FrameCipher(secrets, ciphers)
    this.#reader = new FrameReader(this.#cipher)
  }

  /** From here on payloads are compressed, both ways: once Hellos are exchanged. */
  enableSnappy(): void {
    this.#isSnappy = true
  }

  /** Refuses larger frames when their header comes; `undefined` lifts the limit. */
  limitFrames(maxFrameBytes: number | undefined): void {
    this.#reader.maxFrameBytes = maxFrameBytes
  }

  /** What is kept in memory of what was received and not yet returned, and what it inflates to. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes + (this.#inflating?.inflation.bufferedBytes ?? 0)
  }

  /** What waits to be taken out. */
  get outputBytes(): number {
    return this.#output.length
  }

  /**
   * Appends one message to the output.
   * @returns the bytes it takes on the wire
   * @throws {RlpxError} 'message length >= 16MB', and nothing is appended
   */
  write(code: number, payload: Uint8Array): number {
    checkMessage(code, payload)
    if (payload.length <= sourceBytes) return this.#writeSmall(code, payload)
    for (const steps = this.#writeBig(code, payload); ; ) {
      const step = steps.next()
      if (step.done) return step.value
    }
  }

  /**
   * As {@link write}, a big message 64 KiB at a time: 2 MiB take 17 ms. Nothing else may be written meanwhile.
   * @throws at once for what is no message
   */
  writeSteps(code: number, payload: Uint8Array): Generator<void, number> {
    checkMessage(code, payload)
    return this.#writeBig(code, payload)
  }

  /** @returns everything written since the last call, in one piece */
  takeOutput(): Uint8Array | undefined {
    if (this.#output.length === 0) return undefined
    const output = this.#output.view()
    this.#output.clear()
    return output
  }

  /** Gives the next bytes of the stream, in any chunking. They must not be changed afterwards. */
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk)
  }

  /** Whether `next` may return more, or has more to do, without another chunk. */
  get hasWork(): boolean {
    return this.#inflating !== undefined || this.#reader.hasWork
  }

  /**
   * Does a bounded piece of work, about a millisecond: when it returns nothing while `hasWork`, call it again, in your own time.
   * @returns the next message, if there is one
   * @throws {RlpxError} the session is over: every later call throws the same
   */
  next(): RlpxMessage | undefined {
    if (this.#failure) throw this.#failure
    try {
      if (this.#inflating) return this.#inflate(this.#inflating)
      const data = this.#reader.next()
      return data && this.#open(data)
    } catch (failure) {
      this.#failure = failure
      throw failure
    }
  }

  /** Forgets what was received and not yet returned: nothing more is. */
  discardInput(): void {
    this.#inflating?.inflation.discard()
    this.#inflating = undefined
    this.#reader.discard()
  }

  /** Gives back the memory and wipes the keys. Must be called once a session is over; it cannot be used afterwards. */
  free(): void {
    this.#inflating?.inflation.discard()
    this.#reader.free()
    this.#cipher.free()
  }

  #writeSmall(code: number, payload: Uint8Array): number {
    const start = address.frame + headerBytes
    let end = writeCode(memory(), start, code)
    if (this.#isSnappy) end = compressInside(payload, end)
    else {
      memory().set(payload, end)
      end += payload.length
    }
    const size = this.#cipher.seal(end - start)
    this.#output.extend(size).set(memory().subarray(address.frame, address.frame + size))
    return size
  }

  *#writeBig(code: number, payload: Uint8Array): Generator<void, number> {
    if (payload.length <= sourceBytes) return this.#writeSmall(code, payload)
    const frame = new Uint8Array(headerBytes + maxCodeBytes + maxCompressedBytes(payload.length) + macBytes)
    let end = writeCode(frame, headerBytes, code)
    if (this.#isSnappy) end = yield* compress(payload, frame, end)
    else {
      frame.set(payload, end)
      end += payload.length
    }
    const size = end - headerBytes
    if (size > maxMessageBytes) throw new RlpxError('message length >= 16MB')
    const total = headerBytes + padded(size) + macBytes
    yield* this.#cipher.sealBig(frame.subarray(0, total), size)
    this.#output.append(frame.subarray(0, total))
    return total
  }

  #open(data: Uint8Array): RlpxMessage | undefined {
    const { code, end } = readCode(data)
    const block = data.subarray(end)
    const wireSize = block.length
    const isInside = data.buffer === memory().buffer // shared with every session: nothing may stay there
    if (!this.#isSnappy) return { code, payload: isInside ? block.slice() : block, wireSize }
    if (wireSize <= shortest) return openShort(code, block.slice())
    const claim = readClaim(block)
    if (isInside && claim.size <= sourceBytes) return { code, payload: inflateInside(block, claim), wireSize }
    return this.#inflate({ code, wireSize, inflation: new Inflation(isInside ? block.slice() : block, claim) })
  }

  #inflate(message: { code: number; wireSize: number; inflation: Inflation }): RlpxMessage | undefined {
    const payload = message.inflation.run(sourceBytes)
    this.#inflating = payload ? undefined : message
    return payload && { code: message.code, payload, wireSize: message.wireSize }
  }
}

/** Whether it is written in more steps than one. */
export const isBig = ({ length }: Uint8Array): boolean => length > sourceBytes

function checkMessage(code: number, payload: Uint8Array): void {
  if (!Number.isSafeInteger(code) || code < 0) throw new RangeError(`message code ${code}`)
  if (payload.length > maxMessageBytes) throw new RlpxError('message length >= 16MB')
}

/** @throws {RlpxError} with what came, where it is not compressed */
function openShort(code: number, block: Uint8Array): RlpxMessage {
  try {
    const payload = new Inflation(block, readClaim(block)).run(sourceBytes)!
    return { code, payload, wireSize: block.length }
  } catch (error) {
    if (error instanceof RlpxError) throw new RlpxError(error.code, { plain: { code, payload: block } })
    throw error
  }
}

/** Bytes: of a Disconnect, or of any other list of one byte. */
const shortest = 4
