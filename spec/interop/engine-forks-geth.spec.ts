import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { engineApi } from '../../actors/apis/engine.ts'
import { Chain } from '../../actors/chain/chain.ts'
import { loadGenesis } from '../../actors/chain/load-genesis.ts'
import { data, quantity } from '../../actors/rpc/json/hex.ts'
import { latestTimeFork } from '../../protocols/chain/chain-config.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { noEth, zeros } from '../actors/apis/engine-caller.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { ethtests, requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import { requireRelease } from './geth-release.ts'

type Json = Record<string, unknown>
type Status = { status: string; validationError: string | null }
type Envelope = { executionPayload: Json; executionRequests?: unknown[] }

describe('blocks that geth builds, from Paris to Bogota', function () {
  this.timeout(60_000)
  let directory: string
  let geth: Geth
  let chain: Chain

  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    await requireRelease(this, path, '1.17.9') // older ones have Amsterdam after every blob fork
    const { genesis: file, networkId } = requireEthtest(this, ethtests[0]) // it has the contracts of every fork
    directory = await mkdtemp(join(tmpdir(), 'peerchart-engine-forks-'))
    const genesis = join(directory, 'genesis.json')
    const { config, ...others } = JSON.parse(await readFile(file, 'utf8'))
    // The forks of that chain are its own affair.
    const byBlock = Object.entries(config).filter(([field]) => !field.endsWith('Time'))
    const blobSchedule = { ...config.blobSchedule, bpo1: blobs(10), bpo2: blobs(14), bpo3: blobs(18) }
    await writeFile(
      genesis,
      JSON.stringify({ config: { ...Object.fromEntries(byBlock), ...times, blobSchedule }, ...others }),
    )
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'] })
    chain = await Chain.open({ genesis: await loadGenesis(genesis), networkId })
  })
  after(async () => {
    await geth?.stop()
    await chain?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  it('are accepted, and become the head', async () => {
    const apis = [engineApi({ chain, eth: noEth, version: '0.1.0' })]
    const seen = new Set<string | undefined>()
    for (let number = 1n; number <= 31n; number++) {
      const time = 10n * number
      const fork = latestTimeFork(chain.config, time)
      seen.add(fork)
      const version = versionOf[fork ?? 'paris']!
      const { executionPayload: payload, executionRequests: requests } = await build(time, version)
      const context = [[], root(number), requests ?? []].slice(
        0,
        version.payload < 3 ? 0 : version.payload === 3 ? 2 : 3,
      )
      const params = [payload, ...context]
      const method = `engine_newPayloadV${version.payload}`
      expect((await geth.engine<Status>({ method, params })).status, `geth, ${fork} ${number}`).to.equal('VALID')
      const { status, validationError } = (await callApi(apis, method, ...params)) as Status
      expect({ status, validationError }, `${fork} ${number}`).to.deep.equal({
        status: 'ACCEPTED',
        validationError: null,
      })
      const state = { headBlockHash: payload.blockHash, safeBlockHash: zeros, finalizedBlockHash: zeros }
      await geth.engine({ method: 'engine_forkchoiceUpdatedV3', params: [state] })
      await callApi(apis, 'engine_forkchoiceUpdatedV3', state)
      expect(data(chain.head.hash)).to.equal(payload.blockHash)
    }
    expect([...seen]).to.deep.equal([undefined, ...Object.keys(versionOf).slice(1)])
  })

  async function build(time: bigint, version: Versions): Promise<Envelope> {
    const attributes = {
      ...{ timestamp: quantity(time), prevRandao: zeros, suggestedFeeRecipient: `0x${'22'.repeat(20)}` },
      ...(version.attributes > 1 && { withdrawals: [withdrawal] }),
      ...(version.attributes > 2 && { parentBeaconBlockRoot: root(time / 10n) }),
      ...(version.attributes > 3 && { slotNumber: quantity(time / 10n), targetGasLimit: '0x2faf080' }),
    }
    const state = { headBlockHash: data(chain.head.hash), safeBlockHash: zeros, finalizedBlockHash: zeros }
    const method = `engine_forkchoiceUpdatedV${version.attributes}`
    const { payloadId } = await geth.engine<{ payloadId: string }>({ method, params: [state, attributes] })
    const built = await geth.engine<Envelope | Json>({
      method: `engine_getPayloadV${version.get}`,
      params: [payloadId],
    })
    return 'executionPayload' in built ? (built as Envelope) : { executionPayload: built }
  }
})

const root = (number: bigint) => `0x${number.toString(16).padStart(64, '0')}`
const withdrawal = { index: '0x1', validatorIndex: '0x2', address: `0x${'33'.repeat(20)}`, amount: '0x4' }
const blobs = (target: number) => ({ target, max: target + 5, baseFeeUpdateFraction: 1_000_000 * target })

/** Seconds after the genesis, which is at 0. */
const times = {
  shanghaiTime: 40,
  cancunTime: 70,
  pragueTime: 100,
  osakaTime: 130,
  bpo1Time: 160,
  bpo2Time: 190,
  amsterdamTime: 220,
  bogotaTime: 250,
  bpo3Time: 280,
}

/** Of the methods for a fork: forkchoiceUpdated, getPayload, newPayload. */
type Versions = { readonly attributes: number; readonly get: number; readonly payload: number }
const osaka: Versions = { attributes: 3, get: 5, payload: 4 }
const amsterdam: Versions = { attributes: 4, get: 6, payload: 5 }
const versionOf: Readonly<Record<string, Versions>> = {
  paris: { attributes: 1, get: 1, payload: 1 },
  shanghai: { attributes: 2, get: 2, payload: 2 },
  cancun: { attributes: 3, get: 3, payload: 3 },
  prague: { attributes: 3, get: 4, payload: 4 },
  ...{ osaka, bpo1: osaka, bpo2: osaka },
  ...{ amsterdam, bogota: amsterdam },
}
