import { chmod, lstat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { JsonSyntaxError } from '../../protocols/lib/json-scanner.ts'
import type { Logger } from '../log/log.ts'
import type { InputRoom } from '../runtime/input-room.ts'
import { makeDirectory } from '../runtime/make-directory.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { RpcConnection, type Wire } from './connection.ts'
import type { Dispatcher } from './dispatcher.ts'
import { Endpoint } from './endpoint.ts'
import { JsonStream } from './json-stream.ts'
import { listen, RpcListenFailed } from './listen.ts'
import type { RpcLimits } from './options.ts'

export type IpcServerOptions = {
  /** Of its actor: `rpc/ipc`. */
  readonly id: string
  readonly parent?: string | undefined
  /** Of a unix socket, or `\\.\pipe\name` on Windows. */
  readonly path: string
  readonly dispatcher: Dispatcher
  readonly limits: RpcLimits
  readonly log: Logger
  /** Where values have their room until they are whole. */
  readonly input: InputRoom
}

/** JSON-RPC over a unix socket: JSON values one after the other, ours with a newline behind each (geth rpc/ipc.go). */
export class IpcServer {
  readonly #runtime: Runtime
  readonly #options: IpcServerOptions
  readonly #endpoint: Endpoint
  /** BOUNDED: maxConnections of the server. */
  readonly #connections = new Map<Socket, RpcConnection>()
  #server: Server | undefined
  #last = 0

  constructor(runtime: Runtime, options: IpcServerOptions) {
    const { id, parent, limits } = options
    this.#runtime = runtime
    this.#options = options
    this.#endpoint = new Endpoint(
      runtime,
      { id, parent, shutdownTimeout: limits.shutdownTimeout },
      { listen: () => this.#listen(), drain: () => this.#drain(), cut: () => this.#cut() },
    )
  }

  /** While it is open. */
  get path(): string | undefined {
    return this.#endpoint.address
  }

  /** @throws (rejects) {RpcListenFailed} */
  start(): Promise<void> {
    return this.#endpoint.open()
  }

  /** Hangs up on everybody, and removes the socket. */
  stop(): Promise<void> {
    return this.#endpoint.close()
  }

  async #listen(): Promise<string> {
    const { path, limits } = this.#options
    if (!isPipe(path)) await prepare(path)
    this.#server = createServer((socket) => this.#connect(socket))
    this.#server.maxConnections = limits.connections
    const address = await listen(this.#server, { path }, flag)
    if (!isPipe(path)) await chmod(path, 0o600)
    return address
  }

  #drain(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server!.close(() => resolve()))
    for (const connection of this.#connections.values()) connection.send({ type: 'server.closed' })
    return closed
  }

  #cut(): void {
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  #connect(socket: Socket): void {
    const { id, dispatcher, limits, log, input } = this.#options
    const options = { id: `${id}/${++this.#last}`, parent: id, dispatcher, limits, log, input }
    const connection = new RpcConnection(this.#runtime, wireOf(socket, limits.wsWriteTimeout), options)
    const stream = new JsonStream()
    const holding = input.open(() => connection.send({ type: 'input.overflowed' }))
    this.#connections.set(socket, connection)
    const receive = (bytes: Uint8Array) => {
      try {
        for (const text of stream.push(bytes)) connection.receive(text)
        holding.hold(stream.held)
        if (stream.held > limits.wsMessageBytes)
          connection.reject(`message is longer than ${limits.wsMessageBytes} bytes`)
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error
        connection.reject(error.message)
      }
    }
    socket.on('data', (bytes) => connection.guard(() => receive(bytes)))
    socket.on('drain', () => connection.send({ type: 'write.drained' }))
    socket.on('error', () => {})
    socket.on('close', () => {
      holding.close()
      this.#connections.delete(socket)
      connection.send({ type: 'client.closed' })
    })
  }
}

const flag = '--ipcpath'
const isPipe = (path: string) => path.startsWith('\\\\')

function wireOf(socket: Socket, lingering: number): Wire {
  return {
    send: (text) => socket.write(`${text}\n`),
    get waiting() {
      return socket.writableLength
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: ({ now }) => {
      if (now) socket.destroy()
      else socket.setTimeout(lingering, () => socket.destroy()).destroySoon()
    },
  }
}

/** Makes room for a socket at `path`. @throws (rejects) {RpcListenFailed} the path is too long, or somebody listens there */
async function prepare(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxPathBytes)
    throw new RpcListenFailed({ path }, flag, new Error(`the path is longer than ${maxPathBytes} bytes`))
  await makeDirectory(dirname(path), 0o751)
  const state = await stateOf(path)
  if (state === 'served') throw new RpcListenFailed({ path }, flag, Object.assign(new Error(), { code: 'EADDRINUSE' }))
  if (state === 'left') await unlink(path)
}

/** Of a `sockaddr_un`, with the zero at its end: 108 on Linux, 104 on macOS. */
const maxPathBytes = process.platform === 'linux' ? 107 : 103

/** Whether somebody listens at `path`, or did; what is no socket stays, so that listening fails. */
async function stateOf(path: string): Promise<'served' | 'left' | 'none'> {
  const found = await lstat(path).catch(() => undefined)
  if (!found?.isSocket()) return 'none'
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve('served')
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? 'left' : 'none'))
  })
}
