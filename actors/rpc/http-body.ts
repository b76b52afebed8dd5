import type { IncomingMessage } from 'node:http'
import type { InputRoom } from '../runtime/input-room.ts'
import { KeptBytes } from '../runtime/kept-bytes.ts'
import type { Clock } from '../runtime/runtime.ts'

export type BodyLimits = { readonly bodyBytes: number; readonly readTimeout: number }

export type Body = { readonly parts: readonly Buffer[]; readonly fault?: never } | { readonly fault: BodyFault }
export type BodyFault = 'too large' | 'read timeout' | 'no room' | 'gone'

export type BodySource = {
  readonly clock: Clock
  readonly isProven: boolean
  /** Resolves when its client has its turn, or has left. */
  turn(): Promise<unknown>
}

/** @returns the body of `req`, as it came, or why there is none: the rest of it is not read then */
export function readBody(
  req: IncomingMessage,
  { bodyBytes, readTimeout }: BodyLimits,
  room: InputRoom,
  { clock, isProven, turn }: BodySource,
): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const kept = new KeptBytes()
    const isLong = Number(req.headers['content-length'] ?? 0) > oneRead
    let size = 0
    let isOpen = true
    const holding = room.open(() => settle({ fault: 'no room' }), { isProven })
    const settle = (body: Body) => {
      isOpen = false
      clock.clearTimeout(timer)
      holding.close()
      req.off('data', take).off('end', finish).off('close', abort)
      if (body.fault !== undefined) req.pause()
      resolve(body)
    }
    const take = (chunk: Buffer) => {
      if (size + chunk.length > bodyBytes) return settle({ fault: 'too large' })
      size += chunk.length
      chunks.push(isLong || size > oneRead ? kept.keep(chunk) : chunk)
      holding.hold(size)
      if (size > oneRead) readOnInTurn()
    }
    /** libuv reads 2 MiB of a socket at once if it can: of a long body, a read at a time. */
    const readOnInTurn = () => {
      if (req.isPaused()) return
      req.pause()
      const resume = () => isOpen && req.resume()
      turn().then(resume, resume)
    }
    const finish = () => settle({ parts: chunks })
    const abort = () => settle({ fault: 'gone' })
    const timer = clock.setTimeout(() => settle({ fault: 'read timeout' }), readTimeout)
    req.on('data', take).on('end', finish).on('close', abort)
  })
}

/** Milliseconds that one read takes: what a socket has read already comes in a tick, and not in the turn that asked for it. */
export const readTime = 0.25

/** What is one read, or little more: its memory is as short-lived as the request. */
const oneRead = 65_536
