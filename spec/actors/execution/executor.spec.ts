import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { importChain } from '../../../actors/chain/import.ts'
import { loadGenesis } from '../../../actors/chain/load-genesis.ts'
import { Executor } from '../../../actors/execution/executor.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { supervised } from '../../../actors/runtime/supervision.ts'
import type { Genesis } from '../../../protocols/chain/genesis.ts'
import { decodeHeader, encodeHeader, type HeaderFields, headerFieldNames } from '../../../protocols/chain/header.ts'
import { decodeReceiptWithoutBloom, encodeReceipt } from '../../../protocols/chain/receipt.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import type { InvalidBlock } from '../../../protocols/chain/verify.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { RlpReader, readItem } from '../../../protocols/lib/rlp.ts'
import { failureOf } from '../../failure.ts'
import { ethtests, requireEthtest } from '../../support/ethtest.ts'
import { forkedBlocks, forkedGenesis } from './forked-chain.ts'

describe('an execution', function () {
  this.timeout(240_000)
  let blocks: NewBlock[]
  let others: NewBlock[]
  let folder: string
  const cutOffs: string[] = []
  const open: { close(): Promise<void> }[] = []
  before(async () => {
    blocks = await forkedBlocks(150)
    others = await forkedBlocks(16, 2)
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerchart-execution-'))
  })
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
    await rm(folder, { recursive: true })
  })
  const failed = (error: Error) => {
    throw error
  }
  const openBoth = async (genesis: Genesis = forkedGenesis(), isKept = true) => {
    const runtime = supervised(processRuntime(), ({ error }) => failed(error as Error))
    const states = isKept ? { directory: join(folder, 'states') } : {}
    const executor = await Executor.open(runtime, { genesis, failed, ...states })
    open.push(executor)
    const chaindata = isKept ? { directory: join(folder, 'chaindata') } : {}
    const chain = await Chain.open({
      genesis,
      execution: executor,
      cutOff: (why) => cutOffs.push((why as InvalidBlock).reason),
      ...chaindata,
    })
    open.push(chain)
    return { chain, executor }
  }
  const close = async () => {
    for (const one of open.splice(0)) await one.close()
  }
  const hex = (block: NewBlock) => bytesToHex(block.header.hash)
  const withStateRoot = ({ header, body }: NewBlock): NewBlock => {
    const fields = Object.fromEntries(headerFieldNames.map((name) => [name, header[name]])) as unknown as HeaderFields
    return { header: decodeHeader(encodeHeader({ ...fields, stateRoot: new Uint8Array(32).fill(1) })), body }
  }

  it('executes what is inserted, and keeps receipts whose root is the header’s', async () => {
    const { chain, executor } = await openBoth()
    await chain.insertBlocks(blocks.slice(0, 16))
    expect(bytesToHex(chain.head.hash)).to.equal(hex(blocks[15]!))
    for (const { header } of blocks.slice(0, 16)) {
      expect(executor.hasState(header.hash)).to.equal(true)
      const receipts = [...new RlpReader(readItem(chain.receiptsByHash(header.hash)!).content).rest()]
      const encoded = receipts.map((item) => encodeReceipt(decodeReceiptWithoutBloom(item)))
      expect(bytesToHex(listRoot(encoded))).to.equal(bytesToHex(header.receiptsRoot))
    }
  })
  it('executes a block while a call runs, which goes on in between', async () => {
    const { chain, executor } = await openBoth(forkedGenesis(), false)
    const done: string[] = []
    const to = new Uint8Array(20).fill(0x77)
    const loop = new Map([[bytesToHex(to), { code: hexToBytes('5b600056') }]])
    const call = executor
      .query('method', { name: 'eth_call', block: chain.genesis.raw, args: [{ to, gas: 600_000n }, loop] } as never)
      .catch(({ message }: Error) => done.push(message))
    const block = chain.insertBlocks(blocks.slice(0, 1)).then(() => done.push('block'))
    await Promise.all([call, block])
    expect(done).to.deep.equal(['block', 'out of gas'])
  })
  it('refuses a block whose state is another, and keeps those before it', async () => {
    const { chain } = await openBoth()
    const error = await failureOf(chain.insertBlocks([...blocks.slice(0, 3), withStateRoot(blocks[3]!)]))
    expect(error).to.include({ name: 'InvalidBlock', reason: 'state root' })
    expect(bytesToHex((error as InvalidBlock).latestValid!)).to.equal(hex(blocks[2]!))
    expect(bytesToHex(chain.head.hash)).to.equal(hex(blocks[2]!))
    await chain.insertBlocks(blocks.slice(3, 5))
    expect(chain.head.number).to.equal(5n)
  })
  it('has the states of 128 blocks below the head and of no other, also when it is opened again', async () => {
    const { chain, executor } = await openBoth()
    await chain.insertBlocks(blocks)
    const kept = blocks.map(({ header }) => executor.hasState(header.hash))
    expect(kept.indexOf(true)).to.equal(150 - 129)
    expect(kept.lastIndexOf(false)).to.equal(150 - 130)
    await close()
    const again = await openBoth()
    expect(blocks.map(({ header }) => again.executor.hasState(header.hash))).to.deep.equal(kept)
    expect(again.chain.head.number).to.equal(150n)
    const address = blocks[0]!.header.coinbase
    for (const { header } of blocks.slice(21)) await again.executor.query('account', { block: header.hash, address })
    expect(await failureOf(again.executor.query('account', { block: blocks[0]!.header.hash, address }))).to.include({
      name: 'StateUnavailable',
    })
  })
  it('follows a consensus client from one branch to another and back', async () => {
    const { chain, executor } = await openBoth()
    await chain.followConsensus()
    await chain.storeBlocks(blocks.slice(0, 16))
    await chain.storeBlocks(others)
    for (const block of [blocks[15]!, others[15]!, blocks[9]!, others[0]!, blocks[15]!]) {
      await chain.setForkchoice({ head: block.header.hash })
      expect(bytesToHex(chain.head.hash)).to.equal(hex(block))
      expect(executor.hasState(chain.head.hash)).to.equal(true)
    }
  })
  it('keeps the state of a head that a consensus client leaves far behind', async () => {
    const { chain, executor } = await openBoth()
    await chain.followConsensus()
    await chain.storeBlocks(blocks)
    expect(chain.head.number).to.equal(0n)
    expect(executor.hasState(chain.genesis.hash)).to.equal(true)
    await chain.setForkchoice({ head: blocks.at(-1)!.header.hash })
    expect(chain.head.number).to.equal(150n)
  })
  it('executes what was stored before it was there', async () => {
    const plain = await Chain.open({ genesis: forkedGenesis(), directory: join(folder, 'chaindata') })
    await plain.insertBlocks(blocks.slice(0, 40))
    await plain.close()
    const { chain, executor } = await openBoth()
    await chain.insertBlocks(blocks.slice(40, 41))
    expect(chain.isExecuted(blocks[0]!.header.hash)).to.equal(true)
    expect(executor.hasState(chain.head.hash)).to.equal(true)
    expect(chain.head.number).to.equal(41n)
  })
  it('cuts off what was stored before it was there at the first block that is bad', async () => {
    const plain = await Chain.open({ genesis: forkedGenesis(), directory: join(folder, 'chaindata') })
    await plain.insertBlocks([...blocks.slice(0, 9), withStateRoot(blocks[9]!)])
    await plain.close()
    const { chain } = await openBoth()
    await chain.insertBlocks(blocks.slice(9, 11))
    expect(cutOffs).to.deep.equal(['state root'])
    expect(bytesToHex(chain.head.hash)).to.equal(hex(blocks[10]!))
  })
  it('begins at the genesis again when its states are lost', async () => {
    const { chain } = await openBoth()
    await chain.insertBlocks(blocks.slice(0, 140))
    await close()
    await rm(join(folder, 'states'), { recursive: true })
    const again = await openBoth()
    await again.chain.insertBlocks(blocks.slice(140, 141))
    expect(again.executor.hasState(again.chain.head.hash)).to.equal(true)
    expect(again.chain.head.number).to.equal(141n)
  })
  for (const chosen of ethtests)
    it(`executes the 600 blocks of ${chosen.folder.split('/').at(-1)}, and has the state of its head`, async function () {
      const { genesis: path, chain: file, head } = requireEthtest(this, chosen)
      const { chain, executor } = await openBoth(await loadGenesis(path), false)
      await importChain(chain, file)
      expect(bytesToHex(chain.head.hash)).to.equal(head.hash)
      for (let number = 1n; number <= head.number; number++) {
        const { hash, balHash } = chain.headerByNumber(number)!
        expect(chain.isExecuted(hash)).to.equal(true)
        expect(chain.accessListByHash(hash) !== undefined).to.equal(balHash !== undefined)
      }
      const { accounts } = JSON.parse(readFileSync(`${chosen.folder}/headstate.json`, 'utf8')) as HeadState
      for (const [address, { balance, nonce }] of Object.entries(accounts)) {
        const account = await executor.query('account', {
          block: chain.head.hash,
          address: hexToBytes(address.slice(2)),
        })
        expect([account.balance, account.nonce]).to.deep.equal([BigInt(balance), BigInt(nonce)])
      }
    })
})

type HeadState = { readonly accounts: Readonly<Record<string, { readonly balance: string; readonly nonce: number }>> }
