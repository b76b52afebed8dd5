import { expect } from 'chai'
import fc from 'fast-check'
import { closestTo, compareDistance, logDistance } from '../../../protocols/enode/distance.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'

describe('the distance of two nodes', () => {
  const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex)
  const xor = (a: string, b: string) => BigInt(`0x${a}`) ^ BigInt(`0x${b}`)

  it('is the XOR of their ids', () =>
    fc.assert(
      fc.property(id, id, id, (target, a, b) => {
        const [toA, toB] = [xor(target, a), xor(target, b)]
        expect(Math.sign(compareDistance(target, a, b))).to.equal(toA < toB ? -1 : toA > toB ? 1 : 0)
        expect(logDistance(a, b)).to.equal(a === b ? 0 : xor(a, b).toString(2).length)
      }),
    ))
  it('is 0 to itself, and 256 where the first bit differs', () => {
    expect(logDistance('f'.repeat(64), 'f'.repeat(64))).to.equal(0)
    expect(logDistance('0'.repeat(64), `${'0'.repeat(63)}1`)).to.equal(1)
    expect(logDistance('0'.repeat(64), `8${'0'.repeat(63)}`)).to.equal(256)
  })
  it('orders nodes, and as many are taken as are asked for', () => {
    const nodes = ['f', '1', '3', '2'].map((digit) => ({ id: digit.repeat(64) }))
    expect(closestTo('3'.repeat(64), nodes, 3).map(({ id }) => id[0])).to.deep.equal(['3', '2', '1'])
  })
})
