import { expect } from 'chai'
import { batchLimits, malformedRequests } from '../actors/rpc/malformed-requests.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'

describe('malformed JSON-RPC requests', () => {
  let geth: Geth
  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, networkId } = requireEthtest(this)
    const { batchItems, batchResponseBytes } = batchLimits
    const limits = [
      '--rpc.batch-request-limit',
      `${batchItems}`,
      '--rpc.batch-response-max-size',
      `${batchResponseBytes}`,
    ]
    geth = await Geth.start({ path, genesis, networkId, args: limits })
  })
  after(() => geth?.stop())

  for (const { request, answer } of malformedRequests)
    it(`are answered by geth as by us: ${request.slice(0, 90)}`, async () => {
      const text = await geth.post(request)
      expect(text === '' ? undefined : JSON.parse(text)).to.deep.equal(answer)
    })
})
