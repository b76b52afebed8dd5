import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'

// Ends of JSON-RPC connections under a spec's control: each sends what `answer` gives.

export type Endpoint = { readonly target: string; close(): Promise<void> }
/** @returns texts to be sent, in order; nothing for silence */
export type Answer = (request: { id: number; method: string; params: unknown[] }) => readonly string[]

export const httpEndpoint = (answer: Answer): Promise<Endpoint> =>
  httpServer(async (request, response) => {
    const [said] = answer(JSON.parse(await text(request)))
    if (said !== undefined) response.end(said)
  })

/** Whatever HTTP says. */
export async function httpServer(listener: RequestListener): Promise<Endpoint> {
  const server = createHttpServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    target: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export async function wsEndpoint(answer: Answer): Promise<Endpoint> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const said of answer(JSON.parse(String(data)))) said === hangUp ? socket.terminate() : socket.send(said)
    })
  })
  const { port } = server.address() as AddressInfo
  return {
    target: `ws://127.0.0.1:${port}`,
    async close() {
      for (const socket of server.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

export async function ipcEndpoint(answer: Answer): Promise<Endpoint> {
  const dir = await mkdtemp(join(tmpdir(), 'peerchart-ipc-'))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    createInterface({ input: socket }).on('line', (line) => {
      for (const said of answer(JSON.parse(line))) said === hangUp ? socket.destroy() : socket.write(`${said}\n`)
    })
  })
  server.listen(join(dir, 'node.ipc'))
  await once(server, 'listening')
  return {
    target: join(dir, 'node.ipc'),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Said to have the connection cut. */
export const hangUp = 'hang up'

/** @returns an answer with the same result to whatever is asked */
export const always =
  (result: unknown): Answer =>
  ({ id }) => [JSON.stringify({ jsonrpc: '2.0', id, result })]
