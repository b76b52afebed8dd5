import { expect } from 'chai'
import { printJson } from '../../../actors/rpc/json/print.ts'
import { type ChainConfig, readChainConfig } from '../../../protocols/chain/chain-config.ts'
import { chainConfigJson } from '../../../protocols/chain/chain-config-json.ts'
import { JsonFields, parseJson } from '../../../protocols/chain/json-fields.ts'
import { network, networkNames } from '../../../protocols/chain/networks.ts'
import { everyFork } from '../../actors/chain/make-chain.ts'

describe("a chain's rules in JSON", () => {
  const printed = (config: ChainConfig) => printJson(chainConfigJson(config))!
  const reread = (text: string) => readChainConfig(new JsonFields(parseJson(text)))

  for (const name of networkNames)
    it(`say all that there is to say of ${name}`, () => {
      const { config } = network(name).genesis
      expect(reread(printed(config))).to.deep.equal({ ...config, clique: undefined })
    })

  it('say what sealed the blocks before the merge', () => {
    const clique = { period: 15n, epoch: 30_000n }
    expect(printed({ ...everyFork, clique })).to.contain('"clique":{"period":15,"epoch":30000}')
    expect(reread(printed({ ...everyFork, clique })).clique).to.deep.equal(clique)
  })

  it('have geth’s order, and leave out what the chain does not have', () => {
    const bare: ChainConfig = { chainId: 5n, blockForks: { homestead: 0n }, timeForks: {}, blobSchedule: {} }
    const deposit = `"depositContractAddress":"0x${'00'.repeat(20)}"`
    expect(printed(bare)).to.equal(`{"chainId":5,"homesteadBlock":0,${deposit}}`)
    expect(printed({ ...bare, daoForkSupport: true, terminalTotalDifficulty: 2n ** 64n, ethash: {} })).to.equal(
      `{"chainId":5,"homesteadBlock":0,"daoForkSupport":true,"terminalTotalDifficulty":${2n ** 64n},${deposit},"ethash":{}}`,
    )
  })

  it('list the forks by time in order of rank, as geth does, whatever order they come in', () => {
    const timeForks = { bpo3: 400n, ubt: 500n, bogota: 380n, amsterdam: 360n, bpo2: 300n }
    expect(printed({ ...everyFork, timeForks })).to.contain(
      '"bpo2Time":300,"bpo3Time":400,"amsterdamTime":360,"bogotaTime":380,"ubtTime":500,"depositContractAddress"',
    )
  })

  for (const [field, value] of [
    ['daoForkSupport', 'yes'],
    ['terminalTotalDifficulty', -1],
    ['terminalTotalDifficulty', 0.5],
    ['depositContractAddress', '0x12'],
    ['ethash', true],
    ['clique', { period: -1 }],
  ] as const)
    it(`are refused with ${field} ${JSON.stringify(value)}`, () =>
      expect(() => readChainConfig(new JsonFields({ chainId: 1, [field]: value }))).to.throw(
        `invalid genesis: ${field}`,
      ))

  it('may come from a program, with a number beyond 2^53', () => {
    const fields = new JsonFields({ chainId: 1, terminalTotalDifficulty: 5.875e22 })
    expect(readChainConfig(fields).terminalTotalDifficulty).to.equal(BigInt(5.875e22))
  })
})
