import type { IncomingMessage } from 'node:http'
import type { InputRoom } from '../runtime/input-room.ts'
import type { Clock } from '../runtime/runtime.ts'

export type BodyLimits = { readonly bodyBytes: number; readonly readTimeout: number }

export type Body = { readonly parts: readonly Buffer[]; readonly fault?: never } | { readonly fault: BodyFault }
export type BodyFault = 'too large' | 'read timeout' | 'no room' | 'gone'

/** @returns the body of `req`, as it came, or why there is none: the rest of it is not read then */
export function readBody(
  req: IncomingMessage,
  { bodyBytes, readTimeout }: BodyLimits,
  room: InputRoom,
  { clock, isProven }: { readonly clock: Clock; readonly isProven: boolean },
): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const holding = room.open(() => settle({ fault: 'no room' }), { isProven })
    const settle = (body: Body) => {
      clock.clearTimeout(timer)
      holding.close()
      req.off('data', take).off('end', finish).off('close', abort)
      if (body.fault !== undefined) req.pause()
      resolve(body)
    }
    const take = (chunk: Buffer) => {
      if (size + chunk.length > bodyBytes) return settle({ fault: 'too large' })
      size += chunk.length
      chunks.push(chunk)
      holding.hold(size)
    }
    const finish = () => settle({ parts: chunks })
    const abort = () => settle({ fault: 'gone' })
    const timer = clock.setTimeout(() => settle({ fault: 'read timeout' }), readTimeout)
    req.on('data', take).on('end', finish).on('close', abort)
  })
}
