import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { fetchAccount } from '../../actors/probe/fetch-account.ts'
import { quantity } from '../../actors/rpc/json/hex.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { ethtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

/** As `geth dump` has them. */
type Dumped = {
  readonly address: string
  readonly balance: string
  readonly nonce: number
  readonly root: string
  readonly codeHash: string
  readonly key: string
  readonly code?: string
  /** By key and not by its hash; values without `0x`. */
  readonly storage?: Readonly<Record<string, string>>
}

describe("accounts of geth's state, over snap/1", () => {
  let geth: Geth
  let dumped: readonly Dumped[]
  /** Of the head. */
  let number: bigint
  before(async function () {
    geth = await ethtestGeth(this)
    dumped = Object.values(JSON.parse(await readFile(`${ethtest.folder}/headstate.json`, 'utf8')).accounts)
    number = ethtest.head.number
  })
  async function peerchart(...args: string[]) {
    const io = new ScriptedIo()
    const exit = await runCli(['account', geth.enode, ...args], io)
    return { exit, out: io.out, err: io.err }
  }
  const absent = `0x${'ab'.repeat(20)}`

  it('are those of its dump, every one in every field', async () => {
    await using peer = dial(geth.enode, { caps: ['eth/69', 'snap/1'] })
    await peer.until('running')
    for (const { address, balance, nonce, root, codeHash, key } of dumped) {
      const { header, account } = await fetchAccount(peer, 'head', bytes(address))
      expect(header.number).to.equal(number)
      expect(`0x${bytesToHex(keccak256(bytes(address)))}`).to.equal(key)
      expect(account).to.deep.equal({
        ...{ nonce: BigInt(nonce), balance: BigInt(balance) },
        storageRoot: bytes(root),
        codeHash: bytes(codeHash),
      })
    }
    const { stateRoot: root } = (await fetchAccount(peer, 'head', bytes(absent))).header
    const all = { root, origin: new Uint8Array(32), limit: new Uint8Array(32).fill(0xff) }
    expect((await peer.request('GetAccountRange', all)).accounts.count).to.equal(dumped.length)
  })
  it('are what eth_getProof returns, in JSON', async () => {
    const contract = dumped.find(({ root }) => !root.startsWith('0x56e81f17'))!
    const user = dumped.find(({ nonce, codeHash }) => nonce > 0 && codeHash.startsWith('0xc5d24601'))!
    for (const { address } of [contract, user]) {
      const { exit, out, err } = await peerchart(address, '--block', `${number}`, '--json')
      expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
      const { blockNumber, blockHash, exists, ...account } = JSON.parse(out)
      expect({ blockNumber, exists }).to.deep.equal({ blockNumber: quantity(number), exists: true })
      expect(await geth.rpc('eth_getProof', address, [], blockHash)).to.deep.include(account)
    }
  })
  it('are those of the block that was asked for', async () => {
    const { address } = dumped.find(({ nonce }) => nonce > 100)!
    const { out } = await peerchart(address, '--block', `${number - 10n}`, '--json')
    const { nonce, balance } = JSON.parse(out)
    const then = await geth.rpc<object>('eth_getProof', address, [], quantity(number - 10n))
    expect(then).to.include({ nonce, balance })
    expect(await geth.rpc<object>('eth_getProof', address, [], quantity(number))).to.not.include({ nonce, balance })
  })
  it('are proved absent where there are none', async () => {
    const { exit, out, err } = await peerchart(absent)
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
    expect(out).to.match(new RegExp(`^${number} 0x\\S+ \\S+: no account ${absent}, as the node proves\n$`))
  })
  it('are not there for a block of long ago', async () => {
    const { exit, out, err } = await peerchart(absent, '--block', '1')
    expect({ exit, out }).to.deep.equal({ exit: 10, out: '' })
    expect(err).to.match(/^error: the node does not have the state of block 1: [^\n]+\n$/)
  })
  it('come with their code, their storage and the nodes of their trie, by name', async () => {
    await using peer = dial(geth.enode, { caps: ['eth/72', 'snap/1'] })
    await peer.until('running')
    const { code, codeHash, key, storage } = dumped.find(({ code, storage }) => code && storage)!
    const { codes } = await peer.request('GetByteCodes', { hashes: [bytes(codeHash)] })
    expect(Array.from(codes, bytesToHex)).to.deep.equal([code!.slice(2)])

    const { stateRoot: root } = (await fetchAccount(peer, 'head', bytes(absent))).header
    const { slots } = await peer.request('GetStorageRanges', { root, accountHashes: [bytes(key)] })
    const reported = Array.from(slots, (list) =>
      Array.from(list, ({ hash, data }) => [bytesToHex(hash), bytesToHex(data)]),
    )
    const inDump = Object.entries(storage!).map(([slot, value]) => [
      bytesToHex(keccak256(bytes(slot))),
      bytesToHex(encodeRlp(hexToBytes(value))),
    ])
    expect(reported).to.deep.equal([inDump.sort(([a], [b]) => (a! < b! ? -1 : 1))])

    const { nodes } = await peer.request('GetTrieNodes', { root, paths: [[Uint8Array.of(0)]] })
    expect(Array.from(nodes, keccak256)).to.deep.equal([root])
  })
})

const bytes = (hex: string) => hexToBytes(hex.slice(2))
