import { expect } from 'chai'
import { httpCases, outcome } from './http-cases.ts'
import { TestStack, testSecret } from './test-stack.ts'

describe('RPC over HTTP', () => {
  let test: TestStack
  before(async () => {
    test = await TestStack.start({ http: { port: 0, api: [], corsdomain: ['http://a.example'] } })
  })
  after(() => test.stop())

  for (const one of httpCases)
    it(`answers ${one.name} as geth does`, async () => {
      const { status, headers, body } = one
      const url = (isAuth: boolean) => (isAuth ? test.stack.auth! : test.stack.http!)
      expect(await outcome(one, url, testSecret)).to.deep.equal({ status, headers, body })
    })
})
