import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { DiscoveryContacts } from '../../../actors/explain/discovery-contacts.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { readRecording } from '../../../actors/recording/reader.ts'
import { Replay } from '../../../actors/recording/replay.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { fromLine, type Kept } from '../../../actors/trace/feed-lines.ts'
import type { Line, MessageLine } from '../../../actors/trace/lines.ts'
import { decodeMessage } from '../../../actors/trace/messages.ts'
import { encodePacket } from '../../../protocols/discv4/packets.ts'
import { signRecord } from '../../../protocols/enr/record.ts'
import { peerCount } from '../../support/peer-count.ts'
import { ScriptedIo } from '../cli/scripted-io.ts'
import { keyOf } from '../discovery/some-nodes.ts'

describe('a recording of a node that is found', () => {
  let directory: string
  let file: string
  let lines: Line[]
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-'))
    file = join(directory, 'node.rec')
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
  it('is explained: who has proven where it is, and what was not answered', async () => {
    const io = new ScriptedIo()
    expect(await runCli(['explain', '--discovery', file], io)).to.equal(0)
    expect(io.out).to.match(
      /^discv4\/node\/\S+ {2}\w{8} {2}127\.0\.0\.1:\d+ {2}proven at \d\.\d{3}s; \d+ packets sent, \d+ received/m,
    )
    expect(io.out).to.match(/^discv5\/session\/1 .*proven at/m)
  })
})

describe('what discovery met, explained', () => {
  const actor = 'discv4/node/ab/1'
  const line = (change: object) => fromLine({ seq: 1, at: 1_000, actor, ...change } as never)
  const step = (event: string, data: object = {}, effects: string[] = []) =>
    line({ type: 'transition', chart: 'discv4-node', event, data, from: 'known', to: 'known', effects, edges: [] })
  const message = (type: string, code: number, payload: Uint8Array = new Uint8Array(1)) =>
    line({
      type: `message.${type}`,
      protocol: 'discv4',
      version: 4,
      code,
      size: 1,
      payload: Buffer.from(payload).toString('base64'),
    })
  const timeout = 'xstate.after.responseTimeout.discv4-node.known.ping.awaitingPong'
  const contactOf = (...lines: Kept[]) => {
    const contacts = new DiscoveryContacts()
    const input = { id: 'ab'.repeat(32), remote: '127.0.0.1:9' }
    contacts.take(line({ type: 'actor.started', chart: 'discv4-node', state: 'known', input }))
    for (const one of lines) contacts.take(one)
    return contacts.all[0]!
  }
  it('says which PING went unanswered, and what came instead', () => {
    const { failures, sent, received, ...contact } = contactOf(
      ...[message('sent', 1), step(timeout), message('sent', 1), message('received', 1), step(timeout), step(timeout)],
    )
    expect(contact).to.deep.equal({ actor, id: 'ab'.repeat(32), remote: '127.0.0.1:9' })
    expect([sent, received]).to.deep.equal([2, 1])
    expect(failures).to.deep.equal([
      { what: 'our PING was not answered: nothing came', count: 1, at: 1_000 },
      { what: 'our PING was not answered: what came is PING', count: 2, at: 1_000 },
    ])
  })
  it('says when it bonded', () =>
    expect(contactOf(step('pong.received', {}, ['noteProof']))).to.include({ provenAt: 1_000 }))
  for (const [what, record, fault] of [
    [
      'of another node',
      signRecord(7n, {}, keyOf(1)).raw,
      'record 7, without an address is of another node, or names an address that it may not',
    ],
    ['that is none', Uint8Array.of(0xc0), /^a record that is none: /],
  ] as const)
    it(`says why a record was refused: one ${what}`, () => {
      const { bytes } = encodePacket({ name: 'ENRRESPONSE', replyTo: new Uint8Array(32), record }, keyOf(1))
      const { failures } = contactOf(
        message('sent', 5),
        message('received', 6, bytes),
        step('record.received', { query: 1 }),
      )
      expect(failures).to.have.length(1)
      const text = failures[0]!.what.replace('its record was refused: ', '')
      if (typeof fault === 'string') expect(text).to.equal(fault)
      else expect(text).to.match(fault)
    })
  it('says why a handshake was refused', () =>
    expect(contactOf(step('answer.refused', { why: 'invalid ID nonce signature' })).failures[0]).to.include({
      what: 'its handshake was refused: invalid ID nonce signature',
    }))
})
