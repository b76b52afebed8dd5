import { toChecksumAddress } from '@ethereumjs/util'
import { expect } from 'chai'
import { devAccounts, devGenesisJson } from '../../../../actors/chain/dev-genesis.ts'
import { data } from '../../../../actors/rpc/json/hex.ts'
import { contractAddress } from '../../../../protocols/chain/account.ts'
import { keccak256 } from '../../../../protocols/lib/keccak.ts'
import { failureOf } from '../../../failure.ts'
import { deploying, ExecutedChain } from './executed-chain.ts'

const sender = devAccounts[0]!.address
const counter = data(contractAddress(sender, 0n))
/** Without data it returns slot 0; with data it keeps the first word there, and logs it under the topic 0xbeef. */
const counterCode = '3615601857 6000358060005560005261beef60206000a100 5b60005460005260206000f3'
/** Reverts with what it is given. */
const echo = '0x36600060003736 6000fd'.replaceAll(' ', '')
const loop = '0x5b600056'
const gasLeft = '0x5a60005260206000f3'
const anyone = `0x${'ab'.repeat(20)}` as const
const target = `0x${'cd'.repeat(20)}`
const word = (value: number | bigint) => `0x${value.toString(16).padStart(64, '0')}`

describe('methods of RPC that need a state', () => {
  let node: ExecutedChain
  let hashes: string[]
  before(async () => {
    node = await ExecutedChain.open()
    hashes = await node.add({ data: deploying(counterCode) }, { from: 1, to: anyone, value: 5n })
    hashes.push(...(await node.add({ to: counter, data: word(7) })))
    hashes.push(...(await node.add({ to: counter, data: word(9) }, { from: 1, to: counter, data: word(10) })))
  })
  beforeEach(() => {
    node.stepTime = 0
  })
  const refusal = async (name: string, ...params: unknown[]) => {
    const { code, message, data } = (await failureOf(node.call(name, ...params))) as Error & {
      code: number
      data: unknown
    }
    return { code, message, ...(data !== undefined && { data }) }
  }
  const withCode = (code: string) => ({ [target]: { code } })

  describe('of accounts', () => {
    it('say what an account has now and had before', async () => {
      expect(await node.call('eth_getBalance', anyone, 'latest')).to.equal('0x5')
      expect(await node.call('eth_getBalance', anyone, '0x0')).to.equal('0x0')
      expect(await node.call('eth_getTransactionCount', data(sender), 'pending')).to.equal('0x3')
      expect(await node.call('eth_getTransactionCount', data(sender), '0x1')).to.equal('0x1')
      expect(await node.call('eth_getCode', counter)).to.equal(`0x${counterCode.replaceAll(' ', '')}`)
      expect(await node.call('eth_getStorageAt', counter, '0x0', 'latest')).to.equal(word(10))
      expect(await node.call('eth_getStorageAt', counter, '0', { blockNumber: '0x2' })).to.equal(word(7))
      expect(await node.call('eth_getStorageValues', { [counter]: [word(0), word(1)] })).to.deep.equal({
        [counter]: [word(10), word(0)],
      })
    })
    it('prove it from the root of the state down', async () => {
      const { stateRoot } = await node.call('eth_getBlockByNumber', 'latest', false)
      const proof = await node.call('eth_getProof', counter, ['0x0', word(1)], 'latest')
      expect(data(keccak256(Buffer.from(proof.accountProof[0].slice(2), 'hex')))).to.equal(stateRoot)
      expect(proof.storageProof.map(({ key, value }: { key: string; value: string }) => [key, value])).to.deep.equal([
        ['0x0', '0xa'],
        [word(1), '0x0'],
      ])
      expect(data(keccak256(Buffer.from(proof.storageProof[0].proof[0].slice(2), 'hex')))).to.equal(proof.storageHash)
      expect(await node.call('eth_getProof', target, ['0x0'], 'latest')).to.include({
        codeHash: word(0),
        storageHash: word(0),
      })
    })
    it('are refused as geth refuses them', async () => {
      expect(await refusal('eth_getBalance', anyone, '0x63')).to.deep.equal({
        code: -32000,
        message: 'header not found',
      })
      expect(await refusal('eth_getBalance', anyone, 'pending')).to.include({
        message: 'pending state is not available',
      })
      expect(await refusal('eth_getBalance', anyone, { blockHash: word(1) })).to.include({
        message: 'header for hash not found',
      })
      expect(await refusal('eth_getStorageAt', anyone, '0xasdf')).to.deep.equal({
        code: -32602,
        message: 'invalid hex in storage key: "0xasdf"',
      })
      expect(await refusal('eth_getStorageValues', {})).to.deep.equal({ code: -32602, message: 'empty request' })
      const many = { [counter]: Array.from({ length: 1_025 }, (_, i) => word(i)) }
      expect(await refusal('eth_getStorageValues', many)).to.deep.equal({
        code: -38026,
        message: 'too many slots (max 1024)',
      })
      expect(await refusal('eth_getProof', counter, many[counter])).to.include({ code: -32602 })
    })
  })

  describe('of receipts', () => {
    it('give one of each transaction, and all of a block', async () => {
      const receipts = await Promise.all(hashes.map((hash) => node.call('eth_getTransactionReceipt', hash)))
      expect(receipts[0]).to.include({ contractAddress: counter, to: null, status: '0x1', type: '0x2' })
      expect(receipts[1]).to.include({ contractAddress: null, gasUsed: '0x5208', transactionIndex: '0x1' })
      expect(BigInt(receipts[1].cumulativeGasUsed)).to.equal(BigInt(receipts[0].gasUsed) + 21_000n)
      expect(receipts[4].logs[0]).to.include({ logIndex: '0x1', data: word(10), removed: false })
      expect(await node.call('eth_getBlockReceipts', '0x3')).to.deep.equal(receipts.slice(3))
      expect(await node.call('debug_getRawReceipts', '0x3')).to.have.length(2)
    })
    it('find logs by range, address and topic', async () => {
      const find = async (query: object) =>
        (await node.call('eth_getLogs', query)).map(({ data }: { data: string }) => Number(data))
      const all = { fromBlock: '0x0', toBlock: 'latest' }
      expect(await find(all)).to.deep.equal([7, 9, 10])
      expect(await find({})).to.deep.equal([9, 10])
      expect(await find({ ...all, toBlock: '0x2' })).to.deep.equal([7])
      expect(await find({ ...all, address: [counter, anyone], topics: [[word(0xbeef), word(1)]] })).to.have.length(3)
      expect(await find({ ...all, topics: [null] })).to.have.length(3)
      expect(await find({ ...all, topics: [word(1)] })).to.deep.equal([])
      expect(await find({ ...all, topics: [null, null] })).to.deep.equal([])
      expect(await find({ ...all, address: anyone })).to.deep.equal([])
      const { hash } = await node.call('eth_getBlockByNumber', '0x2', false)
      expect(await find({ blockHash: hash })).to.deep.equal([7])
    })
    it('refuse ranges that are none, and lists that are too long', async () => {
      expect(await refusal('eth_getLogs', { fromBlock: '0x2', toBlock: '0x1' })).to.deep.equal({
        code: -32602,
        message: 'invalid block range params',
      })
      expect(await refusal('eth_getLogs', { fromBlock: '0x1', toBlock: '0x9' })).to.deep.equal({
        code: -32602,
        message: 'block range extends beyond current head block',
      })
      const addresses = Array.from({ length: 1_001 }, () => anyone)
      expect(await refusal('eth_getLogs', { address: addresses })).to.deep.equal({
        code: -32000,
        message: 'exceed max addresses or topics per search position',
      })
      expect(await refusal('eth_getLogs', { topics: [null, null, null, null, null] })).to.include({
        message: 'invalid argument 0: exceed max topics',
      })
      expect(await refusal('eth_getLogs', { blockHash: word(1) })).to.include({ message: 'unknown block' })
    })
  })

  describe('that call', () => {
    it('return what the code returns, on any state that is kept', async () => {
      expect(await node.call('eth_call', { to: counter }, 'latest')).to.equal(word(10))
      expect(await node.call('eth_call', { to: counter }, '0x2')).to.equal(word(7))
      expect(await node.call('eth_call', { to: target })).to.equal('0x')
    })
    it('take overrides of accounts, slots and the block', async () => {
      const call = (to: string, state: object, block?: object) => node.call('eth_call', { to }, 'latest', state, block)
      expect(await call(counter, { [counter]: { stateDiff: { [word(0)]: word(3) } } })).to.equal(word(3))
      expect(await call(counter, { [counter]: { state: {} } })).to.equal(word(0))
      const balance = '0x3160005260206000f3' // of the address on the stack
      const code = `0x73${anyone.slice(2)}${balance.slice(2)}`
      expect(await call(target, { [target]: { code }, [anyone]: { balance: '0x1234' } })).to.equal(word(0x1234))
      expect(await call(target, withCode('0x4360005260206000f3'), { number: '0x77' })).to.equal(word(0x77))
      expect(await node.call('eth_getStorageAt', counter, '0x0')).to.equal(word(10))
    })
    it('move a precompile', async () => {
      const identity = `0x${'4'.padStart(40, '0')}`
      const state = { [identity]: { movePrecompileToAddress: target } }
      expect(await node.call('eth_call', { to: target, data: '0x1234' }, 'latest', state)).to.equal('0x1234')
      expect(await node.call('eth_call', { to: identity, data: '0x1234' }, 'latest', state)).to.equal('0x')
      expect(await refusal('eth_call', {}, 'latest', { [anyone]: { movePrecompileToAddress: target } })).to.include({
        message: `account ${toChecksumAddress(anyone)} is not a precompile`,
      })
    })
    it('pass on why a call reverts', async () => {
      const reason = `0x08c379a0${`${word(32)}${word(2)}${'6e6f'.padEnd(64, '0')}`.replaceAll('0x', '')}`
      expect(await refusal('eth_call', { to: target, data: reason }, 'latest', withCode(echo))).to.deep.equal({
        code: 3,
        message: 'execution reverted: no',
        data: reason,
      })
      const panic = `0x4e487b71${word(0x11).slice(2)}`
      expect(await refusal('eth_call', { to: target, data: panic }, 'latest', withCode(echo))).to.include({
        message: 'execution reverted: arithmetic underflow or overflow',
      })
      for (const cut of ['0x', '0x08c379a0', reason.slice(0, 80), `${reason.slice(0, 10)}${'ff'.repeat(64)}`])
        expect(await refusal('eth_call', { to: target, data: cut }, 'latest', withCode(echo))).to.deep.equal({
          code: 3,
          message: 'execution reverted',
          data: cut,
        })
    })
    it('give no call more than 50 million gas, and none more than five seconds', async () => {
      const gas = BigInt(await node.call('eth_call', { to: target, gas: '0xffffffffff' }, 'latest', withCode(gasLeft)))
      expect(Number(gas)).to.be.within(49_900_000, 50_000_000)
      expect(await refusal('eth_call', { to: target, gas: '0x186a0' }, 'latest', withCode(loop))).to.deep.equal({
        code: -32000,
        message: 'out of gas',
      })
      node.stepTime = 1_000
      for (const method of ['eth_call', 'eth_estimateGas', 'eth_createAccessList'])
        expect(await refusal(method, { to: target }, 'latest', withCode(loop)), method).to.deep.equal({
          code: -32000,
          message: 'execution aborted (timeout = 5s)',
        })
      const simulation = { blockStateCalls: [{ stateOverrides: withCode(loop), calls: [{ to: target }] }] }
      expect(await refusal('eth_simulateV1', simulation)).to.include({ message: 'execution aborted (timeout = 5s)' })
    })
    it('check what is called as geth does', async () => {
      const table: [object, string][] = [
        [
          { gasPrice: '0x1', maxFeePerGas: '0x1' },
          'both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified',
        ],
        [{ blobVersionedHashes: [word(1)] }, 'blob transaction of type create'],
        [{ maxFeePerBlobGas: '0x1', to: target }, 'maxFeePerBlobGas specified without blobVersionedHashes'],
        [{ chainId: '0x1', to: target }, `chainId does not match node's (have=1, want=${node.chain.config.chainId})`],
        [
          { from: anyone, to: target, value: '0x6' },
          `err: insufficient funds for gas * price + value: address ${toChecksumAddress(anyone)} have 5 want 6 (supplied gas 50000000)`,
        ],
        [{ to: target, gas: '0x1' }, 'err: intrinsic gas too low: have 1, want 21000 (supplied gas 1)'],
      ]
      for (const [args, message] of table)
        expect(await refusal('eth_call', args)).to.deep.equal({ code: -32000, message })
    })
    it('estimate what a transaction needs: with that much it succeeds', async () => {
      const from = data(devAccounts[1]!.address)
      expect(await node.call('eth_estimateGas', { from, to: anyone, value: '0x1' })).to.equal('0x5208')
      const args = { from, to: counter, data: word(11) }
      const gas = BigInt(await node.call('eth_estimateGas', args))
      expect(await node.call('eth_call', { ...args, gas: `0x${gas.toString(16)}` })).to.equal('0x')
      expect(await refusal('eth_call', { ...args, gas: `0x${((gas * 98n) / 100n).toString(16)}` })).to.include({
        message: 'out of gas',
      })
      expect(await refusal('eth_estimateGas', { to: target, data: '0x' }, 'latest', withCode(echo))).to.include({
        code: 3,
      })
      expect(await refusal('eth_estimateGas', { to: target, gas: '0x10000' }, 'latest', withCode(loop))).to.include({
        message: 'gas required exceeds allowance (65536)',
      })
    })
    it('list what a call touches', async () => {
      const list = await node.call('eth_createAccessList', { from: data(sender), to: counter, data: word(1) })
      expect(list.accessList).to.deep.equal([{ address: counter, storageKeys: [word(0)] }])
      const other = await node.call(
        'eth_createAccessList',
        { to: target },
        'latest',
        withCode(`0x73${anyone.slice(2)}3100`),
      )
      expect(other.accessList).to.deep.equal([{ address: anyone, storageKeys: [] }])
    })
  })

  describe('that simulate', () => {
    const simulate = (blockStateCalls: object[], options: object = {}) =>
      node.call('eth_simulateV1', { blockStateCalls, ...options }, 'latest')
    const code = async (blockStateCalls: object[], options: object = {}) =>
      ((await failureOf(simulate(blockStateCalls, options))) as Error & { code: number }).code

    it('carry the state from one block to the next, and leave the chain’s as it is', async () => {
      const [first, second] = await simulate([
        { calls: [{ from: data(sender), to: counter, data: word(42) }] },
        { calls: [{ to: counter }] },
      ])
      expect(first.calls[0]).to.include({ status: '0x1', returnData: '0x' })
      expect(first.calls[0].logs[0]).to.include({ blockHash: first.hash, data: word(42) })
      expect(second.calls[0].returnData).to.equal(word(42))
      expect(second.parentHash).to.equal(first.hash)
      expect(BigInt(second.number)).to.equal(node.chain.head.number + 2n)
      expect(await node.call('eth_getStorageAt', counter, '0x0')).to.equal(word(10))
    })
    it('make the block that the chain makes of the same transactions', async () => {
      const { head } = node.chain
      const parent = node.chain.headerByHash(head.parentHash)!
      const block = await node.call('eth_getBlockByNumber', 'latest', true)
      const calls = block.transactions.map(
        ({ from, to, gas, input, nonce, maxFeePerGas, maxPriorityFeePerGas }: Record<string, string>) => ({
          ...{ from, to, gas, input, nonce, maxFeePerGas, maxPriorityFeePerGas },
        }),
      )
      const blockOverrides = { time: block.timestamp, feeRecipient: block.miner, gasLimit: block.gasLimit }
      const given = { blockStateCalls: [{ blockOverrides, calls }], validation: true }
      const [made] = await node.call('eth_simulateV1', given, data(parent.hash))
      for (const field of ['stateRoot', 'receiptsRoot', 'gasUsed', 'logsBloom', 'baseFeePerGas', 'requestsHash'])
        expect(made[field], field).to.equal(block[field])
    })
    it('log transfers of ether when they are asked for, in their order', async () => {
      // Passes what it is paid on to `anyone`, then logs.
      const forwarder = `0x60006000600060003473${anyone.slice(2)}5af1 60006000a000`.replaceAll(' ', '')
      const state = { [target]: { code: forwarder }, [counter]: { balance: '0x10' } }
      const calls = [{ from: counter, to: target, value: '0x3' }]
      const [
        {
          calls: [result],
        },
      ] = await simulate([{ stateOverrides: state, calls }], { traceTransfers: true })
      const topics = result.logs.map(({ topics, address }: { topics: string[]; address: string }) => [
        address,
        ...topics.slice(1),
      ])
      const padded = (address: string) => `0x${address.slice(2).padStart(64, '0')}`
      expect(topics).to.deep.equal([
        [`0x${'ee'.repeat(20)}`, padded(counter), padded(target)],
        [`0x${'ee'.repeat(20)}`, padded(target), padded(anyone)],
        [target],
      ])
      const [
        {
          calls: [plain],
        },
      ] = await simulate([{ stateOverrides: state, calls }])
      expect(plain.logs).to.have.length(1)
    })
    it('fill in the blocks between', async () => {
      const number = node.chain.head.number + 3n
      const blocks = await simulate([{ blockOverrides: { number: `0x${number.toString(16)}` } }])
      expect(blocks.map(({ number }: { number: string }) => BigInt(number))).to.deep.equal([
        number - 2n,
        number - 1n,
        number,
      ])
    })
    it('refuse with the codes of execution-apis', async () => {
      const call = { from: data(sender), to: target }
      const strict = { validation: true }
      const fee = { maxFeePerGas: '0x2540be400' }
      expect(await code([])).to.equal(-32602)
      expect(await code(Array.from({ length: 257 }, () => ({})))).to.equal(-38026)
      expect(await code([{ blockOverrides: { number: '0xffff' } }])).to.equal(-38026)
      expect(await code([{ calls: Array.from({ length: 5_001 }, () => call) }])).to.equal(-38026)
      expect(await code([{ calls: [{ ...call, ...fee, nonce: '0x0' }] }], strict)).to.equal(-38010)
      expect(await code([{ calls: [{ ...call, ...fee, nonce: '0x99' }] }], strict)).to.equal(-38011)
      expect(await code([{ calls: [call] }], strict)).to.equal(-38012)
      expect(await code([{ calls: [{ ...call, gas: '0x1' }] }])).to.equal(-38013)
      expect(await code([{ calls: [{ from: target, to: anyone, value: '0x1' }] }])).to.equal(-38014)
      expect(await code([{ calls: [{ ...call, gas: '0xffffffffff' }] }])).to.equal(-38015)
      expect(await code([{ blockOverrides: { number: '0x1' } }])).to.equal(-38020)
      expect(await code([{ blockOverrides: { time: '0x1' } }])).to.equal(-38021)
      expect(await code([{ blockOverrides: { difficulty: '0x1' } }])).to.equal(-32602)
      expect(await code([{ blockOverrides: { unknown: '0x1' } }])).to.equal(-32602)
      expect(await code([{ stateOverrides: { [target]: { blance: '0x1' } } }])).to.equal(-32602)
      const [{ calls }] = await simulate([{ stateOverrides: withCode(echo), calls: [{ to: target, data: '0x12' }] }])
      expect(calls[0]).to.include({ status: '0x0', returnData: '0x' })
      expect(calls[0].error).to.include({ code: 3, data: '0x12' })
      const [
        {
          calls: [halted],
        },
      ] = await simulate([{ stateOverrides: withCode('0xfe'), calls: [{ to: target, gas: '0x5300' }] }])
      expect(halted.error).to.deep.equal({ code: -32015, message: 'invalid opcode: INVALID' })
    })
    it('give all calls together no more gas than one call gets', async () => {
      const calls = [
        { to: target, gas: '0x2faf080' },
        { to: target, gas: '0x2faf080' },
      ]
      const blocks = calls.map((call) => ({
        blockOverrides: { gasLimit: '0x5f5e100' },
        stateOverrides: withCode('0xfe'),
        calls: [call],
      }))
      const error = (await failureOf(simulate(blocks))) as Error & { code: number }
      expect(error.code).to.equal(-38013) // nothing is left for the second
    })
  })

  describe('that trace', () => {
    it('log each step of a transaction', async () => {
      const trace = await node.call('debug_traceTransaction', hashes[2])
      const receipt = await node.call('eth_getTransactionReceipt', hashes[2])
      expect(trace).to.include({ failed: false, returnValue: '0x', gas: Number(receipt.gasUsed) })
      const steps = trace.structLogs
      expect(steps[0]).to.deep.equal({ pc: 0, op: 'CALLDATASIZE', gas: steps[0].gas, gasCost: 2, depth: 1, stack: [] })
      expect(steps.find(({ op }: { op: string }) => op === 'SSTORE')).to.deep.include({
        storage: { [word(0)]: word(7) },
      })
      expect(steps.at(-1).op).to.equal('STOP')
      for (const [i, step] of steps.slice(1).entries())
        expect(step.gas, `${i}`).to.equal(steps[i].gas - steps[i].gasCost)
    })
    it('show as much of a step as is wanted', async () => {
      const options = { disableStack: true, disableStorage: true, enableMemory: true, limit: 300 }
      const { structLogs } = await node.call('debug_traceTransaction', hashes[2], options)
      expect(structLogs).to.have.length(6)
      expect(structLogs[0]).to.have.keys('pc', 'op', 'gas', 'gasCost', 'depth')
      const { structLogs: whole } = await node.call('debug_traceTransaction', hashes[2], { ...options, limit: 0 })
      expect(whole.at(-1).memory).to.deep.equal([word(7)])
    })
    it('trace the transactions of a block one after the other', async () => {
      const traces = await node.call('debug_traceBlockByNumber', '0x3')
      expect(traces.map(({ txHash }: { txHash: string }) => txHash)).to.deep.equal(hashes.slice(3))
      expect(await node.call('debug_traceTransaction', hashes[4])).to.deep.equal(traces[1].result)
      const { hash } = await node.call('eth_getBlockByNumber', '0x3', false)
      expect(await node.call('debug_traceBlockByHash', hash)).to.deep.equal(traces)
    })
    it('are refused as geth refuses them', async () => {
      expect(await refusal('debug_traceBlockByNumber', '0x0')).to.include({ message: 'genesis is not traceable' })
      expect(await refusal('debug_traceBlockByNumber', '0x63')).to.include({ message: 'block #99 not found' })
      expect(await refusal('debug_traceTransaction', word(1))).to.include({ message: 'transaction not found' })
      expect(await refusal('debug_traceTransaction', hashes[2], { timeout: 'soon' })).to.include({
        message: 'time: invalid duration "soon"',
      })
      node.stepTime = 100
      expect(await refusal('debug_traceTransaction', hashes[2], { timeout: '1s' })).to.include({
        message: 'execution timeout',
      })
    })
  })

  describe('of fees', () => {
    it('say what gas has cost, and what was offered for it', async () => {
      const { head } = node.chain
      expect(await node.call('eth_maxPriorityFeePerGas')).to.equal('0x3b9aca00')
      expect(BigInt(await node.call('eth_gasPrice'))).to.equal(1_000_000_000n + head.baseFee!)
      const history = await node.call('eth_feeHistory', '0x2', 'latest', [0, 100])
      expect(history).to.deep.include({ oldestBlock: '0x2', blobGasUsedRatio: [0, 0] })
      expect(history.reward).to.deep.equal([
        ['0x3b9aca00', '0x3b9aca00'],
        ['0x3b9aca00', '0x3b9aca00'],
      ])
      expect(history.baseFeePerGas).to.have.length(3)
      expect(history.baseFeePerGas[1]).to.equal(`0x${head.baseFee!.toString(16)}`)
      expect(history.gasUsedRatio[1]).to.equal(Number(head.gasUsed) / Number(head.gasLimit))
      expect(await node.call('eth_feeHistory', 99, 'latest', [])).to.include({ oldestBlock: '0x0' })
    })
    it('refuse what is beyond the head, and percentiles that are none', async () => {
      expect(await refusal('eth_feeHistory', '0x1', '0x63', [])).to.include({
        message: 'request beyond head block: requested 99, head 3',
      })
      expect(await refusal('eth_feeHistory', '0x1', 'latest', [101])).to.include({
        message: 'invalid reward percentile: 101.000000',
      })
      expect(await refusal('eth_feeHistory', '0x1', 'latest', [2, 1])).to.include({
        message: 'invalid reward percentile: #0:2.000000 >= #1:1.000000',
      })
    })
  })

  it('price a call under Amsterdam as geth does', async () => {
    // What geth 1.17.10 answers on the same genesis.
    const config = { ...devGenesisJson.config, amsterdamTime: 0 }
    const amsterdam = await ExecutedChain.open({ ...devGenesisJson, config })
    const from = data(sender)
    const estimate = (args: object, state?: object) =>
      amsterdam.call('eth_estimateGas', { from, ...args }, 'latest', ...(state ? [state] : []))
    expect(await estimate({ to: data(devAccounts[1]!.address), value: '0x1' })).to.equal('0x5208')
    expect(await estimate({ to: target, value: '0x1' })).to.equal('0x32a1f')
    expect(await estimate({ data: '0x6001600c60003960016000f300' })).to.equal('0x33cc3')
    expect(await estimate({ to: target }, withCode('0x602a600055'))).to.equal('0x1ec99')
    expect(await amsterdam.call('eth_call', { from, to: target }, 'latest', withCode(gasLeft))).to.equal(
      word(0x2fab5e6),
    )
    const list = await amsterdam.call('eth_createAccessList', { from, to: target }, 'latest', withCode('0x602a600055'))
    expect(list.gasUsed).to.equal('0x200b6')
  })
  it('build a block of transactions that are given, or say why they cannot', async () => {
    const { head } = node.chain
    const attributes = {
      timestamp: `0x${(head.time + 1n).toString(16)}`,
      prevRandao: word(0),
      suggestedFeeRecipient: anyone,
      withdrawals: [{ index: '0x0', validatorIndex: '0x1', address: target, amount: '0x2' }],
      parentBeaconBlockRoot: word(0),
    }
    const { executionPayload, blockValue } = await node.call('testing_buildBlockV1', data(head.hash), attributes, [])
    expect(executionPayload).to.deep.include({ transactions: [], withdrawals: attributes.withdrawals, gasUsed: '0x0' })
    expect(blockValue).to.equal('0x0')
    expect(await refusal('testing_buildBlockV1', word(1), attributes, [])).to.include({
      message: 'parentHash is not current head',
    })
    const { result: old } = { result: await node.call('eth_getRawTransactionByHash', hashes[2]) }
    expect((await refusal('testing_buildBlockV1', data(head.hash), attributes, [old])).message).to.match(
      /^nonce too low: address 0x/,
    )
    expect((await refusal('testing_buildBlockV1', data(head.hash), attributes, ['0x02f8'])).message).to.match(
      /^invalid transaction/,
    )
  })
  it('say how far back it can answer', async () => {
    expect(await node.call('eth_capabilities')).to.deep.include({
      head: { number: '0x3', hash: data(node.chain.head.hash) },
      state: { disabled: false, oldestBlock: '0x0', deleteStrategy: { type: 'window', retentionBlocks: '0x80' } },
    })
  })
})
