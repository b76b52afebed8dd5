import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Chain } from '../../actors/chain/chain.ts'
import { importChain } from '../../actors/chain/import.ts'
import { loadGenesis } from '../../actors/chain/load-genesis.ts'
import { quantity } from '../../actors/rpc/json/hex.ts'
import type { HeaderFields } from '../../protocols/chain/header.ts'
import { skipItem } from '../../protocols/lib/rlp.ts'
import { unknown, zeros } from '../actors/apis/engine-caller.ts'
import { payloadOf, readPayloads } from '../actors/apis/payloads.ts'
import { changedHeader } from '../actors/chain/make-chain.ts'
import { ethtest, requireEthtest } from '../support/ethtest.ts'
import type { RpcAnswer, RpcRequest } from '../support/geth.ts'
import { EnginePair } from './engine-pair.ts'

type Json = Record<string, unknown>
type Status = { status: string; latestValidHash: string | null; validationError: string | null }

describe('the engine namespace, beside geth', function () {
  this.timeout(120_000)
  let directory: string
  let pair: EnginePair
  let read: Chain
  let payloads: RpcRequest[]
  /** The number of the head. */
  let last: number

  before(async function () {
    const { genesis, chain: file, networkId } = requireEthtest(this)
    directory = await mkdtemp(join(tmpdir(), 'peerchart-engine-'))
    const first = join(directory, 'first.rlp')
    const blocks = await readFile(file)
    await writeFile(first, blocks.subarray(0, skipItem(blocks)))
    pair = await EnginePair.start(this, first)
    read = await Chain.open({ genesis: await loadGenesis(genesis), networkId })
    await importChain(read, file)
    payloads = await readPayloads()
    last = payloads.length - 1
  })
  after(async () => {
    await pair?.stop()
    await read?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  const ours = (method: string, ...params: unknown[]) => pair.ours(method, ...params)
  const theirs = (method: string, ...params: unknown[]) => pair.theirs(method, ...params)
  const alike = (method: string, ...params: unknown[]) => pair.alike(method, ...params)

  describe('refuses with its messages, codes and data', () => {
    let payload: Json
    let context: unknown[]
    let state: Json
    before(() => {
      ;[payload, ...context] = payloads[20]!.params as [Json]
      state = {
        headBlockHash: (payloads[1]!.params[0] as Json).blockHash,
        safeBlockHash: zeros,
        finalizedBlockHash: zeros,
      }
    })

    it('a payload without one of its fields', async () => {
      for (const { method, params } of [payloads[20]!, payloads[40]!]) {
        const [payload, ...context] = params as [Json]
        for (const field of Object.keys(payload))
          for (const nothing of [undefined, null]) await alike(method, { ...payload, [field]: nothing }, ...context)
      }
    })

    it('a payload with a field that is none', async () => {
      for (const [field, values] of Object.entries(badFields))
        for (const value of values) await alike('engine_newPayloadV4', { ...payload, [field]: value }, ...context)
    })

    it('what is no payload', async () => {
      for (const none of [5, 'x', true, [], null]) await alike('engine_newPayloadV4', none, ...context)
    })

    it('what is wrong beside a payload', async () => {
      const bad = [null, 'x', 5, true, {}, '0x12', ['0x12'], ['0x'], [5], [null], ['zz'], unknown]
      for (const index of [0, 1, 2])
        for (const value of bad) await alike('engine_newPayloadV4', payload, ...context.with(index, value))
      for (const requests of [['0x0101', '0x0001'], ['0x0001', '0x0001'], ['0x01', '0x0201'], ['0x']])
        await alike('engine_newPayloadV4', payload, [], zeros, requests)
    })

    it('too few arguments, and too many', async () => {
      for (const version of [1, 2, 3, 4, 5])
        for (const params of [[], [payload], [payload, []], [payload, ...context], [payload, ...context, 1]])
          if ((await theirs(`engine_newPayloadV${version}`, ...params)).error)
            await alike(`engine_newPayloadV${version}`, ...params)
      for (const params of [[], [state, null, 1]]) await alike('engine_forkchoiceUpdatedV3', ...params)
    })

    it('a payload of a fork that the version is not for', async () => {
      const wide = { blobGasUsed: '0x0', excessBlobGas: '0x0', withdrawals: [] }
      for (const number of [3, 8, 20, 40])
        for (const version of [1, 2, 3, 4, 5])
          for (const fields of [{}, wide, { ...wide, slotNumber: '0x1' }, { withdrawals: null }]) {
            const [payload] = payloads[number]!.params as [Json]
            const context = [[], zeros, []].slice(0, version < 3 ? 0 : version === 3 ? 2 : 3)
            const answer = await theirs(`engine_newPayloadV${version}`, { ...payload, ...fields }, ...context)
            if (answer.error) await alike(`engine_newPayloadV${version}`, { ...payload, ...fields }, ...context)
          }
    })

    it('a forkchoice that is none', async () => {
      for (const none of [5, 'x', true, [], null, {}]) await alike('engine_forkchoiceUpdatedV3', none)
      for (const field of ['headBlockHash', 'safeBlockHash', 'finalizedBlockHash'])
        for (const value of ['0x12', 5, null, 'zz', `0x${'1g'.repeat(32)}`, {}])
          await alike('engine_forkchoiceUpdatedV3', { ...state, [field]: value })
    })

    it('a forkchoice with blocks that there are not', async () => {
      await alike('engine_forkchoiceUpdatedV3', { ...state, safeBlockHash: unknown })
      await alike('engine_forkchoiceUpdatedV3', { ...state, finalizedBlockHash: unknown })
      await alike('engine_forkchoiceUpdatedV3', { ...state, safeBlockHash: unknown, finalizedBlockHash: unknown })
    })

    it('attributes that are none', async () => {
      const whole = { timestamp: '0x100', prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
      for (const none of [5, 'x', true, [], {}]) await alike('engine_forkchoiceUpdatedV3', state, none)
      for (const change of badAttributes) await alike('engine_forkchoiceUpdatedV3', state, { ...whole, ...change })
    })

    it('attributes of a fork that the version is not for', async () => {
      for (const version of [1, 2, 3, 4])
        for (const timestamp of ['0x0', '0x5', '0x40', '0x100', '0x200'])
          for (const more of [
            {},
            { withdrawals: [] },
            { parentBeaconBlockRoot: zeros },
            { withdrawals: [], parentBeaconBlockRoot: zeros },
            { withdrawals: [], parentBeaconBlockRoot: zeros, slotNumber: '0x1' },
            { withdrawals: [], parentBeaconBlockRoot: zeros, slotNumber: '0x1', targetGasLimit: '0x1' },
          ]) {
            const attributes = { timestamp, prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}`, ...more }
            const { error } = await theirs(`engine_forkchoiceUpdatedV${version}`, state, attributes)
            if (error) await alike(`engine_forkchoiceUpdatedV${version}`, state, attributes)
            // geth builds a block here, and we none on a head that is not valid.
            else
              expect((await ours(`engine_forkchoiceUpdatedV${version}`, state, attributes)).result).to.deep.include({
                payloadId: null,
              })
          }
    })

    it('capabilities, a program and a payload’s id that are none', async () => {
      for (const none of [5, 'x', {}, [5]]) await alike('engine_exchangeCapabilities', none)
      await alike('engine_exchangeCapabilities')
      for (const none of [5, 'x', [], { code: 5 }, { commit: {} }]) await alike('engine_getClientVersionV1', none)
      for (const version of [1, 2, 3, 4, 5, 6])
        for (const id of [
          '0x0000000000000001',
          '0x0100000000000001',
          '0x0200000000000001',
          '0x03000000000000aa',
          '0x0400000000000001',
          '0x12',
          5,
          null,
          'zz',
          {},
        ])
          await alike(`engine_getPayloadV${version}`, id)
    })
  })

  it('says of payloads what can be said without executing them', async () => {
    const [first, second] = [payloads[5]!, payloads[6]!]
    await alike(first.method, ...first.params) // the parent is unknown: SYNCING
    await alike(second.method, ...second.params)
    await alike(payloads[0]!.method, ...payloads[0]!.params) // no payload makes a block with a difficulty
  })

  it('calls a payload invalid whose hash does not match its fields, with the same message', async () => {
    for (const number of [1, 8, 20, 40]) {
      const { method, params } = payloads[number]!
      const [payload, ...context] = params as [Json, ...unknown[]]
      for (const [field, value] of Object.entries(otherFields))
        if (field in payload) await alike(method, { ...payload, [field]: value }, ...context)
      if (context.length > 0) {
        await alike(method, payload, ...context.with(0, [unknown]))
        await alike(method, payload, ...context.with(1, unknown))
      }
    }
    const { method, params } = payloads.find(
      ({ params: [, hashes] }) => (hashes as unknown[] | undefined)?.length === 1,
    )!
    await alike(method, ...params.with(1, []))
    await alike(method, ...params.with(1, [unknown]))
    await alike(method, ...params.with(1, [unknown, unknown]))
  })

  describe('takes the payloads that geth executes', () => {
    const statusOf = ({ result }: RpcAnswer) => (result as Status | undefined)?.status
    const hash = (number: number) => (payloads[number]!.params[0] as Json).blockHash as string
    const both = async (method: string, params: readonly unknown[]) => [
      statusOf(await theirs(method, ...params)),
      statusOf(await ours(method, ...params)),
    ]

    /** geth keeps the states of 128 blocks: it must be given its head before that. */
    async function follow(head: number, safe: number, finalized: number): Promise<void> {
      const state = { headBlockHash: hash(head), safeBlockHash: hash(safe), finalizedBlockHash: hash(finalized) }
      const [answer, own] = [theirs, ours].map(async (ask) => (await ask('engine_forkchoiceUpdatedV3', state)).result)
      expect(((await answer) as { payloadStatus: Status }).payloadStatus.status).to.equal('VALID')
      expect(((await own) as { payloadStatus: Status }).payloadStatus.status).to.equal('SYNCING')
      const numbers = [1, 64, last - 2, last - 1, last].map(quantity)
      for (const tag of ['latest', 'safe', 'finalized', ...numbers]) {
        const header = await pair.geth.rpc('eth_getHeaderByNumber', tag)
        expect(await ours('eth_getHeaderByNumber', tag), `${tag} at ${head}`).to.deep.equal({ result: header })
      }
    }

    it('refuses on the way what breaks a rule, and goes where geth goes', async () => {
      // One of each fork, and the head.
      const times = payloads.map(({ params: [payload] }) => BigInt((payload as Json).timestamp as string))
      const firsts = ethtest.forks.slice(1).map(({ time }) => times.findIndex((own) => own >= time))
      const brokenAt = new Set([...firsts.map((first) => first - 2), last])
      for (const [i, { method, params }] of payloads.entries()) {
        if (i < 2) continue
        if (brokenAt.has(i)) {
          const block = read.headerByNumber(BigInt(i))!
          const body = read.bodyByHash(block.hash)!
          for (const [what, change] of Object.entries(brokenRules)) {
            const broken = { header: changedHeader(block, change(block)), body }
            const payload = { ...(params[0] as Json), ...payloadOf(broken) }
            if (payload.blockHash !== hash(i))
              expect(await both(method, params.with(0, payload)), `${what} of ${i}`).to.deep.equal([
                'INVALID',
                'INVALID',
              ])
          }
        }
        expect(await both(method, params), `payload ${i}`).to.deep.equal(['VALID', 'ACCEPTED'])
        if (i % 64 === 0) await follow(i, i - 1, i - 32)
      }
    })

    it('goes back and forth as geth does', async () => {
      for (const at of [
        [last, last - 10, last - 20],
        [last - 2, last - 2, last - 20],
        [last, last, last],
        [last - 1, last - 1, last - 1],
      ] as const)
        await follow(at[0], at[1], at[2])
      const state = { headBlockHash: hash(last), safeBlockHash: unknown, finalizedBlockHash: zeros }
      await alike('engine_forkchoiceUpdatedV3', state)
    })
  })
})

const hex = (digits: string, times: number) => `0x${digits.repeat(times)}`

/** What is no such field. */
const badFields: Readonly<Record<string, readonly unknown[]>> = {
  parentHash: ['0x12', 5, 'zz', '', hex('1g', 32), {}, `${hex('11', 32)}1`],
  feeRecipient: ['0x12', hex('11', 32), true],
  logsBloom: ['zz', 5, '0x1', '0x12'],
  blockNumber: ['0x01', 5, '0x', '0x10000000000000000', '1', '0x1g'],
  gasLimit: ['0x00', [], '0xfffffffffffffffff'],
  extraData: ['0x1', 5, hex('11', 33)],
  baseFeePerGas: ['7', 7, '0x', hex('f', 65), '0x07'],
  transactions: ['0x', {}, 5, [5], ['0x1'], ['0x'], ['0x7fc0'], ['0x01'], ['0x02'], [null], [['0x']]],
  withdrawals: [{}, 5, 'x', [5], [true], [{ index: '1' }], [{ address: '0x12' }], [{ amount: 5 }]],
  blobGasUsed: ['x', 5, '0x00', {}],
  excessBlobGas: ['x', 5, '0x00', {}],
}

/** A field as it may be, in another block. */
const otherFields: Readonly<Record<string, unknown>> = {
  parentHash: hex('11', 32),
  feeRecipient: hex('11', 20),
  stateRoot: hex('11', 32),
  receiptsRoot: hex('11', 32),
  logsBloom: hex('11', 256),
  prevRandao: hex('11', 32),
  blockNumber: '0x1111',
  gasLimit: '0x1111',
  gasUsed: '0x1111',
  timestamp: '0x7',
  extraData: '0x11',
  baseFeePerGas: '0x11',
  blockHash: hex('11', 32),
  withdrawals: [{ index: '0x1', validatorIndex: '0x2', address: hex('11', 20), amount: '0x3' }],
  transactions: [],
}

const badAttributes: readonly Json[] = [
  { timestamp: null },
  { prevRandao: undefined },
  { suggestedFeeRecipient: undefined },
  { timestamp: 5 },
  { prevRandao: '0x' },
  { suggestedFeeRecipient: '0x1' },
  { withdrawals: 5 },
  { withdrawals: [5] },
  { withdrawals: [], parentBeaconBlockRoot: '0x1' },
  { withdrawals: [], parentBeaconBlockRoot: 5 },
  { slotNumber: 'x' },
  { targetGasLimit: 5 },
]

/** What a block cannot be after its parent, by rules that are in headers alone. */
const brokenRules: Readonly<Record<string, (header: HeaderFields) => Partial<HeaderFields>>> = {
  time: ({ number }) => ({ time: (number - 1n) * 10n }),
  'higher gas limit': ({ gasLimit }) => ({ gasLimit: gasLimit * 2n }),
  'lower gas limit': ({ gasLimit }) => ({ gasLimit: gasLimit / 2n }),
  'gas limit beyond 2^63': () => ({ gasLimit: 2n ** 63n }),
  'gas used': ({ gasLimit }) => ({ gasUsed: gasLimit + 1n }),
  'base fee': ({ baseFee }) => ({ baseFee: baseFee! + 1n }),
  'blob gas used': ({ blobGasUsed }) => (blobGasUsed === undefined ? {} : { blobGasUsed: blobGasUsed + 131_072n }),
  'too many blobs': ({ blobGasUsed }) => (blobGasUsed === undefined ? {} : { blobGasUsed: 131_072n * 22n }),
  'part of a blob': ({ blobGasUsed }) => (blobGasUsed === undefined ? {} : { blobGasUsed: blobGasUsed + 1n }),
  'excess blob gas': ({ excessBlobGas }) => (excessBlobGas === undefined ? {} : { excessBlobGas: 131_072n }),
}
