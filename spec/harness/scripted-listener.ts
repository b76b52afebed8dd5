import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { formatEnode } from '../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { ScriptError, type Wait } from './inbox.ts'
import { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'

/**
 * A place where nodes dial scripted peers.
 *
 * ```ts
 * const listener = await ScriptedListener.open()
 * const [peer] = await Promise.all([listener.accept(), node.addPeer(listener.enode)])
 * await peer.rlpx()
 * await peer.hello()
 * ```
 */
export class ScriptedListener {
  readonly enode: string
  readonly #server: Server
  readonly #options: ScriptedPeerOptions
  /** BOUNDED: by those who dial a script. */
  readonly #sockets: Socket[] = []

  private constructor(server: Server, options: ScriptedPeerOptions & { privateKey: Uint8Array }, host: string) {
    this.#server = server
    this.#options = options
    const { port } = server.address() as { port: number }
    this.enode = formatEnode({ publicKey: publicKeyOf(options.privateKey), host, tcp: port, udp: port })
    server.on('connection', (socket) => {
      this.#sockets.push(socket)
      socket.on('error', () => {})
      server.emit('socket')
    })
  }

  /** Every peer that it accepts has the same key and caps. */
  static async open({
    host = '127.0.0.1',
    ...options
  }: ScriptedPeerOptions & { host?: string } = {}): Promise<ScriptedListener> {
    const server = createServer({ pauseOnConnect: true }).listen(0, host)
    await once(server, 'listening')
    return new ScriptedListener(server, { privateKey: randomBytes(32), ...options }, host)
  }

  /** @returns the next connection, nothing said or heard on it @throws {ScriptError} nobody came */
  async accept({ timeout = 5_000 }: Wait = {}): Promise<ScriptedPeer> {
    if (this.#sockets.length === 0)
      await once(this.#server, 'socket', { signal: AbortSignal.timeout(timeout) }).catch(() => {})
    const socket = this.#sockets.shift()
    if (!socket) throw new ScriptError(`nobody dialed within ${timeout} ms`, [])
    return new ScriptedPeer(socket, this.#options)
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}
