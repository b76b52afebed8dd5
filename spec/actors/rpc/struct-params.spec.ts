import { expect } from 'chai'
import { bigQuantity, bytes, hash, optional, ParamError, quantity } from '../../../actors/rpc/params.ts'
import { completeStruct, listOf, struct } from '../../../actors/rpc/struct-params.ts'

describe('an object that a method takes', () => {
  const inner = struct('types.Withdrawal', { index: optional(quantity) })
  const plain = struct('engine.State', { head: hash, count: optional(quantity) })
  const complete = completeStruct(
    'engine.Data',
    {
      gas: optional(quantity),
      fee: optional(bigQuantity),
      items: listOf(bytes, '[]hexutil.Bytes'),
      inner: optional(listOf(inner, '[]*types.Withdrawal')),
    },
    ['gas', 'items'],
  )
  const whole = { gas: '0x1', items: [] }

  it('is read field by field, and what is not known of it is passed over', () => {
    expect(complete.read({ ...whole, fee: `0x${'f'.repeat(64)}`, inner: [{ index: '0x2' }], other: 5 })).to.deep.equal({
      ...{ gas: 1n, items: [], fee: 2n ** 256n - 1n },
      inner: [{ index: 2n }],
    })
    expect(plain.read({ constructor: 1, toString: 2 })).to.deep.equal({})
  })

  it('has its fields in any case, and of one in two cases the last', () => {
    expect(complete.read({ GAS: '0x1', Items: [], INNER: [{ iNDEX: '0x2' }] })).to.deep.equal({
      ...{ gas: 1n, items: [], inner: [{ index: 2n }] },
    })
    expect(plain.read({ count: '0x1', Count: '0x2' })).to.deep.equal({ count: 2n })
    expect(plain.read({ Count: '0x2', count: '0x1' })).to.deep.equal({ count: 1n })
    expect(plain.read({ count: '0x1', Count: null })).to.deep.equal({})
    expect(() => complete.read({ ...whole, GAS: '1' })).to.throw('Go struct field Data.gas of type')
  })

  it('may have null where it may have nothing', () => {
    expect(complete.read({ ...whole, fee: null, inner: null })).to.deep.equal({ gas: 1n, items: [] })
    expect(plain.read(null)).to.deep.equal({})
    expect(inner.read({ index: null })).to.deep.equal({})
  })

  const field = (reason: string, name: string, type: string) =>
    `json: cannot unmarshal ${reason} into Go struct field Data.${name} of type ${type}`
  for (const [json, message] of [
    [null, "missing required field 'gas' for Data"],
    [{}, "missing required field 'gas' for Data"],
    [{ items: [] }, "missing required field 'gas' for Data"],
    [{ gas: null, items: [] }, "missing required field 'gas' for Data"],
    [{ gas: '0x1', items: null }, "missing required field 'items' for Data"],
    [5, 'json: cannot unmarshal number into Go value of type engine.Data'],
    [[], 'json: cannot unmarshal array into Go value of type engine.Data'],
    ['x', 'json: cannot unmarshal string into Go value of type engine.Data'],
    [{ ...whole, gas: '1' }, field('hex string without 0x prefix', 'gas', 'hexutil.Uint64')],
    [{ ...whole, fee: `0x1${'0'.repeat(64)}` }, field('hex number > 256 bits', 'fee', '*hexutil.Big')],
    [{ ...whole, items: {} }, field('object', 'items', '[]hexutil.Bytes')],
    [{ ...whole, items: ['0x', 5] }, field('non-string', 'items', 'hexutil.Bytes')],
    [{ ...whole, inner: [true] }, field('bool', 'inner', 'types.Withdrawal')],
    [{ ...whole, inner: [{ index: 1 }] }, field('non-string', 'inner.index', 'hexutil.Uint64')],
    [{ items: 5, gas: '1' }, field('number', 'items', '[]hexutil.Bytes')],
  ] as const)
    it(`is none when it is ${JSON.stringify(json).slice(0, 60)}`, () => {
      expect(() => complete.read(json))
        .to.throw(ParamError)
        .with.property('message', message)
    })

  it('has null in no field that must be there', () => {
    expect(() => plain.read({ head: null })).to.throw(
      ParamError,
      'json: cannot unmarshal non-string into Go struct field State.head of type common.Hash',
    )
  })
})
