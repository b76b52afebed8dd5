import { expect } from 'chai'
import type { PayloadStatus } from '../../../actors/apis/engine-status.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import type { HeaderFields } from '../../../protocols/chain/header.ts'
import { allAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { accepted, EngineCaller, hashOf, refusal, syncing, unknown, zeros } from './engine-caller.ts'
import { paramsOf, payloadOf } from './payloads.ts'

describe('the engine namespace, given a payload,', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 12)

  let engine: EngineCaller
  beforeEach(async () => {
    engine = await EngineCaller.open(genesis)
  })
  afterEach(() => engine.close())

  it('accepts it when it knows what it stands on, and keeps its head', async () => {
    for (const block of blocks) expect(await engine.newPayload(block)).to.deep.equal(accepted)
    expect(await engine.newPayload(blocks[3]!)).to.deep.equal(accepted)
    expect(Number(engine.chain.head.number)).to.equal(0)
    expect(engine.chain.bodyByHash(blocks[11]!.header.hash)).to.deep.equal(blocks[11]!.body)
    expect(engine.chain.followsConsensus).to.equal(false)
  })

  it('waits for what comes before it', async () => {
    expect(await engine.newPayload(blocks[1]!)).to.deep.equal(syncing)
    expect(engine.chain.hasBlock(blocks[1]!.header.hash)).to.equal(false)
  })

  it('calls the genesis valid, whose state is known', async () => {
    const first = { header: genesis.header, body: genesis.body }
    expect(await engine.newPayload(first)).to.deep.equal({
      ...syncing,
      status: 'VALID',
      latestValidHash: hashOf(first),
    })
  })

  it('takes several at once', async () => {
    const answers = await Promise.all([
      engine.newPayload(blocks[0]!),
      engine.newPayload(blocks[0]!),
      engine.newPayload(blocks[0]!),
    ])
    expect(answers).to.deep.equal([accepted, accepted, accepted])
  })

  it('takes one after the other, though they are given before any is answered for', async () => {
    const answers = await Promise.all(blocks.slice(0, 4).map((block) => engine.newPayload(block)))
    expect(answers).to.deep.equal([accepted, accepted, accepted, accepted])
  })

  for (const [field, value] of [
    ['parentHash', unknown],
    ['feeRecipient', `0x${'11'.repeat(20)}`],
    ['stateRoot', unknown],
    ['receiptsRoot', unknown],
    ['logsBloom', `0x${'11'.repeat(256)}`],
    ['prevRandao', unknown],
    ['blockNumber', '0x11'],
    ['gasLimit', '0x11'],
    ['gasUsed', '0x11'],
    ['timestamp', '0xb'],
    ['extraData', '0x11'],
    ['baseFeePerGas', '0x11'],
    ['blockHash', unknown],
    ['transactions', []],
    ['transactions', ['0xc9808080808080808080']],
    ['withdrawals', [{}]],
    ['blobGasUsed', '0x20000'],
    ['excessBlobGas', '0x20000'],
  ] as const)
    it(`of another ${field} than its hash is of calls it invalid`, async () => {
      const [payload, ...context] = paramsOf(blocks[0]!) as [Record<string, unknown>]
      const answer = await engine.call<PayloadStatus>('newPayloadV4', { ...payload, [field]: value }, ...context)
      expect(answer).to.include({ status: 'INVALID', latestValidHash: null })
      const want = field === 'blockHash' ? unknown : hashOf(blocks[0]!)
      if (!(field === 'transactions' && value.length > 0))
        expect(answer.validationError).to.match(
          new RegExp(`^blockhash mismatch, want ${want.slice(2)}, got [0-9a-f]{64}$`),
        )
    })

  for (const [what, params, message] of [
    ['another beacon root', [[], unknown, []], /^blockhash mismatch/],
    ['a request that the block does not have', [[], zeros, ['0x0011']], /^blockhash mismatch/],
    [
      'a blob that the block does not have',
      [[unknown], zeros, []],
      `invalid number of versionedHashes: [${unknown}] blobHashes: []`,
    ],
  ] as const)
    it(`beside ${what} calls it invalid`, async () => {
      const answer = await engine.call<PayloadStatus>('newPayloadV4', payloadOf(blocks[0]!), ...params)
      expect(answer.status).to.equal('INVALID')
      expect(answer.validationError).to.match(message instanceof RegExp ? message : new RegExp(literally(message)))
    })

  for (const [field, value, message] of [
    ['extraData', `0x${'11'.repeat(33)}`, 'invalid extradata length: 33'],
    ['logsBloom', '0x11', 'invalid logsBloom length: 1'],
    ['transactions', ['0x'], 'invalid transaction 0: typed transaction too short'],
    ['transactions', ['0x02'], 'invalid transaction 0: typed transaction too short'],
    ['transactions', ['0x7fc0'], 'invalid transaction 0: transaction type not supported'],
    ['transactions', ['0x8101'], 'invalid transaction 0: non-canonical single byte'],
    ['transactions', ['0x820101'], 'invalid transaction 0: expected a list, got a string'],
    ['transactions', ['0xc000'], 'invalid transaction 0: bytes after the transaction'],
    ['transactions', ['0x02c000'], 'invalid transaction 0: bytes after the transaction'],
  ] as const)
    it(`whose ${field} is ${JSON.stringify(value).slice(0, 20)} calls it invalid: ${message}`, async () => {
      const [payload, ...context] = paramsOf(blocks[0]!) as [Record<string, unknown>]
      const answer = await engine.call<PayloadStatus>('newPayloadV4', { ...payload, [field]: value }, ...context)
      expect(answer).to.deep.equal({ status: 'INVALID', latestValidHash: null, validationError: message })
    })

  for (const field of [{ slotNumber: '0x1' }, { blockAccessList: '0xc0' }])
    it(`with ${Object.keys(field)} and without what came to headers before it calls it invalid`, async () => {
      const { withdrawals, blobGasUsed, excessBlobGas, ...paris } = payloadOf(blocks[0]!)
      const { status, validationError } = await engine.call<PayloadStatus>('newPayloadV1', { ...paris, ...field })
      expect(status).to.equal('INVALID')
      expect(validationError).to.match(/^blockhash mismatch, want [0-9a-f]{64}, got [0-9a-f]{64}$/)
    })

  const cannotBe: readonly [string, (fields: HeaderFields) => Partial<HeaderFields>, RegExp][] = [
    ['number', () => ({ number: 9n }), /wrong number: 9 after 0/],
    ['time', () => ({ time: 0n }), /^invalid timestamp$/],
    ['gas limit', ({ gasLimit }) => ({ gasLimit: gasLimit * 2n }), /wrong gas limit/],
    ['gas used', ({ gasLimit }) => ({ gasUsed: gasLimit + 1n }), /wrong gas used/],
    ['base fee', ({ baseFee }) => ({ baseFee: baseFee! - 1n }), /wrong base fee: have 874999999, want 875000000/],
    ['blob gas', () => ({ blobGasUsed: 131_072n }), /wrong blob gas used: 131072, and blobs for 0/],
    ['blob gas', () => ({ blobGasUsed: 1n }), /wrong blob gas used: 1 is not of whole blobs/],
    ['excess blob gas', () => ({ excessBlobGas: 131_072n }), /wrong excess blob gas: have 131072, want 0/],
  ]
  for (const [what, change, message] of cannotBe)
    it(`that has its hash but a ${what} that cannot be calls it invalid, and stores nothing`, async () => {
      const [bad] = makeBlocks(genesis, genesis.header, 1, { change }) as [NewBlock]
      const answer = await engine.newPayload(bad)
      expect(answer).to.include({ status: 'INVALID', latestValidHash: null })
      expect(answer.validationError).to.match(message)
      expect(engine.chain.hasBlock(bad.header.hash)).to.equal(false)
    })

  it('on one that cannot be calls it invalid, and whatever stands on that', async () => {
    const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ baseFee: 1n }) }) as [NewBlock]
    const [child, grandchild] = makeBlocks(genesis, bad.header, 2) as [NewBlock, NewBlock]
    await engine.newPayload(bad)
    const rejected = { ...syncing, status: 'INVALID', validationError: 'links to previously rejected block' }
    for (const block of [bad, child, grandchild]) expect(await engine.newPayload(block)).to.deep.equal(rejected)
    expect((await engine.update(hashOf(grandchild))).payloadStatus).to.deep.equal(rejected)
    expect(engine.followed).to.deep.equal([])
  })

  it('that it has refused looks at it anew when it is given again and again', async () => {
    const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ baseFee: 1n }) }) as [NewBlock]
    const errors: (string | null)[] = []
    for (let i = 0; i < 129; i++) errors.push((await engine.newPayload(bad)).validationError)
    expect(errors[0]).to.match(/wrong base fee/)
    expect(new Set(errors.slice(1, 128))).to.deep.equal(new Set(['links to previously rejected block']))
    expect(errors[128]).to.equal(errors[0])
  })

  for (const [what, requests, err] of [
    ['an empty request', ['0x'], 'empty request: []'],
    ['a request without data', ['0x01'], 'empty request: [1]'],
    ['requests out of order', ['0x0101', '0x0001'], 'invalid request order: [0 1]'],
    ['two requests of a type', ['0x0101', '0x0102'], 'invalid request order: [1 2]'],
  ] as const)
    it(`beside ${what} refuses`, async () =>
      expect(await refusal(engine.call('newPayloadV4', payloadOf(blocks[0]!), [], zeros, requests))).to.deep.equal([
        ...[-32_602, 'Invalid parameters'],
        err,
      ]))

  const needed = [-32_602, 'Invalid parameters'] as const
  it('refuses nil beaconRoot post-cancun', async () =>
    expect(await refusal(engine.call('newPayloadV4', payloadOf(blocks[0]!), [], null, []))).to.deep.equal([
      ...needed,
      'nil beaconRoot post-cancun',
    ]))
  for (const missing of [0, 1, 3])
    it(`misses argument ${missing} where it is null`, async () => {
      const params: unknown[] = [payloadOf(blocks[0]!), [], zeros, []]
      params[missing] = null
      const [code, message] = await refusal(engine.call('newPayloadV4', ...params))
      expect([code, message]).to.deep.equal([-32_602, `missing value for required argument ${missing}`])
    })
  for (const [field, err] of [
    ['withdrawals', 'nil withdrawals post-shanghai'],
    ['excessBlobGas', 'nil excessBlobGas post-cancun'],
    ['blobGasUsed', 'nil blobGasUsed post-cancun'],
  ] as const)
    it(`refuses ${err}`, async () => {
      const payload = { ...payloadOf(blocks[0]!), [field]: null }
      expect(await refusal(engine.call('newPayloadV4', payload, [], zeros, []))).to.deep.equal([...needed, err])
    })
})

const literally = (text: string) => text.replace(/[[\]]/g, '\\$&')
