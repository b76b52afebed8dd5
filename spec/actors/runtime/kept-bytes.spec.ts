import { expect } from 'chai'
import { KeptBytes } from '../../../actors/runtime/kept-bytes.ts'

describe('memory for what is kept until it is whole', () => {
  it('has each of its pieces apart from the others', () => {
    const kept = new KeptBytes()
    const pieces = [3_000, 2_000, 50_000, 1].map((size) => kept.take(size))
    for (const [i, piece] of pieces.entries()) piece.fill(i + 1)
    expect(pieces.map(({ length }) => length)).to.deep.equal([3_000, 2_000, 50_000, 1])
    for (const [i, piece] of pieces.entries()) expect(piece.every((byte) => byte === i + 1)).to.equal(true)
  })
  it('copies what it keeps', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const copy = new KeptBytes().keep(bytes)
    bytes.fill(0)
    expect([...copy]).to.deep.equal([1, 2, 3])
  })
  it('is mapped, so that the system has it back, in blocks that are small at first and few for much', () => {
    const kept = new KeptBytes()
    const blocks = new Set<ArrayBufferLike>()
    expect(kept.take(100).buffer.byteLength).to.equal(4_096)
    for (let i = 0; i < 1_000; i++) blocks.add(kept.take(32_768).buffer)
    expect([...blocks].every((block) => (block as ArrayBuffer).resizable)).to.equal(true)
    expect(blocks.size).to.be.within(30, 45)
  })
})
