import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ClassicLevel } from 'classic-level'
import { DatabaseLocked } from '../../../actors/chain/store.ts'
import { NodeDatabase } from '../../../actors/discovery/node-database.ts'
import { silent } from '../../../actors/log/log.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { signRecord } from '../../../protocols/enr/record.ts'
import { failureOf } from '../../failure.ts'
import { keyOf, someNode } from './some-nodes.ts'

describe('the node database', () => {
  const day = 24 * 3_600_000
  const start = 1_800_000_000_000
  let directory: string
  let clock: VirtualClock
  let open: NodeDatabase[]

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'peerchart-nodes-'))
    clock = new VirtualClock(start)
    open = []
  })
  afterEach(async () => {
    for (const database of open) await database.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const openIt = async (where: string | undefined = directory) => {
    const database = await NodeDatabase.open({ directory: where, clock, now: () => clock.now(), log: silent })
    open.push(database)
    return database
  }
  const reopen = async () => {
    await open.pop()!.close()
    return openIt()
  }
  const node = someNode(1)
  const { id, host } = node
  const withRecord = {
    ...node,
    record: signRecord(5n, { ip: Uint8Array.of(127, 0, 0, 1), udp: node.udp, tcp: node.tcp }, keyOf(1)),
  }
  const first = () => 0

  it('knows when a node answered, when it asked and how often it failed, by its address, after a restart, too', async () => {
    const database = await openIt()
    database.notePing(id, host)
    expect(database.lastPing(id, host), 'of a node that never answered').to.equal(0)
    database.notePong(id, host)
    clock.advance(1_000)
    database.notePing(id, host)
    database.noteFindFails(id, host, 2)
    database.noteFindFailsV5(id, host, 3)
    for (const one of [database, await reopen()]) {
      expect(one.lastPong(id, host)).to.equal(start)
      expect(one.lastPing(id, host)).to.equal(start + 1_000)
      expect([one.findFails(id, host), one.findFailsV5(id, host)]).to.deep.equal([2, 3])
      expect(one.lastPong(id, '127.0.0.2')).to.equal(0)
      expect(one.lastPong(someNode(2).id, host)).to.equal(0)
    }
  })
  it('keeps the newest record of a node, and gives those that answered of late to begin with', async () => {
    const database = await openIt()
    database.notePong(id, host)
    database.setNode(withRecord)
    database.setNode(node)
    database.setNode(someNode(2))
    for (const one of [database, await reopen()]) {
      expect(one.node(id)).to.deep.equal(withRecord)
      expect(one.seeds(30, 5 * day, first)).to.deep.equal([withRecord])
    }
    clock.advance(5 * day + 1)
    expect((await reopen()).seeds(30, 5 * day, first)).to.deep.equal([])
  })
  it('draws as many seeds as are asked for, each once', async () => {
    const database = await openIt(undefined)
    for (let i = 1; i <= 5; i++) {
      database.notePong(someNode(i).id, host)
      database.setNode(someNode(i))
    }
    const ids = database.seeds(3, day, first).map(({ id }) => id)
    expect(new Set(ids).size).to.equal(3)
    expect(new Set(database.seeds(30, day, (end) => end - 1).map(({ id }) => id)).size).to.equal(5)
  })
  it('forgets an address that has not answered for a day, and a node with none left', async () => {
    const database = await openIt()
    database.notePong(id, host)
    database.notePong(id, '127.0.0.2')
    clock.advance(day - 1_000)
    database.notePong(id, '127.0.0.2')
    clock.advance(2 * 3_600_000)
    expect([database.lastPong(id, host), database.lastPong(id, '127.0.0.2')]).to.deep.equal([0, start + day - 1_000])
    clock.advance(day)
    for (const one of [database, await reopen()]) expect(one.size).to.equal(0)
  })
  it('keeps four addresses of a node, and 8192 nodes', async () => {
    const database = await openIt(undefined)
    for (let i = 1; i <= 5; i++) database.notePong(id, `127.0.0.${i}`)
    expect([1, 2, 5].map((i) => database.lastPong(id, `127.0.0.${i}`) > 0)).to.deep.equal([false, true, true])
    for (let i = 0; i < 8_192; i++) database.notePong(`${i}`, host)
    expect(database.size).to.equal(8_192)
    expect(database.lastPong(id, host)).to.equal(0)
  })
  it('keeps the number of our own record', async () => {
    const database = await openIt()
    expect(database.localSeq('me')).to.equal(undefined)
    await database.storeLocalSeq('me', 2n ** 64n - 1n)
    expect((await reopen()).localSeq('me')).to.equal(2n ** 64n - 1n)
  })
  it('ignores entries that it did not write', async () => {
    const level = new ClassicLevel<string, string>(directory)
    await level.put('local:me', 'many')
    for (const [i, text] of ['', '{', '[]', 'null', '{"places":3}', `{"node":"enode://ab","places":{}}`].entries())
      await level.put(`node:${i}`, text)
    await level.put(`node:${id}`, JSON.stringify({ places: { [host]: { ping: 1 }, '1.1.1.1': null } }))
    await level.close()
    const database = await openIt()
    expect(database.localSeq('me')).to.equal(undefined)
    expect([database.lastPing(id, host), database.seeds(9, day, first)]).to.deep.equal([0, []])
  })
  it('repairs files that are damaged', async () => {
    const database = await openIt()
    database.notePong(id, host)
    await database.flush()
    await open.pop()!.close()
    for (const name of readdirSync(directory).filter((name) => name.startsWith('MANIFEST')))
      writeFileSync(join(directory, name), 'no manifest')
    expect((await openIt()).lastPong(id, host)).to.equal(start)
  })
  it('is open once', async () => {
    await openIt()
    expect(await failureOf(openIt())).to.be.instanceOf(DatabaseLocked)
  })
})
