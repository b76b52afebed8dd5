import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Chain } from '../../actors/chain/chain.ts'
import { chainConfigJson } from '../../actors/chain/chain-config-json.ts'
import { type Genesis, loadGenesis, parseGenesis } from '../../actors/chain/genesis.ts'
import { network } from '../../actors/chain/networks.ts'
import { ethApi } from '../../actors/rpc/apis/eth.ts'
import { printJson } from '../../actors/rpc/json/print.ts'
import { callApi } from '../actors/rpc/apis/call-api.ts'
import { findGeth, requireClient } from '../harness/clients.ts'
import { requireEthtest } from '../harness/ethtest.ts'
import { Geth } from '../harness/geth.ts'

describe('eth_config, the chain of admin_nodeInfo and the first block, as geth tells them', function () {
  this.timeout(60_000)
  let directory: string
  let path: string
  before(async function () {
    path = requireClient(this, findGeth(), 'geth')
    directory = await mkdtemp(join(tmpdir(), 'peerchart-forks-'))
  })
  after(async () => {
    if (directory) await rm(directory, { recursive: true })
  })

  /** @param file the genesis.json of `genesis` */
  async function compare(file: string, genesis: Genesis): Promise<void> {
    const geth = await Geth.start({ path, genesis: file, networkId: genesis.config.chainId })
    const chain = await Chain.open({ genesis })
    try {
      const apis = [ethApi({ chain })]
      for (const [method, ...args] of questions) {
        const theirs = await geth.rpc(method, ...args)
        expect(JSON.stringify(await callApi(apis, method, ...args)), method).to.equal(JSON.stringify(theirs))
      }
      const nodeInfo = await geth.post('{"jsonrpc":"2.0","id":1,"method":"admin_nodeInfo","params":[]}')
      expect(nodeInfo, 'admin_nodeInfo').to.contain(`"config":${printJson(chainConfigJson(chain.config))},"head"`)
    } finally {
      await chain.close()
      await geth.stop()
    }
  }

  /** @param change of the `config` of the test chain's genesis, in which Prague is in force; times are of the clock, and the genesis is at 1000 */
  async function ofForks(context: Mocha.Context, change: Record<string, unknown>, header = {}): Promise<void> {
    const json = JSON.parse(await readFile(requireEthtest(context).genesis, 'utf8'))
    // The forks of that chain are its own affair.
    const byBlock = Object.entries(json.config).filter(([field]) => !field.endsWith('Time'))
    const times = { shanghaiTime: 0, cancunTime: 0, pragueTime: 0 }
    const own = { chainId: 1234, depositContractAddress: `0x${'1f'.repeat(20)}`, blobSchedule: schedule }
    const config = { ...Object.fromEntries(byBlock), ...times, ...own, ...change }
    const text = JSON.stringify({ ...json, config, timestamp: '0x3e8', difficulty: '0x0', ...header })
    const file = join(directory, 'genesis.json')
    await writeFile(file, text)
    await compare(file, parseGenesis(text))
  }

  it('of the test chain', async function () {
    const file = requireEthtest(this).genesis
    await compare(file, await loadGenesis(file))
  })

  it('of a chain that clique sealed', function () {
    const change = { ethash: null, clique: { period: 5, epoch: 30_000 }, daoForkBlock: 0, daoForkSupport: true }
    return ofForks(this, change, { extraData: `0x${'00'.repeat(32)}${'01'.repeat(20)}${'00'.repeat(65)}` })
  })

  it('where Osaka and two forks of blobs are to come', function () {
    return ofForks(this, { osakaTime: 2_000, bpo1Time: 3_000, bpo2Time: 4_000 })
  })

  it('where Osaka is in force since the genesis, and all five forks of blobs are to come', function () {
    const blobTimes = { bpo1Time: 1_001, bpo2Time: 1_002, bpo3Time: 1_003, bpo4Time: 1_004, bpo5Time: 1_005 }
    return ofForks(this, { osakaTime: 0, ...blobTimes })
  })

  it('where two forks come at one time', function () {
    return ofForks(this, { osakaTime: 2_000, bpo1Time: 2_000 })
  })

  it('where a fork is left out, so that the one after it is not the next', function () {
    return ofForks(this, { bpo1Time: 2_000 })
  })

  it('where all is in force since the genesis', function () {
    return ofForks(this, { osakaTime: 0, bpo1Time: 0, bpo2Time: 0 })
  })

  it('where Cancun is the next', function () {
    return ofForks(this, { cancunTime: 2_000, pragueTime: 3_000 })
  })

  for (const name of ['mainnet', 'sepolia', 'hoodi'] as const)
    it(`of ${name}`, async () => {
      const file = join(directory, `${name}.json`)
      const { stdout } = await promisify(execFile)(path, ['dumpgenesis', `--${name}`], { maxBuffer: 1 << 26 })
      await writeFile(file, stdout)
      await compare(file, network(name).genesis)
    })
})

const questions = [
  ['eth_config'],
  ['eth_getBlockByNumber', '0x0', true],
  ['eth_getBlockByNumber', 'earliest', false],
  ['eth_getHeaderByNumber', 'latest'],
  ['eth_chainId'],
  ['eth_baseFee'],
  ['eth_blobBaseFee'],
] as const

const blobs = (target: number) => ({ target, max: target + 5, baseFeeUpdateFraction: 1_000_000 * target })
const schedule = {
  cancun: blobs(3),
  prague: blobs(6),
  bpo1: blobs(10),
  bpo2: blobs(14),
  bpo3: blobs(15),
  bpo4: blobs(16),
  bpo5: blobs(17),
}
