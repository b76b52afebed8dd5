import { expect } from 'chai'
import { Subject } from 'rxjs'
import type { SyncProgress } from '../../../actors/eth/sync-meter.ts'
import type { Fields, Logger } from '../../../actors/log/log.ts'
import { logSync } from '../../../actors/peerchart/sync-log.ts'

describe('the log of a sync', () => {
  const lines: [string, Fields | undefined][] = []
  const log = { info: (message: string, fields?: Fields) => void lines.push([message, fields]) } as unknown as Logger
  let now = 0
  const progress = new Subject<SyncProgress>()
  const at = (current: bigint, isSyncing = true, isDone = !isSyncing): SyncProgress => ({
    ...{ isSyncing, isDone },
    starting: 0n,
    current,
    highest: 200n,
    blocksPerSecond: 9.6,
  })

  it('has a line a second while it goes on, and one at its end', () => {
    logSync(log, progress, { now: () => now })
    progress.next(at(0n, false))
    for (const current of [0n, 50n, 99n, 100n]) {
      progress.next(at(current))
      now += 400
    }
    progress.next(at(200n, false))
    progress.next(at(200n, false))
    const fields = (current: bigint) => ({ current, highest: 200n, 'blocks/s': 10 })
    expect(lines).to.deep.equal([
      ['Syncing blocks', { ...fields(0n), done: '0%' }],
      ['Syncing blocks', { ...fields(100n), done: '50%' }],
      ['Synced blocks', fields(200n)],
    ])
  })
  it('says how much of a state came, where one is fetched', () => {
    lines.length = 0
    const counts = { accountBytes: 700, slots: 9, slotBytes: 200, codes: 1, codeBytes: 100, nodes: 0, nodeBytes: 0 }
    now += 1_000
    progress.next({ ...at(100n), state: { part: 0.123, accounts: 7, ...counts } })
    const fields = { synced: '12.30%', bytes: 1_000, accounts: 7, slots: 9, codes: 1 }
    expect(lines).to.deep.equal([['Syncing: state download in progress', fields]])
    progress.next(at(136n))
    expect(lines.at(-1)).to.deep.equal(['Snap sync complete, auto disabling', { pivot: 136n }])
  })
  it('does not say that it came to its end when it did not', () => {
    lines.length = 0
    progress.next(at(50n))
    progress.next(at(100n, false, false))
    expect(lines.at(-1)![0]).to.equal('Sync stopped before its end')
  })
})
