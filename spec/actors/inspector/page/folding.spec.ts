import { expect } from 'chai'
import { type Fold, fold, isUnfolded, toggled } from '../../../../actors/inspector/page/folding.ts'
import type { ShownLine } from '../../../../actors/inspector/wire.ts'

const message = (seq: number, more: Partial<ShownLine>) => ({
  line: {
    ...{ seq, at: seq, type: 'message.sent' as const, actor: 'peer/1', protocol: 'eth', version: 72, code: 3, size: 9 },
    ...more,
  } as ShownLine,
})
const ask = (seq: number) => message(seq, { name: 'GetBlockHeaders', text: '1 from 7' })
const answer = (seq: number, asked: number, count = 0) =>
  message(seq, { name: 'BlockHeaders', text: `${count} headers`, answers: { seq: asked, latency: 1 } })
const other = (seq: number) => message(seq, { name: 'Ping' })

describe('empty polls', () => {
  const shown = [
    ask(1),
    ask(2),
    answer(3, 1),
    answer(4, 2),
    ask(5),
    answer(6, 5),
    other(7),
    ask(8),
    answer(9, 8),
    ask(10),
  ]
  const seqs = (rows: ReturnType<typeof fold>) => rows.map((row) => ('fold' in row ? `${row.polls}` : row.line.seq))

  it('are one row where several come one behind the other', () => {
    expect(seqs(fold(shown, () => false))).to.deep.equal(['3', 7, '1', 10])
  })
  it('are there when the row is opened', () => {
    const rows = fold(shown, (run) => run[0]!.line.seq === 1)
    expect(seqs(rows)).to.deep.equal(['3', 1, 2, 3, 4, 5, 6, 7, '1', 10])
    expect(rows[0]).to.deep.include({ fold: 1, polls: 3, isOpen: true })
  })
  it('stay open when older ones come before them, until they are closed', () => {
    const [late, whole] = [shown.slice(4), shown] as const
    const closed = fold(late, () => false)[0] as Fold
    const unfolded = toggled(new Set(), closed)
    const rows = fold(whole, (run) => isUnfolded(unfolded, run))
    expect(seqs(rows)).to.deep.equal(['3', 1, 2, 3, 4, 5, 6, 7, '1', 10])
    expect([...toggled(unfolded, rows[0] as Fold)]).to.deep.equal([])
  })
  it('are none where something came', () => {
    const found = [ask(1), answer(2, 1, 1), ask(3), answer(4, 3, 192)]
    expect(seqs(fold(found, () => false))).to.deep.equal([1, 2, 3, 4])
  })
})
