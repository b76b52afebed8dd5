import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CaptureEntry, decodeCapture } from '../../../actors/keylog/decode-capture.ts'
import { handshakeCodes } from '../../../actors/p2p/handshake-packet.ts'
import { decodeHello } from '../../../protocols/p2p/messages.ts'
import { parseKeyLog } from '../../../protocols/rlpx/key-log.ts'
import { ethernet, writeCapture } from '../../protocols/pcap/capture-writer.ts'
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
      session.told.filter((one) => one.type === type).map(({ actor: _, ...message }) => message),
    ]
    const [sent, toldSent] = of('message.sent')
    expect(sent).to.deep.equal(toldSent)
    const [received, toldReceived] = of('message.received')
    // The answer to our leave-taking comes when we read no more.
    expect(received!.slice(0, toldReceived!.length)).to.deep.equal(toldReceived)
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
  it('is passed over when it is no RLPx, and the others are read', () => {
    const http = {
      from: '127.0.0.1:1',
      to: '127.0.0.1:80',
      seq: 1,
      payload: new TextEncoder().encode('GET / HTTP/1.1\r\n'),
    }
    const capture = writeCapture([{ at: 0, bytes: ethernet(http) }])
    const [why] = whys(decodeCapture(capture, new Map()))
    expect(why).to.contain('no bytes of an RLPx session')
  })
  it('has a key log that only its owner reads', async () => {
    expect((await stat(join(dir, 'keys'))).mode & 0o777).to.equal(0o600)
    expect(keyLog.trimEnd().split('\n')).to.have.length(1)
  })
})
