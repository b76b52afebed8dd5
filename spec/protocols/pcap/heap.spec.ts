import { expect } from 'chai'
import fc from 'fast-check'
import { Heap } from '../../../protocols/pcap/heap.ts'

describe('a heap', () => {
  it('gives back in order what was put in in any, in few comparisons', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 300 }), (numbers) => {
        let comparisons = 0
        const heap: Heap<number> = new Heap((a, b) => {
          comparisons += 1
          return a < b
        })
        for (const number of numbers) heap.push(number)
        expect(heap.first).to.equal(numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.min(a, b)))
        expect(numbers.map(() => heap.pop())).to.deep.equal(numbers.toSorted((a, b) => a - b))
        expect([heap.first, heap.pop()]).to.deep.equal([undefined, undefined])
        expect(comparisons).to.be.at.most(3 * numbers.length * Math.ceil(Math.log2(numbers.length + 2)))
      }),
    )
  })
})
