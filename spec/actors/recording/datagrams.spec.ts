import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { readRecording } from '../../../actors/recording/reader.ts'
import { Replay } from '../../../actors/recording/replay.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { fromLine } from '../../../actors/trace/feed-lines.ts'
import type { Line, MessageLine } from '../../../actors/trace/lines.ts'
import { decodeMessage } from '../../../actors/trace/messages.ts'
import { peerCount } from '../../support/peer-count.ts'

describe('a recording of a node that is found', () => {
  let directory: string
  let lines: Line[]
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-'))
    const file = join(directory, 'node.rec')
    const transport = memoryNetwork()
    const common = { genesis: devGenesisJson, transport, port: 0 }
    const recorded = await createNode({ ...common, discovery: {}, record: { file } })
    const other = await createNode({ ...common, discovery: { bootnodes: () => [recorded.enode] } })
    await recorded.start()
    await other.start()
    await peerCount(recorded, 1)
    await other.stop()
    await recorded.stop()
    lines = []
    for await (const line of (await readRecording(file)).lines) lines.push(line)
  })
  after(() => rm(directory, { recursive: true }))
  const messages = (protocol: string) =>
    lines.filter((line): line is Line & MessageLine => 'protocol' in line && line.protocol === protocol)

  for (const [protocol, names] of [
    ['discv4', ['PING', 'PONG']],
    ['discv5', ['ordinary', 'whoareyou', 'handshake']],
  ] as const)
    it(`has the packets of ${protocol} both ways, by name, of the node that they are of`, () => {
      const seen = new Set<string>()
      for (const line of messages(protocol)) {
        const { name, error } = decodeMessage(line, fromLine(line).payload)
        expect(error, name).to.equal(undefined)
        seen.add(`${name} ${line.type === 'message.sent'}`)
        expect(line.actor).to.match(/^discv(4\/node|5\/session)\//)
      }
      for (const name of names)
        expect(
          [...seen].filter((one) => one.startsWith(`${name} `)),
          name,
        ).to.not.deep.equal([])
      expect(seen.size).to.be.greaterThan(names.length)
    })
  it('says where each node is, and has a packet before the step that it leads to', () => {
    const started = lines.find((line) => line.type === 'actor.started' && line.chart === 'discv4-node')
    expect(started)
      .to.have.nested.property('input.remote')
      .that.matches(/^127\.0\.0\.1:\d+$/)
    const index = lines.findIndex(
      (line) => 'code' in line && line.protocol === 'discv4' && line.type === 'message.received',
    )
    expect(lines[index + 1]).to.include({ type: 'transition', actor: lines[index]!.actor })
  })
  it('replays to the same transitions', () => {
    const replay = new Replay()
    for (const line of lines) expect(replay.take(line)).to.equal(undefined)
    const all = lines.filter(({ type }) => type === 'transition')
    expect(replay.result.transitions).to.equal(all.length)
    expect(replay.result.passedOver).to.deep.equal([])
  })
})
