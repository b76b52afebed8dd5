import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { explain } from '../../../actors/explain/explanation.ts'
import { History } from '../../../actors/explain/history.ts'
import { Inspector } from '../../../actors/inspector/inspector.ts'
import type { Explanation } from '../../../actors/inspector/wire.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { encodeDisconnect } from '../../../protocols/p2p/messages.ts'
import { meet } from '../../support/stages.ts'
import vectors from '../../vectors/rlpx-eip-8.json' with { type: 'json' }
import { OpenPage } from '../inspector/open-page.ts'

describe('why a peer left', () => {
  const nodes: PeerchartNode[] = []
  let inspector: Inspector
  let page: OpenPage
  let node: PeerchartNode

  const start = async (options: NodeOptions = {}) => {
    const one = await createNode({ genesis: devGenesisJson, port: 0, ...options })
    nodes.push(one)
    return one
  }
  const watch = async (options: NodeOptions = {}, historyBytes?: number) => {
    node = await start(options)
    inspector = await Inspector.open(node, historyBytes === undefined ? {} : { historyBytes })
    page = await OpenPage.at(inspector.address)
    await node.start()
  }
  afterEach(async () => {
    page.close()
    await inspector.close()
    for (const one of nodes.splice(0)) await one.stop()
  })
  /** Once the connection is over. */
  const why = async (actor = 'peer/1'): Promise<Explanation> => {
    await page.until('changes', ({ stopped }) => stopped.includes(actor))
    return (await page.ask('why', { actor })).why
  }

  it('is another chain, with both hashes side by side', async () => {
    await watch()
    const other = await start({ genesis: { ...devGenesisJson, extraData: '0x07' }, networkId: node.chain.networkId })
    await other.start()
    node.addPeer(other.enode)
    const { summary, reason, status, path, messages, peer } = await why()
    const [ours, theirs] = [node, other].map(({ chain }) => `0x${bytesToHex(chain.genesis.hash)}`)
    expect(summary).to.match(/^(We ended it|Peerchart\S+ ended it) with 0x10 subprotocol error: /)
    expect(summary).to.contain(`the genesis differs, theirs is ${theirs} and ours ${ours}.`)
    expect(reason).to.equal('subprotocol error')
    expect(status!.filter(({ differs }) => differs).map(({ field }) => field)).to.deep.equal(['genesis'])
    expect(status!.find(({ field }) => field === 'genesis')).to.deep.include({ ours, theirs })
    expect(path.map(({ state }) => state)).to.include.members(['greeting.exchanging', 'awaitingStatus', 'closed'])
    expect(messages.map(({ name }) => name)).to.include.members(['Hello', 'Status', 'Disconnect'])
    expect(peer).to.deep.include({ id: other.id, inbound: false })
  })
  it('is another network', async () => {
    await watch()
    const other = await start({ networkId: 99n })
    await other.start()
    node.addPeer(other.enode)
    const { summary } = await why()
    expect(summary).to.contain(`the network id differs, theirs is 99 and ours ${node.chain.networkId}.`)
  })
  it('is that we are full', async () => {
    await watch({ maxPeers: 0 })
    const peer = await meet(node.enode).catch(() => undefined)
    const { summary, by } = await why()
    expect(summary).to.equal('We ended it with 0x04 too many peers: we have no place for another peer.')
    expect(by).to.equal('local')
    peer?.close()
  })
  for (const [reason, summary] of [
    [DiscReason.TooManyPeers, /^Peerchart\S* ended it with 0x04 too many peers: it is full\.$/i],
    [DiscReason.Quitting, /ended it with 0x08 client quitting: it shuts down\.$/],
  ] as const)
    it(`is what it said: ${reason}`, async () => {
      await watch()
      const peer = await meet(node.enode)
      peer.send(1, encodeDisconnect(reason))
      const explanation = await why()
      expect(explanation.summary).to.match(summary)
      expect(explanation.by).to.equal('remote')
      peer.close()
    })
  for (const [how, payload, compressed, isEarly] of [
    ['compressed before Hello', [0xc1, 0x04], true, true],
    ['not compressed behind Hello', [0xc1, 0x04], false, false],
  ] as const)
    it(`is the reason that it gave, ${how}`, async () => {
      await watch()
      await using peer = dial(node.enode, { through: isEarly ? 'rlpx' : 'hello' })
      await peer.until(isEarly ? 'greeting' : 'handshaking')
      peer.raw({ code: 1, payload: Uint8Array.from(payload), compressed })
      const { summary, by, reason, messages } = await why()
      expect(summary).to.match(/ ended it with 0x04 too many peers: it is full\.$/)
      expect([by, reason]).to.deep.equal(['remote', 'too many peers'])
      expect(messages.findLast(({ isSent }) => !isSent)).to.deep.include({ name: 'Disconnect', text: 'too many peers' })
    })
  for (const isEarly of [true, false])
    it(`is not said where it gave none, ${isEarly ? 'before' : 'behind'} Hello`, async () => {
      await watch()
      await using peer = dial(node.enode, { through: isEarly ? 'rlpx' : 'hello' })
      await peer.until(isEarly ? 'greeting' : 'handshaking')
      peer.raw({ code: 1, payload: Uint8Array.of(0xc0), compressed: !isEarly })
      const { summary, by, reason, messages } = await why()
      expect(summary).to.match(/^\S.* ended it without a reason[.:]/)
      expect([by, reason]).to.deep.equal(['remote', undefined])
      expect(messages.findLast(({ isSent }) => !isSent)!.text).to.equal('without a reason')
    })
  describe('that the history has passed', () => {
    /** Until not one line of before is left. */
    const pass = async () => {
      const { newest } = await moments()
      const payload = new Uint8Array(500)
      for (let i = 0; i < 2_000; i++)
        node.feed.publish({ type: 'message.sent', actor: 'other', protocol: 'p2p', code: 2, size: 500 }, { payload })
      expect((await moments()).oldest).to.be.above(newest)
    }
    const moments = async () => {
      const { picture } = await page.ask('picture', {})
      return { newest: picture.seq, oldest: picture.oldest.seq }
    }
    const small = 256 << 10
    const other = new Uint8Array(32).fill(7)

    it('is what it was, with both Statuses', async () => {
      await watch({}, small)
      const peer = await meet(node.enode, { hello: { name: 'ethrex/v1' } })
      await peer.status({ genesis: other })
      const before = await why()
      expect(before.summary).to.contain('ended it with 0x10 subprotocol error: the genesis differs')
      const { lines } = await page.ask('lines', { actor: 'peer/1/eth', ownOnly: true })
      const opened = lines.find((line) => line.type === 'transition' && line.event === 'Status')
      expect(opened).to.deep.include({ outcome: { event: 'fault.found', to: 'closed' } })
      await pass()
      const { why: after } = await page.ask('why', { actor: 'peer/1' })
      expect(after).to.deep.equal(before)
      expect((await page.ask('why', { actor: 'peer/1/eth' })).why.summary).to.equal(before.summary)
    })
    it('is known of one whose handshake was passed before it left', async () => {
      await watch({}, small)
      const peer = await meet(node.enode, { hello: { name: 'ethrex/v1' } })
      const { networkId } = await peer.status()
      await pass()
      const { why: standing } = await page.ask('why', { actor: 'peer/1' })
      expect(standing).to.deep.include({ by: 'none', summary: 'ethrex/v1 is a peer.' })
      peer.send('Disconnect', { reason: DiscReason.Quitting })
      await why()
      await pass()
      const { why: after } = await page.ask('why', { actor: 'peer/1' })
      expect(after.summary).to.equal('ethrex/v1 ended it with 0x08 client quitting: it shuts down.')
      const text = `${networkId}`
      expect(after.status!.find(({ field }) => field === 'networkId')).to.deep.include({ ours: text, theirs: text })
      expect(after.path.map(({ state }) => state)).to.include.members(['greeting.exchanging', 'closed'])
    })
    it('is listed by reason and client, to a page that comes later, too', async () => {
      await watch({}, small)
      const peer = await meet(node.enode, { hello: { name: 'ethrex/v1' } })
      await peer.status({ genesis: other })
      await why()
      await pass()
      const late = await OpenPage.at(inspector.address)
      const { departures } = await late.until('hello')
      const expected = { actor: 'peer/1', client: 'ethrex/v1', by: 'local', reason: 'subprotocol error' }
      expect(departures).to.have.length(1)
      expect(departures[0]).to.deep.include(expected)
      expect((await page.ask('departures', {})).departures).to.deep.equal(departures)
      const pushed = page.pushes.flatMap((push) => (push.push === 'changes' ? push.departures : []))
      expect(pushed).to.deep.equal(departures)
      late.close()
    })
    it('is remembered of the last 1,000, when the actors themselves are not', () => {
      const feed = new Feed()
      const history = new History({ now: () => 0, bytes: small })
      history.follow(feed)
      for (let i = 0; i < 1_501; i++) {
        feed.publish({ type: 'actor.started', actor: `peer/${i}`, chart: 'peer' })
        const [from, to] = ['securing.handshaking', 'closed']
        const step = { chart: 'peer', event: 'stream.closed', effects: [] }
        feed.publish({ type: 'transition', actor: `peer/${i}`, ...step, from, to })
        feed.publish({ type: 'actor.stopped', actor: `peer/${i}`, chart: 'peer' })
      }
      expect(history.departures.all).to.have.length(1_000)
      expect(explain(history, 'peer/500')).to.equal(undefined)
      for (const i of [501, 1_500]) expect(explain(history, `peer/${i}`)!.by).to.equal('remote')
    })
    it('is not known of one that was cut short', () => {
      const feed = new Feed()
      const history = new History({ now: () => 0 })
      history.follow(feed)
      feed.publish({ type: 'actor.started', actor: 'peer/1', chart: 'peer' })
      feed.publish({ type: 'actor.stopped', actor: 'peer/1', chart: 'peer' })
      const { by, summary } = explain(history, 'peer/1')!
      expect(by).to.equal('unknown')
      expect(summary).to.match(/^The connection is over, and what ended it is not known/)
    })
  })
  describe('that kept its Status to itself', () => {
    /** Of a peer that has our Status and sends none. */
    const mute = async (key: Uint8Array = random()) => {
      const peer = await meet(node.enode, { privateKey: key, hello: { name: 'Mute/v1' } })
      await peer.expect('Status')
      return peer
    }
    const random = () => new Uint8Array(randomBytes(32))
    const ours = () => {
      const { networkId, genesis } = node.chain
      return `we said network ${networkId}, genesis 0x${bytesToHex(genesis.hash)}, fork id 0x`
    }
    const meaning =
      'it did so after our Status and before its own, as geth does when network id, genesis or fork id do not match; '

    it('and disconnected, is explained with our Status, and no guess', async () => {
      await watch()
      const peer = await mute()
      peer.send(1, encodeDisconnect(DiscReason.SubprotocolError))
      const { summary, by, status, theirsFrom } = await why()
      expect(summary).to.contain(`Mute/v1 ended it with 0x10 subprotocol error: ${meaning}${ours()}`)
      expect(by).to.equal('remote')
      expect(new Set(status!.map(({ theirs }) => theirs))).to.deep.equal(new Set(['not sent']))
      expect(status!.some(({ differs }) => differs)).to.equal(false)
      expect(theirsFrom).to.equal(undefined)
      peer.close()
    })
    it('and hung up, too', async () => {
      await watch()
      const peer = await mute()
      peer.close()
      const { summary } = await why()
      expect(summary).to.contain(
        `Mute/v1 closed the connection without a Disconnect, as a running peer: ${meaning}${ours()}`,
      )
    })
    it('is explained with the Status that it sent on another connection', async () => {
      await watch()
      const key = random()
      const talker = await meet(node.enode, { privateKey: key })
      const genesis = new Uint8Array(32).fill(7)
      await talker.status({ genesis })
      await why('peer/1')
      const peer = await mute(key)
      peer.send(1, encodeDisconnect(DiscReason.SubprotocolError))
      const { summary, status, theirsFrom } = await why('peer/2')
      expect(summary).to.contain(meaning)
      expect(summary).to.match(
        /; on peer\/1 it sent its own: the genesis differs, theirs is 0x(07){32} and ours 0x\w{64}\.$/,
      )
      expect(theirsFrom).to.equal('peer/1')
      expect(status!.find(({ field }) => field === 'genesis')).to.include({ differs: true })
      for (const one of [talker, peer]) one.close()
    })
  })
  it('is that nothing is in common, with what both speak', async () => {
    await watch()
    const peer = dial(node.enode, { caps: ['les/4', 'eth/63'], through: 'hello' })
    const { summary, by } = await why()
    expect(summary).to.match(
      /^We ended it with 0x03 useless peer: there is no capability in common: it speaks .*les\/4.*, we eth\/68 .*\.$/,
    )
    expect(by).to.equal('local')
    peer.close()
  })
  it('is that we shut down, said once', async () => {
    await watch()
    const other = await start()
    await other.start()
    const joined = new Promise<void>((resolve) => {
      node.feed.subscribe((entry) => {
        if (entry.type === 'transition' && entry.chart === 'eth-peer' && entry.to.startsWith('active')) resolve()
      })
    })
    node.addPeer(other.enode)
    await joined
    await node.stop()
    expect((await why()).summary).to.equal('We ended it with 0x08 client quitting: we shut down.')
  })
  it('is a message that cannot be read', async () => {
    await watch()
    const peer = await meet(node.enode)
    await peer.status()
    peer.send(16 + 3, Uint8Array.of(0xc1, 0x80))
    const { summary, by } = await why()
    expect(summary).to.match(/^We ended it with 0x02 breach of protocol: invalid message: .*\.$/)
    expect(by).to.equal('local')
    peer.close()
  })
  it('is that it hung up', async () => {
    await watch()
    const deaf = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
    await once(deaf, 'listening')
    const { port } = deaf.address() as { port: number }
    const stranger = `enode://${bytesToHex(publicKeyOf(new Uint8Array(randomBytes(32))))}@127.0.0.1:${port}`
    node.addPeer(stranger)
    const { summary, by } = await why()
    expect(summary).to.match(
      /^The other side closed the connection without a Disconnect, while keys were agreed \(auth, ack\): its key may be another than we dialed, or/,
    )
    expect(by).to.equal('remote')
    deaf.close()
  })
  it('is that its auth is from before EIP-8', async () => {
    await watch()
    const { host, tcp } = parseNode(node.enode)
    const old = connect(tcp, host)
    old.end(hexToBytes(vectors.auth.v4Format))
    const { summary, by } = await why()
    expect(summary).to.match(
      /^The other side closed the connection without a Disconnect, .*; what came for its auth is from before EIP-8 by its length, 307 bytes\.$/,
    )
    expect(by).to.equal('remote')
    old.destroy()
  })
  it('is nothing yet, while it stands', async () => {
    await watch()
    const peer = await meet(node.enode)
    await peer.status()
    await page.until('changes', ({ started, states }) =>
      [...started.map(({ state }) => state), ...states.map(([, state]) => state)].includes(
        'active.(chain.syncing reading.flowing)',
      ),
    )
    const { why } = await page.ask('why', { actor: 'peer/1/eth' })
    expect(why).to.deep.include({ actor: 'peer/1', by: 'none' })
    expect(why.summary).to.match(/ is a peer\.$/)
    expect(why.status!.some(({ differs }) => differs)).to.equal(false)
    peer.close()
  })
  it('is not asked of what is no connection', async () => {
    await watch()
    const refusal = await page.ask('why', { actor: 'server' }).catch(({ message }: Error) => message)
    expect(refusal).to.equal('server is no connection that is remembered')
  })
})

describe('why a connection of a script ended', () => {
  const runtime = processRuntime()
  let inspector: Inspector
  let page: OpenPage
  before(async () => {
    inspector = await Inspector.open({ feed: runtime.feed, id: '0'.repeat(64), name: 'script' })
    page = await OpenPage.at(inspector.address)
  })
  after(async () => {
    page.close()
    await inspector.close()
  })
  const enode = (port: number) =>
    `enode://${bytesToHex(publicKeyOf(new Uint8Array(randomBytes(32))))}@127.0.0.1:${port}`
  const why = async ({ id: actor }: ScriptedPeer) => {
    await page.until('changes', ({ stopped }) => stopped.includes(actor))
    const { summary, by } = (await page.ask('why', { actor })).why
    return [by, summary]
  }
  /** Both ends, as far as Hello; ours dials. */
  const pair = async () => {
    const listener = await listen({ through: 'hello' })
    const theirs = listener.accept()
    const ours = dial(listener.enode, { runtime, through: 'hello' })
    await Promise.all([ours.until('handshaking'), theirs.until('handshaking')])
    await listener.close()
    return { ours, theirs }
  }

  it('is that nothing listens there', async () => {
    const [by, summary] = await why(dial(enode(1), { runtime }))
    expect([by, summary]).to.deep.equal(['network', 'There is no connection: connect ECONNREFUSED 127.0.0.1:1.'])
  })
  it('is that what is there speaks something else', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const [by, summary] = await why(dial(enode((other.address() as { port: number }).port), { runtime }))
    expect([by, summary]).to.deep.equal([
      'local',
      'We ended it: its handshake cannot be read: rlpx: message too big; what came for its ack is not of EIP-8, 28 bytes.',
    ])
    other.close()
  })
  it('is that our side hung up', async () => {
    const { ours, theirs } = await pair()
    ours.close()
    expect(await why(ours)).to.deep.equal(['local', 'We ended it: our side hung up, while Statuses were exchanged.'])
    theirs.close()
  })
  it('is that theirs did, without a word', async () => {
    const { ours, theirs } = await pair()
    theirs.close()
    const [by, summary] = await why(ours)
    expect(by).to.equal('remote')
    expect(summary).to.match(
      /^Peerchart\S+ closed the connection without a Disconnect, while Statuses were exchanged\.$/,
    )
  })
  it('is the reason that they gave', async () => {
    const { ours, theirs } = await pair()
    theirs.send('Disconnect', { reason: DiscReason.Quitting })
    await ours.expect('Disconnect')
    theirs.close()
    const [by, summary] = await why(ours)
    expect(by).to.equal('remote')
    expect(summary).to.match(/ ended it with 0x08 client quitting: it shuts down\.$/)
  })
})
