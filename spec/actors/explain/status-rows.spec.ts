import { expect } from 'chai'
import { disagreement, statusRows } from '../../../actors/explain/status-rows.ts'
import { forkTable } from '../../../protocols/chain/fork-table.ts'
import { network } from '../../../protocols/chain/networks.ts'
import type { Status } from '../../../protocols/eth/status.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { mainnet } from '../../vectors/eth-fork-ids.ts'

describe('the forks of a chain by their ids', () => {
  const { config, header } = network('mainnet').genesis
  const table = forkTable(config, header)
  it('are those of EIP-2124, in order', () => {
    const all = [mainnet.genesisChecksum, ...[...mainnet.blocks, ...mainnet.times].map(([, checksum]) => checksum)]
    expect(table.map(({ hash }) => hash)).to.deep.equal(all)
  })
  it('bear the names that people know', () => {
    expect(table.map(({ name }) => name)).to.include.members([
      'Frontier',
      'Homestead',
      'DAO fork',
      'Muir Glacier',
      'London',
      'Prague',
      'BPO2',
    ])
    expect(table.find(({ hash }) => hash === 'a00bc324')!.name).to.equal('Byzantium')
    expect(table.find(({ hash }) => hash === '668db0af')!.name).to.equal('Constantinople and Petersburg')
  })

  describe('find in two Statuses', () => {
    const genesis = header.hash
    const status = (hash: string, next = 0n, fields: Partial<Status> = {}): Status => ({
      ...{ kind: 'Status', version: 69, networkId: 1n, genesis },
      forkId: { hash: hexToBytes(hash), next },
      range: { earliest: 0n, latest: 9n, latestHash: genesis },
      ...fields,
    })
    const [shanghai, cancun, prague, bpo2] = ['dce96c2d', '9f3d2254', 'c376cf8b', '07c9462e']
    const [pragueTime, osakaTime] = [1_746_612_311n, 1_764_798_551n]
    for (const [what, ours, theirs, verdict, note] of [
      ['nothing where they are one', status(bpo2), status(bpo2), undefined, undefined],
      [
        'a client that never heard of a fork',
        status(bpo2),
        status(cancun),
        'the fork ids do not fit: theirs is stale by Prague',
        'theirs is stale by Prague',
      ],
      [
        'a node that syncs',
        status(bpo2),
        status(cancun, pragueTime),
        undefined,
        'they have yet to pass Prague: syncing',
      ],
      [
        'a node that is ahead',
        status(shanghai, 1_710_338_135n),
        status(prague, osakaTime),
        undefined,
        'they have passed Prague, we Shanghai',
      ],
      [
        'a client that misses the next fork',
        status(prague, osakaTime),
        status(prague),
        undefined,
        'they do not know of Osaka, which is to come',
      ],
      [
        'forks that we do not know',
        status(bpo2),
        status('deadbeef'),
        'the fork ids do not fit: theirs is none of our chain: other forks, or newer ones than we know',
        'theirs is none of our chain: other forks, or newer ones than we know',
      ],
    ] as const)
      it(what, () => {
        const rows = statusRows(ours, theirs, table)
        expect(disagreement(rows)).to.equal(verdict)
        expect(rows.find(({ field }) => field === 'forkId')!.note).to.equal(note)
      })
    it('the first difference, in the order in which geth looks', () => {
      const other = new Uint8Array(32).fill(1)
      const theirs = status('deadbeef', 0n, { networkId: 5n, genesis: other })
      expect(disagreement(statusRows(status(bpo2), theirs, table))).to.equal(
        'the network id differs, theirs is 5 and ours 1',
      )
      expect(disagreement(statusRows(status(bpo2), { ...theirs, networkId: 1n }, table))).to.match(
        /^the genesis differs, theirs is 0x0101/,
      )
    })
    it('a block range that cannot be', () => {
      const range = { earliest: 9n, latest: 1n, latestHash: genesis }
      expect(disagreement(statusRows(status(bpo2), status(bpo2, 0n, { range } as never), table))).to.equal(
        'the block range cannot be: earliest > latest',
      )
    })
  })
})
