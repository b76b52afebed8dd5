import { type ETH, EthMessageCodes } from '@ethereumjs/devp2p'
import { RLP } from '@ethereumjs/rlp'
import { expect } from 'chai'
import { dial } from '../../actors/scripted-peer/dial.ts'
import type { Status68 } from '../../protocols/eth/status.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { EthereumjsNode } from './ethereumjs-node.ts'
import { eventually } from './own-ethtest-node.ts'

describe('our node and @ethereumjs/devp2p, at eth/68', () => {
  let node: OwnNode
  let ethereumjs: EthereumjsNode
  beforeEach(async () => {
    node = await startOwnNode({ ethVersions: [68], blocks: 40, headPollInterval: 500 })
    ethereumjs = new EthereumjsNode(45)
  })
  afterEach(async () => {
    ethereumjs.close()
    await node.stop()
  })

  it('exchange headers both ways when it dials', async () => {
    const session = ethereumjs.session()
    await ethereumjs.dial(node.enode)
    await exchange(await session)
  })

  it('exchange headers both ways when we dial', async () => {
    const session = ethereumjs.session()
    await node.addPeer(await ethereumjs.listen())
    await exchange(await session)
  })

  it('is dialed by a script, which reads its Status and asks for headers', async () => {
    await using peer = dial(await ethereumjs.listen(), { caps: ['eth/68'] })
    await peer.until('running')
    const status: Status68 = peer.theirStatus!
    const [{ header: genesis }, head] = [ethereumjs.blocks[0]!, ethereumjs.blocks.at(-1)!.header]
    expect(status).to.deep.include({ version: 68, td: 1n, head: head.hash, genesis: genesis.hash })
    const { headers } = await peer.request('GetBlockHeaders', { origin: head.hash, amount: 2, reverse: true })
    expect(Array.from(headers, ({ number }) => number)).to.deep.equal([45n, 44n])
  })

  /** It asks for two of our headers, and we take from it the blocks that it has more. */
  async function exchange(session: ETH): Promise<void> {
    const answer = new Promise<Uint8Array[][]>((resolve) => {
      session.events.on('message', (code, payload) => {
        if (code === EthMessageCodes.BLOCK_HEADERS) resolve((payload as [unknown, Uint8Array[][]])[1])
      })
    })
    session.sendMessage(EthMessageCodes.GET_BLOCK_HEADERS, [7, [1, 2, 0, 0]])
    const headers = (await answer).map((header) => RLP.encode(header))
    expect(headers).to.deep.equal(ethereumjs.blocks.slice(1, 3).map(({ header }) => Uint8Array.from(header.raw)))
    const { hash } = ethereumjs.blocks.at(-1)!.header
    await eventually('block 45', async () => (await node.call('head')).hash === bytesToHex(hash))
  }
})
