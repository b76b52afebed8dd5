import { expect } from 'chai'
import { devGenesis } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { encodeReceipt } from '../../../protocols/chain/receipt.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { decodeReceipt } from '../../../protocols/eth/receipt-messages.ts'
import { type EthVersion, ethVersions } from '../../../protocols/eth/versions.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp, type RlpInput, RlpReader, readItem } from '../../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { signBlobTx } from '../../suites/eth-scripts/sign.ts'
import { type OwnNode, startOwnNode } from '../../support/own-node.ts'
import { amsterdamAtOnce, changedHeader, genesisOf } from '../chain/make-chain.ts'
import { ScriptedIo } from './scripted-io.ts'

const { header, config } = devGenesis()
const status = {
  networkId: config.chainId,
  genesis: header.hash,
  forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n },
  range: { earliest: 0n, latest: 0n, latestHash: header.hash },
  ...{ td: 1n, head: header.hash }, // of eth/68
}

async function peerchart(...args: string[]) {
  const io = new ScriptedIo()
  const exit = await runCli(args, io)
  return { exit, out: io.out, err: io.err }
}

describe('peerchart headers, bodies, receipts and tx', () => {
  describe('of a node', () => {
    let node: OwnNode
    before(async () => {
      node = await startOwnNode({ blocks: 5 })
    })
    after(() => node.stop())
    const ask = (command: string, ...args: string[]) => peerchart(command, node.enode, ...args)

    it('prints its newest header', async () => {
      const { exit, out, err } = await ask('headers')
      expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
      const head = await node.call('head')
      expect(out).to.match(new RegExp(`^${head.number} 0x${head.hash} \\d{4}-\\d\\d-\\d\\dT.*Z\\n$`))
    })
    it('prints headers in any direction and distance', async () => {
      const numbers = ({ out }: { out: string }) => [...out.matchAll(/^\d+/gm)].map(([number]) => Number(number))
      expect(numbers(await ask('headers', '0', '--amount', '2'))).to.deep.equal([0, 1])
      expect(numbers(await ask('headers', '0', '--amount', '9', '--skip', '1')))
        .to.have.length.above(1)
        .and.include(2)
      expect(numbers(await ask('headers', '2', '--amount', '9', '--reverse'))).to.deep.equal([2, 1, 0])
      expect(numbers(await ask('headers', `0x${bytesToHex(header.hash)}`))).to.deep.equal([0])
    })
    it("prints them as geth's JSON", async () => {
      const { out } = await ask('headers', '0', '--json')
      expect(JSON.parse(out)[0]).to.deep.include({ number: '0x0', hash: `0x${bytesToHex(header.hash)}` })
    })
    it('prints bodies', async () => {
      const { exit, out } = await ask('bodies', '0', '1')
      expect(exit).to.equal(0)
      expect(out)
        .to.match(/^0 0x\S+ \S+: 0 transactions/m)
        .and.match(/^1 0x\S+ \S+: \d+ transactions/m)
      const { out: json } = await ask('bodies', '1', '--json')
      expect(JSON.parse(json)[0]).to.include({ number: '0x1' }).and.have.property('transactions')
    })
    it('says what the node does not have', async () => {
      for (const [line, cause] of [
        ['headers 1000', /the node has no block 1000; ask for another/],
        [`bodies 0x${'1'.repeat(64)}`, /the node has no block 0x1111/],
        ['receipts 1', /the node has no receipts of block 1/],
        [`tx 0x${'1'.repeat(64)}`, /the node has no transaction 0x1{64} in its pool/],
      ] as const) {
        const [command, ...args] = line.split(' ')
        const { exit, out, err } = await ask(command!, ...args)
        expect({ exit, out }).to.deep.equal({ exit: 10, out: '' })
        expect(err)
          .to.match(/^error: [^\n]+\n$/)
          .and.match(cause)
        const reported = JSON.parse((await ask(command!, ...args, '--json')).out)
        expect(reported).to.include({ enode: node.enode, outcome: 'absent' })
        expect(reported.cause).to.match(new RegExp(cause.source.replace('; ask for another', '')))
      }
    })
  })

  describe('of a peer that cannot be trusted', () => {
    type Script = (peer: ScriptedPeer) => unknown
    const against = (script: Script, ...args: [string, ...string[]]) => at(72, script, ...args)
    async function at(version: EthVersion, script: Script, command: string, ...args: string[]) {
      await using listener = await listen({ status: status as never, caps: [`eth/${version}`] })
      await using peer = listener.accept()
      const playing = (async () => {
        await headers(peer) // of the probe
        await script(peer)
      })()
      const [reported] = await Promise.all([peerchart(command, listener.enode, ...args, '--timeout', '300ms'), playing])
      return reported
    }
    const headers = async (peer: ScriptedPeer, raw: Uint8Array = header.raw) =>
      peer.send('BlockHeaders', { id: (await peer.expect('GetBlockHeaders')).id, headers: [raw] })
    const refused = ({ exit, out, err }: { exit: number; out: string; err: string }, code: number, cause: RegExp) => {
      expect(err)
        .to.match(/^error: [^\n]+\n$/)
        .and.match(cause)
      expect({ exit, out }).to.deep.equal({ exit: code, out: '' })
    }

    it('refuses another header than it asked for', async () => {
      refused(await against(headers, 'headers', '7'), 10, /the node gave another block than 7/)
      refused(await against(headers, 'headers', `0x${'1'.repeat(64)}`), 10, /the node gave another block than 0x1/)
    })
    it('refuses a header that is none', async () =>
      refused(
        await against((peer) => headers(peer, encodeRlp([1])), 'headers', '0'),
        10,
        /what the node gave is malformed/,
      ))
    it('refuses a body of another block', async () => {
      const lie = async (peer: ScriptedPeer) => {
        await headers(peer)
        const { id } = await peer.expect('GetBlockBodies')
        peer.send('BlockBodies', { id, bodies: [encodeRlp([[[]], []])] })
      }
      refused(await against(lie, 'bodies', '0'), 10, /the node gave a wrong body/)
    })
    it('refuses receipts of another block', async () => {
      const lie = async (peer: ScriptedPeer) => {
        await headers(peer)
        const { id } = await peer.expect('GetReceipts')
        peer.send('Receipts', { id, receipts: [encodeRlp([[0, 1, 21_000, []]])] })
      }
      refused(await against(lie, 'receipts', '0'), 10, /the node gave receipts that are not those of block 0/)
    })
    /** Gives `part` for as long as it is asked. */
    const receipts = (block: Uint8Array, part: readonly unknown[], isMore: boolean) => {
      const list = encodeRlp(part as never)
      const give = async (peer: ScriptedPeer): Promise<void> => {
        const { id } = await peer.expect('GetReceipts')
        peer.send('Receipts', { id, receipts: [list], lastBlockIncomplete: isMore })
        if (isMore) await give(peer)
      }
      return async (peer: ScriptedPeer) => {
        await headers(peer, block)
        await give(peer).catch(() => {})
      }
    }
    it('does not ask on for ever for receipts that never end', async () => {
      const full = headerWith({ gasUsed: 42_000 })
      refused(
        await against(receipts(full, [], true), 'receipts', '0'),
        10,
        /the node says that block 0 has more receipts, and gives none/,
      )
      refused(
        await against(receipts(full, [[0, 1, 21_000, []]], true), 'receipts', '0'),
        10,
        /the node gave receipts that are not those of block 0: more than its gas allows/,
      )
    })
    it('refuses more receipts than any block has, whatever gas the header claims', async () => {
      const many = Array<unknown>(100_001).fill([0, 1, 1, []])
      const block = headerWith({ gasUsed: 2 ** 50 })
      refused(await against(receipts(block, many, false), 'receipts', '0'), 10, /more than its gas allows/)
    })
    it('takes receipts of Amsterdam by their root: what they count is not the gas that the block used', async () => {
      const list = [1, 2].map((i) => [0, 1, 20_000 * i, []])
      const { header } = genesisOf(amsterdamAtOnce)
      const block = changedHeader(header, { gasUsed: 9_000n, receiptsRoot: listRoot(list.map(inTrie)) }).raw
      const { exit, out } = await against(receipts(block, list, false), 'receipts', '0')
      expect(exit).to.equal(0)
      expect(out).to.match(/40000 gas so far/)
      const short = changedHeader(header, { gasUsed: 8_999n, receiptsRoot: listRoot(list.map(inTrie)) }).raw
      refused(await against(receipts(short, list, false), 'receipts', '0'), 10, /more than its gas allows/)
    })
    it('refuses a receipt that is none', async () => {
      const block = headerWith({ gasUsed: 21_000 })
      refused(
        await against(receipts(block, [[0, 2, 21_000, []]], false), 'receipts', '0'),
        10,
        /what the node gave is malformed: item 0: expected a status of 0 or 1/,
      )
    })
    it('refuses a bloom that is not that of the logs, which eth/68 alone has', async () => {
      const receipt = [1, 21_000, new Uint8Array(256).fill(1), []]
      const block = headerWith({ gasUsed: 21_000, receiptsRoot: listRoot([inTrie([0, 1, 21_000, []])]) })
      refused(
        await at(68, receipts(block, [receipt], false), 'receipts', '0'),
        10,
        /the node gave receipts that are not those of block 0/,
      )
    })
    for (const version of ethVersions)
      it(`prints receipts under the names of eth_getBlockReceipts, at eth/${version}`, async () => {
        const [address, topic] = [new Uint8Array(20).fill(1), new Uint8Array(32).fill(2)]
        const logs = [[address, [topic], Uint8Array.of(3)]]
        const since69 = [2, 1, 21_000, logs]
        const envelope = inTrie(since69)
        const block = headerWith({ gasUsed: 21_000, receiptsRoot: listRoot([envelope]) })
        const give = receipts(block, [version === 68 ? envelope : since69], false)
        const { out } = await at(version, give, 'receipts', '0', '--json')
        expect(JSON.parse(out)[0].receipts).to.deep.equal([
          {
            ...{ type: '0x2', status: '0x1', cumulativeGasUsed: '0x5208' },
            logs: [{ address: `0x${'01'.repeat(20)}`, topics: [`0x${'02'.repeat(32)}`], data: '0x03' }],
          },
        ])
      })
    it('reports the state root of a receipt that has one in place of a status', async () => {
      const root = new Uint8Array(32).fill(7)
      const receipt = [0, root, 21_000, []]
      const block = headerWith({ gasUsed: 21_000, receiptsRoot: listRoot([inTrie(receipt)]) })
      const give = receipts(block, [receipt], false)
      const { out } = await against(give, 'receipts', '0')
      expect(out).to.match(/^ {2}state root 0x(07){32}, type 0, 21000 gas so far, 0 logs$/m)
      const { out: json } = await against(give, 'receipts', '0', '--json')
      expect(JSON.parse(json)[0].receipts[0])
        .to.include({ root: `0x${'07'.repeat(32)}` })
        .and.not.have.property('status')
    })
    it('refuses headers that are not the ones it asked for', async () => {
      const child = (number: number, parentHash = header.hash) => headerWith({ number, parentHash })
      const give = (...raw: Uint8Array[]) => {
        return async (peer: ScriptedPeer) =>
          peer.send('BlockHeaders', { id: (await peer.expect('GetBlockHeaders')).id, headers: [header.raw, ...raw] })
      }
      const two = ['headers', '0', '--amount', '2'] as const
      expect(await against(give(child(1)), ...two)).to.include({ exit: 0, err: '' })
      refused(await against(give(child(1), child(2)), ...two), 10, /gave 3 headers where 2 were asked for/)
      refused(await against(give(child(2)), ...two), 10, /gave header 2 where 1 was asked for/)
      refused(await against(give(child(1)), ...two, '--skip', '1'), 10, /gave header 1 where 2 was asked for/)
      refused(await against(give(child(1)), ...two, '--reverse'), 10, /gave header 1 where -1 was asked for/)
      const stranger = child(1, new Uint8Array(32))
      refused(await against(give(stranger), ...two), 10, /gave headers 0 and 1, and one is not the other's parent/)
    })
    const giveTx = (item: Uint8Array) => async (peer: ScriptedPeer) => {
      const { id } = await peer.expect('GetPooledTransactions')
      peer.send('PooledTransactions', { id, transactions: [item] })
    }
    it('prints a transaction of its pool with who sent it, and refuses another', async () => {
      const hash = `0x${bytesToHex(txHash(readItem(transaction)))}`
      const { exit, out } = await against(giveTx(transaction), 'tx', hash)
      expect(exit).to.equal(0)
      expect(out.split('\n')).to.deep.equal([
        `${hash} type 0, 110 bytes`,
        '  from   0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f, nonce 9',
        '  to     0x3535353535353535353535353535353535353535, 0 bytes of input',
        '  value  1000000000000000000 wei, 1 ether',
        '  gas    21000, each for 20000000000 wei',
        '',
      ])
      refused(await against(giveTx(transaction), 'tx', `0x${'1'.repeat(64)}`), 10, /the node gave another transaction/)
    })
    it("prints a transaction as geth's JSON of one that waits, without the blobs that it carries", async () => {
      const [key, to] = [new Uint8Array(32).fill(7), new Uint8Array(20).fill(1)]
      const fields = { chainId: 1n, nonce: 3n, tip: 1n, feeCap: 7n, gas: 21_000n, blobFeeCap: 2n, to }
      const { hash, item, bare } = signBlobTx(fields, [5n], key, true)
      const name = `0x${bytesToHex(hash)}`
      const { out } = await against(giveTx(item), 'tx', name, '--json')
      const json = JSON.parse(out)
      expect(json).to.deep.include({ hash: name, type: '0x3', nonce: '0x3', gasPrice: '0x7', blockHash: null })
      const from = bytesToHex(keccak256(publicKeyOf(key)).subarray(12))
      expect(json).to.deep.include({ from: `0x${from}`, transactionIndex: null })
      expect(json.blobVersionedHashes).to.have.length(1)
      expect(json.raw).to.equal(`0x${bytesToHex(readItem(bare).content)}`)
    })
    it('refuses a transaction that no one can have signed', async () => {
      const unsigned = transaction.slice()
      unsigned.fill(0xff, -32) // s
      const hash = `0x${bytesToHex(txHash(readItem(unsigned)))}`
      refused(
        await against(giveTx(unsigned), 'tx', hash),
        10,
        /a transaction with invalid transaction v, r, s values; /,
      )
    })
    it('says that it did not answer', async () =>
      refused(await against(() => {}, 'headers'), 4, /no answer to GetBlockHeaders came within 300 ms/))
  })
})

const inTrie = (receipt: RlpInput) => encodeReceipt(decodeReceipt(readItem(encodeRlp(receipt)), 69))

/** The genesis with other fields. */
function headerWith(fields: Readonly<Record<string, number | Uint8Array>>): Uint8Array {
  const items = Array.from(RlpReader.open(header.raw).rest(), ({ raw }) => raw)
  for (const [name, at] of Object.entries({ parentHash: 0, receiptsRoot: 5, number: 8, gasUsed: 10 }))
    if (fields[name] !== undefined) items[at] = encodeRlp(fields[name])
  return encodeList(items)
}

/** The example of EIP-155. */
const transaction = hexToBytes(
  'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
)
