import { expect } from 'chai'
import { unknown, zeros } from '../actors/apis/engine-caller.ts'
import { readPayloads } from '../actors/apis/payloads.ts'
import { ethtest } from '../support/ethtest.ts'
import type { RpcAnswer, RpcRequest } from '../support/geth.ts'
import { EnginePair } from './engine-pair.ts'

type Payload = { readonly blockHash: string; readonly timestamp: string; readonly blockAccessList?: string } & Record<
  string,
  unknown
>
type Status = {
  readonly status: string
  readonly latestValidHash: string | null
  readonly validationError: string | null
}

describe('the test chain, sent to geth and to our node as payloads,', function () {
  this.timeout(240_000)
  let pair: EnginePair
  let payloads: RpcRequest[]
  const payload = (number: number) => payloads[number]!.params[0] as Payload
  const hash = (number: number) => payload(number).blockHash
  const timeOf = (number: number) => BigInt(payload(number).timestamp)

  before(async function () {
    pair = await EnginePair.start(this)
    payloads = await readPayloads()
  })
  after(() => pair?.stop())

  /** geth executes, and we say of the same blocks that we have taken them. */
  const asUnexecuted = ({ result }: RpcAnswer): RpcAnswer => {
    const { status, ...rest } = result as Status
    expect(status).to.equal('VALID')
    return { result: { ...rest, status: 'ACCEPTED', latestValidHash: null } }
  }

  it('is taken block by block, and malformed in every way it is refused alike', async () => {
    const firsts = new Set(ethtest.forks.map(({ time }) => payloads.findIndex((_, number) => timeOf(number) >= time)))
    for (const [number, { method, params }] of payloads.entries()) {
      const isSearched = firsts.has(number) || number === payloads.length - 1
      const bad = isSearched
        ? [...nearMisses({ method, params }), ...farMisses({ method, params })]
        : nearMisses({ method, params })
      await Promise.all(bad.map((call) => pair.alike(...call)))
      if (number === 0) continue // the genesis is no payload
      const theirs = await pair.theirs(method, ...params)
      expect(await pair.ours(method, ...params), `payload ${number}`).to.deep.equal(asUnexecuted(theirs))
      // geth keeps the states of 128 blocks below its head.
      if (!firsts.has(number) && number % 100 > 0) continue
      await follow({ headBlockHash: hash(number), safeBlockHash: zeros, finalizedBlockHash: zeros })
      await blobsAlike()
    }
  })

  it('has its head where the consensus client says', async () => {
    const { method, params } = ethtest.update
    await follow(params[0] as Record<string, string>, method, ...params.slice(1))
    for (const tag of ['latest', 'safe', 'finalized']) {
      const header = await pair.geth.rpc('eth_getHeaderByNumber', tag)
      expect(await pair.ours('eth_getHeaderByNumber', tag), tag).to.deep.equal({ result: header })
    }
  })

  async function follow(state: Record<string, string>, method = 'engine_forkchoiceUpdatedV4', ...more: unknown[]) {
    const { result: theirs } = await pair.theirs(method, state, ...more)
    const { result: ours } = await pair.ours(method, state, ...more)
    expect(theirs).to.deep.equal({ payloadStatus: statusOf('VALID', state.headBlockHash), payloadId: null })
    expect(ours).to.deep.equal({ payloadStatus: statusOf('SYNCING'), payloadId: null })
  }

  /** Neither has any: at each fork they say so in another way. */
  async function blobsAlike(): Promise<void> {
    const hashes = (count: number) => Array<string>(count).fill(unknown)
    const mask = `0x${'f0'.repeat(16)}`
    for (const version of [1, 2, 3])
      for (const params of [[[]], [hashes(1)], [hashes(128)], [hashes(129)], [hashes(1), mask], [], [null], [['0x12']]])
        await pair.alike(`engine_getBlobsV${version}`, ...params)
    for (const params of [[[], mask], [hashes(128), mask], [hashes(129), mask], [hashes(1)], [hashes(1), null]])
      await pair.alike('engine_getBlobsV4', ...params)
    for (const none of [5, '', '0x12', {}]) await pair.alike('engine_getBlobsV4', hashes(1), none)
    for (const params of [[[]], [hashes(3)], [], [null], [5]]) await pair.alike('engine_hasBlobs', ...params)
  }

  it('gives bodies by hash, field for field', async () => {
    const { result: genesis } = await pair.ours('eth_getHeaderByNumber', '0x0')
    const all = payloads.map(({ params: [payload] }) => (payload as Payload).blockHash)
    expect(all[0]).to.equal((genesis as Payload).hash)
    for (const version of [1, 2]) {
      const method = `engine_getPayloadBodiesByHashV${version}`
      expect((await pair.alike(method, all)).result)
        .to.have.length(all.length)
        .and.not.include(null)
      for (const hashes of [[], [unknown], [all[0]], [unknown, all[40], unknown, all[14], all[40]], [zeros]])
        await pair.alike(method, hashes)
      for (const params of [[], [null], [5], [['0x12']], [[null]], [[5]], [[], 1]]) await pair.alike(method, ...params)
    }
  })

  it('gives bodies by number, field for field', async () => {
    const last = payloads.length - 1
    const hex = (number: number | bigint) => `0x${number.toString(16)}`
    for (const version of [1, 2]) {
      const method = `engine_getPayloadBodiesByRangeV${version}`
      expect((await pair.alike(method, '0x1', hex(last))).result).to.have.length(last)
      const most = 2n ** 64n - 1n
      for (const [start, count] of [
        ...[
          [1, 1],
          [1, 1024],
          [last, 1],
          [last, 2],
          [last - 3, 100],
          [last + 1, 1],
          [last + 1000, 1024],
          [35, 2],
        ],
        ...[
          [0, 0],
          [0, 5],
          [5, 0],
          [0, 1025],
          [1, 1025],
          [1, most],
          [most, 1],
          [most, 2],
          [most, 1024],
        ],
      ] as const)
        await pair.alike(method, hex(start!), hex(count!))
      for (const params of [[], ['0x1'], [null, '0x1'], ['0x1', null], [1, 1], ['0x01', '0x1'], ['0x1', '0x1', '0x1']])
        await pair.alike(method, ...params)
    }
  })

  it('is served by no method that geth does not have, and by all that can be without executing', async () => {
    const { result: theirs } = await pair.theirs('engine_exchangeCapabilities', [])
    const { result: ours } = await pair.ours('engine_exchangeCapabilities', [])
    expect(theirs).to.include.members(ours as string[])
    const lacking = (theirs as string[]).filter((name) => !(ours as string[]).includes(name))
    expect(lacking.filter((name) => !/WithWitness|Stateless/.test(name))).to.deep.equal([])
  })

  it('gets the same answers on where proof of work ended', async () => {
    const method = 'engine_exchangeTransitionConfigurationV1'
    const { result: genesis } = await pair.ours('eth_getHeaderByNumber', '0x0')
    const first = { terminalBlockHash: (genesis as Payload).hash, terminalBlockNumber: '0x0' }
    const { terminalTotalDifficulty: ttd } = pair.chain.config
    const right = { terminalTotalDifficulty: `0x${ttd!.toString(16)}`, ...first }
    expect((await pair.alike(method, right)).result).to.deep.equal(right)
    for (const change of [
      ...[{ terminalBlockHash: zeros }, { terminalBlockHash: zeros, terminalBlockNumber: '0x5' }],
      ...[{ terminalBlockHash: undefined }, { terminalBlockNumber: undefined }, { terminalBlockNumber: '0x1' }],
      ...[{ terminalBlockHash: unknown }, { terminalBlockNumber: '0xffffffff' }, { terminalBlockNumber: null }],
      ...[null, undefined, '0x1', '0x01', 5, ''].map((terminalTotalDifficulty) => ({ terminalTotalDifficulty })),
      ...['0x', 5, null].flatMap((none) => [{ terminalBlockHash: none }, { terminalBlockNumber: none }]),
    ])
      await pair.alike(method, { ...right, ...change })
    for (const params of [[], [null], [5], [{}], [right, 1]]) await pair.alike(method, ...params)
  })

  it('is refused a bad forkchoice with the same message', async () => {
    const last = payloads.length - 1
    const state = { headBlockHash: hash(last), safeBlockHash: zeros, finalizedBlockHash: zeros }
    const refused = async (...params: unknown[]) =>
      expect(await pair.alike('engine_forkchoiceUpdatedV4', ...params)).to.have.property('error')
    for (const none of [5, 'x', true, [], null]) await refused(none)
    for (const field of Object.keys(state))
      for (const value of ['0x12', 5, null, 'zz', `0x${'1g'.repeat(32)}`, {}])
        await refused({ ...state, [field]: value })
    for (const field of ['safeBlockHash', 'finalizedBlockHash']) await refused({ ...state, [field]: unknown })
    for (const mask of [5, true, {}, [], '', '0x', 'x', '0x1', '0x12', '0xzz', '0x1z1', `0x${'11'.repeat(17)}`])
      await refused(state, null, mask)
    await refused(state, null, null, null)
    await pair.alike('engine_forkchoiceUpdatedV4', { ...state, headBlockHash: zeros }, null, `0x${'11'.repeat(16)}`)
    const { timestamp } = payload(last)
    const whole = { timestamp: later(timestamp), prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
    const v4 = { ...whole, withdrawals: [], parentBeaconBlockRoot: zeros, slotNumber: '0x258' }
    for (const field of Object.keys(v4)) await refused(state, { ...v4, [field]: undefined })
    for (const [field, values] of Object.entries(badAttributes))
      for (const value of values) await refused(state, { ...v4, [field]: value })
    await refused(state, { ...v4, timestamp })
    for (const number of [5, 8, 14, 20, 26, 32]) await refused(state, { ...v4, timestamp: payload(number).timestamp })
    const isAmsterdam = payloads[last]!.method === 'engine_newPayloadV5'
    for (const version of isAmsterdam ? [1, 2, 3] : [1, 2])
      for (const attributes of [v4, whole, { ...whole, withdrawals: [] }])
        expect(await pair.alike(`engine_forkchoiceUpdatedV${version}`, state, attributes)).to.have.property('error')
  })
})

const later = (timestamp: unknown) => `0x${(BigInt(timestamp as string) + 10n).toString(16)}`

type Call = readonly [method: string, ...params: unknown[]]

/** The call for a block, with one thing wrong. */
function nearMisses({ method, params }: RpcRequest): readonly Call[] {
  const [payload, ...context] = params as [Payload, ...unknown[]]
  const changed = (change: Record<string, unknown>): Call => [method, { ...payload, ...change }, ...context]
  const list = payload.blockAccessList
  return [
    [method === 'engine_newPayloadV5' ? 'engine_newPayloadV4' : 'engine_newPayloadV5', ...params],
    ...['slotNumber', 'blockAccessList'].filter((field) => field in payload).map((field) => changed({ [field]: null })),
    changed({ blockHash: unknown }),
    changed({ BlockHash: unknown }),
    changed({ blockhash: null }),
    changed({ blockAccessList: '0x' }),
    changed({ blockAccessList: '0x820102', blockHash: unknown }),
    changed({ blockAccessList: list === '0xc0' ? '0xc1c0' : '0xc0' }),
    changed({ slotNumber: '0x999999' }),
  ]
}

function farMisses({ method, params }: RpcRequest): readonly Call[] {
  const [payload, ...context] = params as [Payload, ...unknown[]]
  const versions = [1, 2, 3, 4, 5].map((version) => `engine_newPayloadV${version}`)
  const changed = (change: Record<string, unknown>): Call => [method, { ...payload, ...change }, ...context]
  return [
    ...versions.filter((name) => name !== method).map((name): Call => [name, ...params]),
    ...versions.map((name): Call => [name, { ...payload, ...wide, blockHash: unknown }, [], zeros, []]),
    ...versions.map((name): Call => [name, { ...payload, ...wide, blockHash: unknown, slotNumber: '0x5' }, [], zeros]),
    ...versions.map((name): Call => [name, { ...payload, ...wide, blockHash: unknown, blockAccessList: '0xc0' }]),
    ...context.map((_, index): Call => [method, payload, ...context.with(index, null)]),
    [method],
    [method, null, ...context],
    [method, ...params, 1],
    changed({ timestamp: '0x5' }),
    ...[5, 'x', {}, '0x', '0x05'].map((slotNumber) => changed({ slotNumber })),
    ...[5, 'x', {}, '0x1', '0xzz'].map((blockAccessList) => changed({ blockAccessList })),
    ...noLists(payload.blockAccessList ?? '0xc0').map((blockAccessList) => changed({ blockAccessList })),
  ]
}

/** What Cancun's payloads have. */
const wide = { withdrawals: [], blobGasUsed: '0x0', excessBlobGas: '0x0' }

/** What is no RLP of a list of accounts. */
const noLists = (list: string): readonly string[] => [
  ...['', '0x', '0x80', '0x05', '0x820102', '0xc1', '0xf8', '0xf800', '0xf90038', '0xc180', '0xc1c0', '0xc2c180'],
  ...[`${list}00`, `${list}c0`, list.slice(0, -2), `${list.slice(0, -2)}80`, `${list.slice(0, -2)}c2`],
]

const statusOf = (status: string, latestValidHash: string | null = null): Status => ({
  ...{ status, latestValidHash },
  validationError: null,
})

const badAttributes: Readonly<Record<string, readonly unknown[]>> = {
  timestamp: [null, 5, '0x', '0x01'],
  prevRandao: [null, '0x', 5],
  suggestedFeeRecipient: [null, '0x1'],
  withdrawals: [null, 5, [5], [{ amount: 5 }]],
  parentBeaconBlockRoot: [null, '0x1', 5],
  slotNumber: [null, 'x', 5, '0x', '0x01', '0x10000000000000000'],
  targetGasLimit: ['x', 5, '0x', '0x01'],
}
