import { expect } from 'chai'
import {
  blobForks,
  blobParams,
  isTimeForkActive,
  latestTimeFork,
  readChainConfig,
  scheduleOf,
  timeForks,
} from '../../../protocols/chain/chain-config.ts'
import { JsonFields } from '../../../protocols/chain/json-fields.ts'

// What geth 1.17.10 makes of the same files is in spec/interop/rpc-forks-geth.spec.ts.

describe('the forks of a chain', () => {
  const read = (times: Record<string, number>, schedule: Record<string, unknown> = blobSchedule) =>
    readChainConfig(new JsonFields({ chainId: 1, londonBlock: 0, ...byBlock, ...times, blobSchedule: schedule }))
  const atOnce = { shanghaiTime: 0, cancunTime: 0, pragueTime: 0 }
  const late = { ...atOnce, bpo1Time: 240, bpo2Time: 300, amsterdamTime: 360, bpo3Time: 400, bogotaTime: 380 }

  it('may come in geth’s order: Amsterdam and Bogota before the forks of blobs from BPO3 on', () => {
    expect(read(late).timeForks).to.include({ amsterdam: 360n, bogota: 380n, bpo3: 400n })
  })
  it('may be left out from Cancun on', () => {
    for (const fork of ['cancun', 'prague', 'osaka', 'ubt', 'bpo4', 'amsterdam', 'bogota'] as const)
      expect(read({ shanghaiTime: 0, [`${fork}Time`]: 5 }).timeForks).to.deep.equal({ shanghai: 0n, [fork]: 5n })
  })
  it('may not be there without Shanghai', () => {
    for (const fork of timeForks.slice(1))
      expect(() => read({ [`${fork}Time`]: 5 }), fork).to.throw(`${fork}Time needs shanghaiTime`)
  })

  it('have a rank that is another order: Amsterdam above all forks of blobs, Bogota above all', () => {
    const config = read(late)
    const at = [299n, 300n, 360n, 380n, 400n, 2n ** 64n - 1n].map((time) => latestTimeFork(config, time))
    expect(at).to.deep.equal(['bpo1', 'bpo2', 'amsterdam', 'bogota', 'bogota', 'bogota'])
    expect(latestTimeFork(read({ ...atOnce, ubtTime: 7 }), 7n)).to.equal('prague')
    expect(latestTimeFork(read({}), 7n)).to.equal(undefined)
  })
  it('set as many blobs as the highest in force that sets them, whatever came since', () => {
    const config = read(late)
    const most = (time: bigint) => blobParams(config, { number: 1n, time })?.max
    expect([239n, 240n, 300n, 360n, 399n, 400n].map(most)).to.deep.equal([9n, 15n, 21n, 21n, 21n, 32n])
  })
  it('set no blobs that go by no fork of blobs: geth does not read such entries', () => {
    const entries = {
      osaka: { target: 6, max: 9 },
      amsterdam: 3,
      cancun: blobSchedule.cancun,
      prague: blobSchedule.prague,
    }
    const config = read({ ...atOnce, osakaTime: 0, amsterdamTime: 0 }, entries)
    expect(Object.keys(config.blobSchedule)).to.deep.equal(['cancun', 'prague'])
    expect(blobParams(config, { number: 1n, time: 1n })?.max).to.equal(9n)
  })
  it('count for the fork id, every one of them', () => {
    const times = Object.fromEntries([...inOrder].map((fork, i) => [`${fork}Time`, i + 1]))
    const config = read(times)
    expect(scheduleOf(config, 0n).times).to.deep.equal(inOrder.map((_, i) => BigInt(i + 1)))
    for (const [i, fork] of inOrder.entries()) {
      expect(isTimeForkActive(config, fork, { number: 0n, time: BigInt(i) })).to.equal(false)
      expect(isTimeForkActive(config, fork, { number: 0n, time: BigInt(i + 1) })).to.equal(true)
    }
    expect(new Set(inOrder)).to.deep.equal(new Set(timeForks))
  })
})

const inOrder = [
  ...(['shanghai', 'cancun', 'prague', 'osaka', 'ubt', 'bpo1', 'bpo2'] as const),
  ...(['amsterdam', 'bogota', 'bpo3', 'bpo4', 'bpo5'] as const),
]
const byBlock = Object.fromEntries(
  ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul', 'berlin'].map(
    (fork) => [`${fork}Block`, 0],
  ),
)
const blobSchedule = Object.fromEntries(
  blobForks.map((fork, i) => {
    const max = [6, 9, 15, 21, 32, 40, 48][i]!
    return [fork, { target: max - 2, max, baseFeeUpdateFraction: 1_000_000 * max }]
  }),
)
