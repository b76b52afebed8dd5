import { expect } from 'chai'
import { silent } from '../../../../actors/log/log.ts'
import { method } from '../../../../actors/rpc/api.ts'
import { Dispatcher } from '../../../../actors/rpc/dispatcher.ts'
import { PrintedJson, printJson } from '../../../../actors/rpc/json/print.ts'

describe('printing JSON', () => {
  it('writes a bigint as the number that it is, wherever it is', () => {
    expect(printJson(58_750_000_000_000_000_000_000n)).to.equal('58750000000000000000000')
    expect(printJson({ a: [1n, { b: -2n }], c: 2n ** 70n })).to.equal('{"a":[1,{"b":-2}],"c":1180591620717411303424}')
  })

  it('writes everything beside one as JSON.stringify does', () => {
    const value = {
      ...{ text: 'a"\\\n\u2028é', 'a key"': null, yes: true, half: 0.5, not: Number.NaN, nothing: undefined },
      list: [undefined, () => {}, 'x', [], {}],
      deep: { run: () => {}, again: { '': [[null]] } },
    }
    expect(printJson({ big: 1n, ...value })).to.equal(`{"big":1,${JSON.stringify(value).slice(1)}`)
    expect(printJson(value)).to.equal(JSON.stringify(value))
  })

  it('is how the dispatcher writes a result', async () => {
    const apis = [{ namespace: 'x', methods: { big: method([], () => ({ big: 2n ** 70n })) } }]
    const limits = { batchItems: 1, batchResponseBytes: 1_000 }
    const answer = await new Dispatcher({ apis, limits, log: silent }).answer(
      '{"jsonrpc":"2.0","id":1,"method":"x_big"}',
    )
    expect(answer).to.equal('{"jsonrpc":"2.0","id":1,"result":{"big":1180591620717411303424}}')
  })

  it('takes what is printed as it is', () => {
    expect(printJson(new PrintedJson(['{"a":', ' [1]}']))).to.equal('{"a": [1]}')
  })

  it('has no word for nothing, nor for a function', () => {
    expect([printJson(undefined), printJson(() => {})]).to.deep.equal([undefined, undefined])
  })
})
