import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { explain } from '../../../actors/explain/explanation.ts'
import { History } from '../../../actors/explain/history.ts'
import { Inspector } from '../../../actors/inspector/inspector.ts'
import { InspectorFailed } from '../../../actors/inspector/inspector-errors.ts'
import { openRecorded } from '../../../actors/inspector/recorded.ts'
import type { ShownLine } from '../../../actors/inspector/wire.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import type { Bug } from '../../../actors/runtime/runtime.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { recordingFormat, recordingVersion } from '../../../actors/trace/lines.ts'
import { OpenPage } from './open-page.ts'

describe('the inspector of two nodes', () => {
  let alice: PeerchartNode
  let bob: PeerchartNode
  let inspector: Inspector
  const pages: OpenPage[] = []

  beforeEach(async () => {
    ;[alice, bob] = await Promise.all([createNode(options), createNode(options)])
    inspector = await Inspector.open({ alice, bob })
  })
  afterEach(async () => {
    for (const page of pages.splice(0)) page.close()
    await inspector.close()
    await bob.stop()
    await alice.stop()
  })
  const options = { genesis: devGenesisJson, port: 0 }
  const open = async () => {
    const page = await OpenPage.at(inspector.address)
    pages.push(page)
    return page
  }
  const meet = async () => {
    await Promise.all([alice.start(), bob.start()])
    const met = new Promise<void>((resolve) => {
      alice.events$.subscribe((event) => {
        if (
          event.type === 'transition' &&
          event.chart === 'eth-peer' &&
          event.to === 'active.(chain.syncing reading.flowing)'
        )
          resolve()
      })
    })
    bob.addPeer(alice.enode)
    await met
  }

  it('greets a page with who is there', async () => {
    const hello = await (await open()).until('hello')
    expect(hello).to.include({ isRecording: false, historyBytes: 16 * 2 ** 20 })
    expect(hello.nodes).to.deep.equal(['alice', 'bob'])
    expect(hello.heading.nodes).to.deep.equal([
      { name: 'alice', id: alice.id },
      { name: 'bob', id: bob.id },
    ])
    const actors = hello.picture.actors.map(({ actor, chart, state }) => ({ actor, chart, state }))
    expect(actors).to.deep.include.members([
      { actor: 'alice/node', chart: 'node', state: 'initializing' },
      { actor: 'bob/eth', chart: 'protocol-manager', state: 'created' },
    ])
  })

  it('shows a peer as it moves through its chart, and which node it is', async () => {
    const page = await open()
    page.say({ ask: 'watch', actors: ['alice/peer/1'] })
    await meet()
    await page.until('changes', ({ started, states }) => {
      const now = [...started.map(({ actor, state }) => [actor, state]), ...states]
      return now.some(
        ([actor, state]) => actor === 'alice/peer/1/eth' && state === 'active.(chain.syncing reading.flowing)',
      )
    })
    const lines = page.pushes.flatMap((push) => (push.push === 'changes' ? push.lines : []))
    const path = lines.flatMap((line) => (line.type === 'transition' && line.from !== line.to ? [line.to] : []))
    expect(path).to.deep.equal([
      ...['securing.checkpoint', 'greeting.exchanging', 'greeting.checkpoint', 'admitted'],
      'running.(keepalive.quiet writing.flowing)',
    ])
    const { peers } = (await page.ask('picture', {})).picture
    const { client, caps, inbound, isNode } = peers.find(({ actor }) => actor === 'alice/peer/1')!
    expect({ client, inbound, isNode }).to.deep.equal({ client: bob.name, inbound: true, isNode: 'bob' })
    expect(caps).to.deep.equal(['eth/68', 'eth/69', 'eth/70', 'eth/71', 'eth/72'])
  })

  it('shows a page that is opened late what one shows that was there', async () => {
    const early = await open()
    await meet()
    const late = await (await open()).until('hello')
    const now = (await early.ask('picture', {})).picture
    expect(late.picture.actors.map(({ actor }) => actor)).to.deep.equal(now.actors.map(({ actor }) => actor))
    expect(late.picture.peers.map(({ actor, id }) => ({ actor, id }))).to.deep.include.members([
      { actor: 'alice/peer/1', id: bob.id },
      { actor: 'bob/peer/1', id: alice.id },
    ])
  })

  it('sends every page the same lines at which peers left, before it was opened and since', async () => {
    const early = await open()
    await meet()
    bob.removePeer(alice.enode)
    await early.until('changes', ({ stopped }) => stopped.includes('alice/peer/1') || stopped.includes('bob/peer/1'))
    await early.until('changes', ({ endings }) => endings.length > 0)
    const { picture } = await early.ask('picture', {})
    const late = await (await open()).until('hello')
    const seen = early.pushes.flatMap((push) => (push.push === 'changes' ? push.endings : []))
    expect(late.endings.slice(0, seen.length)).to.deep.equal(seen)
    for (const seq of seen) {
      expect(seq).to.be.at.most(picture.seq)
      const { line } = await early.ask('line', { seq })
      expect(line).to.include({ type: 'actor.stopped', chart: 'peer' })
    }
  })

  it('goes back to any line that it remembers', async () => {
    const page = await open()
    await meet()
    const { lines } = await page.ask('lines', { actor: 'alice/peer/1' })
    const secured = lines.find((line) => line.type === 'transition' && line.event === 'rlpx.secured')!
    const stateAt = async (seq: number) =>
      (await page.ask('picture', { seq })).picture.actors.find(({ actor }) => actor === 'alice/peer/1')?.state
    expect(await stateAt(secured.seq)).to.equal('securing.checkpoint')
    expect(await stateAt(secured.seq - 1)).to.equal('securing.handshaking')
    expect(await stateAt(lines[0]!.seq - 1)).to.equal(undefined)
  })

  it('decodes a message, names what it caused, and counts the edges of a chart', async () => {
    const page = await open()
    await meet()
    const { lines } = await page.ask('lines', { actor: 'alice/peer/1', messagesOnly: true })
    expect(lines.map((line) => line.name)).to.include.members(['Hello', 'Status'])
    const status = lines.find(({ name, type }) => name === 'Status' && type === 'message.received')!
    const { message, line } = await page.ask('line', { seq: status.seq })
    expect(message).to.deep.include({ name: 'Status', protocol: 'eth/72' })
    expect((message!.fields as { genesis: string }).genesis).to.match(/^0x[0-9a-f]{64}$/)
    const cause = (await page.ask('line', { seq: line.related! })).line
    expect(cause).to.deep.include({
      type: 'transition',
      actor: 'alice/peer/1/eth',
      event: 'Status',
      related: status.seq,
    })
    const { actor } = await page.ask('actor', { actor: 'alice/peer/1/eth' })
    expect(actor.edges!['awaitingStatus · Status']![0]).to.equal(1)
  })

  it('has a session beneath its protocol manager, and its lines with those of its peer too', async () => {
    const page = await open()
    await meet()
    const { actor } = await page.ask('actor', { actor: 'alice/peer/1/eth' })
    expect(actor.parent).to.equal('alice/eth')
    const isOfSession = (line: ShownLine) => line.type === 'transition' && line.actor === 'alice/peer/1/eth'
    const isStatus = ({ name }: { name?: string }) => name === 'Status'
    const ofPeer = (await page.ask('lines', { actor: 'alice/peer/1' })).lines
    expect([ofPeer.some(isOfSession), ofPeer.some(isStatus)]).to.deep.equal([true, true])
    const ofManager = (await page.ask('lines', { actor: 'alice/eth' })).lines
    expect([ofManager.some(isOfSession), ofManager.some(({ actor }) => actor === 'alice/peer/1')]).to.deep.equal([
      true,
      false,
    ])
  })

  it('says so where it has no answer', async () => {
    const page = await open()
    const refusal = (promise: Promise<unknown>) => promise.catch(({ message }: Error) => message)
    expect(await refusal(page.ask('line', { seq: 10_000 }))).to.equal('that is not remembered any more')
    expect(await refusal(page.ask('actor', { actor: 'no one' }))).to.equal('there is no actor no one')
    for (const ask of ['reboot', 'constructor', '__proto__']) {
      const { socket } = await open()
      socket.send(JSON.stringify({ ask }))
      const [code, reason] = await once(socket, 'close')
      expect([code, String(reason)], ask).to.deep.equal([1008, 'no such question'])
    }
  })
})

describe('the history of an inspector, saved', () => {
  it('is a recording: of all that is there, and of who was there before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'peerchart-history-'))
    const [node, other] = await Promise.all([
      createNode({ genesis: devGenesisJson, port: 0 }),
      createNode({ genesis: devGenesisJson, port: 0, identity: 'other' }),
    ])
    const inspector = await Inspector.open(node, { historyBytes: 256 << 10 })
    const page = await OpenPage.at(inspector.address)
    try {
      await Promise.all([node.start(), other.start()])
      node.addPeer(other.enode)
      await page.until('changes', ({ states }) =>
        states.some(([actor, to]) => actor === 'peer/1/eth' && /^active/.test(to)),
      )
      const payload = new Uint8Array(500)
      for (let i = 0; i < 2_000; i++)
        node.feed.publish({ type: 'message.sent', actor: 'server', protocol: 'p2p', code: 2, size: 500 }, { payload })
      const response = await fetch(new URL('history.ndjson', inspector.address))
      expect(response.headers.get('content-disposition')).to.equal('attachment; filename="peerchart.ndjson"')
      const file = join(folder, 'saved.ndjson')
      await writeFile(file, await response.text())
      const { history, fault } = await openRecorded(file)
      expect(fault).to.equal(undefined)
      expect(history.newest.seq).to.be.above(100)
      expect(history.liveState.actor('peer/1/eth')!.state).to.match(/^active/)
      expect(history.liveState.peers.get('peer/1')!.client).to.match(/^Peerchart\/other\//)
      expect(explain(history, 'peer/1')!.status).to.have.length.above(3)
    } finally {
      page.close()
      await inspector.close()
      await Promise.all([node.stop(), other.stop()])
      await rm(folder, { recursive: true })
    }
  })
})

describe('a page that cannot be answered for a fault of ours', () => {
  it('is closed and reported, and other pages go on', async () => {
    const bugs: Bug[] = []
    const history = new History({ now: () => 0 })
    const heading = { format: recordingFormat, version: recordingVersion, client: 'x', startedAt: '' } as const
    const inspector = await Inspector.show({ heading, history, isRecording: true }, 0, undefined, (bug) =>
      bugs.push(bug),
    )
    const [page, other] = await Promise.all([OpenPage.at(inspector.address), OpenPage.at(inspector.address)])
    history.at = () => {
      throw new TypeError('of ours')
    }
    const closed = once(page.socket, 'close')
    page.ask('line', { seq: 1 }).catch(() => {})
    expect((await closed)[0]).to.equal(1011)
    expect(bugs.map(({ actor, error, ends }) => `${actor}: ${error} ends the ${ends}`)).to.deep.equal([
      'inspector: TypeError: of ours ends the connection',
    ])
    expect((await other.ask('picture', {})).picture.seq).to.equal(0)
    other.close()
    await inspector.close()
  })
})

describe('a history that is being saved', () => {
  const bugs: Bug[] = []
  let history: History
  let inspector: Inspector
  beforeEach(async () => {
    history = new History({ now: () => 0 })
    const feed = new Feed()
    history.follow(feed)
    const payload = new Uint8Array(5_000)
    for (let i = 0; i < 2_000; i++)
      feed.publish({ type: 'message.sent', actor: 'server', protocol: 'p2p', code: 2, size: 5_000 }, { payload })
    const heading = { format: recordingFormat, version: recordingVersion, client: 'x', startedAt: '' } as const
    inspector = await Inspector.show({ heading, history, isRecording: true }, 0, undefined, (bug) => bugs.push(bug))
  })
  afterEach(async () => {
    await inspector.close()
    bugs.splice(0)
  })
  const begin = async () => {
    const asked = request(new URL('history.ndjson', inspector.address)).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    await once(response, 'data')
    return response
  }

  it('is cut off by a fault of ours, which is reported, and others are served', async () => {
    const { forwards } = history
    let parts = 0
    history.forwards = (...range) => {
      parts += 1
      if (parts > 3) throw new TypeError('of ours')
      return forwards.apply(history, range)
    }
    const response = await begin()
    const [cut] = await once(response.resume(), 'error')
    expect(cut).to.have.property('code', 'ECONNRESET')
    expect(bugs.map(({ actor, error, ends }) => `${actor}: ${error} ends the ${ends}`)).to.deep.equal([
      'inspector: TypeError: of ours ends the connection',
    ])
    history.forwards = forwards
    expect((await fetch(new URL('history.ndjson', inspector.address))).status).to.equal(200)
  })

  it('is no bug where the browser has left', async () => {
    let isOver = () => {}
    const over = new Promise<void>((resolve) => {
      isOver = resolve
    })
    const { forwards } = history
    history.forwards = function* (...range) {
      yield* forwards.apply(history, range)
      isOver()
    }
    const response = await begin()
    response.destroy()
    await over
    await new Promise(setImmediate)
    expect(bugs).to.deep.equal([])
    expect((await fetch(new URL('history.ndjson', inspector.address))).status).to.equal(200)
    expect(bugs).to.deep.equal([])
  })
})

describe('the door of the inspector', () => {
  let inspector: Inspector
  let address: URL
  beforeEach(async () => {
    const node = await createNode({ genesis: devGenesisJson, port: 0 })
    inspector = await Inspector.open(node)
    await node.stop()
    address = new URL(inspector.address)
  })
  afterEach(() => inspector.close())

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { hostname, port } = address
    const sent = request({ hostname, port, path, method, headers }).end()
    const [response] = await once(sent, 'response')
    response.setEncoding('utf8')
    let body = ''
    for await (const chunk of response) body += chunk
    return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body }
  }
  const upgrade = async (path: string, headers: Record<string, string> = {}) => {
    const socket = new WebSocket(new URL(path, address.href.replace('http', 'ws')), { headers })
    const [event] = await Promise.race([
      once(socket, 'open').then(() => ['open']),
      once(socket, 'unexpected-response').then(([, response]) => [response.statusCode]),
    ])
    socket.on('error', () => {})
    socket.terminate()
    return event
  }

  it('opens for the whole address, and for nothing less', async () => {
    expect(await upgrade('feed')).to.equal('open')
    for (const path of ['/feed', '/', `/${'0'.repeat(32)}/feed`, `${address.pathname.slice(0, -2)}/feed`])
      expect(await upgrade(path), path).to.equal(403)
    expect(await upgrade('else')).to.equal(404)
    expect((await get('/')).body).to.equal('open the whole address that the node printed\n')
  })
  /** Goes on writing until it is hung up on. */
  const insist = (stranger: Socket, times = 1_000) =>
    stranger.write('more', (error) => !error && times > 0 && setImmediate(insist, stranger, times - 1))

  it('does not wait for who was refused, nor mind that they are gone', async () => {
    const { host, hostname, port } = address
    const strangers = Array.from({ length: 8 }, () =>
      connect({ port: Number(port), host: hostname, allowHalfOpen: true }),
    )
    const closed = strangers.map(
      (stranger) => new Promise((resolve) => stranger.on('error', resolve).on('close', resolve)),
    )
    for (const [i, stranger] of strangers.entries()) {
      stranger.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
      if (i % 2 === 0) stranger.once('connect', () => setImmediate(() => stranger.resetAndDestroy()))
      else stranger.resume().once('end', () => insist(stranger))
    }
    await Promise.all(closed)
    expect(await upgrade('feed')).to.equal('open')
  })
  it('is closed to another name for this machine, and to pages of other sites', async () => {
    for (const host of ['rebound.example', `rebound.example:${address.port}`, '127.0.0.1.example'])
      expect(await upgrade('feed', { host }), host).to.equal(403)
    for (const origin of ['https://example.org', `http://localhost:${Number(address.port) + 1}`, 'null'])
      expect(await upgrade('feed', { origin }), origin).to.equal(403)
    expect(await upgrade('feed', { origin: address.origin })).to.equal('open')
    expect((await get(address.pathname, { origin: 'https://example.org' })).status).to.equal(403)
  })
  it('is read, never written', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await get(address.pathname, {}, method)
      expect([status, headers.allow], method).to.deep.equal([405, 'GET, HEAD'])
    }
    const { status, body } = await get(address.pathname, {}, 'HEAD')
    expect({ status, body }).to.deep.equal({ status: 200, body: '' })
  })
  it('opens to every script of the page, and to all that they import', async () => {
    const html = await (await fetch(inspector.address)).text()
    const scripts = [...html.matchAll(/(?:src|modulepreload" href)="(\.[^"]+\.m?js)"/g)].map(([, path]) => path!)
    const listed = new Set(scripts.map((path) => `${new URL(path, inspector.address)}`))
    expect(listed.size).to.be.above(20)
    for (const address of listed) {
      const response = await fetch(address)
      expect(response.status, address).to.equal(200)
      const imports = (await response.text()).matchAll(
        /^(?:import|export) [^;]*?"(\.{1,2}\/[^"]+)"|^(?:import|export) [^;]*?'(\.{1,2}\/[^']+)'/gm,
      )
      for (const [, double, single] of imports) expect([...listed]).to.include(`${new URL(double ?? single!, address)}`)
    }
  })
  it('leads nowhere else on the disk', async () => {
    for (const path of [
      '../package.json',
      '..%2fpackage.json',
      'page/../../../package.json',
      'vendor/../inspector.js',
      'page/%2e%2e/inspector.js',
    ])
      expect((await get(`${address.pathname}${path}`)).status, path).to.equal(404)
  })
  it('lets nothing be cached, sniffed or passed to other origins', async () => {
    for (const path of [`${address.pathname}nothing`, address.pathname.slice(0, -1)])
      expect((await get(path)).headers, path).to.include({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      })
  })
  it('is on loopback alone', async () => {
    for (const { address: host } of Object.values(networkInterfaces())
      .flatMap((all = []) => all)
      .filter(({ internal, family }) => !internal && family === 'IPv4')) {
      const socket = connect(Number(address.port), host)
      const [error] = await once(socket, 'error')
      expect(error.code, host).to.equal('ECONNREFUSED')
    }
  })
  it('has room for a bounded number of pages', async () => {
    const sockets = Array.from({ length: 16 }, () => new WebSocket(new URL('feed', address.href.replace('http', 'ws'))))
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    expect(await upgrade('feed')).to.equal(503)
    for (const socket of sockets) socket.terminate()
  })
  it('says which port is taken', async () => {
    await using node = await createNode({ port: 0 })
    const error = await Inspector.open(node, { port: Number(address.port) }).catch((error) => error)
    expect(error).to.be.instanceOf(InspectorFailed)
    expect(error.message).to.equal(`inspector: listen tcp 127.0.0.1:${address.port}: address already in use`)
  })
})
