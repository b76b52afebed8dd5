import { expect } from 'chai'
import { data } from '../../../actors/rpc/json/hex.ts'
import { allAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { EngineCaller, hashOf, refusal, syncing, unknown, zeros } from './engine-caller.ts'

describe('the engine namespace', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 12)
  const rival = makeBlocks(genesis, blocks[3]!.header, 10, { salt: 1n })

  let engine: EngineCaller
  beforeEach(async () => {
    engine = await EngineCaller.open(genesis)
  })
  afterEach(() => engine.close())

  it('is served only to who shows a token', () => expect(engine.api.authenticated).to.equal(true))

  it('lists all its methods but exchangeCapabilities itself', async () => {
    const names = Object.keys(engine.api.methods).filter((name) => name !== 'exchangeCapabilities')
    const reported = await engine.call<string[]>('exchangeCapabilities', ['engine_newPayloadV9'])
    expect(reported).to.deep.equal(names.map((name) => `engine_${name}`).sort())
    expect(reported).to.include.members([
      'engine_forkchoiceUpdatedV4',
      'engine_newPayloadV5',
      'engine_getClientVersionV1',
    ])
    expect(reported.filter((name) => /Witness|Stateless/.test(name))).to.deep.equal([])
  })

  it('returns the name and version of the client', async () => {
    const asker = { code: 'XX', name: 'x', version: '1', commit: '0x00000000' }
    expect(await engine.call('getClientVersionV1', asker)).to.deep.equal([
      { code: 'PC', name: 'Peerchart', version: '1.2.3', commit: '0x00000000' },
    ])
  })

  it('has built no payload, whatever is asked for', async () => {
    const asked = (version: number, id: string) => refusal(engine.call(`getPayloadV${version}`, id))
    expect(await asked(3, '0x0300000000000001')).to.deep.equal([-38_001, 'Unknown payload', undefined])
    expect(await asked(1, '0x0300000000000001')).to.deep.equal([-38_005, 'Unsupported fork', undefined])
    const unknownTo = async (id: string) => {
      const codes = await Promise.all([1, 2, 3, 4, 5, 6].map(async (version) => (await asked(version, id))[0]))
      return codes.flatMap((code, index) => (code === -38_001 ? [index + 1] : []))
    }
    const ids = ['0x0100000000000001', '0x0200000000000001', '0x0300000000000001', '0x0400000000000001', zeroId]
    expect(await Promise.all(ids.map(unknownTo))).to.deep.equal([[1, 2], [2], [3, 4, 5], [6], []])
    expect(await asked(3, '0x12')).to.deep.equal([
      ...[-32_602, 'invalid argument 0: invalid payload id "0x12": hex string has length 2, want 16 for PayloadID'],
      undefined,
    ])
  })

  describe('given the head', () => {
    it('leaves a line in the log when that is news', async () => {
      await engine.newPayload(blocks[0]!)
      for (const head of [unknown, unknown, hashOf(blocks[0]!), hashOf(blocks[0]!)]) await engine.update(head)
      expect(engine.lines).to.deep.equal([
        'Forkchoice requested sync to new head: undefined',
        'Chain head was updated: 1',
      ])
    })
    it('goes there when it has the block, and does not call it valid, for nothing was executed', async () => {
      for (const block of [...blocks, ...rival]) await engine.newPayload(block)
      for (const block of [blocks[11]!, rival[9]!, rival[0]!, blocks[2]!]) {
        expect(await engine.update(hashOf(block))).to.deep.equal({ payloadStatus: syncing, payloadId: null })
        expect(data(engine.chain.head.hash)).to.equal(hashOf(block))
      }
      expect(engine.followed.map(({ number, isOurs }) => [number, isOurs])).to.deep.equal([
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
      const { payloadStatus } = await engine.update(data(genesis.header.hash))
      expect(payloadStatus).to.deep.equal({ ...syncing, status: 'VALID', latestValidHash: data(genesis.header.hash) })
    })

    it('keeps which blocks are safe and final', async () => {
      await engine.chain.insertBlocks(blocks)
      await engine.update(hashOf(blocks[11]!), hashOf(blocks[7]!), hashOf(blocks[3]!))
      expect([engine.chain.safe?.number, engine.chain.finalized?.number]).to.deep.equal([8n, 4n])
    })

    it('has the block fetched when it does not have it, by the number in its payload if one came', async () => {
      await engine.newPayload(blocks[5]!)
      expect((await engine.update(hashOf(blocks[5]!))).payloadStatus).to.deep.equal(syncing)
      expect((await engine.update(unknown)).payloadStatus).to.deep.equal(syncing)
      expect(engine.followed).to.deep.equal([
        { hash: blocks[5]!.header.hash, isOurs: false, number: 6n },
        { hash: new Uint8Array(32).fill(0x11), isOurs: false },
      ])
      expect(engine.chain.followsConsensus).to.equal(true)
    })

    it('twice at once follows the one that came last', async () => {
      await engine.chain.storeBlocks(blocks)
      await Promise.all([engine.update(unknown), engine.update(hashOf(blocks[5]!))])
      expect(engine.followed.map(({ isOurs }) => isOurs)).to.deep.equal([false, true])
    })

    it('remembers the last 96 payloads that it received', async () => {
      const far = makeBlocks(genesis, genesis.header, 99)
      for (const block of far.slice(1)) await engine.newPayload(block)
      await engine.update(hashOf(far[1]!))
      await engine.update(hashOf(far[3]!))
      expect(engine.followed.map(({ number }) => number)).to.deep.equal([undefined, 4n])
    })

    for (const [what, state] of [
      ['zeros', { headBlockHash: zeros }],
      ['nothing', {}],
    ] as const)
      it(`by ${what} calls it invalid`, async () => {
        const answer = await engine.call('forkchoiceUpdatedV3', state)
        expect(answer).to.deep.equal({ payloadStatus: { ...syncing, status: 'INVALID' }, payloadId: null })
      })

    for (const [what, safe, finalized, err] of [
      ['an unknown final block', zeros, unknown, 'final block not available in database'],
      ['an unknown safe block', unknown, zeros, 'safe block not available in database'],
      ['a final block of another branch', zeros, hashOf(rival[0]!), 'final block not in canonical chain'],
      ['a safe block of another branch', hashOf(rival[0]!), zeros, 'safe block not in canonical chain'],
    ] as const)
      it(`with ${what} refuses, and stays where it is`, async () => {
        await engine.chain.insertBlocks(blocks.slice(0, 6))
        await engine.chain.storeBlocks(blocks)
        await engine.chain.storeBlocks(rival)
        expect(await refusal(engine.update(hashOf(blocks[11]!), safe, finalized))).to.deep.equal([
          ...[-38_002, 'Invalid forkchoice state'],
          err,
        ])
        expect([Number(engine.chain.head.number), engine.chain.safe, engine.chain.finalized]).to.deep.equal([
          6,
          undefined,
          undefined,
        ])
      })

    it('with a block of another branch goes on with what it was fetching', async () => {
      await engine.chain.storeBlocks(blocks)
      await engine.update(unknown)
      await refusal(engine.update(hashOf(blocks[11]!), unknown))
      expect(engine.followed.map(({ isOurs }) => isOurs)).to.deep.equal([false, true, false])
      expect(engine.followed[2]).to.equal(engine.followed[0])
    })

    it('below what is final passes over it', async () => {
      await engine.chain.insertBlocks(blocks)
      await engine.update(hashOf(blocks[11]!), zeros, hashOf(blocks[5]!))
      expect((await engine.update(hashOf(blocks[3]!))).payloadStatus).to.deep.equal(syncing)
      // Nothing else that is said counts, not even blocks that there are not.
      const attributes = { timestamp: '0x1', prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
      const v3 = { ...attributes, withdrawals: [], parentBeaconBlockRoot: zeros }
      expect((await engine.update(hashOf(blocks[3]!), unknown, unknown, v3)).payloadStatus).to.deep.equal(syncing)
      expect(Number(engine.chain.head.number)).to.equal(12)
      await engine.update(hashOf(blocks[5]!))
      expect(Number(engine.chain.head.number)).to.equal(6)
    })
  })

  describe('given which columns are in custody', () => {
    const masks = [`0x${'11'.repeat(16)}`, `0x80${'00'.repeat(15)}`] as const
    const updateV4 = (head: string, ...more: unknown[]) =>
      engine.call('forkchoiceUpdatedV4', { headBlockHash: head }, ...more)

    it('hands them on, and leaves a line in the log, when that is news', async () => {
      for (const mask of [masks[0], masks[0], null, masks[1], masks[0]]) await updateV4(unknown, null, mask)
      expect(engine.masks).to.deep.equal([masks[0], masks[1], masks[0]])
      expect(engine.lines.filter((line) => line.startsWith('Custody'))).to.deep.equal(
        [masks[0], masks[1], masks[0]].map((mask) => `Custody columns were updated: ${mask}`),
      )
    })

    it('hands them on whatever becomes of the head', async () => {
      expect(await updateV4(zeros, null, masks[0])).to.deep.include({
        payloadStatus: { ...syncing, status: 'INVALID' },
      })
      const state = { headBlockHash: data(genesis.header.hash), safeBlockHash: unknown }
      await refusal(engine.call('forkchoiceUpdatedV4', state, null, masks[1]))
      expect(engine.masks).to.deep.equal(masks)
    })

    it('does not when attributes beside them are refused', async () => {
      const attributes = { timestamp: '0x1000', prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
      await refusal(updateV4(unknown, attributes, masks[0]))
      expect(engine.masks).to.deep.equal([])
    })

    for (const [mask, message] of [
      ['', 'custody bitmap: empty hex string'],
      ['11', 'custody bitmap: hex string without 0x prefix'],
      ['0x1', 'custody bitmap: hex string of odd length'],
      ['0xzz', 'custody bitmap: invalid hex string'],
      ['0x', 'custody bitmap: invalid length 0, want 16'],
      [`0x${'11'.repeat(17)}`, 'custody bitmap: invalid length 17, want 16'],
      [5, 'json: cannot unmarshal number into Go value of type **types.CustodyBitmap'],
    ] as const)
      it(`refuses ${JSON.stringify(mask).slice(0, 12)}`, async () => {
        expect((await refusal(updateV4(unknown, null, mask))).slice(0, 2)).to.deep.equal([
          ...[-32_602, `invalid argument 2: ${message}`],
        ])
        expect(engine.masks).to.deep.equal([])
        expect(engine.followed).to.deep.equal([])
      })
  })

  describe('asked to build a block', () => {
    const attributes = { timestamp: '0x1000', prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
    const v3 = { ...attributes, withdrawals: [], parentBeaconBlockRoot: zeros }

    it('sets the head and builds none, as on any head that is not valid', async () => {
      await engine.chain.insertBlocks(blocks)
      expect(await engine.update(hashOf(blocks[5]!), zeros, zeros, v3)).to.deep.equal({
        payloadStatus: syncing,
        payloadId: null,
      })
      expect(Number(engine.chain.head.number)).to.equal(6)
    })

    it('on the genesis says that it builds none', async () =>
      expect(await refusal(engine.update(data(genesis.header.hash), zeros, zeros, v3))).to.deep.equal([
        ...[-38_003, 'Invalid payload attributes'],
        'this node builds no blocks',
      ]))

    it('no later than the head refuses', async () => {
      await engine.chain.insertBlocks(blocks)
      expect(
        await refusal(engine.update(hashOf(blocks[5]!), zeros, zeros, { ...v3, timestamp: '0x3c' })),
      ).to.deep.equal([...[-38_003, 'Invalid payload attributes'], 'invalid timestamp, parent 60 given 60'])
    })
  })
})

const zeroId = '0x0000000000000000'
