import { expect } from 'chai'
import { pooledSizes, readSidecar, versionedHash, withSidecar } from '../../../protocols/chain/blob-sidecar.ts'
import { txHash, withoutBlobs } from '../../../protocols/chain/transaction.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeBytes, encodeRlp, RlpError, type RlpInput, type RlpItem, readItem } from '../../../protocols/lib/rlp.ts'
import { cellProofs, commitmentTo, versionedHash as hashOf } from '../../suites/eth-scripts/blob.ts'

describe('the sidecar of a blob transaction', () => {
  const body: RlpInput = [1, 2, 3]
  const wrap = (...fields: RlpInput[]): RlpItem =>
    readItem(encodeBytes(concatBytes(Uint8Array.of(3), encodeRlp(fields))))
  const bare = readItem(encodeBytes(concatBytes(Uint8Array.of(3), encodeRlp(body))))
  const [blobs, points] = [
    [1, 2].map((n) => new Uint8Array(131_072).fill(n)),
    [3, 4].map((n) => new Uint8Array(48).fill(n)),
  ]
  const proofs = [...cellProofs, ...cellProofs]

  it('is what comes behind the transaction, with its blobs or, at eth/72, without', () => {
    for (const some of [blobs, []]) {
      const item = withSidecar(bare, { blobs: some, commitments: points, proofs })
      expect(item.raw).to.deep.equal(wrap(body, 1, some, points, proofs).raw)
      expect(readSidecar(item)).to.deep.equal({ version: 1, blobs: some, commitments: points, proofs })
      expect([withoutBlobs(item).raw, txHash(item)]).to.deep.equal([bare.raw, txHash(bare)])
      const { size, sizeWithoutBlobs } = pooledSizes(bare, 2)
      expect(item.content.length).to.equal(some.length > 0 ? size : sizeWithoutBlobs)
    }
    const old = wrap(body, blobs, points, points)
    expect(readSidecar(old)).to.deep.equal({ version: 0, blobs, commitments: points, proofs: points })
  })
  it('is not there in a block, nor in another type', () => {
    expect(readSidecar(bare)).to.equal(undefined)
    expect(readSidecar(readItem(encodeBytes(concatBytes(Uint8Array.of(2), encodeRlp(body)))))).to.equal(undefined)
    expect(readSidecar(readItem(encodeRlp(body)))).to.equal(undefined)
  })
  it('is none that is of another version, too short, too long, or has what is no blob or point', () => {
    for (const [fields, fault] of [
      [[body, 2, [], [], []], 'unsupported blob tx version 2'],
      [[body, Uint8Array.of(0), [], [], []], 'integer with a leading zero'],
      [[body, 1, [], []], ''],
      [[body, 1, [], [], [], []], 'too many list items'],
      [[body, 1, [new Uint8Array(131_071)], [], []], 'expected 131072 bytes'],
      [[body, 1, [[]], [], []], 'expected 131072 bytes'],
      [[body, 1, [], [new Uint8Array(49)], []], 'expected 48 bytes'],
      [[body, 1, [], [], [[]]], 'expected 48 bytes'],
      [[body, 1, [], [], Array(16_385).fill(points[0])], 'too many list items'],
      [[body], ''],
    ] as const)
      expect(() => readSidecar(wrap(...(fields as unknown as RlpInput[])))).to.throw(RlpError, fault)
  })
  it('has its blobs named by the hashes of their commitments', () => {
    const commitment = commitmentTo(5n)
    expect(versionedHash(commitment)).to.deep.equal(hashOf(commitment))
  })
})
