import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { contentSecurityPolicy, readPageFile } from '../../actors/inspector/page-files.ts'
import type { ActorFacts, Changes, Hello, PeerFacts } from '../../actors/inspector/wire.ts'
import { recordingFormat, recordingVersion } from '../../actors/trace/lines.ts'

/** A node that only pretends: it shows the page as many actors as are asked for, and has them change when it is asked to. */
export class Crowd {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #peers: number
  #seq = 1
  #isCalm = false

  private constructor(server: Server, actors: number) {
    this.#server = server
    this.#peers = Math.ceil((actors - 4) / 2)
  }

  static async open(actors: number, port = 0): Promise<Crowd> {
    const policy = await contentSecurityPolicy()
    const server = createServer(async ({ url = '/' }, response) => {
      const file = await readPageFile(url)
      if (file)
        response.setHeader('content-type', file.type).setHeader('content-security-policy', policy).end(file.body)
      else response.writeHead(404).end()
    })
    const crowd = new Crowd(server, actors)
    server.on('upgrade', (request, stream, head) =>
      crowd.#sockets.handleUpgrade(request, stream, head, (socket) => crowd.#welcome(socket)),
    )
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return crowd
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** One message with changes of so many peers; the first half of them are those at the top. */
  change(peers: number, state?: string): void {
    const changes = JSON.stringify(this.#changes(peers, state))
    for (const socket of this.#sockets.clients) socket.send(changes)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #welcome(socket: WebSocket): void {
    const actors: ActorFacts[] = [
      { actor: 'node', chart: 'node', state: 'running', count: 4, startedAt: 0 },
      { actor: 'server', chart: 'server', parent: 'node', state: 'running', count: 9, startedAt: 0 },
      { actor: 'eth', chart: 'protocol-manager', parent: 'node', state: 'started', count: 9, startedAt: 0 },
      { actor: 'eth/downloader', chart: 'downloader', parent: 'eth', state: 'idle', count: 9, startedAt: 0 },
    ]
    const peers: PeerFacts[] = []
    for (let i = 0; i < this.#peers; i++) {
      actors.push({ actor: `peer/${i}`, chart: 'peer', parent: 'server', state: calm, count: 6, startedAt: i })
      actors.push({ ...session, actor: `peer/${i}/eth`, parent: 'eth' })
      peers.push(peerFacts(i, 0))
    }
    const now = { seq: this.#seq, at: this.#seq }
    const heading = {
      format: recordingFormat,
      version: recordingVersion,
      client: 'Crowd',
      startedAt: '2026-01-01',
    } as const
    const picture = { ...now, oldest: { seq: 1, at: 0 }, actors, peers }
    const hello: Hello = {
      push: 'hello',
      heading,
      isRecording: false,
      nodes: [],
      historyBytes: 1 << 24,
      picture,
      endings: [],
      departures: [],
    }
    socket.send(JSON.stringify(hello))
  }

  #changes(each: number, state = this.#isCalm ? calm : blocked): Changes {
    this.#seq += each
    this.#isCalm = !this.#isCalm
    const now = { seq: this.#seq, at: this.#seq }
    // Those at the top are seen, so they change every time.
    const changed = Array.from({ length: each }, (_, i) => (i < each / 2 ? i : (this.#seq * 7 + i) % this.#peers))
    return {
      ...{
        push: 'changes',
        now,
        oldest: { seq: 1, at: 0 },
        started: [],
        stopped: [],
        forgotten: [],
        endings: [],
        bugs: [],
        departures: [],
        lines: [],
        dropped: 0,
      },
      states: changed.map((i) => [`peer/${i}`, state, this.#seq]),
      peers: changed.map((i) => peerFacts(i, this.#seq)),
    }
  }
}

const calm = 'running.(keepalive.quiet writing.flowing)'
const blocked = 'running.(keepalive.quiet writing.blocked)'
const session = { chart: 'eth-peer', state: 'active.flowing', count: 3, startedAt: 0 }

/** A name that would turn what is read, and run what is not text. */
const hostile = 'Geth\u202e\u061c\u00ad\u180e\u{e0041}<img src=x onerror="document.title=1">/v1.0.0'

function peerFacts(i: number, bytes: number): PeerFacts {
  const [received, sent] = [[bytes * 32, bytes] as const, [bytes * 8, bytes] as const]
  const client =
    i === 4 ? hostile : i % 3 ? 'Geth/v1.17.5-stable/linux-amd64/go1.25' : 'reth/v1.9.3/x86_64-unknown-linux-gnu'
  const id = i.toString(16).padStart(64, '0')
  const address = `127.0.${i >> 8}.${i & 255}:30303`
  return { actor: `peer/${i}`, id, client, caps: ['eth/69', 'eth/70'], inbound: i % 2 === 0, address, received, sent }
}
