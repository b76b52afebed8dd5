import { expect } from 'chai'
import { quantity } from '../../../actors/rpc/json/hex.ts'
import type { RpcError } from '../../../actors/rpc/rpc-error.ts'
import type { ChainConfig } from '../../../protocols/chain/chain-config.ts'
import { allAtOnce, changedHeader, everyFork, genesisOf } from '../chain/make-chain.ts'
import { EngineCaller, unknown, zeros } from './engine-caller.ts'
import { payloadOf } from './payloads.ts'

describe('the engine namespace knows of each fork which version is for it:', () => {
  /** By the time: Paris before 170, then Shanghai and so on, ten seconds each. */
  const config: ChainConfig = {
    ...everyFork,
    timeForks: { ...everyFork.timeForks, bpo3: 230n, amsterdam: 240n, bogota: 250n },
  }
  const old = genesisOf({ ...config, blockForks: allAtOnce.blockForks })
  const forks = ['paris', 'shanghai', 'cancun', 'prague', 'osaka', 'bpo1', 'bpo2', 'bpo3', 'amsterdam', 'bogota']
  const timeOf = (fork: string) => BigInt(160 + 10 * forks.indexOf(fork))
  /** A payload at that time, of no block that there is. */
  const payloadAt = (fork: string, fields: Record<string, unknown>) => {
    const header = changedHeader(old.header, { time: timeOf(fork), number: 7n })
    return { ...payloadOf({ header, body: old.body }), ...fields }
  }
  let engine: EngineCaller
  beforeEach(async () => {
    engine = await EngineCaller.open(old)
  })
  afterEach(() => engine.close())

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
        forks.map(
          async (fork) => [fork, await outcome(engine.call(name, payloadAt(fork, fields), ...context))] as const,
        ),
      ),
    )
  const rows = (outcomes: Record<string, string>, ...others: [fork: string, outcome: string][]) =>
    expect(outcomes).to.deep.equal(
      Object.fromEntries(others.flatMap(([some, reported]) => some.split(' ').map((fork) => [fork, reported]))),
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
    rows(outcomes, ['paris shanghai cancun bpo3 amsterdam bogota', message], ['prague osaka bpo1 bpo2', 'taken'])
    const all = forks.join(' ')
    const withSlot = '-32602 slotNumber not supported pre-amsterdam'
    rows(await tableOf('newPayloadV4', amsterdam, [], zeros, []), [all, withSlot])
    const withList = '-32602 block access list not supported pre-amsterdam'
    for (const blockAccessList of ['0xc0', '0x'])
      rows(await tableOf('newPayloadV4', { ...blobs, blockAccessList }, [], zeros, []), [all, withList])
  })

  it('newPayloadV5', async () => {
    const message = '-38005 newPayloadV5 must only be called for amsterdam payloads'
    const outcomes = await tableOf('newPayloadV5', amsterdam, [], zeros, [])
    rows(outcomes, ['paris shanghai cancun prague osaka bpo1 bpo2', message], ['bpo3 amsterdam bogota', 'taken'])
    const without = async (field: string) =>
      (await tableOf('newPayloadV5', { ...amsterdam, [field]: null }, [], zeros, [])).amsterdam
    expect(await without('slotNumber')).to.equal('-32602 nil slotnumber post-amsterdam')
    expect(await without('blockAccessList')).to.equal('-32602 missing block access list post-amsterdam')
  })

  const attributesAt = (fork: string, more: object) => {
    const bare = { prevRandao: zeros, suggestedFeeRecipient: `0x${'00'.repeat(20)}` }
    return { timestamp: quantity(timeOf(fork)), ...bare, ...more }
  }
  const builds = async (version: number, more: object) =>
    Object.fromEntries(
      await Promise.all(
        forks.map(async (fork) => {
          const asking = engine.call(
            `forkchoiceUpdatedV${version}`,
            { headBlockHash: unknown },
            attributesAt(fork, more),
          )
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
    rows(
      await builds(3, v3),
      ['paris shanghai bpo3 amsterdam bogota', message],
      ['cancun prague osaka bpo1 bpo2', 'taken'],
    )
    rows(await builds(3, {}), [forks.join(' '), '-38003 missing withdrawals'])
    rows(await builds(3, { withdrawals }), [forks.join(' '), '-38003 missing beacon root'])
  })

  it('forkchoiceUpdatedV4', async () => {
    const v4 = { ...v3, slotNumber: '0x1' }
    const message = '-38005 fcuV4 must only be called for amsterdam payloads'
    const others: [string, string] = ['paris shanghai cancun prague osaka bpo1 bpo2', message]
    rows(await builds(4, v4), others, ['bpo3 amsterdam bogota', 'taken'])
    rows(await builds(4, { ...v4, targetGasLimit: '0x1' }), others, ['bpo3 amsterdam bogota', 'taken'])
    const all = forks.join(' ')
    rows(await builds(4, {}), [all, '-38003 missing withdrawals'])
    rows(await builds(4, { withdrawals }), [all, '-38003 missing beacon root'])
    rows(await builds(4, v3), [all, '-38003 missing slot number'])
  })
})
