import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createTx } from '@ethereumjs/tx'
import { expect } from 'chai'
import { devAccounts, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { parseGenesis } from '../../../protocols/chain/genesis.ts'
import { checkForPool, checkSize, costOf } from '../../../protocols/chain/pool-rules.ts'
import { readTxEnvelope } from '../../../protocols/chain/transaction.ts'
import { decodeTransaction } from '../../../protocols/chain/transaction-fields.ts'

describe('what a pool takes', () => {
  const genesisOf = (config: object) =>
    parseGenesis(JSON.stringify({ ...devGenesisJson, config: { ...devGenesisJson.config, ...config } }))
  const prague = genesisOf({ osakaTime: undefined, bpo1Time: undefined, bpo2Time: undefined })
  const amsterdam = genesisOf({ osakaTime: 0, amsterdamTime: 0 })
  const osaka = genesisOf({ osakaTime: 0 })
  const { config } = prague
  const common = new Common({ chain: { ...Mainnet, chainId: `${config.chainId}` }, hardfork: Hardfork.Prague })
  const sign = (fields: object) =>
    decodeTransaction(
      readTxEnvelope(
        createTx(
          {
            type: 2,
            gasLimit: 100_000n,
            maxFeePerGas: 10n,
            maxPriorityFeePerGas: 2n,
            to: `0x${'ab'.repeat(20)}`,
            ...fields,
          } as never,
          { common, allowUnlimitedInitCodeSize: true },
        )
          .sign(devAccounts[0]!.privateKey)
          .serialize(),
      ),
    )
  const refusal = (fields: object, { config, header } = prague) => {
    try {
      checkForPool(sign(fields), config, header)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }

  it('is what geth’s takes, with its sentences for the rest', () => {
    expect(checkForPool(sign({}), config, prague.header)).to.deep.equal(devAccounts[0]!.address)
    expect(refusal({ gasLimit: 20_999n })).to.equal('intrinsic gas too low: gas 20999, minimum needed 21000')
    expect(refusal({ gasLimit: 29_000n, data: new Uint8Array(500).fill(1) })).to.equal(
      'insufficient gas for floor data gas cost: gas 29000, minimum needed 41000',
    )
    expect(refusal({ gasLimit: prague.header.gasLimit + 1n })).to.equal('exceeds block gas limit')
    expect(refusal({ maxPriorityFeePerGas: 0n })).to.equal(
      'transaction gas price below minimum: gas tip cap 0, minimum needed 1',
    )
    expect(() => checkForPool({ ...sign({}), nonce: 2n ** 64n - 1n }, config, prague.header)).to.throw(
      'nonce has max value',
    )
    expect(refusal({ to: undefined, data: new Uint8Array(49_153), gasLimit: 5_000_000n })).to.equal(
      'max initcode size exceeded: code size 49153 limit 49152',
    )
    expect(() => checkSize(131_073, 2)).to.throw('oversized data: transaction size 131073, limit 131072')
    checkSize(131_072, 2)
  })
  it('follows the forks: types, gas caps, size of init code', () => {
    const old = genesisOf({ pragueTime: undefined, cancunTime: undefined, blobSchedule: undefined })
    const setCode = {
      ...{
        type: 4,
        authorizationList: [
          { chainId: '0x1', address: `0x${'11'.repeat(20)}`, nonce: '0x0', yParity: '0x0', r: '0x1', s: '0x1' },
        ],
      },
    }
    expect(refusal(setCode, old)).to.equal('transaction type not supported: type 4 rejected, pool not yet in Prague')
    expect(refusal(setCode)).to.equal(undefined)
    const big = { gasLimit: 2n ** 24n + 1n }
    expect(refusal(big)).to.equal(undefined)
    expect(refusal(big, osaka)).to.equal('transaction gas limit too high (cap: 16777216, tx: 16777217)')
    expect(refusal(big, amsterdam)).to.equal(undefined)
    expect(refusal({ gasLimit: 2n ** 32n }, amsterdam)).to.equal(
      'transaction gas limit too high (cap: 4294967295, tx: 4294967296)',
    )
    const create = { to: undefined, gasLimit: 16_000_000n, data: new Uint8Array(49_153) }
    expect(refusal(create, amsterdam)).to.equal(undefined)
  })
  it('is signed for this chain', () => {
    const other = genesisOf({ chainId: 5 })
    expect(refusal({}, other)).to.equal('invalid sender: invalid chain id for signer')
  })
  it('costs its gas at the fee cap, and what it transfers', () => {
    expect(costOf(sign({ value: 7n }))).to.equal(1_000_007n)
  })
})
