import { expect } from 'chai'
import fc from 'fast-check'
import { type TcpSegment, tcpSegment } from '../../../protocols/pcap/tcp-segment.ts'
import { TcpStreams } from '../../../protocols/pcap/tcp-streams.ts'
import { ethernet, type Sent } from './capture-writer.ts'

const [client, server] = ['10.0.0.1:5000', '10.0.0.2:30303']
const segment = (sent: Sent): TcpSegment => tcpSegment({ linkType: 1, bytes: ethernet(sent) })!
const ours = (seq: number, payload: Uint8Array | number[] = [], flags: Sent['flags'] = ['ACK']) =>
  segment({ from: client, to: server, seq, flags, payload: Uint8Array.from(payload) })
const theirs = (seq: number, payload: number[] = [], flags: Sent['flags'] = ['ACK']) =>
  segment({ from: server, to: client, seq, flags, payload: Uint8Array.from(payload) })

describe('a TCP segment in a packet', () => {
  const frame = ethernet({ from: client, to: server, seq: 7, payload: Uint8Array.of(1, 2) })
  const ip = frame.subarray(14)
  const expected = {
    from: client,
    to: server,
    seq: 7,
    isSyn: false,
    isAck: true,
    ack: 0,
    isFin: false,
    isReset: false,
    payload: Uint8Array.of(1, 2),
    size: 2,
  }
  const behind = (...header: number[]) => Uint8Array.of(...header, ...ip)
  const nulls = (count: number) => new Array<number>(count).fill(0)

  for (const [name, linkType, bytes] of [
    ['Ethernet', 1, frame],
    ['Ethernet with padding behind it', 1, Uint8Array.of(...frame, 0, 0, 0, 0)],
    ['Ethernet with a VLAN tag', 1, Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 5, ...frame.subarray(12))],
    ['the loopback of BSD', 0, behind(2, 0, 0, 0)],
    ['raw IP', 101, ip],
    ['cooked Linux', 113, behind(...nulls(14), 8, 0)],
    ['cooked Linux, second form', 276, behind(8, 0, ...nulls(18))],
  ] as const)
    it(`is found behind ${name}`, () =>
      expect(tcpSegment({ linkType, bytes })).to.deep.equal({ ...expected, captured: bytes.length }))

  it('is found behind IPv6', () => {
    const packet = new Uint8Array(62)
    packet.set([0x60, 0, 0, 0, 0, 22, 6, 64])
    packet[23] = packet[39] = 1
    packet.set(ip.subarray(20), 40)
    expect(tcpSegment({ linkType: 101, bytes: packet })).to.deep.include({ from: '[::1]:5000', to: '[::1]:30303' })
  })
  it('is not found in what is none', () => {
    const with_ = (at: number, value: number) => frame.with(at, value)
    for (const bytes of [
      with_(12, 0),
      with_(23, 17),
      with_(20, 0x20),
      with_(14, 0x41),
      with_(46, 0x10),
      with_(46, 0xf0),
    ])
      expect(tcpSegment({ linkType: 1, bytes })).to.equal(undefined)
    expect(tcpSegment({ linkType: 9_999, bytes: frame })).to.equal(undefined)
    for (let length = 0; length < 54; length++) tcpSegment({ linkType: 1, bytes: frame.subarray(0, length) })
  })
})

describe('the streams of a capture', () => {
  const joined = (segments: readonly TcpSegment[]) => {
    const streams = new TcpStreams()
    const chunks = segments.flatMap((segment) => streams.take(segment, 0))
    return [...chunks, ...streams.finish(0)].map(({ bytes, lost, cutTo, end, isFromClient, connection }) => ({
      of: `${connection}${isFromClient ? '>' : '<'}`,
      bytes: [...bytes],
      ...(lost > 0 && { lost }),
      ...(cutTo && { cutTo }),
      ...(end && { end }),
    }))
  }
  const bytesOf = (chunks: readonly { bytes: number[] }[]) => chunks.flatMap(({ bytes }) => bytes)

  it('are both ways of each connection, by who opened it', () => {
    const chunks = joined([ours(9, [], ['SYN']), theirs(99, [], ['SYN', 'ACK']), ours(10, [1, 2]), theirs(100, [3])])
    expect(chunks).to.deep.equal([
      { of: '1>', bytes: [1, 2] },
      { of: '1<', bytes: [3] },
    ])
  })
  it('know the client by the answer to its opening when that alone was captured', () =>
    expect(joined([theirs(99, [], ['SYN', 'ACK']), theirs(100, [3])])).to.deep.equal([{ of: '1<', bytes: [3] }]))
  it('are the same in whatever order the segments come, twice, overlapping, and around 2^32', () => {
    const data = Array.from({ length: 60 }, (_, i) => i)
    const cuts = fc.array(fc.tuple(fc.nat(59), fc.integer({ min: 1, max: 20 })), { maxLength: 12 })
    fc.assert(
      fc.property(cuts, fc.constantFrom(100, 2 ** 32 - 30), fc.infiniteStream(fc.nat(1_000)), (cuts, start, order) => {
        const pieces = [...cuts, ...data.filter((at) => at % 10 === 0).map((at) => [at, 10] as const)]
        const segments = pieces.map(([at, length]) => ours((start + at) >>> 0, data.slice(at, at + length)))
        const shuffled = segments.map((one) => [order.next().value, one] as const).sort(([a], [b]) => a - b)
        const syn = ours((start - 1) >>> 0, [], ['SYN'])
        expect(bytesOf(joined([syn, ...shuffled.map(([, one]) => one)]))).to.deep.equal(data)
      }),
    )
  })
  it('report what is missing once too much waits for it', () => {
    const big = new Uint8Array(60_000)
    const later = Array.from({ length: 71 }, (_, i) => ours(1_010 + i * big.length, big))
    const chunks = joined([ours(999, [], ['SYN']), ours(1_000, [1, 2]), ...later])
    expect(chunks[0]).to.deep.equal({ of: '1>', bytes: [1, 2] })
    expect(chunks[1]).to.include({ lost: 8 })
    expect(bytesOf(chunks)).to.have.length(2 + 71 * big.length)
  })
  it('end once, and begin anew when the ports are used again', () => {
    const first = [ours(9, [], ['SYN']), ours(10, [1]), ours(11, [], ['FIN', 'ACK']), theirs(1, [], ['RST'])]
    expect(joined([...first, ours(500, [], ['SYN']), ours(501, [2])])).to.deep.equal([
      { of: '1>', bytes: [1] },
      { of: '1>', bytes: [], end: 'FIN' },
      { of: '1<', bytes: [], end: 'RST' },
      { of: '2>', bytes: [2] },
    ])
  })
  const opened = [ours(9, [], ['SYN']), theirs(99, [], ['SYN', 'ACK'])]
  const finOf = (of: string) => ({ of, bytes: [], end: 'FIN' })

  it('end each by its own FIN, once all before it has come', () => {
    const closing = [
      ours(12, [3], ['FIN', 'ACK']),
      theirs(100, [7]),
      ours(10, [1, 2]),
      theirs(101, [8], ['FIN', 'ACK']),
    ]
    expect(joined([...opened, ...closing, ours(13, [], ['FIN', 'ACK'])])).to.deep.equal([
      { of: '1<', bytes: [7] },
      { of: '1>', bytes: [1, 2] },
      { of: '1>', bytes: [3] },
      finOf('1>'),
      { of: '1<', bytes: [8] },
      finOf('1<'),
    ])
  })
  it('report what is missing when the other end has it', () => {
    const answer = segment({ from: server, to: client, seq: 100, ack: 16, payload: Uint8Array.of(7) })
    expect(joined([...opened, ours(12, [3]), answer])).to.deep.equal([
      { of: '1>', bytes: [3], lost: 2 },
      { of: '1>', bytes: [], lost: 3 },
      { of: '1<', bytes: [7] },
    ])
  })
  it('wait for what was captured later than its ACK', () => {
    const [ack, later] = [theirs(100, [7], ['ACK']), theirs(101, [8])]
    const acking = (segment: TcpSegment, ack: number) => ({ ...segment, ack })
    expect(joined([...opened, acking(ack, 13), acking(later, 13), ours(10, [1]), ours(11, [2, 3])])).to.deep.equal([
      { of: '1>', bytes: [1] },
      { of: '1>', bytes: [2, 3] },
      { of: '1<', bytes: [7] },
      { of: '1<', bytes: [8] },
    ])
    // Each side answers what was captured last of all.
    const question = acking(ours(10, [1]), 101)
    expect(joined([...opened, question, acking(later, 11), theirs(100, [7])])).to.deep.equal([
      { of: '1<', bytes: [7] },
      { of: '1>', bytes: [1] },
      { of: '1<', bytes: [8] },
    ])
  })
  it('give up what does not come though much has come since, and all at a RST', () => {
    const lost = { of: '1>', bytes: [], lost: 6 }
    const answers = (count: number) => Array.from({ length: count }, (_, i) => ({ ...theirs(100 + i, [i]), ack: 16 }))
    const streams = new TcpStreams()
    for (const one of [...opened, ...answers(64)]) expect(streams.take(one, 0)).to.deep.equal([])
    expect(streams.take({ ...theirs(164, [64]), ack: 16 }, 0)).to.have.length(1 + 65)
    const reset = joined([...opened, ...answers(1), theirs(101, [], ['RST'])])
    expect(reset).to.deep.equal([lost, { of: '1<', bytes: [0] }, { of: '1<', bytes: [], end: 'RST' }])
  })
  it('are put in order at the same cost for each segment, however many wait', () => {
    let looked = 0
    class Counted extends Uint8Array {
      override get length() {
        looked += 1
        return super.length
      }
    }
    const count = 3_000
    const behind = Array.from({ length: count }, (_, i) => ({
      ...ours(20 + 2 * (count - i), [1, 2]),
      payload: new Counted(2),
    }))
    const streams = new TcpStreams()
    for (const one of [...opened, ...behind]) streams.take(one, 0)
    expect(streams.finish(0).reduce((sum, { bytes }) => sum + bytes.byteLength, 0)).to.equal(2 * count)
    expect(looked).to.be.below(20 * count)
  })
  it('wait no more than 64 MiB in all connections', () => {
    const streams = new TcpStreams()
    const payload = new Uint8Array(60_000)
    let given = 0
    let most = 0
    for (let i = 0; i < 2_000; i++) {
      const from = `10.0.${i >> 8}.${i & 255}:5000`
      const of = (seq: number, flags: NonNullable<Sent['flags']>, payload: Uint8Array) =>
        segment({ from, to: server, seq, flags, payload })
      streams.take(of(1, ['SYN'], new Uint8Array(0)), 0)
      for (const chunk of streams.take(of(100, ['ACK'], payload), 0)) given += chunk.bytes.length
      most = Math.max(most, (i + 1) * payload.length - given)
    }
    expect(most).to.be.within(60 << 20, 64 << 20)
  })
  it('go around 2^32 with their ends and what the other end has', () => {
    const start = 2 ** 32 - 2
    const answer = segment({ from: server, to: client, seq: 100, ack: 2, payload: Uint8Array.of(7) })
    const sent = [ours(1, [], ['FIN', 'ACK']), ours(0, [3]), ours(start, [1, 2]), ours(start, [1, 2, 3]), answer]
    expect(joined([ours(start - 1, [], ['SYN']), ...sent])).to.deep.equal([
      { of: '1>', bytes: [1, 2] },
      { of: '1>', bytes: [3] },
      finOf('1>'),
      { of: '1<', bytes: [7] },
    ])
  })
  it('report what is missing at a RST and at the end of the capture', () => {
    const late = { of: '1>', bytes: [3], lost: 2 }
    expect(joined([...opened, ours(12, [3])])).to.deep.equal([late])
    expect(joined([...opened, ours(12, [3]), theirs(100, [], ['RST'])])).to.deep.equal([
      late,
      { of: '1<', bytes: [], end: 'RST' },
    ])
  })
  it('report what the capture cut off, be it the TCP header', () => {
    const frame = ethernet({ from: client, to: server, seq: 10, payload: Uint8Array.of(1, 2, 3) })
    const cut = (length: number) => tcpSegment({ linkType: 1, bytes: frame.subarray(0, length) })!
    const before = [{ of: '1>', bytes: [1] }]
    expect(joined([...opened, cut(55), ours(13, [4])])).to.deep.equal([
      ...before,
      { of: '1>', bytes: [], lost: 2, cutTo: 55 },
      { of: '1>', bytes: [4] },
    ])
    expect(joined([...opened, cut(50)])).to.deep.equal([{ of: '1>', bytes: [], lost: 3, cutTo: 50 }])
  })
  it('are not read twice when the opening is sent twice', () =>
    expect(joined([...opened, ours(10, [1]), ...opened, ours(10, [1, 2])])).to.deep.equal([
      { of: '1>', bytes: [1] },
      { of: '1>', bytes: [2] },
    ]))
})
