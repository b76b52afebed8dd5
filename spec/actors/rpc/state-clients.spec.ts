import { expect } from 'chai'
import { Contract, JsonRpcProvider, Wallet } from 'ethers'
import { createPublicClient, encodeFunctionData, http, type PublicClient, parseAbi } from 'viem'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { devAccounts, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { contractAddress } from '../../../protocols/chain/account.ts'
import { decodeBody } from '../../../protocols/chain/block.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { failureOf } from '../../failure.ts'
import { deploying, ExecutedChain } from '../execution/methods/executed-chain.ts'

describe('the tools that people have read the state of a node that executes', function () {
  this.timeout(60_000)
  const sender = devAccounts[0]!.address
  const counter = data(contractAddress(sender, 0n)) as `0x${string}`
  const anyone = `0x${'ab'.repeat(20)}` as const
  const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}` as const
  /** Whatever is called: what is given behind the selector is kept in slot 0 and logged; without, slot 0 is returned. */
  const code = '60053610601b57 600435806000556000 52 62beef00 60206000a100 5b60005460005260206000f3'
  const abi = parseAbi(['function get() view returns (uint256)', 'function set(uint256 value)'])
  let node: PeerchartNode
  let hashes: `0x${string}`[]
  let made: ExecutedChain
  before(async () => {
    made = await ExecutedChain.open()
    const set = encodeFunctionData({ abi, functionName: 'set', args: [7n] })
    hashes = [
      ...(await made.add({ data: deploying(code.replaceAll(' ', '')) }, { from: 1, to: anyone, value: 5n })),
      ...(await made.add({ to: counter, data: set })),
    ] as `0x${string}`[]
    await made.add({ from: 2, to: anyone, value: 1n })
    node = await createNode({
      ...{ genesis: devGenesisJson, host: '127.0.0.1', port: 0, noDial: true, execute: true },
      rpc: { http: { port: 0, api: ['eth', 'net', 'debug'] } },
    })
    await node.chain.insertBlocks([blockAt(made, 1n), blockAt(made, 2n)])
    await node.start()
  })
  after(() => node.stop())

  describe('viem', () => {
    let client: PublicClient
    before(() => {
      client = createPublicClient({ transport: http(node.rpc!.http), pollingInterval: 20 })
    })
    it('reads balances, nonces, code and storage', async () => {
      expect(await client.getBalance({ address: anyone })).to.equal(5n)
      expect(await client.getBalance({ address: anyone, blockNumber: 0n })).to.equal(0n)
      expect(await client.getTransactionCount({ address: data(sender) as `0x${string}` })).to.equal(2)
      expect(await client.getCode({ address: counter })).to.equal(`0x${code.replaceAll(' ', '')}`)
      expect(await client.getStorageAt({ address: counter, slot: '0x0' })).to.equal(word(7))
      expect((await client.getProof({ address: counter, storageKeys: [word(0)] })).storageProof[0]!.value).to.equal(7n)
    })
    it('calls a contract, and is given why it cannot', async () => {
      expect(await client.readContract({ address: counter, abi, functionName: 'get' })).to.equal(7n)
      const gas = await client.estimateContractGas({
        address: counter,
        abi,
        functionName: 'set',
        args: [1n],
        account: anyone,
      })
      expect(Number(gas)).to.be.within(21_000, 60_000)
      const error = await failureOf(client.call({ account: anyone, to: counter, value: 10n ** 30n }))
      expect(error.message).to.match(/exceeds the balance|insufficient funds/)
      const { results } = (await client.simulateCalls({
        account: anyone,
        calls: [
          { to: counter, abi, functionName: 'set', args: [9n] },
          { to: counter, abi, functionName: 'get' },
        ],
      })) as { results: readonly { result?: unknown }[] }
      expect(results[1]!.result).to.equal(9n)
    })
    it('reads receipts and logs, and what gas costs', async () => {
      const receipt = await client.getTransactionReceipt({ hash: hashes[0]! })
      expect(receipt).to.include({ status: 'success', contractAddress: counter, type: 'eip1559' })
      const [log] = await client.getLogs({ address: counter, fromBlock: 0n, toBlock: 'latest' })
      expect(log).to.include({ data: word(7), blockNumber: 2n, transactionHash: hashes[2] })
      expect(await client.estimateMaxPriorityFeePerGas()).to.equal(1_000_000_000n)
      expect((await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] })).reward).to.have.length(2)
    })
  })

  describe('ethers', () => {
    let provider: JsonRpcProvider
    before(() => {
      provider = new JsonRpcProvider(node.rpc!.http, undefined, { staticNetwork: true, pollingInterval: 20 })
    })
    after(() => provider.destroy())
    it('reads balances, logs and receipts, and calls a contract', async () => {
      expect(await provider.getBalance(anyone)).to.equal(5n)
      expect(await provider.getTransactionCount(data(sender))).to.equal(2)
      const contract = new Contract(counter, abi as never, provider)
      expect(await contract.get!()).to.equal(7n)
      expect((await provider.getTransactionReceipt(hashes[2]!))!.logs).to.have.length(1)
      expect(await provider.getLogs({ address: counter, fromBlock: 0 })).to.have.length(1)
      const wallet = Wallet.createRandom(provider)
      expect(await provider.estimateGas({ from: wallet.address, to: counter })).to.be.a('bigint')
      expect((await provider.getFeeData()).maxPriorityFeePerGas).to.equal(1_000_000_000n)
    })
    it('waits for a receipt, as viem does', async () => {
      const client = createPublicClient({ transport: http(node.rpc!.http), pollingInterval: 20 })
      const hash = data(txHash(firstItem(blockAt(made, 3n)))) as `0x${string}`
      const waits = [client.waitForTransactionReceipt({ hash }), provider.waitForTransaction(hash)] as const
      // When a tool has begun to look for blocks, it does not say: they come until it has seen one.
      const both = Promise.all(waits)
      let isSeen = false
      void both.then(() => {
        isSeen = true
      })
      for (let number = 3n; !isSeen; number++) {
        if (number > made.chain.head.number) await made.add({ from: 2, to: anyone, value: 1n })
        await node.chain.insertBlocks([blockAt(made, number)])
        await fetch(node.rpc!.http!) // a turn for both
      }
      const [viem, ethers] = await both
      expect(viem.blockNumber).to.equal(3n)
      expect(ethers!.blockNumber).to.equal(3)
    })
  })

  it('execute a block that comes while calls wait before those calls', async () => {
    const made = await ExecutedChain.open()
    await made.add({ from: 3, to: anyone, value: 1n })
    const side = blockAt(made, 1n)
    const body = (id: number) =>
      JSON.stringify({
        ...{ jsonrpc: '2.0', id, method: 'eth_call' },
        params: [{ to: anyone, gas: '0xf4240' }, 'latest', { [anyone]: { code: '0x5b600056' } }],
      })
    const order: string[] = []
    const calls = Array.from({ length: 12 }, async (_, id) => {
      const answer = await fetch(node.rpc!.http!, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: body(id),
      })
      order.push(((await answer.json()) as { error: { message: string } }).error.message)
    })
    await calls[0]
    await node.chain.insertBlocks([side])
    order.push('block')
    await Promise.all(calls)
    expect(order).to.have.length(13)
    expect(order.filter((one) => one === 'out of gas')).to.have.length(12)
    expect(order.indexOf('block')).to.be.below(6)
  })
})

function blockAt({ chain }: ExecutedChain, number: bigint): NewBlock {
  const header = chain.headerByNumber(number)!
  return { header, body: chain.bodyByHash(header.hash)! }
}

function firstItem({ body }: NewBlock) {
  return [...decodeBody(body).transactions.items()][0]!
}
