import { expect } from 'chai'
import { Chain, type NewBlock } from '../../../../actors/chain/chain.ts'
import type { ChainConfig } from '../../../../actors/chain/chain-config.ts'
import { engineApi } from '../../../../actors/rpc/apis/engine.ts'
import { data, quantity } from '../../../../actors/rpc/json/hex.ts'
import type { RpcError } from '../../../../actors/rpc/rpc-error.ts'
import type { ConsensusHead } from '../../../../machines/downloader-setup.ts'
import type { HeaderFields } from '../../../../protocols/eth/header.ts'
import { allAtOnce, changedHeader, everyFork, genesisOf, makeBlocks } from '../../chain/make-chain.ts'
import { callApi } from './call-api.ts'
import { paramsOf, payloadOf } from './payloads.ts'

type Status = { status: string; latestValidHash: string | null; validationError: string | null }

describe('the engine namespace', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 12)
  const rival = makeBlocks(genesis, blocks[3]!.header, 10, { salt: 1n })
  const zeros = `0x${'00'.repeat(32)}`
  const unknown = `0x${'11'.repeat(32)}`
  const [syncing, accepted] = ['SYNCING', 'ACCEPTED'].map((status) => {
    return { status, latestValidHash: null, validationError: null }
  })

  let chain: Chain
  let followed: ConsensusHead[]
  let apis: [ReturnType<typeof engineApi>]
  beforeEach(async () => {
    chain = await Chain.open({ genesis })
    followed = []
    apis = [engineApi({ chain, eth: { follow: (head) => followed.push(head) }, version: '1.2.3' })]
  })
  afterEach(() => chain.close())

  const call = <Result>(name: string, ...params: unknown[]) =>
    callApi(apis, `engine_${name}`, ...params) as Promise<Result>
  const newPayload = (block: NewBlock) => call<Status>('newPayloadV4', ...paramsOf(block))
  const update = (head: string, safe = zeros, finalized = zeros, attributes?: unknown) =>
    call<{ payloadStatus: Status; payloadId: null }>(
      'forkchoiceUpdatedV3',
      { headBlockHash: head, safeBlockHash: safe, finalizedBlockHash: finalized },
      attributes,
    )
  const hashOf = ({ header }: NewBlock) => data(header.hash)
  const refusal = (asking: Promise<unknown>) =>
    asking.then(
      (result) => expect.fail(`no refusal: ${JSON.stringify(result)}`),
      ({ code, message, data }: RpcError) => [code, message, (data as { err?: string } | undefined)?.err],
    )
  const headNumber = () => Number(chain.head.number)

  it('is served only to who shows a token', () => expect(apis[0].authenticated).to.equal(true))

  it('tells all its methods but the one that tells them', async () => {
    const names = Object.keys(apis[0].methods).filter((name) => name !== 'exchangeCapabilities')
    const told = await call<string[]>('exchangeCapabilities', ['engine_newPayloadV9'])
    expect(told).to.deep.equal(names.map((name) => `engine_${name}`).sort())
    expect(told).to.include.members(['engine_forkchoiceUpdatedV3', 'engine_newPayloadV4', 'engine_getClientVersionV1'])
  })

  it('tells which program it is', async () => {
    const asker = { code: 'XX', name: 'x', version: '1', commit: '0x00000000' }
    expect(await call('getClientVersionV1', asker)).to.deep.equal([
      { code: 'PC', name: 'Peerchart', version: '1.2.3', commit: '0x00000000' },
    ])
  })

  it('has built no payload, whatever is asked for', async () => {
    const asked = (version: number, id: string) => refusal(call(`getPayloadV${version}`, id))
    expect(await asked(3, '0x0300000000000001')).to.deep.equal([-38_001, 'Unknown payload', undefined])
    expect(await asked(1, '0x0300000000000001')).to.deep.equal([-38_005, 'Unsupported fork', undefined])
    expect(await asked(3, '0x12')).to.deep.equal([
      ...[-32_602, 'invalid argument 0: invalid payload id "0x12": hex string has length 2, want 16 for PayloadID'],
      undefined,
    ])
  })

  describe('given a payload', () => {
    it('accepts it when it knows what it stands on, and keeps its head', async () => {
      for (const block of blocks) expect(await newPayload(block)).to.deep.equal(accepted)
      expect(await newPayload(blocks[3]!)).to.deep.equal(accepted)
      expect(headNumber()).to.equal(0)
      expect(chain.bodyByHash(blocks[11]!.header.hash)).to.deep.equal(blocks[11]!.body)
      expect(chain.followsConsensus).to.equal(false)
    })

    it('waits for what comes before it', async () => {
      expect(await newPayload(blocks[1]!)).to.deep.equal(syncing)
      expect(chain.hasBlock(blocks[1]!.header.hash)).to.equal(false)
    })

    it('calls the genesis valid, whose state is known', async () => {
      const first = { header: genesis.header, body: genesis.body }
      expect(await newPayload(first)).to.deep.equal({ ...syncing, status: 'VALID', latestValidHash: hashOf(first) })
    })

    it('takes several at once', async () => {
      const answers = await Promise.all([newPayload(blocks[0]!), newPayload(blocks[0]!), newPayload(blocks[0]!)])
      expect(answers).to.deep.equal([accepted, accepted, accepted])
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
      ['blockAccessList', '0xc0'],
    ] as const)
      it(`of another ${field} than its hash is of calls it invalid`, async () => {
        const [payload, ...context] = paramsOf(blocks[0]!) as [Record<string, unknown>]
        const answer = await call<Status>('newPayloadV4', { ...payload, [field]: value }, ...context)
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
        const answer = await call<Status>('newPayloadV4', payloadOf(blocks[0]!), ...params)
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
      ['blockAccessList', '0x', 'failed to decode BAL: EOF'],
      ['slotNumber', '0x1', 'blockhash mismatch: a field of a later fork without those before it'],
    ] as const)
      it(`whose ${field} is ${JSON.stringify(value).slice(0, 20)} calls it invalid: ${message}`, async () => {
        const [payload, ...context] = paramsOf(blocks[0]!) as [Record<string, unknown>]
        const answer = await call<Status>('newPayloadV4', { ...payload, [field]: value }, ...context)
        expect(answer).to.deep.equal({ status: 'INVALID', latestValidHash: null, validationError: message })
      })

    const cannotBe: readonly [string, (fields: HeaderFields) => Partial<HeaderFields>, RegExp][] = [
      ['number', () => ({ number: 9n }), /wrong number: 9 after 0/],
      ['time', () => ({ time: 0n }), /wrong time: 0 after 0/],
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
        const answer = await newPayload(bad)
        expect(answer).to.include({ status: 'INVALID', latestValidHash: null })
        expect(answer.validationError).to.match(message)
        expect(chain.hasBlock(bad.header.hash)).to.equal(false)
      })

    it('on one that cannot be calls it invalid, and whatever stands on that', async () => {
      const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ baseFee: 1n }) }) as [NewBlock]
      const [child, grandchild] = makeBlocks(genesis, bad.header, 2) as [NewBlock, NewBlock]
      await newPayload(bad)
      const rejected = { ...syncing, status: 'INVALID', validationError: 'links to previously rejected block' }
      for (const block of [bad, child, grandchild]) expect(await newPayload(block)).to.deep.equal(rejected)
      expect((await update(hashOf(grandchild))).payloadStatus).to.deep.equal(rejected)
      expect(followed).to.deep.equal([])
    })

    it('that it has refused looks at it anew when it is given again and again', async () => {
      const [bad] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ baseFee: 1n }) }) as [NewBlock]
      const errors: (string | null)[] = []
      for (let i = 0; i < 129; i++) errors.push((await newPayload(bad)).validationError)
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
        expect(await refusal(call('newPayloadV4', payloadOf(blocks[0]!), [], zeros, requests))).to.deep.equal([
          ...[-32_602, 'Invalid parameters'],
          err,
        ]))

    const needed = [-32_602, 'Invalid parameters'] as const
    for (const [params, err] of [
      [[null, zeros, []], 'nil versionedHashes post-cancun'],
      [[[], null, []], 'nil beaconRoot post-cancun'],
      [[[], zeros, null], 'nil executionRequests post-prague'],
    ] as const)
      it(`refuses ${err}`, async () =>
        expect(await refusal(call('newPayloadV4', payloadOf(blocks[0]!), ...params))).to.deep.equal([...needed, err]))
    for (const [field, err] of [
      ['withdrawals', 'nil withdrawals post-shanghai'],
      ['excessBlobGas', 'nil excessBlobGas post-cancun'],
      ['blobGasUsed', 'nil blobGasUsed post-cancun'],
    ] as const)
      it(`refuses ${err}`, async () => {
        const payload = { ...payloadOf(blocks[0]!), [field]: null }
        expect(await refusal(call('newPayloadV4', payload, [], zeros, []))).to.deep.equal([...needed, err])
      })
  })

  describe('told the head', () => {
    it('goes there when it has the block, and does not call it valid, for nothing was executed', async () => {
      for (const block of [...blocks, ...rival]) await newPayload(block)
      for (const block of [blocks[11]!, rival[9]!, rival[0]!, blocks[2]!]) {
        expect(await update(hashOf(block))).to.deep.equal({ payloadStatus: syncing, payloadId: null })
        expect(data(chain.head.hash)).to.equal(hashOf(block))
      }
      expect(followed.map(({ number, isOurs }) => [number, isOurs])).to.deep.equal([
        ...[
          [12n, true],
          [14n, true],
        ],
        ...[
          [5n, true],
          [3n, true],
        ],
      ])
    })

    it('calls the genesis valid', async () => {
      const { payloadStatus } = await update(data(genesis.header.hash))
      expect(payloadStatus).to.deep.equal({ ...syncing, status: 'VALID', latestValidHash: data(genesis.header.hash) })
    })

    it('keeps which blocks are safe and final', async () => {
      await chain.insertBlocks(blocks)
      await update(hashOf(blocks[11]!), hashOf(blocks[7]!), hashOf(blocks[3]!))
      expect([chain.safe?.number, chain.finalized?.number]).to.deep.equal([8n, 4n])
    })

    it('has it fetched when it does not have the block, by the number that a payload told', async () => {
      await newPayload(blocks[5]!)
      expect((await update(hashOf(blocks[5]!))).payloadStatus).to.deep.equal(syncing)
      expect((await update(unknown)).payloadStatus).to.deep.equal(syncing)
      expect(followed).to.deep.equal([
        { hash: blocks[5]!.header.hash, isOurs: false, number: 6n },
        { hash: new Uint8Array(32).fill(0x11), isOurs: false },
      ])
      expect(chain.followsConsensus).to.equal(true)
    })

    it('remembers the payloads that it was told last, 96 of them', async () => {
      const far = makeBlocks(genesis, genesis.header, 99)
      for (const block of far.slice(1)) await newPayload(block)
      await update(hashOf(far[1]!))
      await update(hashOf(far[3]!))
      expect(followed.map(({ number }) => number)).to.deep.equal([undefined, 4n])
    })

    for (const [what, state] of [
      ['zeros', { headBlockHash: zeros }],
      ['nothing', {}],
      ['null', null],
    ] as const)
      it(`by ${what} calls it invalid`, async () => {
        const answer = await call('forkchoiceUpdatedV3', state)
        expect(answer).to.deep.equal({ payloadStatus: { ...syncing, status: 'INVALID' }, payloadId: null })
      })

    for (const [what, safe, finalized, err] of [
      ['an unknown final block', zeros, unknown, 'final block not available in database'],
      ['an unknown safe block', unknown, zeros, 'safe block not available in database'],
      ['a final block of another branch', zeros, hashOf(rival[0]!), 'final block not in canonical chain'],
      ['a safe block of another branch', hashOf(rival[0]!), zeros, 'safe block not in canonical chain'],
    ] as const)
      it(`with ${what} refuses, and stays where it is`, async () => {
        await chain.insertBlocks(blocks.slice(0, 6))
        await chain.storeBlocks(blocks)
        await chain.storeBlocks(rival)
        expect(await refusal(update(hashOf(blocks[11]!), safe, finalized))).to.deep.equal([
          ...[-38_002, 'Invalid forkchoice state'],
          err,
        ])
        expect([headNumber(), chain.safe, chain.finalized]).to.deep.equal([6, undefined, undefined])
      })

    it('below what is final passes over it', async () => {
      await chain.insertBlocks(blocks)
      await update(hashOf(blocks[11]!), zeros, hashOf(blocks[5]!))
      expect((await update(hashOf(blocks[3]!))).payloadStatus).to.deep.equal(syncing)
      expect(headNumber()).to.equal(12)
      await update(hashOf(blocks[5]!))
      expect(headNumber()).to.equal(6)
    })
  })

  describe('asked to build a block', () => {
    const attributes = { timestamp: '0x1000', prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
    const v3 = { ...attributes, withdrawals: [], parentBeaconBlockRoot: zeros }

    it('sets the head and builds none, as on any head that is not valid', async () => {
      await chain.insertBlocks(blocks)
      expect(await update(hashOf(blocks[5]!), zeros, zeros, v3)).to.deep.equal({
        payloadStatus: syncing,
        payloadId: null,
      })
      expect(headNumber()).to.equal(6)
    })

    it('on the genesis says that it builds none', async () =>
      expect(await refusal(update(data(genesis.header.hash), zeros, zeros, v3))).to.deep.equal([
        ...[-38_003, 'Invalid payload attributes'],
        'this node builds no blocks',
      ]))

    it('no later than the head refuses', async () => {
      await chain.insertBlocks(blocks)
      expect(await refusal(update(hashOf(blocks[5]!), zeros, zeros, { ...v3, timestamp: '0x3c' }))).to.deep.equal([
        ...[-38_003, 'Invalid payload attributes'],
        'invalid timestamp, parent 60 given 60',
      ])
    })
  })

  describe('knows of each fork which version is for it:', () => {
    /** By the time: Paris before 170, then Shanghai, Cancun, Prague, Osaka, BPO1 and BPO2, ten seconds each. */
    const config: ChainConfig = { ...everyFork, timeForks: { ...everyFork.timeForks, bpo3: 230n, amsterdam: 240n } }
    const old = genesisOf({ ...config, blockForks: allAtOnce.blockForks })
    const forks = ['paris', 'shanghai', 'cancun', 'prague', 'osaka', 'bpo1', 'bpo2', 'bpo3', 'amsterdam']
    const timeOf = (fork: string) => BigInt(160 + 10 * forks.indexOf(fork))
    /** A payload at that time, of no block that there is. */
    const payloadAt = (fork: string, fields: Record<string, unknown>) => {
      const header = changedHeader(old.header, { time: timeOf(fork), number: 7n })
      return { ...payloadOf({ header, body: old.body }), ...fields }
    }
    beforeEach(async () => {
      await chain.close()
      chain = await Chain.open({ genesis: old })
      apis = [engineApi({ chain, eth: { follow: (head) => followed.push(head) }, version: '1.2.3' })]
    })
    const outcome = (asking: Promise<unknown>) =>
      asking.then(
        () => 'taken',
        ({ code, data }: RpcError) => `${code} ${(data as { err: string }).err}`,
      )

    const withdrawals: unknown[] = []
    const blobs = { withdrawals, blobGasUsed: '0x0', excessBlobGas: '0x0' }
    const amsterdam = { ...blobs, slotNumber: '0x1', blockAccessList: '0xc0' }
    const tableOf = async (name: string, fields: Record<string, unknown>, ...context: unknown[]) =>
      Object.fromEntries(
        await Promise.all(
          forks.map(async (fork) => [fork, await outcome(call(name, payloadAt(fork, fields), ...context))] as const),
        ),
      )
    const rows = (outcomes: Record<string, string>, ...others: [fork: string, outcome: string][]) =>
      expect(outcomes).to.deep.equal(
        Object.fromEntries(others.flatMap(([some, told]) => some.split(' ').map((fork) => [fork, told]))),
      )

    it('newPayloadV1', async () => {
      const all = forks.join(' ')
      rows(await tableOf('newPayloadV1', {}), [all, 'taken'])
      rows(await tableOf('newPayloadV1', { withdrawals }), [all, '-32602 withdrawals not supported in V1'])
    })

    it('newPayloadV2', async () => {
      const later: [string, string] = [forks.slice(2).join(' '), "-32602 can't use newPayloadV2 post-cancun"]
      rows(
        await tableOf('newPayloadV2', {}),
        ['paris', 'taken'],
        ['shanghai', '-32602 nil withdrawals post-shanghai'],
        later,
      )
      rows(
        await tableOf('newPayloadV2', { withdrawals }),
        ['paris', '-32602 non-nil withdrawals pre-shanghai'],
        ['shanghai', 'taken'],
        later,
      )
      const blobGas = { withdrawals, excessBlobGas: '0x0' }
      expect((await tableOf('newPayloadV2', blobGas)).shanghai).to.equal('-32602 non-nil excessBlobGas pre-cancun')
      const blobGasUsed = { withdrawals, blobGasUsed: '0x0' }
      expect((await tableOf('newPayloadV2', blobGasUsed)).shanghai).to.equal('-32602 non-nil blobGasUsed pre-cancun')
    })

    it('newPayloadV3', async () => {
      const others = forks.filter((fork) => fork !== 'cancun').join(' ')
      const message = '-38005 newPayloadV3 must only be called for cancun payloads'
      rows(await tableOf('newPayloadV3', blobs, [], zeros), [others, message], ['cancun', 'taken'])
    })

    it('newPayloadV4', async () => {
      const message = '-38005 newPayloadV4 must only be called for prague/osaka payloads'
      const outcomes = await tableOf('newPayloadV4', blobs, [], zeros, [])
      rows(outcomes, ['paris shanghai cancun bpo3 amsterdam', message], ['prague osaka bpo1 bpo2', 'taken'])
    })

    it('newPayloadV5', async () => {
      const message = '-38005 newPayloadV5 must only be called for amsterdam payloads'
      const outcomes = await tableOf('newPayloadV5', amsterdam, [], zeros, [])
      rows(outcomes, ['paris shanghai cancun prague osaka bpo1 bpo2', message], ['bpo3 amsterdam', 'taken'])
      const without = async (field: string) =>
        (await tableOf('newPayloadV5', { ...amsterdam, [field]: null }, [], zeros, [])).amsterdam
      expect(await without('slotNumber')).to.equal('-32602 nil slotnumber post-amsterdam')
      expect(await without('blockAccessList')).to.equal('-32602 nil block access list post-amsterdam')
      expect(await outcome(call('newPayloadV5', payloadAt('amsterdam', amsterdam), [], zeros, null))).to.equal(
        '-32602 nil executionRequests post-prague',
      )
    })

    const attributesAt = (fork: string, more: object) => {
      const bare = { prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
      return { timestamp: quantity(timeOf(fork)), ...bare, ...more }
    }
    const builds = async (version: number, more: object) =>
      Object.fromEntries(
        await Promise.all(
          forks.map(async (fork) => {
            const asking = call(`forkchoiceUpdatedV${version}`, { headBlockHash: unknown }, attributesAt(fork, more))
            return [fork, await outcome(asking)] as const
          }),
        ),
      )
    const v3 = { withdrawals, parentBeaconBlockRoot: zeros }

    it('forkchoiceUpdatedV1', async () => {
      const later = forks.slice(2).join(' ')
      rows(await builds(1, {}), ['paris shanghai', 'taken'], [later, '-32602 fcuV1 called post-shanghai'])
      const message = '-32602 withdrawals and beacon root not supported in V1'
      for (const more of [{ withdrawals }, { parentBeaconBlockRoot: zeros }])
        rows(await builds(1, more), [forks.join(' '), message])
    })

    it('forkchoiceUpdatedV2', async () => {
      const later: [string, string] = [
        forks.slice(2).join(' '),
        '-38005 fcuV2 must only be called with paris or shanghai payloads',
      ]
      rows(await builds(2, {}), ['paris', 'taken'], ['shanghai', '-38003 missing withdrawals'], later)
      rows(
        await builds(2, { withdrawals }),
        ['paris', '-38003 withdrawals before shanghai'],
        ['shanghai', 'taken'],
        later,
      )
      rows(await builds(2, v3), [forks.join(' '), '-38003 unexpected beacon root'])
    })

    it('forkchoiceUpdatedV3', async () => {
      const message = '-38005 fcuV3 must only be called for cancun/prague/osaka payloads'
      rows(await builds(3, v3), ['paris shanghai bpo3 amsterdam', message], ['cancun prague osaka bpo1 bpo2', 'taken'])
      rows(await builds(3, {}), [forks.join(' '), '-38003 missing withdrawals'])
      rows(await builds(3, { withdrawals }), [forks.join(' '), '-38003 missing beacon root'])
    })
  })
})

const literally = (text: string) => text.replace(/[[\]]/g, '\\$&')
