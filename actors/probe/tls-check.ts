import { connect } from 'node:tls'
import type { Enode } from '../../protocols/enode/enode.ts'

/**
 * A TLS server closes upon an auth of RLPx without an answer, as many others do: a ClientHello shows what it is.
 * @returns whether one is there; nothing is sent but a ClientHello, nothing is trusted
 */
export function speaksTls({ host, tcp: port }: Pick<Enode, 'host' | 'tcp'>, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = Math.min(timeout, longest)
    const socket = connect({ host: host!, port, rejectUnauthorized: false, timeout: limit })
    const end = (found: boolean) => {
      socket.destroy()
      resolve(found)
    }
    socket.once('secureConnect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
    // A TLS alert shows that it speaks TLS.
    socket.on('error', (error) => end('code' in error && /ALERT/.test(`${error.code}`)))
  })
}

/** ms: a TLS server answers a ClientHello at once. */
const longest = 2_000
