import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { quantity } from '../../actors/rpc/json/hex.ts'
import { latestTimeFork } from '../../protocols/chain/chain-config.ts'
import { zeros } from '../actors/apis/engine-caller.ts'
import { ethtests, requireEthtest } from '../support/ethtest.ts'
import { EnginePair } from './engine-pair.ts'

type Json = Record<string, unknown>
type Envelope = { readonly executionPayload: Json; readonly executionRequests?: unknown[] }

describe('blocks that geth and our node build of the same, from Paris to Amsterdam,', function () {
  this.timeout(120_000)
  let directory: string
  let pair: EnginePair
  before(async function () {
    const { genesis: file } = requireEthtest(this, ethtests[0]) // it has the contracts of every fork
    directory = await mkdtemp(join(tmpdir(), 'peerchart-engine-build-'))
    const genesis = join(directory, 'genesis.json')
    const { config, ...others } = JSON.parse(await readFile(file, 'utf8'))
    const byBlock = Object.entries(config).filter(([field]) => !field.endsWith('Time'))
    await writeFile(genesis, JSON.stringify({ config: { ...Object.fromEntries(byBlock), ...times }, ...others }))
    pair = await EnginePair.startExecuting(this, genesis)
  })
  after(async () => {
    await pair?.stop()
    if (directory) await rm(directory, { recursive: true })
  })

  it('are the same but for who made them, VALID to both, and follow each other', async () => {
    const seen = new Set<string>()
    for (let number = 1n; number <= 21n; number++) {
      const time = 10n * number
      const fork = latestTimeFork(pair.chain.config, time) ?? 'paris'
      seen.add(fork)
      const version = versionOf[fork]!
      const state = {
        headBlockHash: `0x${Buffer.from(pair.chain.head.hash).toString('hex')}`,
        ...{ safeBlockHash: zeros, finalizedBlockHash: zeros },
      }
      const attributes = {
        ...{ timestamp: quantity(time), prevRandao: root(number), suggestedFeeRecipient: `0x${'22'.repeat(20)}` },
        ...(version.attributes > 1 && { withdrawals: [withdrawal] }),
        ...(version.attributes > 2 && { parentBeaconBlockRoot: root(time) }),
        ...(version.attributes > 3 && { slotNumber: quantity(number), targetGasLimit: '0x2faf080' }),
      }
      const { result } = await pair.alike(`engine_forkchoiceUpdatedV${version.attributes}`, state, attributes)
      const id = (result as { payloadId: string }).payloadId
      const [ours, theirs] = (await Promise.all(
        (['ours', 'theirs'] as const).map((side) => pair[side](`engine_getPayloadV${version.get}`, id)),
      ).then((answers) => answers.map((answer) => envelopeOf(answer.result as Json)))) as [Envelope, Envelope]
      expect(anonymous(ours), `${fork} ${number}`).to.deep.equal(anonymous(theirs))
      for (const built of number % 2n === 0n ? [theirs, ours] : [ours, theirs]) {
        const { executionPayload, executionRequests } = built
        const context = [[], root(time), executionRequests ?? []].slice(
          0,
          version.payload < 3 ? 0 : version.payload === 3 ? 2 : 3,
        )
        const { blockHash } = executionPayload
        for (const side of ['ours', 'theirs'] as const) {
          const verdict = await pair[side](`engine_newPayloadV${version.payload}`, executionPayload, ...context)
          expect(verdict.result, `${side}, ${fork} ${number}`).to.deep.include({ status: 'VALID' })
        }
        await pair.alike('engine_forkchoiceUpdatedV3', { ...state, headBlockHash: blockHash })
      }
    }
    expect([...seen]).to.deep.equal(Object.keys(versionOf))
  })
})

const envelopeOf = (built: Json): Envelope =>
  'executionPayload' in built ? (built as Json & Envelope) : { executionPayload: built }

/** Without what says who made it. */
const anonymous = ({ executionPayload, ...others }: Envelope) => ({
  ...others,
  executionPayload: { ...executionPayload, extraData: '', blockHash: '' },
})

const root = (number: bigint) => `0x${number.toString(16).padStart(64, '0')}`
const withdrawal = { index: '0x1', validatorIndex: '0x2', address: `0x${'33'.repeat(20)}`, amount: '0x4' }

/** Seconds after the genesis, which is at 0. */
const times = {
  ...{ shanghaiTime: 40, cancunTime: 70, pragueTime: 100, osakaTime: 130, bpo1Time: 160, bpo2Time: 180 },
  amsterdamTime: 200,
}

/** Of the methods for a fork: forkchoiceUpdated, getPayload, newPayload. */
type Versions = { readonly attributes: number; readonly get: number; readonly payload: number }
const osaka: Versions = { attributes: 3, get: 5, payload: 4 }
const versionOf: Readonly<Record<string, Versions>> = {
  paris: { attributes: 1, get: 1, payload: 1 },
  shanghai: { attributes: 2, get: 2, payload: 2 },
  cancun: { attributes: 3, get: 3, payload: 3 },
  prague: { attributes: 3, get: 4, payload: 4 },
  ...{ osaka, bpo1: osaka, bpo2: osaka },
  amsterdam: { attributes: 4, get: 6, payload: 5 },
}
