import { expect } from 'chai'
import { debugRawApi } from '../../../actors/apis/debug-raw.ts'
import { netApi } from '../../../actors/apis/net.ts'
import { txpoolApi } from '../../../actors/apis/txpool.ts'
import { web3Api } from '../../../actors/apis/web3.ts'
import { Chain } from '../../../actors/chain/chain.ts'
import { joinBlock } from '../../../protocols/chain/block.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { allAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { callApi } from './call-api.ts'

describe('the net, web3 and txpool namespaces', () => {
  let peers = 0
  const apis = [
    netApi({ networkId: 3_503_995_874_084_926n, peerCount: () => peers }),
    web3Api({ clientVersion: 'Peerchart/v0.1.0' }),
    txpoolApi(),
  ]
  const call = (name: string, ...args: unknown[]) => callApi(apis, name, ...args)

  it('return the network id and the number of peers', async () => {
    expect(await call('net_version')).to.equal('3503995874084926')
    expect(await call('net_listening')).to.equal(true)
    expect(await call('net_peerCount')).to.equal('0x0')
    peers = 50
    expect(await call('net_peerCount')).to.equal('0x32')
  })

  it('return the version of the client, and hash', async () => {
    expect(await call('web3_clientVersion')).to.equal('Peerchart/v0.1.0')
    expect(await call('web3_sha3', '0x68656c6c6f20776f726c64')).to.equal(
      '0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad', // the example of the Ethereum wiki
    )
  })

  it('show a pool with nothing in it', async () => {
    expect(await call('txpool_status')).to.deep.equal({ pending: '0x0', queued: '0x0' })
    for (const name of ['content', 'inspect'])
      expect(await call(`txpool_${name}`)).to.deep.equal({ pending: {}, queued: {} })
  })
})

describe('the raw blocks of the debug namespace', () => {
  const genesis = genesisOf(allAtOnce)
  const [, block] = makeBlocks(genesis, genesis.header, 2)
  let chain: Chain
  before(async () => {
    chain = await Chain.open({ genesis })
    await chain.insertBlocks(makeBlocks(genesis, genesis.header, 2))
  })
  after(() => chain.close())
  const call = (name: string, ...args: unknown[]) => callApi([debugRawApi({ chain })], `debug_${name}`, ...args)
  const hex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`

  it('are the RLP of the block and the header', async () => {
    const { header, body } = block!
    for (const name of ['latest', '0x2', hex(header.hash), { blockHash: hex(header.hash) }]) {
      expect(await call('getRawBlock', name)).to.equal(hex(joinBlock({ header: header.raw, body })))
      expect(await call('getRawHeader', name)).to.equal(hex(header.raw))
    }
  })

  it('are no bytes for a number that is not known, and an error for a hash', async () => {
    expect(await call('getRawBlock', '0x3')).to.equal('0x')
    expect(await call('getRawTransaction', `0x${'01'.repeat(32)}`)).to.equal('0x')
    const error = await call('getRawHeader', `0x${'02'.repeat(32)}`).catch((reason: unknown) => reason)
    expect(error).to.include({ message: `header #[${Array(32).fill(2).join(' ')}] not found`, code: -32_000 })
  })
})
