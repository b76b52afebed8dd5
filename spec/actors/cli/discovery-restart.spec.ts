import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { filter, firstValueFrom } from 'rxjs'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { nodeOfRecord } from '../../../actors/discovery/discovered-node.ts'
import { NodeDatabase } from '../../../actors/discovery/node-database.ts'
import { silent } from '../../../actors/log/log.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { processClock } from '../../../actors/runtime/process-runtime.ts'
import { parseEnode } from '../../../protocols/enode/enode.ts'
import { parseRecord } from '../../../protocols/enr/record.ts'
import { PeerchartProcesses, seen } from './peerchart-process.ts'

describe('a node that is killed', function () {
  this.timeout(60_000)
  const processes = new PeerchartProcesses()
  let dir: string
  let friend: PeerchartNode
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-restart-'))
    await writeFile(join(dir, 'genesis.json'), JSON.stringify(devGenesisJson))
    friend = await createNode({ genesis: devGenesisJson, port: 0, discovery: { v5: true } })
    await friend.start()
  })
  afterEach(async () => {
    processes.endAll()
    await friend.stop()
    await rm(dir, { recursive: true })
  })

  it('finds those that it met when it starts again, without a bootnode, and its record has a higher number', async () => {
    const known = nodeOfRecord(parseRecord(friend.nodeInfo().enr))!
    const directory = join(dir, 'data', 'peerchart', 'nodes')
    const database = await NodeDatabase.open({ directory, clock: processClock, now: Date.now, log: silent })
    database.notePong(known.id, known.host) // as a node does that has run for some minutes
    database.setNode(known)
    await database.close()
    const files = ['--genesis', join(dir, 'genesis.json'), '--datadir', join(dir, 'data')]
    const meet = async () => {
      const met = firstValueFrom(friend.events$.pipe(filter(({ type }) => type === 'add')))
      const killed = processes.start('start', '--port', '0', '--no-execute', '--discovery.v5', ...files)
      const log = await seen(killed.child.stderr, /Started P2P networking/)
      await met
      const { host = '', ...enode } = parseEnode(/enode:\/\/[^\s"?]+/.exec(log)![0])
      const { record } = await friend.discv5!.requestRecord({ ...enode, host })
      const left = firstValueFrom(friend.events$.pipe(filter(({ type }) => type === 'drop')))
      killed.child.kill('SIGKILL')
      await killed.ended
      await left
      return { id: enode.id, seq: record!.seq }
    }
    const first = await meet()
    const second = await meet()
    expect(second.id).to.equal(first.id)
    expect(second.seq > first.seq, `${second.seq} after ${first.seq}`).to.equal(true)
  })
})
