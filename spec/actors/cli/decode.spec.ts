import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import type { CapturedPacket } from '../../../protocols/pcap/capture.ts'
import { tcpSegment } from '../../../protocols/pcap/tcp-segment.ts'
import { writeCapture } from '../../protocols/pcap/capture-writer.ts'
import { readCapture } from '../../protocols/pcap/read-whole.ts'
import { tapSession } from '../keylog/tapped-session.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart decode', () => {
  let dir: string
  const at = (name: string) => join(dir, name)

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-decode-'))
    const session = await tapSession(at('keys'))
    await writeFile(at('capture.pcap'), session.capture())
    await writeFile(at('capture.pcapng'), session.capture('pcapng'))
    await writeFile(at('cut.pcap'), session.capture().subarray(0, -20))
    const packets = [...readCapture(session.capture())]
    const snapped = packets.map(({ at, bytes }) => ({ at, bytes: bytes.subarray(0, 96) }))
    await writeFile(at('snapped.pcap'), writeCapture(snapped))
    await writeFile(at('late.pcap'), writeCapture(packets.slice(3)))
    await writeFile(at('capture.pcap.gz'), gzipSync(session.capture()))
    await writeFile(at('early.pcap'), writeCapture(swapped(packets)))
    await writeFile(at('empty.pcap'), writeCapture([]))
    await writeFile(at('nokeys'), '# none\n')
  })
  after(() => rm(dir, { recursive: true }))

  async function decode(line: string) {
    const io = new ScriptedIo()
    const status = await runCli(['decode', ...line.split(' ').map((word) => word.replace('@', `${dir}/`))], io)
    return { status, out: io.out, err: io.err }
  }

  it('shows who said what to whom, and when', async () => {
    const { status, out, err } = await decode('@capture.pcap --keylog @keys')
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    const ends = '127\\.0\\.0\\.1:\\d+ → 127\\.0\\.0\\.1:\\d+'
    const lines = out.trimEnd().split('\n')
    for (const line of lines) expect(line).to.match(new RegExp(`^ +\\d\\.\\d{6}s  #1 ${ends}  .`))
    const said = lines.map((line) => line.replace(/.*?→ \S+ {2}/, ''))
    expect(said[0]).to.match(/^auth, \d+ bytes$/)
    expect(said[2]).to.match(/^Hello, \d+ bytes: Peerchart\/v/)
    expect(said.filter((text) => /^eth\/72 Status, \d+ bytes: network \d+, block 0$/.test(text))).to.have.length(2)
    expect(said).to.include('Disconnect, 2 bytes: client quitting')
    expect(said.at(-1)).to.equal('closed')
  })
  it('gives every field as JSON, of a capture in the other format too', async () => {
    const { status, out } = await decode('@capture.pcapng --keylog @keys --json')
    expect(status).to.equal(0)
    const entries = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const [status72] = entries.filter(({ name }) => name === 'Status')
    expect(status72).to.deep.include({ type: 'message', connection: 1, protocol: 'eth', version: 72, code: 0 })
    expect(status72.fields).to.include.keys('networkId', 'genesis', 'forkId', 'range')
  })
  it('reads what is compressed, and standard input, as it reads the file', async () => {
    const { out } = await decode('@capture.pcap --keylog @keys')
    expect(await decode('@capture.pcap.gz --keylog @keys')).to.deep.equal({ status: 0, out, err: '' })
    const io = new ScriptedIo()
    const status = runCli(['decode', '-', '--keylog', at('keys')], io)
    io.stdin.end(await readFile(at('capture.pcap.gz')))
    expect([await status, io.out]).to.deep.equal([0, out])
  })
  it('loses no message to an ACK that was captured before what it answers', async () => {
    const { out } = await decode('@capture.pcap --keylog @keys --json')
    const said = (text: string) => text.split('\n').filter((line) => line.includes('"message"')).length
    const early = await decode('@early.pcap --keylog @keys --json')
    expect(early).to.include({ status: 0, err: '' })
    expect(said(early.out)).to.equal(said(out))
    expect(early.out).to.not.contain('unreadable')
  })
  it('says that packets were cut and that the capture began late', async () => {
    const said = async (line: string) => (await decode(line)).out.trimEnd().replace(/.*?→ \S+ {2}/g, '')
    expect(await said('@snapped.pcap --keylog @keys')).to.equal(
      'not read from here on: the capture cut its packets to 96 bytes (snaplen): capture with -s 0',
    )
    expect(await said('@late.pcap --keylog @keys')).to.match(
      /^not read from here on: the capture began after the handshake of this connection/,
    )
  })
  it('says what is cut off, after what came before', async () => {
    const { status, out, err } = await decode('@cut.pcap --keylog @keys')
    expect(status).to.equal(1)
    expect(out).to.contain('Hello')
    expect(err).to.match(/^error: \S+cut\.pcap: it is cut off at byte \d+\n$/)
  })
  for (const [line, complaint] of [
    ['@capture.pcap --keylog @nokeys', /capture\.pcap: none of its sessions is in the key log; capture while/],
    ['@empty.pcap --keylog @keys', /empty\.pcap: no RLPx session begins in it; capture the connection/],
    ['@snapped.pcap --keylog @keys', /snapped\.pcap: no message can be read, since bytes are missing; capture every/],
    ['@late.pcap --keylog @keys', /late\.pcap: no RLPx session begins in it; capture the connection/],
    ['@keys --keylog @keys', /keys: this is no pcap or pcapng file/],
    ['@capture.pcap --keylog @capture.pcap', /capture\.pcap: line 1 is no line of a key log/],
    ['@nothing --keylog @keys', /nothing.*; name what is there/],
    ['@capture.pcap --keylog @nothing', /nothing.*; name what is there/],
    ['@capture.pcap', /required option '--keylog <file>' not specified/],
  ] as const)
    it(`refuses "${line}" in one line`, async () => {
      const { status, err } = await decode(line)
      expect(status).to.equal(1)
      expect(err)
        .to.match(/^error: [^\n]+\n$/)
        .and.to.match(complaint)
    })
})

/** Wherever a packet is followed by one of the other side, they change places. */
function swapped(packets: readonly CapturedPacket[]): readonly CapturedPacket[] {
  const from = (packet: CapturedPacket) => tcpSegment(packet)!.from
  const isOpening = (packet: CapturedPacket) => tcpSegment(packet)!.isSyn
  const others = [...packets]
  for (let i = 0; i + 1 < others.length; i++) {
    const [one, next] = [others[i]!, others[i + 1]!]
    if (isOpening(one) || isOpening(next) || from(one) === from(next)) continue
    others.splice(i, 2, next, one)
    i += 1
  }
  return others
}
