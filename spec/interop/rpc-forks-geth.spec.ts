import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ethApi } from '../../actors/apis/eth.ts'
import { Chain } from '../../actors/chain/chain.ts'
import { loadGenesis } from '../../actors/chain/load-genesis.ts'
import { runCli } from '../../actors/cli/program.ts'
import { data } from '../../actors/rpc/json/hex.ts'
import { printJson } from '../../actors/rpc/json/print.ts'
import { chainConfigJson } from '../../protocols/chain/chain-config-json.ts'
import { type Genesis, parseGenesis } from '../../protocols/chain/genesis.ts'
import { InvalidGenesis } from '../../protocols/chain/json-fields.ts'
import { network } from '../../protocols/chain/networks.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { failureOf } from '../failure.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'

describe('eth_config, the chain of admin_nodeInfo, the first block and the fork id, as geth has them', function () {
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

  /** @param file the genesis.json of `genesis` @returns what connect says of the fork that geth is at */
  async function compare(file: string, genesis: Genesis): Promise<string> {
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
      const io = new ScriptedIo()
      io.now = () => Number(genesis.header.time) * 1_000
      expect(await runCli(['connect', geth.enode, '--genesis', file, '--json'], io), io.err).to.equal(0)
      const { status, fork } = JSON.parse(io.out)
      const { hash, next } = chain.forkId()
      expect(status.forkId, 'fork id').to.deep.equal({ hash: data(hash), next: Number(next) })
      return fork.label
    } finally {
      await chain.close()
      await geth.stop()
    }
  }

  /** @param change of a `config` with Prague in force; times are seconds after the genesis, which is at 1000 */
  async function ofForks(change: Record<string, unknown>, header = {}): Promise<string> {
    const text = JSON.stringify(genesisJson(change, header))
    const file = join(directory, 'genesis.json')
    await writeFile(file, text)
    return compare(file, parseGenesis(text))
  }

  it('of the ethtest chain', async function () {
    const file = requireEthtest(this).genesis
    await compare(file, await loadGenesis(file))
  })

  it('of a chain that clique sealed', () => {
    const change = { ethash: null, clique: { period: 5, epoch: 30_000 }, daoForkBlock: 0, daoForkSupport: true }
    return ofForks(change, { extraData: `0x${'00'.repeat(32)}${'01'.repeat(20)}${'00'.repeat(65)}` })
  })

  it('where Osaka and two forks of blobs are to come', () =>
    ofForks({ osakaTime: 2_000, bpo1Time: 3_000, bpo2Time: 4_000 }))

  it('where Osaka is in force since the genesis, and all five forks of blobs are to come', () => {
    const times = { osakaTime: 0, bpo1Time: 1_001, bpo2Time: 1_002, bpo3Time: 1_003, bpo4Time: 1_004, bpo5Time: 1_005 }
    return ofForks({ ...times })
  })

  it('where two forks come at one time', () => ofForks({ osakaTime: 2_000, bpo1Time: 2_000 }))

  it('where a fork is left out, so that the one after it is not the next', () => ofForks({ bpo1Time: 2_000 }))

  it('where all is in force since the genesis', () => ofForks({ osakaTime: 0, bpo1Time: 0, bpo2Time: 0 }))

  it('where Cancun is the next', () => ofForks({ cancunTime: 2_000, pragueTime: 3_000 }))

  it('where Amsterdam is to come after two forks of blobs', () =>
    ofForks({ osakaTime: 0, bpo1Time: 0, bpo2Time: 0, amsterdamTime: 2_000 }))

  it('where Amsterdam is in force since the genesis', async () => {
    const label = await ofForks({ osakaTime: 0, bpo1Time: 0, bpo2Time: 0, amsterdamTime: 0 })
    expect(label).to.equal('at Amsterdam, no fork to come')
  })

  it('where Amsterdam is in force since the genesis, which has a slot', () =>
    ofForks({ osakaTime: 0, amsterdamTime: 0 }, { slotNumber: '0x2a' }))

  it('where a slot is given, and Amsterdam is to come', () =>
    ofForks({ osakaTime: 0, amsterdamTime: 2_000 }, { slotNumber: '0x2a' }))

  it('where forks of blobs come after Amsterdam', () =>
    ofForks({ osakaTime: 0, bpo1Time: 1_001, amsterdamTime: 2_000, bpo3Time: 3_000, bpo4Time: 4_000 }))

  it('where forks of blobs come after Amsterdam, which is in force since the genesis', () =>
    ofForks({ osakaTime: 0, bpo1Time: 0, amsterdamTime: 0, bpo3Time: 3_000, bpo5Time: 5_000 }))

  it('where Bogota and a fork of blobs come after Amsterdam', () =>
    ofForks({ osakaTime: 0, amsterdamTime: 2_000, bogotaTime: 3_000, bpo3Time: 4_000 }))

  it('where Bogota is in force since the genesis, without Osaka and Amsterdam', () => ofForks({ bogotaTime: 0 }))

  it('where Osaka is left out, and Amsterdam in force since the genesis', () => ofForks({ amsterdamTime: 0 }))

  it('where a binary tree comes before the forks of blobs', () =>
    ofForks({ osakaTime: 0, ubtTime: 1_500, bpo1Time: 2_000, amsterdamTime: 3_000 }))

  it('where a binary tree is in force since the genesis, whose own state is in none', () =>
    ofForks({ osakaTime: 0, ubtTime: 0, bpo1Time: 2_000 }))

  it('where Prague is to come without Cancun', () => ofForks({ cancunTime: undefined, pragueTime: 2_000 }))

  for (const name of ['mainnet', 'sepolia', 'hoodi'] as const)
    it(`of ${name}`, async () => {
      const file = join(directory, `${name}.json`)
      const { stdout } = await promisify(execFile)(path, ['dumpgenesis', `--${name}`], { maxBuffer: 1 << 26 })
      await writeFile(file, stdout)
      await compare(file, network(name).genesis)
    })

  for (const [what, change] of [
    ['a fork of blobs from BPO3 on before Amsterdam', { amsterdamTime: 360, bpo3Time: 330 }],
    ['Bogota before Amsterdam', { amsterdamTime: 360, bogotaTime: 350 }],
    ['Bogota after a later fork of blobs', { bogotaTime: 360, bpo4Time: 350 }],
    ['Amsterdam before BPO2', { bpo2Time: 360, amsterdamTime: 350 }],
    ['a binary tree after BPO1', { bpo1Time: 350, ubtTime: 360 }],
    ['Cancun without Shanghai', { shanghaiTime: undefined, pragueTime: undefined }],
    ['Cancun, and no limits of blobs', { blobSchedule: {} }],
  ] as [string, Record<string, unknown>][])
    it(`are of no chain with ${what}`, async () => {
      const text = JSON.stringify(genesisJson(change))
      const file = join(directory, 'genesis.json')
      await writeFile(file, text)
      const datadir = join(directory, 'refused')
      const theirs = await failureOf(promisify(execFile)(path, ['--datadir', datadir, 'init', file]))
      expect(theirs.message).to.match(/Fatal: Failed to write genesis block: (unsupported fork|invalid chain config)/)
      expect(() => parseGenesis(text)).to.throw(InvalidGenesis)
    })

  for (const [what, change] of [
    ['Prague in the genesis, and no Cancun', { cancunTime: undefined }],
    ['Amsterdam in the genesis, and no Prague', { pragueTime: undefined, amsterdamTime: 0 }],
  ] as [string, Record<string, unknown>][])
    it(`are of no chain with ${what}: geth writes a header that it cannot read`, async () => {
      const text = JSON.stringify(genesisJson(change))
      const file = join(directory, 'genesis.json')
      await writeFile(file, text)
      const theirs = await failureOf(Geth.start({ path, genesis: file, networkId: 1234n }))
      expect(theirs.message).to.contain('Invalid block header RLP')
      expect(() => parseGenesis(text)).to.throw(InvalidGenesis, 'header')
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

/** @param change of `config`, undefined for what it is not to have */
const genesisJson = (change: Record<string, unknown>, header = {}) => ({
  config: {
    ...Object.fromEntries(fromTheStart.map((fork) => [`${fork}Block`, 0])),
    ...{ chainId: 1234, terminalTotalDifficulty: 0, depositContractAddress: `0x${'1f'.repeat(20)}` },
    ...{ shanghaiTime: 0, cancunTime: 0, pragueTime: 0, blobSchedule: schedule, ethash: {} },
    ...change,
  },
  ...{ timestamp: '0x3e8', difficulty: '0x0', gasLimit: '0x1c9c380', extraData: '0x1234' },
  alloc: { [`0x${'11'.repeat(20)}`]: { balance: '0x1', nonce: '0x2', code: '0x00' } },
  ...header,
})
const fromTheStart = [
  ...['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul'],
  ...['muirGlacier', 'berlin', 'london', 'arrowGlacier', 'grayGlacier', 'mergeNetsplit'],
]
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
