import { basename } from 'node:path'
import { expect } from 'chai'
import { engineApi } from '../../../actors/apis/engine.ts'
import { Chain } from '../../../actors/chain/chain.ts'
import { importChain } from '../../../actors/chain/import.ts'
import { loadGenesis } from '../../../actors/chain/load-genesis.ts'
import { ethtests, requireEthtest } from '../../support/ethtest.ts'
import { callApi } from './call-api.ts'
import { noEth } from './engine-caller.ts'
import { readPayloads } from './payloads.ts'

describe('the engine namespace, given the chain of geth’s suites', () => {
  for (const ethtest of ethtests)
    it(`accepts all payloads of ${basename(ethtest.folder)}, and goes to their head: the chain that the file has`, async function () {
      const { genesis: file, chain: blocks, head, update } = requireEthtest(this, ethtest)
      const genesis = await loadGenesis(file)
      const [reported, read] = await Promise.all([Chain.open({ genesis }), Chain.open({ genesis })])
      const apis = [engineApi({ chain: reported, eth: noEth, version: '1.2.3' })]
      const statuses: string[] = []
      for (const { method, params } of await readPayloads(ethtest))
        statuses.push(((await callApi(apis, method, ...params)) as { status: string }).status)
      // The genesis has a difficulty: no payload makes it.
      expect(statuses).to.deep.equal(['INVALID', ...Array(Number(head.number)).fill('ACCEPTED')])
      expect(reported.head.number).to.equal(0n)

      const { method, params } = update
      const { payloadStatus } = (await callApi(apis, method, ...params)) as { payloadStatus: { status: string } }
      expect(payloadStatus.status).to.equal('SYNCING')
      await importChain(read, blocks)
      expect(reported.head.hash).to.deep.equal(read.head.hash)
      expect([reported.safe?.number, reported.finalized?.number]).to.deep.equal([head.number, head.number])
      for (let number = 0n; number <= head.number; number++) {
        const hash = read.canonicalHash(number)!
        expect(reported.canonicalHash(number)).to.deep.equal(hash)
        expect(reported.bodyByHash(hash)).to.deep.equal(read.bodyByHash(hash))
      }
      await Promise.all([reported.close(), read.close()])
    })
})
