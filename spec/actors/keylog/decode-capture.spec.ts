import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CaptureEntry } from '../../../actors/keylog/decode-capture.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import { handshakeCodes } from '../../../actors/trace/handshake-packet.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import { decodeHello } from '../../../protocols/p2p/messages.ts'
import type { CapturedPacket } from '../../../protocols/pcap/capture.ts'
import { tcpSegment } from '../../../protocols/pcap/tcp-segment.ts'
import { parseKeyLog } from '../../../protocols/rlpx/key-log.ts'
import { ethernet, writeCapture } from '../../protocols/pcap/capture-writer.ts'
import { readCapture } from '../../protocols/pcap/read-whole.ts'
import { decodeCapture } from './decode-whole.ts'
import { Tap } from './tap.ts'
import { type TappedSession, tapSession } from './tapped-session.ts'

describe('a captured session', () => {
  let dir: string
  let session: TappedSession
  let keyLog: string
  let entries: CaptureEntry[]

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-keylog-'))
    session = await tapSession(join(dir, 'keys'))
    keyLog = await readFile(join(dir, 'keys'), 'utf8')
    entries = [...decodeCapture(session.capture(), parseKeyLog(keyLog))]
  })
  after(() => rm(dir, { recursive: true }))

  const messages = (of = entries) => of.filter((entry) => entry.type === 'message')
  const rounded = (entry: CaptureEntry) => ({ ...entry, at: Math.round(entry.at) })
  const whys = (of: Iterable<CaptureEntry>) =>
    [...of].flatMap((entry) => (entry.type === 'unreadable' ? [entry.why] : []))

  it('begins with auth and ack, and ends', () => {
    expect(entries.slice(0, 2).map(({ type }) => type)).to.deep.equal(['auth', 'ack'])
    expect(entries.at(-1)!.type).to.equal('end')
    expect(whys(entries)).to.deep.equal([])
  })
  it('is every packet and message that its sides exchanged, whole', () => {
    const ours = entries[0]!.from
    const packets = entries.flatMap((entry) =>
      entry.type === 'auth' || entry.type === 'ack'
        ? [{ from: entry.from, protocol: 'rlpx', version: 4, code: handshakeCodes[entry.type], size: entry.size }]
        : [],
    )
    const framed = messages().map(({ payload, ...message }) => ({ ...message, size: payload.length }))
    const seen = [...packets, ...framed].map(({ from, protocol, code, size, version }) => ({
      type: from === ours ? 'message.sent' : 'message.received',
      ...{ protocol, code, size },
      ...(version !== undefined && { version }),
    }))
    const of = (type: string) => [
      seen.filter((one) => one.type === type),
      session.reported.filter((one) => one.type === type).map(({ actor: _, ...message }) => message),
    ]
    const [sent, liveSent] = of('message.sent')
    expect(sent).to.deep.equal(liveSent)
    const [received, liveReceived] = of('message.received')
    // The answer to our leave-taking comes when we read no more.
    expect(received!.slice(0, liveReceived!.length)).to.deep.equal(liveReceived)
    expect(decodeHello(messages()[0]!.payload).name).to.match(/^Peerchart/)
  })
  it('is the same by every format, whatever side wrote the keys', () => {
    const again = [...decodeCapture(session.capture('pcapng of nanoseconds, big-endian'), parseKeyLog(keyLog))]
    expect(again.map(rounded)).to.deep.equal(entries.map(rounded))
  })
  it('cannot be read without its keys', () => {
    expect(whys(decodeCapture(session.capture(), new Map()))).to.deep.equal(['its keys are not in the key log'])
    expect(messages([...decodeCapture(session.capture(), new Map())])).to.deep.equal([])
  })
  it('cannot be read with wrong keys', () => {
    const wrong = keyLog.replace(/(?<=^RLPX \w{64} \w{64} )\w/, (digit) => (digit === '0' ? '1' : '0'))
    const [why] = whys(decodeCapture(session.capture(), parseKeyLog(wrong)))
    expect(why).to.equal('these are no bytes of an RLPx session: rlpx: bad header MAC')
  })
  it('ends with the reason of a Disconnect that is not compressed', async () => {
    const lines: string[] = []
    await using listener = await listen({ keyLog: (line) => lines.push(line) })
    const node = parseNode(listener.enode)
    const tap = new Tap(node.tcp)
    await tap.open()
    await using server = listener.accept()
    await using client = dial(formatEnode({ ...node, tcp: tap.port }), { through: 'hello' })
    await Promise.all([client.until('handshaking'), server.until('handshaking')])
    client.raw({ code: 1, payload: Uint8Array.of(0xc1, 4) })
    await server.expectDisconnect('TooManyPeers')
    await client.closed()
    await tap.close()
    const read = [...decodeCapture(tap.capture(), parseKeyLog(lines.join('')))]
    expect(messages(read).at(-1)).to.deep.include({ protocol: 'p2p', code: 1, payload: Uint8Array.of(0xc1, 4) })
    expect(whys(read)).to.deep.equal([])
  })
  it('is passed over when it is no RLPx, and the others are read', () => {
    const http = {
      from: '127.0.0.1:1',
      to: '127.0.0.1:80',
      seq: 1,
      payload: new TextEncoder().encode('GET / HTTP/1.1\r\n'),
    }
    const syn = ethernet({ ...http, seq: 0, flags: ['SYN'], payload: new Uint8Array(0) })
    const capture = writeCapture([syn, ethernet(http)].map((bytes) => ({ at: 0, bytes })))
    const [why] = whys(decodeCapture(capture, new Map()))
    expect(why).to.contain('no bytes of an RLPx session')
  })

  type Packets = readonly CapturedPacket[]
  const decodeOnly = (choose: (packets: Packets) => Packets) => [
    ...decodeCapture(writeCapture(choose([...readCapture(session.capture())])), parseKeyLog(keyLog)),
  ]
  const payloadOf = (packet: CapturedPacket) => tcpSegment(packet)!.payload.length
  /** @param n which of the packets that `from` sent is lost */
  const without = (packets: Packets, from: string, n: number) => {
    const lost = packets.filter((packet) => tcpSegment(packet)!.from === from && payloadOf(packet) > 0).at(n)!
    return { lost: payloadOf(lost), packets: packets.filter((packet) => packet !== lost) }
  }

  it('reports how much of a direction is missing, and still reads the other', () => {
    const { from, to } = entries[0]!
    let lost = 0
    const read = decodeOnly((packets) => {
      const rest = without(packets, from, 2)
      lost = rest.lost
      return rest.packets
    })
    const why = `${lost} bytes are missing from the capture in this direction, and what follows them cannot be read`
    expect(read.filter(({ type }) => type === 'unreadable').map(({ at: _, ...entry }) => entry)).to.deep.equal([
      { connection: 1, from, to, type: 'unreadable', why, missing: lost },
    ])
    const ours = (of: CaptureEntry[]) =>
      messages(of)
        .filter((entry) => entry.from === from)
        .map(rounded)
    expect(ours(read)).to.deep.equal(ours(entries).slice(0, ours(read).length))
    expect(ours(read).length).to.be.within(1, ours(entries).length - 1)
    const theirs = (of: CaptureEntry[]) => of.filter((entry) => entry.from === to).map(rounded)
    expect(theirs(read)).to.deep.equal(theirs(entries))
  })
  it('reports what is missing of its handshake and its Hellos', () => {
    for (const [n, before] of [
      [0, []],
      [1, ['auth', 'ack']],
    ] as const) {
      const read = decodeOnly((packets) => without(packets, entries[0]!.from, n).packets)
      expect(
        read
          .slice(0, -1)
          .slice(0, 2)
          .map(({ type }) => type),
      ).to.deep.equal(before)
      expect(whys(read)[0]).to.match(/^\d+ bytes are missing from the capture in this direction/)
    }
  })
  it('reports that its packets were cut', () => {
    const read = decodeOnly((packets) => packets.map((one) => ({ ...one, bytes: one.bytes.subarray(0, 96) })))
    expect(whys(read)).to.deep.equal(['the capture cut its packets to 96 bytes (snaplen): capture with -s 0'])
    expect(read).to.have.length(1)
  })
  it('reports that the capture began late, even when what it begins with looks like an auth', () => {
    const late = 'the capture began after the handshake of this connection, if it is one of RLPx'
    for (let first = 2; first < 5; first++) {
      const read = decodeOnly((packets) => packets.filter((one) => payloadOf(one) > 0).slice(first))
      expect(read.map((entry) => entry.type === 'unreadable' && entry.why)).to.deep.equal([late])
    }
    const whysOf = (packets: readonly { at: number; bytes: Uint8Array }[]) =>
      [...decodeCapture(writeCapture(packets), new Map())].map((entry) => entry.type === 'unreadable' && entry.why)
    // An ack has the shape of an auth, and is in no key log.
    const ack = [...readCapture(session.capture())].find((one) => tcpSegment(one)!.from === entries[1]!.from)!
    const size = new DataView(ack.bytes.buffer, ack.bytes.byteOffset).getUint16(54) + 2
    const { from, to } = entries[1]!
    const alone = ethernet({ from, to, seq: 1, payload: ack.bytes.subarray(54, 54 + size) })
    expect(whysOf([{ at: 0, bytes: alone }])).to.deep.equal([late])
    // Bytes that could be the size of a packet, with none of it behind.
    const frame = ethernet({ from, to, seq: 1, payload: Uint8Array.of(1, 0, 9, 9, 9) })
    expect(whysOf([{ at: 0, bytes: frame }])).to.deep.equal([late])
  })
  it('ends for one side by its FIN and for both by a RST', () => {
    const ends = entries.flatMap((entry) => (entry.type === 'end' ? [[entry.from, entry.by]] : []))
    const { from, to } = entries[0]!
    expect(ends).to.have.deep.members([
      [from, 'FIN'],
      [to, 'FIN'],
    ])
    const rst = ethernet({ from, to, seq: 0, flags: ['RST'] })
    const reset = decodeOnly((packets) => packets.toSpliced(4, 0, { at: 0, linkType: 1, bytes: rst }))
    expect(reset.at(-1)).to.deep.include({ type: 'end', by: 'RST' })
    expect(reset.length).to.be.below(entries.length)
  })
  it('has a key log that only its owner reads', async () => {
    expect((await stat(join(dir, 'keys'))).mode & 0o777).to.equal(0o600)
    expect(keyLog.trimEnd().split('\n')).to.have.length(1)
  })
})
