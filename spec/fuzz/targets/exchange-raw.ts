import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '../target.ts'

/**
 * Says bytes to a port of 127.0.0.1 or a socket, and listens for the beginning of an answer.
 * @throws {Fault} the answer is that a method crashed
 */
export async function exchangeRaw(place: number | string, bytes: Uint8Array): Promise<void> {
  const socket = typeof place === 'number' ? connect(place, '127.0.0.1') : connect(place)
  let heard = ''
  let answered: () => void = () => {}
  const answer = new Promise<void>((resolve) => {
    answered = resolve
  })
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    heard = (heard + chunk.toString('latin1')).slice(-(1 << 20))
    if (!heard.startsWith('HTTP/1.1 101') || heard.length > upgraded) answered()
  })
  socket.write(bytes)
  const over = new AbortController()
  await Promise.race([
    answer,
    once(socket, 'close', { signal: over.signal }).catch(() => {}),
    delay(settling, undefined, { signal: over.signal }).catch(() => {}),
  ])
  over.abort()
  socket.destroy()
  if (heard.includes(crashed)) throw new Fault('foreign error', `a method crashed: ${heard.slice(0, 2_000)}`)
}

/** What the dispatcher answers for a method that threw what is no RpcError. */
const crashed = 'method handler crashed'
/** The longest head of an answer that opens a WebSocket. */
const upgraded = 400
/** Milliseconds for those that nothing is answered to. */
const settling = 500
