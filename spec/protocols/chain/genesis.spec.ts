import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect } from 'chai'
import { devAccounts, devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { loadGenesis } from '../../../actors/chain/load-genesis.ts'
import { blockForks, scheduleOf } from '../../../protocols/chain/chain-config.ts'
import { forkId } from '../../../protocols/chain/fork-id.ts'
import { parseGenesis } from '../../../protocols/chain/genesis.ts'
import { InvalidGenesis } from '../../../protocols/chain/json-fields.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { genesisCases } from '../../actors/chain/genesis-cases.ts'
import { skip } from '../../support/clients.ts'
import { ethtests, requireEthtest } from '../../support/ethtest.ts'

type Json = Record<string, unknown>

describe('a genesis file', () => {
  const order = 'shanghai, cancun, prague, osaka, ubt, bpo1, bpo2, amsterdam, bogota, bpo3, bpo4, bpo5'
  const base = (): Json & { config: Json } => ({
    config: { chainId: 7, ...legacyForks },
    difficulty: '0x1',
    gasLimit: '0x1c9c380',
    alloc: {},
  })
  const parse = (change: (genesis: Json & { config: Json }) => void = () => {}) => {
    const genesis = base()
    change(genesis)
    return parseGenesis(JSON.stringify(genesis))
  }
  const alloc = (account: Json, address = `0x${'11'.repeat(20)}`) =>
    parse((g) => Object.assign(g, { alloc: { [address]: account } }))

  for (const ethtest of ethtests)
    it(`of ${basename(ethtest.folder)} gives geth's hash, state root and fork id`, async function () {
      const { genesis, first, networkId, head, forks, forkHash } = requireEthtest(this, ethtest)
      const { header, config } = await loadGenesis(genesis)
      expect({ hash: bytesToHex(header.hash), stateRoot: bytesToHex(header.stateRoot) }).to.deep.equal(first)
      expect(config.chainId).to.equal(networkId)
      const time = forks.at(-1)!.time
      const id = forkId(header.hash, scheduleOf(config, header.time), { number: head.number, time })
      expect([bytesToHex(id.hash), id.next]).to.deep.equal([forkHash, 0n])
    })

  for (const { what, text, hash } of genesisCases)
    it(`with ${what} gives geth's hash`, () => {
      expect(`0x${bytesToHex(parseGenesis(text).header.hash)}`).to.equal(hash)
    })

  it("gives geth's hash where people wrote it", async function () {
    const folder = new URL('cases/', `file://${ethtests[0]!.folder}`).pathname
    if (!existsSync(folder)) skip(this, `no cases at ${folder}`)
    const rows = [...readFileSync(`${folder}README.md`, 'utf8').matchAll(/^\| ([\w, -]+) \|.*\| (0x\w{64}) \|$/gm)]
    const files = rows.flatMap(([, names = '', hash = '']) => names.split(', ').map((name) => [name, hash] as const))
    expect(files).to.have.length.greaterThan(10)
    for (const [name, hash] of files) {
      const { header } = await loadGenesis(`${folder}genesis/${name}.json`)
      expect(`0x${bytesToHex(header.hash)}`, name).to.equal(hash)
    }
  })

  it("of the dev network gives geth's hash", () => {
    expect(bytesToHex(devGenesis().header.hash)).to.equal(
      'b6f1480d02b5c8deb4e778f7892938093de86f9e39d631c96106e3ef99db332d',
    )
  })
  it('of the dev network funds the accounts whose keys are known', () => {
    const funded = devGenesis().alloc!.map(({ address }) => bytesToHex(address))
    expect(funded).to.include.members(devAccounts.map(({ address }) => bytesToHex(address)))
    expect(devGenesisJson.config.chainId).to.equal(7331)
  })

  it('takes a header field only from the fork on that has it', () => {
    expect(parse().header.baseFee).to.equal(1_000_000_000n)
    expect(parse((g) => Object.assign(g, { baseFeePerGas: '0x7' })).header.baseFee).to.equal(7n)
    expect(parse((g) => delete g.config.londonBlock).header.baseFee).to.equal(undefined)
    expect(parse((g) => Object.assign(g, { blobGasUsed: '0x1' })).header.blobGasUsed).to.equal(undefined)
  })
  it('has a list hash and a slot number from Amsterdam on', () => {
    const times = { shanghaiTime: 0, cancunTime: 0, pragueTime: 0, blobSchedule }
    const at = (config: Json, header: Json = {}) => {
      const { balHash, slotNumber } = parse((g) => {
        Object.assign(g.config, times, config)
        Object.assign(g, header)
      }).header
      return [balHash && bytesToHex(balHash), slotNumber]
    }
    const none = '1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'
    expect(at({})).to.deep.equal([undefined, undefined])
    expect(at({}, { slotNumber: 7 })).to.deep.equal([undefined, undefined])
    expect(at({ amsterdamTime: 1 })).to.deep.equal([undefined, undefined])
    expect(at({ amsterdamTime: 1 }, { timestamp: 1 })).to.deep.equal([none, 0n])
    expect(at({ amsterdamTime: 0 }, { slotNumber: null })).to.deep.equal([none, 0n])
    expect(at({ amsterdamTime: 0 }, { slotNumber: '0x2a' })).to.deep.equal([none, 42n])
  })
  it('of which a name is given twice is read as geth reads it: the last value counts, and objects are put together', () => {
    const read = (change: (text: string) => string) => {
      const twice: string[] = []
      const { config, alloc, header } = parseGenesis(change(JSON.stringify(base())), (names) => twice.push(...names))
      return { chainId: config.chainId, london: config.blockForks.london, alloc, gasLimit: header.gasLimit, twice }
    }
    const { chainId, london, alloc, gasLimit } = read((text) => text)
    const ahead = (more: string) => read((text) => text.replace('{', `{${more},`))
    const behind = (more: string) => read((text) => text.replace(/}$/, `,${more}}`))
    expect(behind('"config":{"chainId":9}')).to.include({ chainId: 9n, london })
    expect(behind('"config":{"chainId":9}').twice).to.deep.equal(['config', 'config.chainId'])
    expect(ahead('"config":{"chainId":9}')).to.include({ chainId, london })
    expect(ahead('"gasLimit":"0x9"').gasLimit).to.equal(gasLimit)
    expect(behind('"gasLimit":"0x9"')).to.deep.include({ gasLimit: 9n, twice: ['gasLimit'] })
    const account = `"${'cd'.repeat(20)}":{"balance":"0x7"}`
    expect(behind(`"alloc":{${account}}`).alloc).to.have.length(alloc!.length + 1)
    // An account is an element of a map to geth: the later is read anew, with nothing of the earlier.
    const [one] = behind(`"alloc":{"${'cd'.repeat(20)}":{"balance":"0x7","nonce":"0x5"},${account}}`).alloc!.slice(-1)
    expect(one).to.include({ balance: 7n, nonce: 0n })
    expect(() => behind('"config":null')).to.throw(InvalidGenesis, 'config is missing')
  })
  it('keeps every digit of a number wider than 2^53', () => {
    const text = JSON.stringify(base()).replace('"chainId":7', '"chainId":18446744073709551615')
    expect(parseGenesis(text).config.chainId).to.equal(2n ** 64n - 1n)
  })
  it('takes numbers in decimal, in hex and as JSON numbers', () => {
    for (const gasLimit of ['30000000', '0x1c9c380', 30_000_000])
      expect(parse((g) => Object.assign(g, { gasLimit })).header.gasLimit).to.equal(30_000_000n)
  })
  it('leaves storage slots of zero out of the state', () => {
    expect(alloc({ balance: '1', storage: { '0x1': '0x0' } }).header.stateRoot).to.deep.equal(
      alloc({ balance: '1' }).header.stateRoot,
    )
  })

  for (const [what, change, message] of [
    ['no config', (g) => delete (g as Json).config, 'config is missing'],
    ['a config that is none', (g) => Object.assign(g, { config: 3 }), 'config must be an object'],
    ['no chain id', (g) => delete g.config.chainId, 'config.chainId is missing'],
    [
      'a negative fork',
      (g) => Object.assign(g.config, { berlinBlock: -1 }),
      'config.berlinBlock must be a whole number, got -1',
    ],
    [
      'half a block',
      (g) => Object.assign(g.config, { berlinBlock: 1.5 }),
      'config.berlinBlock must be a whole number, got 1.5',
    ],
    [
      'a fork beyond uint64',
      (g) => Object.assign(g.config, { shanghaiTime: '18446744073709551616' }),
      'config.shanghaiTime must fit in 64 bits, got 18446744073709551616',
    ],
    [
      'a fork before an earlier one',
      (g) => Object.assign(g.config, { londonBlock: 4, berlinBlock: 5 }),
      `config.londonBlock 4 comes before berlinBlock 5: the order of forks is ${blockForks.join(', ')}`,
    ],
    [
      'a time before an earlier one',
      (g) => Object.assign(g.config, { shanghaiTime: 9, cancunTime: 8 }),
      `config.cancunTime 8 comes before shanghaiTime 9: the order of forks is ${order}`,
    ],
    [
      'a fork of blobs from BPO3 on before Amsterdam',
      (g) => Object.assign(g.config, { shanghaiTime: 0, amsterdamTime: 360, bpo3Time: 330 }),
      `config.bpo3Time 330 comes before amsterdamTime 360: the order of forks is ${order}`,
    ],
    [
      'Bogota after a fork of blobs from BPO3 on',
      (g) => Object.assign(g.config, { shanghaiTime: 0, bogotaTime: 360, bpo5Time: 330 }),
      `config.bpo5Time 330 comes before bogotaTime 360: the order of forks is ${order}`,
    ],
    [
      'Amsterdam before BPO2',
      (g) => Object.assign(g.config, { shanghaiTime: 0, amsterdamTime: 350, bpo2Time: 360 }),
      `config.amsterdamTime 350 comes before bpo2Time 360: the order of forks is ${order}`,
    ],
    [
      'a header that lacks what was due before Amsterdam',
      (g) => Object.assign(g.config, { shanghaiTime: 0, amsterdamTime: 0 }),
      'config leaves out a fork whose blobGasUsed has to be in the header of the genesis',
    ],
    [
      'its state in a binary tree',
      (g) => Object.assign(g.config, { enableUBTAtGenesis: true }),
      'config.enableUBTAtGenesis is not supported: the state of the genesis would be a binary tree',
    ],
    [
      'a fork without the one before',
      (g) => Object.assign(g.config, { cancunTime: 8 }),
      'config.cancunTime needs shanghaiTime',
    ],
    [
      'Shanghai without London',
      (g) => {
        delete g.config.londonBlock
        Object.assign(g.config, { shanghaiTime: 1 })
      },
      'config.shanghaiTime needs londonBlock',
    ],
    [
      'Cancun without blob limits',
      (g) => Object.assign(g.config, { shanghaiTime: 0, cancunTime: 0 }),
      'config.blobSchedule has no entry for cancun',
    ],
    [
      'a blob fee fraction of 0',
      (g) => Object.assign(g.config, { blobSchedule: { cancun: { target: 1, max: 1, baseFeeUpdateFraction: 0 } } }),
      'config.blobSchedule.cancun.baseFeeUpdateFraction must not be 0',
    ],
    ['no gas limit', (g) => delete g.gasLimit, 'gasLimit is missing'],
    ['no difficulty', (g) => delete g.difficulty, 'difficulty is missing'],
    ['no alloc', (g) => delete g.alloc, 'alloc is missing'],
    ['an empty mix hash', (g) => Object.assign(g, { mixHash: '' }), 'mixHash must be 32 bytes, got 0'],
    [
      'its config under two names',
      (g) => Object.assign(g, { Config: { cancunTime: 0 } }),
      'config is given twice, as config and Config',
    ],
    [
      'blob gas before Cancun',
      (g) => Object.assign(g, { excessBlobGas: '0x1' }),
      'config leaves out a fork whose withdrawalsRoot has to be in the header of the genesis',
    ],
    ['null behind a limit', (g) => Object.assign(g, { gaslimit: null }), 'gasLimit is missing'],
    ['a short mix hash', (g) => Object.assign(g, { mixHash: '0x00' }), 'mixHash must be 32 bytes, got 1'],
    [
      'half a byte',
      (g) => Object.assign(g, { extraData: '0x1' }),
      'extraData must be 0x and whole bytes in hex, got "0x1"',
    ],
    [
      'a short address',
      (g) => Object.assign(g, { alloc: { '0x12': { balance: '1' } } }),
      'alloc.0x12 must be an address of 20 bytes',
    ],
    [
      'an address twice',
      (g) => Object.assign(g, { alloc: { ['ab'.repeat(20)]: { balance: '1' }, ['AB'.repeat(20)]: { balance: '1' } } }),
      `alloc.${'AB'.repeat(20)} is given twice`,
    ],
    [
      'no balance',
      (g) => Object.assign(g, { alloc: { ['ab'.repeat(20)]: {} } }),
      `alloc.${'ab'.repeat(20)}.balance is missing`,
    ],
    [
      'storage that is no hex',
      (g) => Object.assign(g, { alloc: { ['ab'.repeat(20)]: { balance: '1', storage: { zz: '0x1' } } } }),
      `alloc.${'ab'.repeat(20)}.storage.zz must be at most 32 bytes in hex`,
    ],
  ] as [string, (genesis: Json & { config: Json }) => void, string][])
    it(`with ${what} is refused in one line that names the field`, () => {
      expect(() => parse(change)).to.throw(InvalidGenesis, new RegExp(`^invalid genesis: ${literally(message)}$`))
    })

  for (const [what, text] of [
    ['nothing in it', ''],
    ['half of it', '{"config":{'],
    ['a list', '[]'],
    ['binary', '\u0000\u0001'],
  ] as const)
    it(`that has ${what} is refused in one line`, () => {
      expect(() => parseGenesis(text)).to.throw(InvalidGenesis, /^invalid genesis: the file [^\n]*$/)
    })
  it('that is not there is refused in one line', async () => {
    const error = await loadGenesis('/nowhere/genesis.json').catch((reason: unknown) => reason)
    expect(error)
      .to.be.instanceOf(InvalidGenesis)
      .with.property('message')
      .that.matches(/^invalid genesis: \/nowhere\/genesis.json cannot be read: ENOENT[^\n]*$/)
  })
})

const legacyForks = Object.fromEntries(
  [
    'homestead',
    'eip150',
    'eip155',
    'eip158',
    'byzantium',
    'constantinople',
    'petersburg',
    'istanbul',
    'berlin',
    'london',
  ].map((fork) => [`${fork}Block`, 0]),
)
const limits = { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 }
const blobSchedule = { cancun: limits, prague: limits }
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
