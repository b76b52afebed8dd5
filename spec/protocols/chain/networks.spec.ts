import { expect } from 'chai'
import { blobParams } from '../../../protocols/chain/chain-config.ts'
import { forkStages } from '../../../protocols/chain/fork-table.ts'
import { network, networkNames } from '../../../protocols/chain/networks.ts'
import { isDialable, parseNode } from '../../../protocols/enr/parse-node.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { published } from '../../vectors/eth-fork-ids.ts'

describe('the built-in networks', () => {
  for (const name of networkNames) {
    const { genesisHash, genesisTime, genesisChecksum, blocks, times } = published[name]
    const { genesis, bootnodes } = network(name)

    it(`${name} starts from its genesis`, () => {
      expect(bytesToHex(genesis.header.hash)).to.equal(genesisHash)
      expect(genesis.header.time).to.equal(genesisTime)
    })
    it(`${name} has the forks that are published of it, and no others`, () => {
      const stages = forkStages(genesis.config, genesis.header).map(({ hash, at, next }) => [
        bytesToHex(hash),
        at,
        next,
      ])
      const forks = [...blocks, ...times]
      const next = (i: number) => forks[i]?.[0] ?? 0n
      expect(stages).to.deep.equal([
        [genesisChecksum, 0n, next(0)],
        ...forks.map(([fork, checksum], i) => [checksum, fork, next(i + 1)]),
      ])
    })
    it(`${name} has bootnodes: records for discovery, and URLs that can be dialed`, () => {
      const [records, urls] = [bootnodes.slice(0, 5), bootnodes.slice(5)]
      for (const record of records) {
        expect(record).to.match(/^enr:/)
        expect(isDialable(parseNode(record))).to.equal(false)
      }
      for (const url of urls) expect(parseNode(url)).to.include({ tcp: 30_303, udp: 30_303 })
      expect(new Set(bootnodes.map((node) => parseNode(node).id)).size).to.equal(bootnodes.length)
    })
  }

  it('raise the blob limits at each BPO fork, and not at Osaka or Amsterdam', () => {
    const { config } = network('sepolia').genesis
    const { shanghai, cancun, prague, osaka, bpo1, bpo2, amsterdam } = config.timeForks
    const limits = [shanghai, cancun, prague, osaka, bpo1, bpo2, amsterdam].map(
      (time) => blobParams(config, { number: 20_000_000n, time: time! })?.max,
    )
    expect(limits).to.deep.equal([undefined, 6n, 9n, 9n, 15n, 21n, 21n])
  })
})
