import { expect } from 'chai'
import { engineApi } from '../../../actors/apis/engine.ts'
import { PayloadBuilder, type PendingTransaction } from '../../../actors/apis/payload-builder.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { ExecutedChain } from '../execution/methods/executed-chain.ts'
import { callApi } from './call-api.ts'
import { noEth, refusal, zeros } from './engine-caller.ts'

type Json = Record<string, unknown>
type Built = {
  readonly executionPayload: Json & { readonly blockHash: string; readonly transactions: string[] }
  readonly executionRequests: string[]
  readonly blockValue: string
}

describe('blocks that a consensus client has built', () => {
  let node: ExecutedChain
  let pending: PendingTransaction[]
  let call: <Answer = Json>(name: string, ...params: unknown[]) => Promise<Answer>
  const recipient = `0x${'22'.repeat(20)}`
  const withdrawal = { index: '0x1', validatorIndex: '0x2', address: `0x${'33'.repeat(20)}`, amount: '0x4' }
  const attributes = {
    ...{ timestamp: '0x10', prevRandao: zeros, suggestedFeeRecipient: recipient },
    ...{ withdrawals: [withdrawal], parentBeaconBlockRoot: `0x${'44'.repeat(32)}` },
  }
  beforeEach(async () => {
    node = await ExecutedChain.open()
    pending = []
    const builder = new PayloadBuilder(node.states, { pendingTransactions: () => pending })
    const apis = [engineApi({ chain: node.chain, eth: noEth, version: '1', builder })]
    call = (name, ...params) => callApi(apis, `engine_${name}`, ...params) as never
  })
  afterEach(() => node.chain.close())
  const update = (head: Uint8Array | string, more?: object) =>
    call<{ payloadId: string | null; payloadStatus: { status: string } }>(
      'forkchoiceUpdatedV3',
      {
        headBlockHash: typeof head === 'string' ? head : data(head),
        safeBlockHash: zeros,
        finalizedBlockHash: zeros,
      },
      more,
    )
  const build = async (more: object = {}) => {
    const { payloadId } = await update(node.chain.head.hash, { ...attributes, ...more })
    const built = await call<Built>('getPayloadV5', payloadId)
    return { payloadId: payloadId!, ...built }
  }
  const accept = async ({ executionPayload, executionRequests }: Built) => {
    const root = attributes.parentBeaconBlockRoot
    expect(await call('newPayloadV4', executionPayload, [], root, executionRequests)).to.include({ status: 'VALID' })
    await update(executionPayload.blockHash)
    expect(data(node.chain.head.hash)).to.equal(executionPayload.blockHash)
  }
  const sent = (from: number, more: object = {}): PendingTransaction => ({
    envelope: node.sign({ from, to: recipient, value: 1n, ...more }),
  })

  it('are empty without transactions, and VALID one on the other', async () => {
    const first = await build()
    expect(first.executionPayload).to.deep.include({
      ...{ transactions: [], gasUsed: '0x0', withdrawals: [withdrawal], feeRecipient: recipient, timestamp: '0x10' },
    })
    expect(first).to.deep.include({
      ...{ blockValue: '0x0', executionRequests: [], shouldOverrideBuilder: false },
      blobsBundle: { commitments: [], proofs: [], blobs: [] },
    })
    await accept(first)
    await accept(await build({ timestamp: '0x11' }))
    expect(node.chain.head.number).to.equal(2n)
  })
  it('have the transactions that wait, but for those that cannot be next, and of their senders', async () => {
    const [first, second] = [sent(0), sent(0)]
    node.sign({ from: 1 }) // takes a nonce, and is not given
    const gap = sent(1)
    const poor = sent(2, { value: 1n << 200n })
    pending = [first, gap, poor, sent(2), sent(3, { gasLimit: 60_000_000n }), second, first]
    const built = await build()
    expect(built.executionPayload.transactions).to.deep.equal([first, second].map(({ envelope }) => data(envelope)))
    expect(BigInt(built.blockValue)).to.equal(2n * 21_000n * 1_000_000_000n)
    await accept(built)
  })
  it('have those that wait when they are asked for, and stay as they were given', async () => {
    const { payloadId } = await update(node.chain.head.hash, attributes)
    pending = [sent(0)]
    const given = await call<Built>('getPayloadV5', payloadId)
    expect(given.executionPayload.transactions).to.have.length(1)
    pending = []
    expect(await call('getPayloadV5', payloadId)).to.deep.equal(given)
  })
  it('are known by ids of what they are made of, the last ten', async () => {
    const ids: string[] = []
    for (let time = 0x10; time <= 0x1a; time++)
      ids.push((await build({ timestamp: `0x${time.toString(16)}` })).payloadId)
    expect(new Set(ids)).to.have.property('size', 11)
    expect((await build({ timestamp: '0x1a' })).payloadId).to.equal(ids[10])
    expect(await refusal(call('getPayloadV5', ids[0]))).to.deep.equal([-38_001, 'Unknown payload', undefined])
    expect(await call('getPayloadV5', ids[1])).to.have.property('executionPayload')
    for (const version of [1, 2, 3, 4, 6])
      expect(await refusal(call(`getPayloadV${version}`, ids[1]))).to.deep.equal([
        ...[-38_005, 'Unsupported fork', undefined],
      ])
  })
  it('are none on a head that is not known, nor at a time that cannot be', async () => {
    expect(await update(`0x${'11'.repeat(32)}`, attributes)).to.deep.include({ payloadId: null })
    expect(await refusal(update(node.chain.head.hash, { ...attributes, timestamp: '0x0' }))).to.deep.equal([
      ...[-38_003, 'Invalid payload attributes', 'invalid timestamp, parent 0 given 0'],
    ])
  })
})
