import { verifyMerkleRangeProof } from '@ethereumjs/mpt'
import { expect } from 'chai'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { SnapService } from '../../../actors/snap/service.ts'
import { emptyCodeHash, emptyRoot, encodeAccount, encodeSlimAccount } from '../../../protocols/chain/account.ts'
import type { TrieEntry } from '../../../protocols/chain/trie-root.ts'
import { parseRecord } from '../../../protocols/enr/record.ts'
import { ethVersions } from '../../../protocols/eth/versions.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { accountOf, blockHash, type ServedAccount, ServedStates } from './served-states.ts'

// The cases of geth's `devp2p rlpx snap-test` and `snap2-test`, by their names, on states of our own: contents are compared.

const zero = new Uint8Array(32)
const highest = new Uint8Array(32).fill(0xff)
const moved = (hash: Uint8Array, by: bigint) =>
  hexToBytes((BigInt(`0x${bytesToHex(hash)}`) + by).toString(16).padStart(64, '0'))
const inOrder = (accounts: readonly ServedAccount[]) => accounts.toSorted((a, b) => Buffer.compare(a.hash, b.hash))

describe('a node that serves snap', function () {
  this.timeout(20_000)
  const codes = [1, 2, 3].map((byte) => new Uint8Array(100).fill(byte))
  const contract = accountOf('contract', { slots: 3, code: codes[0]! })
  const large = accountOf('large', { slots: 1_400, code: codes[1]! })
  const few = [contract, large, ...Array.from({ length: 46 }, (_, i) => accountOf(`account ${i}`))]
  const accounts = inOrder(few)
  const [first, second] = accounts
  const sizeOf = (account: ServedAccount) => 32 + encodeSlimAccount(account).length
  let states: ServedStates
  let node: PeerchartNode
  let peer: ScriptedPeer
  let head: Uint8Array
  before(async () => {
    // 130 blocks: each has an account more; the last has those above.
    states = await ServedStates.open({ accounts: [accountOf('genesis')], codes })
    for (let number = 1; number < 129; number++)
      await states.add({ accounts: [contract, accountOf(`block ${number}`)], codes: [] })
    await states.add({ accounts, codes: [] })
    head = states.roots.at(-1)!
    const { protocols } = new SnapService(processRuntime(), { backend: states.backend, ethVersions })
    node = await createNode({ port: 0, protocols })
    await node.start()
  })
  after(() => node.stop())
  afterEach(() => peer.close())
  const open = async (...caps: string[]) => {
    peer = dial(node.enode, { caps, timeout: 5_000 })
    await peer.until('running')
  }
  const slotsOf = (entries: readonly TrieEntry[]) => entries.map(({ key, value }) => ({ hash: key, data: value }))

  describe('snap/1', () => {
    beforeEach(() => open('eth/72', 'snap/1'))

    it('Status', () => expect(peer.snapVersion).to.equal(1))

    describe('AccountRange', () => {
      /** What is given is what there is, and proved from `origin` on. */
      const range = async (bytes: number, origin: Uint8Array, limit: Uint8Array, root = head) => {
        const answer = await peer.request('GetAccountRange', { root, origin, limit, bytes })
        const [given, proof] = [[...answer.accounts], [...answer.proof]]
        if (given.length > 0) {
          const [keys, values] = [given.map(({ hash }) => hash), given.map(({ account }) => encodeAccount(account))]
          await verifyMerkleRangeProof(root, origin, keys.at(-1)!, keys, values, proof)
        }
        return { given: given.map(({ hash }) => bytesToHex(hash)), proof }
      }
      const hashes = (some: readonly ServedAccount[]) => some.map(({ hash }) => bytesToHex(hash))
      /** As many accounts as go beyond so many bytes. */
      const until = (bytes: number) => {
        let size = 0
        return accounts.filter((account) => {
          const isWanted = size <= bytes
          size += sizeOf(account)
          return isWanted
        })
      }
      for (const bytes of [8_000, 2_000, 1_200, 1, 0])
        it(`all of it, in ${bytes} bytes`, async () => {
          const { given } = await range(bytes, zero, highest)
          expect(given).to.deep.equal(hashes(until(bytes)))
        })
      it('is whole in 8,000 bytes and not in 2,000', () =>
        expect([until(8_000).length, until(2_000).length < 48]).to.deep.equal([48, true]))
      for (const [what, origin, limit, expected] of [
        ['from before the first to behind it: the next, too', moved(first!.hash, -500n), moved(first!.hash, 1n), 2],
        ['before the first: the first', moved(first!.hash, -500n), moved(first!.hash, -450n), 1],
        ['from zero to zero: the first', zero, zero, 1],
        ['from the first', first!.hash, highest, 48],
        ['from the first down: the first', first!.hash, moved(first!.hash, -1n), 1],
        ['from the first to zero: the first', first!.hash, zero, 1],
      ] as const)
        it(what, async () => {
          const { given } = await range(8_000, origin, limit)
          expect(given).to.deep.equal(hashes(accounts.slice(0, expected)))
        })
      it('from behind the first: the others', async () => {
        const { given } = await range(8_000, moved(first!.hash, 1n), highest)
        expect(given).to.deep.equal(hashes(accounts.slice(1)))
        expect(given[0]).to.equal(bytesToHex(second!.hash))
      })
      it('behind the last: none, and the proof that there is none', async () => {
        const { given, proof } = await range(8_000, highest, zero)
        expect(given).to.deep.equal([])
        expect(await verifyMerkleRangeProof(head, highest, null, [], [], proof)).to.equal(false) // nothing to the right
      })
      for (const [what, rootOf] of [
        ['no state', () => keccak256(zero)],
        ['the genesis, 129 blocks back', () => states.roots[0]!],
        ['a storage', () => contract.storageRoot],
      ] as const)
        it(`the root of ${what}: nothing`, async () => {
          const { given, proof } = await range(8_000, zero, highest, rootOf())
          expect({ given, proof }).to.deep.equal({ given: [], proof: [] })
        })
      it('the state of 127 blocks before the head', async () => {
        const { given } = await range(8_000, zero, highest, states.roots.at(-128)!)
        expect(given).to.deep.equal(hashes(inOrder([contract, accountOf('block 2')])))
      })
    })

    describe('GetByteCodes', () => {
      const all = codes.map(keccak256)
      const get = async (hashes: readonly Uint8Array[], bytes = 10_000) => {
        return [...(await peer.request('GetByteCodes', { hashes, bytes })).codes]
      }
      it('no code has the hash of a state, or of an empty one', async () =>
        expect(await get([states.roots[0]!, head, states.roots[0]!, emptyRoot])).to.deep.equal([]))
      it('no code is there as often as it is asked for', async () =>
        expect(await get([emptyCodeHash, emptyCodeHash, emptyCodeHash])).to.deep.equal(
          Array(3).fill(new Uint8Array(0)),
        ))
      it('all', async () => expect(await get(all)).to.deep.equal(codes))
      for (const bytes of [0, 1])
        it(`one in ${bytes} bytes`, async () => expect(await get(all, bytes)).to.deep.equal([codes[0]]))
      it('one code four times', async () =>
        expect(await get(Array(4).fill(all[1]))).to.deep.equal(Array(4).fill(codes[1])))
      it('without those that are not there', async () =>
        expect(await get([zero, all[2]!, zero])).to.deep.equal([codes[2]]))
    })

    describe('GetTrieNodes', () => {
      const get = async (paths: readonly (readonly Uint8Array[])[], bytes = 5_000, root = head) => {
        const { nodes } = await peer.request('GetTrieNodes', { root, paths, bytes })
        return [...nodes]
      }
      const root = Uint8Array.of(0)
      /** The first `length` nibbles of a key. */
      const pathTo = (key: Uint8Array, length: number): Uint8Array => {
        const nibbles = bytesToHex(key).slice(0, length)
        return hexToBytes(length % 2 ? `1${nibbles}` : `00${nibbles}`)
      }
      const nothing = new Uint8Array(0)

      it('none', async () => expect(await get([])).to.deep.equal([]))
      it('an empty set of paths ends the session', async () => {
        peer.send('GetTrieNodes', { root: head, paths: [[], [root]], bytes: 5_000 })
        await peer.expectDisconnect('SubprotocolError')
      })
      it('the root, of the state before, and nothing of an account that is not there', async () => {
        const nodes = await get([[root], [Uint8Array.of(1), root]], 5_000, states.roots.at(-2)!)
        expect(nodes.map(keccak256)).to.deep.equal([states.roots.at(-2)])
      })
      it('a path that is too long is empty', async () =>
        expect(await get([[new Uint8Array(55).map((_, i) => i % 9)]])).to.deep.equal([nothing]))
      it('along the key of an account, and empty behind its leaf', async () => {
        const nodes = await get(Array.from({ length: 65 }, (_, i) => [pathTo(first!.hash, i)]))
        expect(nodes).to.have.length(65)
        const depth = nodes.findIndex(({ length }) => length === 0)
        expect(nodes.slice(depth)).to.deep.equal(Array(65 - depth).fill(nothing))
        expect(keccak256(nodes[0]!)).to.deep.equal(head)
        for (const [at, node] of nodes.slice(1, depth).entries())
          expect(bytesToHex(nodes[at]!)).to.contain(bytesToHex(keccak256(node)))
        expect(bytesToHex(nodes[depth - 1]!)).to.contain(bytesToHex(encodeAccount(first!)))
        expect(await get([10, 1, 0].map((length) => [pathTo(first!.hash, length)]))).to.deep.equal([
          ...[nothing, nodes[1], nodes[0]],
        ])
      })
      it('of storage', async () => {
        const [{ key }] = contract.slots as [TrieEntry]
        const [top, leaf] = await get([[contract.hash, root, pathTo(key, 1)]])
        expect(keccak256(top!)).to.deep.equal(contract.storageRoot)
        expect(bytesToHex(top!)).to.contain(bytesToHex(keccak256(leaf!)))
      })
      it('nothing of a state that is not there', async () =>
        expect(await get([[root]], 5_000, states.roots[0]!)).to.deep.equal([]))
    })

    describe('GetStorageRanges', () => {
      type Query = { origin?: Uint8Array; limit?: Uint8Array; bytes?: number; root?: Uint8Array }
      const get = async (accounts: readonly ServedAccount[], { root = head, bytes = 500, ...range }: Query) => {
        const answer = await peer.request('GetStorageRanges', {
          ...{ root, accountHashes: accounts.map(({ hash }) => hash), bytes, ...range },
        })
        return { slots: Array.from(answer.slots, (slots) => [...slots]), proof: [...answer.proof] }
      }
      const of = async (range: Query) => {
        const { slots, proof } = await get([contract], range)
        if (range.origin && range.origin !== zero) {
          const [keys, values] = [slots[0]!.map(({ hash }) => hash), slots[0]!.map(({ data }) => data)]
          await verifyMerkleRangeProof(contract.storageRoot, range.origin, keys.at(-1)!, keys, values, proof)
        } else expect(proof).to.deep.equal([])
        return slots
      }
      const all = slotsOf(contract.slots)
      it('all of it', async () => expect(await of({ origin: zero, limit: highest })).to.deep.equal([all]))
      it('from the first', async () =>
        expect(await of({ origin: all[0]!.hash, limit: highest, bytes: 1_000 })).to.deep.equal([all]))
      it('from behind the first', async () =>
        expect(await of({ origin: moved(all[0]!.hash, 1n), limit: highest })).to.deep.equal([all.slice(1)]))
      it('from the first to the second', async () =>
        expect(await of({ origin: all[0]!.hash, limit: all[1]!.hash })).to.deep.equal([all.slice(0, 2)]))
      it('to behind the second: the next, too', async () =>
        expect(await of({ origin: moved(all[0]!.hash, 1n), limit: moved(all[1]!.hash, 1n) })).to.deep.equal([
          all.slice(1),
        ]))
      it('of several accounts, whole, and none of one without storage', async () => {
        const { slots, proof } = await get([contract, accountOf('account 1'), large], { bytes: 1_000_000 })
        expect({ slots, proof }).to.deep.equal({ slots: [all, slotsOf(large.slots)], proof: [] })
      })
      it('as much as fits of the last, with its proof', async () => {
        const { slots, proof } = await get([contract, large], { bytes: 38_000 })
        expect(slots[0]).to.deep.equal(all)
        const [keys, values] = [slots[1]!.map(({ hash }) => hash), slots[1]!.map(({ data }) => data)]
        expect(slots[1]).to.deep.equal(slotsOf(large.slots).slice(0, keys.length))
        const size = slots.flat().reduce((sum, { data }) => sum + 32 + data.length, 0)
        expect(size).to.be.within(41_800, 41_800 + 35) // geth's slack of a tenth
        await verifyMerkleRangeProof(large.storageRoot, zero, keys.at(-1)!, keys, values, proof)
      })
      it('nothing of an account or a state that is not there', async () => {
        const nothing = { slots: [], proof: [] }
        expect(await get([accountOf('x')], { origin: highest })).to.deep.equal(nothing)
        expect(await get([contract], { root: zero })).to.deep.equal(nothing)
      })
    })
  })

  describe('snap/2', () => {
    beforeEach(() => open('eth/72', 'snap/1', 'snap/2'))

    it('Status', () => expect(peer.snapVersion).to.equal(2))
    describe('GetBlockAccessLists', () => {
      const list = (number: number) => encodeRlp([Uint8Array.of(number), new Uint8Array(100)])
      const empty = Uint8Array.of(0x80)
      before(() => {
        for (let number = 1; number <= 16; number++) states.lists.set(bytesToHex(blockHash(number)), list(number))
      })
      const get = async (hashes: readonly Uint8Array[], bytes = 2 ** 21) => {
        const { accessLists } = await peer.request('GetAccessLists', { hashes, bytes })
        return Array.from(accessLists, ({ raw }) => raw)
      }
      const all = Array.from({ length: 16 }, (_, i) => blockHash(i + 1))
      it('none', async () => expect(await get([])).to.deep.equal([]))
      it('an empty string for each that is not there', async () =>
        expect(await get([zero, highest, zero])).to.deep.equal([empty, empty, empty]))
      it('in their order', async () =>
        expect(await get([all[1]!, zero, all[0]!, highest])).to.deep.equal([list(2), empty, list(1), empty]))
      it('sixteen', async () => expect(await get(all)).to.deep.equal(all.map((_, i) => list(i + 1))))
      for (const bytes of [0, 1])
        it(`one in ${bytes} bytes`, async () => expect(await get(all, bytes)).to.deep.equal([list(1)]))
      it('one block three times', async () =>
        expect(await get(Array(3).fill(all[4]))).to.deep.equal(Array(3).fill(list(5))))
    })
    it('TrieNodesRemoved', async () => {
      const payload = encodeRlp([1, head, [[Uint8Array.of(0)]], 500])
      peer.raw({ code: peer.codeIn('snap', 6)!, payload, compressed: true })
      await peer.expectDisconnect('SubprotocolError')
    })
  })

  it('ends a peer that speaks no eth with it', async () => {
    peer = dial(node.enode, { caps: ['snap/1'], timeout: 5_000 })
    await peer.expectDisconnect('SubprotocolError')
  })
  it('says so in its node record', () => expect(parseRecord(node.nodeInfo().enr).pairs.has('snap')).to.equal(true))
})
