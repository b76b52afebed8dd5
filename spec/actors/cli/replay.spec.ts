import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { createNode, type PeerchartNode } from '../../../actors/index.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import { forge, recordMeeting } from '../recording/record.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart replay', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-replay-'))
    await recordMeeting(join(dir, 'session'), 20_000)
    const text = await readFile(join(dir, 'session'), 'utf8')
    await writeFile(join(dir, 'cut'), text.slice(0, -20))
    await writeFile(join(dir, 'touched'), text.replace('"event":"rlpx.secured"', '"event":"rlpx.secureD"'))
    await forge(join(dir, 'session'), join(dir, 'other'), (line) =>
      line.type === 'transition' && line.event === 'rlpx.secured' ? { ...line, effects: ['abandon'] } : undefined,
    )
  })
  after(() => rm(dir, { recursive: true }))

  async function replay(line: string) {
    const io = new ScriptedIo()
    const status = await runCli(['replay', ...line.split(' ').map((word) => word.replace(/^@/, `${dir}/`))], io)
    return { status, out: io.out, err: io.err }
  }

  it('says that everything was as recorded', async () => {
    const { status, out, err } = await replay('@session')
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    expect(out).to.match(/^\d+ transitions of \d+ actors in \d+\.\d{3} s, all as they were recorded\n$/)
  })
  it('says so in JSON', async () => {
    const { out } = await replay('@session --json')
    expect(JSON.parse(out)).to.include.keys('transitions', 'actors', 'seconds').and.to.deep.include({ passedOver: [] })
  })
  it('names the first entry that differs, and how', async () => {
    const { status, err } = await replay('@other')
    expect(status).to.equal(1)
    expect(err).to.match(
      /^error: \S+: entry \d+ at \d+\.\d{3} s, peer\/1: the effects: recorded: abandon; replayed: askServer\n$/,
    )
    const { out } = await replay('@other --json')
    expect(JSON.parse(out).difference).to.include({ what: 'the effects', recorded: 'abandon' })
  })
  it('stops where it is asked to, and opens the inspector there', async () => {
    const { status, out } = await replay('@session --until 12 --for 1ms')
    expect(status).to.equal(0)
    expect(out).to.match(
      /all as they were recorded\nLook at it in a browser: http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]+\/\n$/,
    )
  })

  it('keeps standard output JSON, where that is asked for', async () => {
    const { out, err } = await replay('@session --until 12 --for 1ms --json')
    expect(JSON.parse(out)).to.include.keys('transitions')
    expect(err).to.match(/^Look at it in a browser: http/)
  })

  it('opens it at its end where it has no such entry, and says so', async () => {
    const { status, out, err } = await replay('@session --until 999999 --for 1ms')
    expect(status).to.equal(0)
    expect(err).to.match(/^there is no entry 999999: the recording ends with entry \d+\n$/)
    expect(out).to.contain('Look at it in a browser: http')
  })

  describe('against a live node', () => {
    let node: PeerchartNode
    before(async () => {
      node = await createNode({ genesis: devGenesisJson, port: 0 })
      await node.start()
    })
    after(() => node.stop())

    it('sends it the recorded messages, and reports its answers', async () => {
      const { status, out, err } = await replay(`@session --against ${node.enode}`)
      expect({ status, err }).to.deep.equal({ status: 0, err: '' })
      const reported = out
        .trimEnd()
        .split('\n')
        .map((line) =>
          line
            .trim()
            .replace(/^\d+ +/, '')
            .replace(/ {2,}/, ': '),
        )
      expect(reported).to.include.members([
        'sent: Status',
        'as recorded: Status',
        'sent: GetBlockHeaders',
        'as recorded: BlockHeaders',
      ])
      expect(reported.at(-1)).to.equal('sent: Disconnect')
    })
    it('fails when it does not answer as before', async () => {
      const other = await createNode({ network: 'sepolia', port: 0 })
      await other.start()
      const { status, out, err } = await replay(`@session --against ${other.enode} --json`)
      await other.stop()
      expect(status).to.equal(1)
      const why = 'it sent Disconnect 0x10, subprotocol error, after both Hellos'
      expect(err).to.match(new RegExp(`^error: \\d+ of the recorded messages did not come from that node: ${why}\\n$`))
      const outcomes = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(outcomes.find(({ name }) => name === 'Status')).to.have.property('outcome')
      expect(outcomes.some(({ outcome }) => outcome === 'did not come')).to.equal(true)
    })
    it('refuses a peer that the recording does not have', async () => {
      const { status, err } = await replay(`@session --against ${node.enode} --peer peer/99`)
      expect(status).to.equal(1)
      expect(err).to.match(/^error: it has no such connection; give another --peer/)
    })
    it('says in one line why the node would not', async () => {
      await using listener = await listen({ through: 'rlpx' })
      const full = listener.accept()
      const ended = full.until('greeting').then(() => {
        full.send('Disconnect', { reason: 'TooManyPeers' })
        full.close()
      })
      const { status, err } = await replay(`@session --against ${listener.enode}`)
      await ended
      expect(status).to.equal(1)
      expect(err).to.match(
        /^error: never came to handshaking: it closed: they sent Disconnect, too many peers; `connect --explain` [^\n]+\n$/,
      )
    })
    it('says in one line that nothing listens there', async () => {
      const { status, err } = await replay(`@session --against ${node.enode.replace(/:\d+\?/, ':1?')}`)
      expect(status).to.equal(1)
      expect(err).to.match(/^error: [^\n]*ECONNREFUSED[^\n]*\n$/)
    })
  })

  for (const [line, complaint] of [
    ['@cut', /cut: line \d+: the recording was cut off in it/],
    ['@touched', /touched: line \d+: it was changed: its checksum does not fit/],
    ['@nothing', /nothing.*; name what is there/],
    ['@session --until 0', /Want a whole number from 1/],
    ['@session --against x', /Want enode:/],
  ] as const)
    it(`refuses "${line}" in one line`, async () => {
      const { status, err } = await replay(line)
      expect(status).to.equal(1)
      expect(err)
        .to.match(/^error: [^\n]+\n$/)
        .and.to.match(complaint)
    })
})
