import { randomBytes } from 'node:crypto'
import { Common, Mainnet } from '@ethereumjs/common'
import { type Peer, RLPx } from '@ethereumjs/devp2p'
import snappy from 'snappyjs'

// @ethereumjs/devp2p at the same work: its own RLPx, a capability that counts, payloads compressed as its eth does.

type Send = (code: number, data: Uint8Array) => unknown

class Counter {
  static received = 0
  readonly send: Send

  constructor(_version: number, _peer: Peer, send: Send) {
    this.send = send
  }
  _handleMessage(): void {
    Counter.received++
  }
}

const capability = { name: 'bench', version: 1, length: 1, constructor: Counter }

const create = () => {
  const rlpx = new RLPx(new Uint8Array(randomBytes(32)), {
    capabilities: [capability as never],
    common: new Common({ chain: Mainnet }),
    maxPeers: 10_000,
    listenPort: null,
  })
  rlpx.events.on('error', () => {})
  return rlpx
}

async function listen(): Promise<{ server: RLPx; port: number }> {
  const server = create()
  server.listen(0, '127.0.0.1')
  const listening = (server as unknown as { _server: import('node:net').Server })._server
  if (!listening.listening) await new Promise((resolve) => listening.once('listening', resolve))
  return { server, port: (listening.address() as { port: number }).port }
}

async function connect(client: RLPx, server: RLPx, port: number): Promise<Peer> {
  const added = new Promise<Peer>((resolve) => client.events.once('peer:added', resolve))
  await client.connect({ id: server.id, address: '127.0.0.1', tcpPort: port, udpPort: port })
  return added
}

/** @param width how many dial side by side */
export async function measureHandshakes(seconds: number, width: number): Promise<number> {
  const { server, port } = await listen()
  const start = performance.now()
  let count = 0
  const dialOn = async () => {
    const client = create()
    while (performance.now() - start < seconds * 1000) {
      const peer = await connect(client, server, port)
      count++
      const removed = new Promise((resolve) => client.events.once('peer:removed', resolve))
      ;(peer as unknown as { _socket: import('node:net').Socket })._socket.destroy()
      await removed
    }
    client.destroy()
  }
  await Promise.all(Array.from({ length: width }, dialOn))
  const rate = (count * 1000) / (performance.now() - start)
  server.destroy()
  return rate
}

export async function measureMessages(payload: Uint8Array, seconds: number): Promise<number> {
  const { server, port } = await listen()
  const client = create()
  const peer = await connect(client, server, port)
  const socket = (peer as unknown as { _socket: import('node:net').Socket })._socket
  const [{ protocol }] = (peer as unknown as { _protocols: [{ protocol: Counter }] })._protocols
  Counter.received = 0
  const start = performance.now()
  const end = start + seconds * 1000
  while (performance.now() < end) {
    // Its receiver is read between two batches only.
    for (let bytes = 0; bytes < batchBytes && !socket.writableNeedDrain; bytes += payload.length + 64)
      protocol.send(0, snappy.compress(payload))
    await new Promise(setImmediate)
  }
  const rate = (Counter.received * 1000) / (performance.now() - start)
  client.destroy()
  server.destroy()
  return rate
}

const batchBytes = 65_536
