import { expect } from 'chai'
import { kzg } from '../../../actors/execution/kzg.ts'

describe('the proof of a point (EIP-4844)', () => {
  // geth core/vm/testdata/precompiles/pointEvaluation.json, in its order: versioned hash, z, y, commitment, proof.
  const input =
    '01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a1' +
    '8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7' +
    '873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a'
  const part = (from: number, to: number) => `0x${input.slice(2 * from, 2 * to)}`
  const [z, y, commitment, proof] = [part(32, 64), part(64, 96), part(96, 144), part(144, 192)] as const
  const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`
  const infinity = `0xc0${'00'.repeat(47)}`

  it('is taken, and of another value refused', () => {
    expect(kzg.verifyProof(commitment, z, y, proof)).to.equal(true)
    expect(kzg.verifyProof(commitment, z, word(5), proof)).to.equal(false)
    expect(kzg.verifyProof(commitment, word(5), y, proof)).to.equal(false)
  })
  it('of the polynomial that is 0 everywhere is the point at infinity', () => {
    expect(kzg.verifyProof(infinity, z, word(0), infinity)).to.equal(true)
    expect(kzg.verifyProof(infinity, z, word(1), infinity)).to.equal(false)
  })
  it('of what is no scalar, or no point, is bad input', () => {
    expect(() => kzg.verifyProof(commitment, `0x${'ff'.repeat(32)}`, y, proof)).to.throw('C_KZG_BADARGS')
    expect(() => kzg.verifyProof(`0x${'11'.repeat(48)}`, z, y, proof)).to.throw('C_KZG_BADARGS')
    expect(() => kzg.verifyProof(commitment, z, y, `0x80${'00'.repeat(47)}`)).to.throw('C_KZG_BADARGS')
  })
  it('is all of KZG that there is', () => expect(() => kzg.blobToKzgCommitment('0x')).to.throw(TypeError))
})
