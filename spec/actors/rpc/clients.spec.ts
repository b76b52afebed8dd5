import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { IpcSocketProvider, JsonRpcProvider, type Provider, WebSocketProvider } from 'ethers'
import { createPublicClient, http, type PublicClient, webSocket } from 'viem'
import { ipc } from 'viem/node'
import { WebSocket } from 'ws'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { dial } from '../../../actors/scripted-peer/index.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'
import { token } from '../../support/jwt.ts'
import { makeBlocks } from '../chain/make-chain.ts'
import { type TextClient, wsClient } from './rpc-client.ts'
import { callText } from './test-stack.ts'

describe('the tools that people have read a running node', () => {
  const secret = new Uint8Array(32).fill(3)
  const height = 12n
  let directory: string
  let node: PeerchartNode
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-clients-'))
    node = await createNode({
      ...{ genesis: devGenesisJson, host: '127.0.0.1', port: 0, noDial: true },
      rpc: {
        http: { port: 0, api: ['eth', 'net', 'web3', 'txpool', 'admin'] },
        ws: { port: 0, api: ['eth', 'net', 'web3', 'txpool', 'admin'] },
        ipc: join(directory, 'peerchart.ipc'),
        auth: { port: 0, secret },
      },
    })
    await node.chain.insertBlocks(makeBlocks(devGenesis(), node.chain.head, Number(height)))
    await node.start()
    await node.chain.setForkchoice({ head: node.chain.head.hash, ...marks() })
  })
  after(async () => {
    await node.stop()
    await rm(directory, { recursive: true })
  })

  /** One more block, as a consensus client makes it the head. */
  const grow = async () => {
    const blocks = makeBlocks(devGenesis(), node.chain.head, 1)
    await node.chain.storeBlocks(blocks)
    await node.chain.setForkchoice({ head: blocks[0]!.header.hash, ...marks() })
  }
  const marks = () => ({ safe: node.chain.headerByNumber(9n)!.hash, finalized: node.chain.headerByNumber(6n)!.hash })
  const hashOf = (number: bigint) => `0x${bytesToHex(node.chain.headerByNumber(number)!.hash)}`

  /** Grows until somebody has heard of it: when a tool has subscribed, it does not say. */
  async function growing<T>(heard: Promise<T>): Promise<T> {
    let isHeard = false
    void heard.then(() => {
      isHeard = true
    })
    while (!isHeard) {
      await grow()
      await fetch(node.rpc!.http!) // a turn for everybody
    }
    return heard
  }

  const viemTransports = [
    ['HTTP', () => http(node.rpc!.http)],
    ['WebSocket', () => webSocket(node.rpc!.ws, { reconnect: false })],
    ['IPC', () => ipc(node.rpc!.ipc!)],
  ] as const
  for (const [name, transport] of viemTransports)
    describe(`viem over ${name}`, () => {
      let client: PublicClient
      before(() => {
        client = createPublicClient({ transport: transport(), pollingInterval: 50 })
      })
      after(async () => {
        const { getRpcClient, getSocket } = client.transport as Partial<
          Record<string, () => Promise<{ close(): void }>>
        >
        if (getRpcClient) (await getRpcClient()).close()
        else if (getSocket) (await getSocket()).close()
      })

      it('reads a block by every tag', async () => {
        const head = node.chain.head.number
        const numbers = { earliest: 0n, finalized: 6n, safe: 9n, latest: head }
        for (const blockTag of ['earliest', 'finalized', 'safe', 'latest'] as const) {
          const block = await client.getBlock({ blockTag })
          expect([block.number, block.hash]).to.deep.equal([numbers[blockTag], hashOf(numbers[blockTag])])
        }
        expect(await client.getBlockNumber({ cacheTime: 0 })).to.equal(head)
        expect(await client.getChainId()).to.equal(Number(node.chain.config.chainId))
      })
      it('reads whole transactions, of every type that the blocks have', async () => {
        const types = new Set<string>()
        for (let number = 1n; number <= height; number++) {
          const block = await client.getBlock({ blockNumber: number, includeTransactions: true })
          for (const transaction of block.transactions) {
            types.add(transaction.type)
            expect(transaction.blockNumber).to.equal(number)
            const alone = await client.getTransaction({ hash: transaction.hash })
            expect(alone).to.deep.equal(transaction)
          }
        }
        expect([...types].sort()).to.deep.equal(['eip1559', 'eip2930', 'legacy'])
      })
      it('hears of new heads', async () => {
        const before = node.chain.head.number
        const unwatch: (() => void)[] = []
        const heard = new Promise<bigint>((resolve, reject) => {
          unwatch.push(client.watchBlockNumber({ onBlockNumber: resolve, onError: reject }))
        })
        expect(Number(await growing(heard))).to.be.within(Number(before), Number(node.chain.head.number))
        for (const end of unwatch) end()
      })
      it('receives the message of an error', async () => {
        const error = await failureOf(client.request({ method: 'eth_foo' as never }))
        expect(String((error as Error).message)).to.include('the method eth_foo does not exist/is not available')
      })
    })

  const ethersProviders = [
    ['HTTP', () => new JsonRpcProvider(node.rpc!.http, undefined, { pollingInterval: 50 })],
    ['WebSocket', () => new WebSocketProvider(() => new WebSocket(node.rpc!.ws!) as never)],
    ['IPC', () => new IpcSocketProvider(node.rpc!.ipc!)],
  ] as const
  for (const [name, open] of ethersProviders)
    describe(`ethers over ${name}`, () => {
      let provider: Provider
      before(() => {
        provider = open()
      })
      after(() => provider.destroy())

      it('reads a block by every tag', async () => {
        const head = Number(node.chain.head.number)
        for (const [tag, number] of Object.entries({ earliest: 0, finalized: 6, safe: 9, latest: head })) {
          const block = await provider.getBlock(tag)
          expect([block!.number, block!.hash]).to.deep.equal([number, hashOf(BigInt(number))])
        }
        expect((await provider.getNetwork()).chainId).to.equal(node.chain.config.chainId)
      })
      it('reads whole transactions', async () => {
        const { transactions, prefetchedTransactions } = (await provider.getBlock(8, true))!
        expect(prefetchedTransactions.map(({ hash }) => hash)).to.deep.equal([...transactions])
        expect(transactions).to.have.length(2)
      })
      it('hears of new heads', async () => {
        const before = Number(node.chain.head.number)
        const heard = new Promise<number>((resolve) => void provider.on('block', resolve))
        expect(await growing(heard)).to.be.within(before, Number(node.chain.head.number))
        await provider.removeAllListeners()
      })
    })

  describe('WebSocket', () => {
    let client: TextClient
    const next = async () => JSON.parse((await client.next())!)
    const ask = (method: string, params: unknown[] = []) => {
      client.send(callText(method, params))
      return next()
    }
    beforeEach(async () => {
      client = await wsClient(node.rpc!.ws!)
    })
    afterEach(() => client.close())

    it('notifies of a peer that joins and leaves', async () => {
      const { result: subscription } = await ask('admin_subscribe', ['peerEvents'])
      const peer = await dial(node.enode, { caps: ['eth/69'] })
      const joined = await next()
      expect(joined).to.deep.include({ jsonrpc: '2.0', method: 'admin_subscription' })
      expect(joined.params).to.deep.include({ subscription })
      expect(joined.params.result).to.include({ type: 'add' })
      const { peer: id } = joined.params.result
      expect((await ask('net_peerCount')).result).to.equal('0x1')
      expect((await ask('admin_peers')).result.map((one: { id: string }) => one.id)).to.deep.equal([id])
      peer.close()
      expect((await next()).params.result).to.include({ type: 'drop', peer: id })
      expect((await ask('admin_peers')).result).to.deep.equal([])
    })
    it('reports new heads as geth prints them', async () => {
      const { result: subscription } = await ask('eth_subscribe', ['newHeads'])
      await grow()
      const { params } = await next()
      const { number, hash } = node.chain.head
      expect(params.subscription).to.equal(subscription)
      expect(params.result).to.include({ number: `0x${number.toString(16)}`, hash: `0x${bytesToHex(hash)}` })
      expect((await ask('eth_unsubscribe', [subscription])).result).to.equal(true)
    })
  })

  describe('the authenticated endpoint', () => {
    const seconds = () => Math.floor(Date.now() / 1000)
    const authorized = (iat: number) => ({ Authorization: `Bearer ${token(secret, { iat })}` })

    it('answers who has the secret, over HTTP and WebSocket', async () => {
      const transport = http(node.rpc!.auth, { fetchOptions: { headers: authorized(seconds()) } })
      expect(await createPublicClient({ transport }).getBlockNumber()).to.equal(node.chain.head.number)
      const client = await wsClient(node.rpc!.auth!.replace('http', 'ws'), authorized(seconds()))
      client.send(callText('rpc_modules'))
      expect(JSON.parse((await client.next())!).result).to.deep.equal({ engine: '1.0', eth: '1.0', rpc: '1.0' })
      client.close()
    })
    it('refuses everybody else, over HTTP and WebSocket', async () => {
      for (const headers of [{}, authorized(seconds() - 61), authorized(seconds() + 62)]) {
        const transport = http(node.rpc!.auth, { fetchOptions: { headers }, retryCount: 0 })
        const error = await createPublicClient({ transport })
          .getBlockNumber()
          .catch((error: Error) => error)
        expect(String(error)).to.match(/Status: 401/)
        const ws = new WebSocket(node.rpc!.auth!.replace('http', 'ws'), { headers })
        const [refusal] = (await once(ws, 'error')) as [Error]
        expect(refusal.message).to.equal('Unexpected server response: 401')
      }
    })
  })
})
