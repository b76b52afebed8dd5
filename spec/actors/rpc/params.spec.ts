import { expect } from 'chai'
import { LongText } from '../../../actors/rpc/json/long-text.ts'
import {
  address,
  boolean,
  bytes,
  hash,
  index,
  optional,
  type Param,
  ParamError,
  quantity,
  readSteps,
  string,
} from '../../../actors/rpc/params.ts'
import { listOf, struct } from '../../../actors/rpc/struct-params.ts'
import { atOnce } from '../../../protocols/chain/at-once.ts'

describe('what a method takes', () => {
  it('is read as geth reads it', () => {
    expect(hash.read(`0x${'0A'.repeat(32)}`)).to.deep.equal(new Uint8Array(32).fill(10))
    expect(address.read(`0X${'0a'.repeat(20)}`)).to.deep.equal(new Uint8Array(20).fill(10))
    expect([bytes.read('0x'), bytes.read(''), bytes.read('0x0102')]).to.deep.equal([
      new Uint8Array(0),
      new Uint8Array(0),
      Uint8Array.of(1, 2),
    ])
    expect([quantity.read('0x0'), quantity.read(''), quantity.read('0xffffffffffffffff')]).to.deep.equal([
      0n,
      0n,
      2n ** 64n - 1n,
    ])
    expect(boolean.read(true)).to.equal(true)
  })

  it('is read step by step where it is long', () => {
    const text = `0x${'0a'.repeat(200_000)}`
    const list = listOf(bytes, '[]hexutil.Bytes')
    for (const [param, json, least] of [
      [bytes, text, 6],
      [optional(bytes), text, 6],
      [list, [text, text], 12],
      [list, Array(1_000).fill('0x01'), 7],
      [struct('a.B', { field: list }), { field: [text] }, 6],
    ] as const) {
      const steps = readSteps(param as Param<unknown>, json)
      let count = 0
      let step = steps.next()
      for (; !step.done; step = steps.next()) count++
      expect(step.value).to.deep.equal(param.read(json))
      expect(count).to.be.at.least(least)
    }
    expect(() => bytes.read(`${text}0g`)).to.throw(ParamError, 'invalid hex string')
    expect(bytes.read(text)).to.deep.equal(new Uint8Array(200_000).fill(10))
  })

  describe('of more than 1,048,576 characters', () => {
    const long = (text: string) => {
      const long = new LongText()
      for (let at = 0; at < text.length; at += 10_000) long.append(text.slice(at, at + 10_000))
      return long
    }
    const digits = '0aB1'.repeat(300_000)
    for (const [name, param] of [
      ['bytes', bytes],
      ['optional bytes', optional(bytes)],
    ] as const)
      it(`is read piece by piece where it is ${name}`, () => {
        const steps = readSteps<Uint8Array | undefined>(param, long(`0x${digits}`))
        let count = 0
        let step = steps.next()
        for (; !step.done; step = steps.next()) count++
        expect(Buffer.from(digits, 'hex').equals(step.value!)).to.equal(true)
        expect(count).to.equal(Math.ceil(1_200_002 / 65_536) - 1)
      })
    for (const [text, message] of [
      [digits, 'json: cannot unmarshal hex string without 0x prefix into Go value of type hexutil.Bytes'],
      [`0x${digits}1`, 'json: cannot unmarshal hex string of odd length into Go value of type hexutil.Bytes'],
      [`0x${digits}0g`, 'json: cannot unmarshal invalid hex string into Go value of type hexutil.Bytes'],
      [`0x${digits}\u0130`, 'json: cannot unmarshal invalid hex string into Go value of type hexutil.Bytes'],
    ] as const)
      it(`is refused as a short one: ${message.slice(0, 55)}, ${text.slice(-3)}`, () => {
        expect(() => atOnce(readSteps(bytes, long(text)))).to.throw(ParamError, message)
      })
    const others = {
      hash,
      quantity,
      boolean,
      string,
      list: listOf(bytes, '[]hexutil.Bytes'),
      struct: struct('a.B', {}),
    }
    for (const [name, param] of Object.entries(others))
      it(`is no ${name}`, () => {
        const message = 'string of 1200002 bytes is too long'
        expect(() => atOnce(readSteps(param as Param<unknown>, long(`0x${digits}`)))).to.throw(ParamError, message)
      })
  })

  const to = (reason: string, type: string) => `json: cannot unmarshal ${reason} into Go value of type ${type}`
  for (const [name, param, json, message] of [
    ['hash', hash, '0x12', 'hex string has length 2, want 64 for common.Hash'],
    ['hash', hash, '', 'hex string has length 0, want 64 for common.Hash'],
    ['hash', hash, `0x${'1g'.repeat(32)}`, to('invalid hex string', 'common.Hash')],
    ['hash', hash, '12', to('hex string without 0x prefix', 'common.Hash')],
    ['hash', hash, 12, to('non-string', 'common.Hash')],
    ['address', address, '0x1', to('hex string of odd length', 'common.Address')],
    ['bytes', bytes, '0x1', to('hex string of odd length', 'hexutil.Bytes')],
    ['bytes', bytes, '0x1g', to('invalid hex string', 'hexutil.Bytes')],
    ['quantity', quantity, '0x01', to('hex number with leading zero digits', 'hexutil.Uint64')],
    ['index', index, '0', to('hex string without 0x prefix', 'hexutil.Uint')],
    ['index', index, '0x10000000000000000', to('hex number > 64 bits', 'hexutil.Uint')],
    ['index', index, 0, to('non-string', 'hexutil.Uint')],
    ['boolean', boolean, 1, to('number', 'bool')],
  ] as const)
    it(`is no ${name} when it is ${JSON.stringify(json)}`, () => {
      expect(() => param.read(json)).to.throw(ParamError, message)
    })
})
