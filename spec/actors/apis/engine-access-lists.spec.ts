import { expect } from 'chai'
import type { PayloadStatus } from '../../../actors/apis/engine-status.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { amsterdamAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { accepted, EngineCaller, syncing } from './engine-caller.ts'
import { paramsOf } from './payloads.ts'

describe('the access list of a payload', () => {
  const genesis = genesisOf(amsterdamAtOnce)
  const [first, second] = makeBlocks(genesis, genesis.header, 2) as [NewBlock, NewBlock]
  let engine: EngineCaller
  beforeEach(async () => {
    engine = await EngineCaller.open(genesis)
  })
  afterEach(() => engine.close())

  const newPayload = (block: NewBlock) => engine.call<PayloadStatus>('newPayloadV5', ...paramsOf(block))
  const stored = ({ header }: NewBlock) => engine.chain.accessListByHash(header.hash)

  it('is stored with its block, as it came', async () => {
    expect(await newPayload(first)).to.deep.equal(accepted)
    expect(stored(first)).to.deep.equal(first.accessList)
  })

  it('is stored with a block that peers gave without it', async () => {
    await engine.chain.insertBlocks([{ header: first.header, body: first.body }])
    expect(stored(first)).to.equal(undefined)
    expect(await newPayload(first)).to.deep.equal(accepted)
    expect(stored(first)).to.deep.equal(first.accessList)
  })

  it('is not kept while the block’s parent is unknown', async () => {
    expect(await newPayload(second)).to.deep.equal(syncing)
    expect(stored(second)).to.equal(undefined)
  })

  it('makes the block invalid when it is another than the header’s', async () => {
    const answer = await newPayload({ ...first, accessList: second.accessList })
    expect(answer).to.include({ status: 'INVALID', latestValidHash: null })
    expect(answer.validationError).to.match(/^blockhash mismatch/)
  })

  const empty = [new Uint8Array(20), [], [], [], [], []]
  const ofIndex = (index: RlpInput, balance: RlpInput = 1n) => [
    [new Uint8Array(20), [], [], [[index, balance]], [], []],
  ]
  for (const [what, list, fault] of [
    ['nothing', new Uint8Array(0), 'EOF'],
    ['an empty string', encodeRlp(new Uint8Array(0)), 'rlp: expected List'],
    ['cut off', encodeRlp([empty]).subarray(0, -1), 'rlp: value size exceeds available input length'],
    ['cut off in its length', Uint8Array.of(0xf9, 1), 'rlp: value size exceeds available input length'],
    [
      'more than one value',
      concatBytes(encodeRlp([empty]), Uint8Array.of(0xc0)),
      'rlp: input contains more than one value',
    ],
    ['of a length with a leading zero', Uint8Array.of(0xf9, 0, 0x38), 'rlp: non-canonical size information'],
    ['of an account that is a string', encodeRlp([new Uint8Array(20)]), 'rlp: expected List'],
    ['of an account without an address', encodeRlp([[]]), 'rlp: end of list'],
    ['of an account without codes', encodeRlp([empty.slice(0, -1)]), 'rlp: end of list'],
    ['of an account with more', encodeRlp([[...empty, []]]), 'rlp: call of ListEnd not positioned at EOL'],
    ['of an address that is a list', encodeRlp([[[], ...empty.slice(1)]]), 'rlp: expected String or Byte'],
    ['of a long address', encodeRlp([[new Uint8Array(21)]]), 'input value has wrong size 21, want 20'],
    ['of an account beyond its end', Uint8Array.of(0xc1, 0xc2), 'rlp: element is larger than containing list'],
    ['of an index in five bytes', encodeRlp(ofIndex(2n ** 32n)), 'rlp: uint overflow'],
    ['of an index with a leading zero', encodeRlp(ofIndex(Uint8Array.of(0, 1))), 'rlp: non-canonical integer format'],
    ['of a balance in 33 bytes', encodeRlp(ofIndex(1n, 2n ** 256n)), 'rlp: value too large for uint256'],
  ] as const)
    for (const its of [true, false])
      it(`is none, ${what}: so it is said, ${its ? 'hashed' : 'whatever is hashed'}`, async () => {
        const balHash = its ? keccak256(list) : keccak256(Uint8Array.of(1))
        const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ balHash }) })
        expect(await newPayload({ ...bad!, accessList: list })).to.deep.equal({
          ...{ status: 'INVALID', latestValidHash: null },
          validationError: `failed to decode BAL: ${fault}`,
        })
        expect(engine.chain.hasBlock(bad!.header.hash)).to.equal(false)
      })

  it('makes the block invalid when it breaks a rule of EIP-7928', async () => {
    const accessList = encodeRlp([[new Uint8Array(20), [], [2n, 1n], [], [], []]])
    const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ balHash: keccak256(accessList) }) })
    const answer = await newPayload({ ...bad!, accessList })
    expect(answer).to.include({ status: 'INVALID', latestValidHash: null })
    expect(answer.validationError).to.match(/wrong access list: read slots not in ascending order/)
    expect(engine.chain.hasBlock(bad!.header.hash)).to.equal(false)
  })
})
