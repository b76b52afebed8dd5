import { expect } from 'chai'
import { Kzg, KzgError } from '../../../actors/kzg/kzg.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'
import { blobOf, cellProofs, cellsOf, commitmentTo } from '../../suites/eth-scripts/blob.ts'

describe('the verification of blobs', function () {
  this.timeout(60_000)
  let clock: VirtualClock
  let kzg: Kzg
  before(() => {
    clock = new VirtualClock()
    kzg = new Kzg(clock)
  })
  after(() => kzg.close())
  const whole = { blobs: [blobOf(7n)], commitments: [commitmentTo(7n)], proofs: cellProofs }
  const sample = (value: bigint, columns: readonly number[] = [3, 90]) => ({
    commitments: columns.map(() => commitmentTo(7n)),
    columns,
    cells: cellsOf([value], columns),
    proofs: cellProofs.slice(0, columns.length),
  })

  it('makes the cells of blobs whose proofs hold; the first half of them is the blob', async () => {
    const { cells } = await kzg.blobs(whole)
    expect(cells.length).to.equal(128)
    expect(concatBytes(...cells.slice(0, 64))).to.deep.equal(whole.blobs[0])
    expect(cells[127]).to.deep.equal(cellsOf([7n], [127])[0])
  })
  it('refuses what is not committed to, no number of the field, and no point of the curve', async () => {
    const refused = async (given: object) => failureOf(kzg.blobs({ ...whole, ...given }))
    expect(await refused({ commitments: [commitmentTo(8n)] })).to.be.instanceOf(KzgError)
    expect(await refused({ blobs: [new Uint8Array(131_072).fill(0xff)] })).to.be.instanceOf(KzgError)
    expect(await refused({ commitments: [new Uint8Array(48)] })).to.be.instanceOf(KzgError)
    expect(await refused({ proofs: [commitmentTo(1n), ...cellProofs.slice(1)] })).to.be.instanceOf(KzgError)
  })
  it('takes some cells of a blob by themselves', async () => {
    await kzg.cells(sample(7n))
    expect(await failureOf(kzg.cells(sample(8n)))).to.be.instanceOf(KzgError)
  })
  it('has the peers share its thread: who has given much waits, others do not', async () => {
    const done: string[] = []
    const note = (name: string, job: Promise<unknown>) => job.then(() => void done.push(name))
    // As much as a peer may give at once, and not a blob among them.
    const most = { ...whole, blobs: Array(12).fill(new Uint8Array(131_072).fill(0xff)) }
    await failureOf(kzg.blobs(most, 'one'))
    const late = note('late', kzg.cells(sample(7n), 'one'))
    await note('other', kzg.cells(sample(7n), 'two'))
    await note('own', kzg.cells(sample(7n)))
    expect(done).to.deep.equal(['other', 'own'])
    clock.advance(20)
    await late
  })
  it('rejects what waits when it ends, and what comes then', async () => {
    const one = new Kzg(clock)
    const waiting = failureOf(one.cells(sample(7n)))
    await one.close()
    expect(await waiting).to.be.instanceOf(KzgError)
    expect(await failureOf(one.cells(sample(7n)))).to.be.instanceOf(KzgError)
  })
})
