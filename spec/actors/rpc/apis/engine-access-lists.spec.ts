import { expect } from 'chai'
import type { NewBlock } from '../../../../actors/chain/chain.ts'
import type { PayloadStatus } from '../../../../actors/rpc/apis/engine-status.ts'
import { keccak256 } from '../../../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../../../protocols/lib/rlp.ts'
import { amsterdamAtOnce, genesisOf, makeBlocks } from '../../chain/make-chain.ts'
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

  it('makes the block invalid when it breaks a rule of EIP-7928', async () => {
    const accessList = encodeRlp([[new Uint8Array(20), [], [2n, 1n], [], [], []]])
    const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ balHash: keccak256(accessList) }) })
    const answer = await newPayload({ ...bad!, accessList })
    expect(answer).to.include({ status: 'INVALID', latestValidHash: null })
    expect(answer.validationError).to.match(/wrong access list: read slots not in ascending order/)
    expect(engine.chain.hasBlock(bad!.header.hash)).to.equal(false)
  })
})
