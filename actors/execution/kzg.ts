import type { KZG } from '@ethereumjs/util'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { hexToBytes } from '../../protocols/lib/bytes.ts'

const { G1, G2, fields, pairingBatch } = bls12_381

/**
 * As much of KZG as a block needs: the point evaluation precompile (EIP-4844). Blobs are in no block, so nothing is ever
 * committed to here, and of the trusted setup one point is enough.
 */
export const kzg: KZG = {
  /** Whether the polynomial committed to has the value `y` at `z` (consensus-specs, `verify_kzg_proof_impl`). */
  verifyProof(commitment, z, y, proof) {
    const [at, value] = [readScalar(z), readScalar(y)]
    const [committed, quotient] = [readPoint(commitment), readPoint(proof)]
    const left = committed.subtract(times(G1.Point.BASE, value))
    const right = tau.subtract(times(G2.Point.BASE, at))
    // e(C − [y], −[1]) · e(proof, [τ] − [z]) is one. A pairing with the point at infinity is one, too.
    const pairs = [
      { g1: left, g2: G2.Point.BASE.negate() },
      { g1: quotient, g2: right },
    ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0())
    return pairs.length === 0 || fields.Fp12.eql(pairingBatch(pairs), fields.Fp12.ONE)
  },
  blobToKzgCommitment: unsupported,
  computeBlobProof: unsupported,
  verifyBlobProofBatch: unsupported,
  computeCells: unsupported,
  computeCellsAndProofs: unsupported,
  recoverCellsAndProofs: unsupported,
  verifyCellKzgProofBatch: unsupported,
}

/** The second of `g2_monomial` in the trusted setup of the KZG ceremony (consensus-specs, presets/mainnet). */
const tau = G2.Point.fromHex(
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee5349271473' +
    '4429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2',
)

function readScalar(hex: string): bigint {
  const value = BigInt(hex)
  if (value >= fields.Fr.ORDER) throw new RangeError('C_KZG_BADARGS: not a scalar')
  return value
}

function readPoint(hex: string): InstanceType<typeof G1.Point> {
  try {
    const point = G1.Point.fromBytes(hexToBytes(hex.slice(2)))
    if (!point.is0()) point.assertValidity()
    return point
  } catch (cause) {
    throw new RangeError('C_KZG_BADARGS: not a point of G1', { cause })
  }
}

type Multiplied<Point> = { multiplyUnsafe(scalar: bigint): Point }
const times = <Point extends Multiplied<Point>>(point: Point, scalar: bigint): Point => point.multiplyUnsafe(scalar)

function unsupported(): never {
  throw new TypeError('no blob is ever read here')
}
