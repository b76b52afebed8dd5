import type { IncomingMessage } from 'node:http'
import type { Clock } from '../runtime.ts'

export type BodyLimits = { readonly bodyBytes: number; readonly readTimeout: number }

export type Body = { readonly text: string; readonly fault?: never } | { readonly fault: BodyFault }
export type BodyFault = 'too large' | 'read timeout' | 'no room' | 'gone'

/** What all the bodies together may hold that one endpoint is receiving. */
export class BodyRoom {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  /** @returns whether there was room for so many */
  take(bytes: number): boolean {
    if (this.#left < bytes) return false
    this.#left -= bytes
    return true
  }

  free(bytes: number): void {
    this.#left += bytes
  }
}

/** @returns the text of the body of `req`, or why there is none: the rest of it is not read then */
export function readBody(
  req: IncomingMessage,
  { bodyBytes, readTimeout }: BodyLimits,
  room: BodyRoom,
  clock: Clock,
): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (body: Body) => {
      clock.clearTimeout(timer)
      room.free(size)
      req.off('data', take).off('end', finish).off('close', abort)
      if (body.fault !== undefined) req.pause()
      resolve(body)
    }
    const take = (chunk: Buffer) => {
      if (size + chunk.length > bodyBytes) return settle({ fault: 'too large' })
      if (!room.take(chunk.length)) return settle({ fault: 'no room' })
      size += chunk.length
      chunks.push(chunk)
    }
    const finish = () => settle({ text: (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)).toString() })
    const abort = () => settle({ fault: 'gone' })
    const timer = clock.setTimeout(() => settle({ fault: 'read timeout' }), readTimeout)
    req.on('data', take).on('end', finish).on('close', abort)
  })
}
