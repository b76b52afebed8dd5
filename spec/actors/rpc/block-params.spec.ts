import { expect } from 'chai'
import { blockNumberOrHash, blockTag } from '../../../actors/rpc/block-params.ts'
import { ParamError } from '../../../actors/rpc/params.ts'

describe('which block is meant', () => {
  const hash = `0x${'ab'.repeat(32)}`
  const bytes = new Uint8Array(32).fill(0xab)

  it('is said by a tag or a number', () => {
    for (const tag of ['earliest', 'latest', 'pending', 'safe', 'finalized']) {
      expect(blockTag.read(tag)).to.equal(tag)
      expect(blockNumberOrHash.read(tag)).to.deep.equal({ tag })
    }
    expect(blockTag.read('0x0')).to.equal(0n)
    expect(blockTag.read('0x7fffffffffffffff')).to.equal(2n ** 63n - 1n)
    expect(blockNumberOrHash.read('0x1F')).to.deep.equal({ tag: 31n })
  })

  it('is said by a hash, or an object of one of both (EIP-1898)', () => {
    expect(blockNumberOrHash.read(hash)).to.deep.equal({ hash: bytes, requireCanonical: false })
    expect(blockNumberOrHash.read({ blockHash: hash })).to.deep.equal({ hash: bytes, requireCanonical: false })
    expect(blockNumberOrHash.read({ blockHash: hash, requireCanonical: true })).to.deep.equal({
      hash: bytes,
      requireCanonical: true,
    })
    expect(blockNumberOrHash.read({ blockNumber: '0x2' })).to.deep.equal({ tag: 2n })
    expect(blockNumberOrHash.read({ blocknumber: '0x2' })).to.deep.equal({ tag: 2n })
    expect(blockNumberOrHash.read({ blockNumber: 'safe', blockHash: null })).to.deep.equal({ tag: 'safe' })
  })

  const either = 'must specify either BlockHash or BlockNumber'
  const object = 'json: cannot unmarshal object into Go value of type string'
  for (const [json, message] of [
    ['laest', 'hex string without 0x prefix'],
    ['', 'empty hex string'],
    ['0x', 'hex string "0x"'],
    ['0x01', 'hex number with leading zero digits'],
    ['0x1g', 'invalid hex string'],
    ['0x10000000000000000', 'hex number > 64 bits'],
  ] as const)
    it(`is not said by ${JSON.stringify(json)}`, () => {
      expect(() => blockTag.read(json)).to.throw(ParamError, message)
      expect(() => blockNumberOrHash.read(json)).to.throw(ParamError, message)
    })

  it('is not said by a number without quotes, nor one beyond int64', () => {
    for (const json of [5, true, null, {}, []]) expect(() => blockTag.read(json)).to.throw(ParamError, 'without 0x')
    expect(() => blockTag.read('0x8000000000000000')).to.throw(ParamError, 'block number larger than int64')
    expect(() => blockNumberOrHash.read('0x8000000000000000')).to.throw(ParamError, 'blocknumber too high')
  })

  for (const [json, message] of [
    [{}, either],
    [{ requireCanonical: true }, either],
    [{ blockNumber: '0x1', blockHash: hash }, 'cannot specify both BlockHash and BlockNumber, choose one or the other'],
    [{ blockHash: '0x12' }, object],
    [{ blockNumber: 'laest' }, object],
    [{ blockHash: hash, requireCanonical: 1 }, object],
    [5, 'json: cannot unmarshal number into Go value of type string'],
    [[], 'json: cannot unmarshal array into Go value of type string'],
    [`0x${'1g'.repeat(32)}`, 'invalid hex string'],
    ['ab'.repeat(33), 'hex string without 0x prefix'],
  ] as const)
    it(`is not said by ${JSON.stringify(json)}`, () => {
      expect(() => blockNumberOrHash.read(json)).to.throw(ParamError, message)
    })
})
