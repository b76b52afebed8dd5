import { expect } from 'chai'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { listen, type ScriptedListener } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { ScriptError } from '../../../actors/scripted-peer/transcript.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { MalformedSnapMessage } from '../../../protocols/snap/messages.ts'
import { repeat } from '../../vectors/eth-messages.ts'
import { plainAccount, rangedAccount } from '../../vectors/snap-messages.ts'

const hash = repeat(0x11, 32)
const status = {
  networkId: 5n,
  genesis: hash,
  forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n },
  range: { earliest: 0n, latest: 7n, latestHash: hash },
}

describe('a scripted peer that speaks snap', () => {
  let listener: ScriptedListener
  let theirs: ScriptedPeer
  let peer: ScriptedPeer
  afterEach(async () => {
    peer.close()
    theirs.close()
    await listener.close()
  })
  async function run(...caps: string[]): Promise<void> {
    listener = await listen({ status, caps, timeout: 1_000 })
    theirs = listener.accept()
    peer = dial(listener.enode, { caps, timeout: 1_000 })
    await Promise.all([peer.until('running'), theirs.until('running')])
  }

  for (const [caps, version, offset] of [
    [['eth/69', 'snap/1'], 1, 16 + 18],
    [['eth/72', 'snap/1'], 1, 16 + 22],
    [['eth/70', 'snap/1', 'snap/2'], 2, 16 + 18],
    [['snap/2'], 2, 16],
  ] as const)
    it(`has its codes behind those of the others: ${caps.join(' ')}`, async () => {
      await run(...caps)
      expect(peer.snapVersion).to.equal(version)
      peer.send('GetByteCodes', { hashes: [hash] })
      expect(await theirs.next('GetByteCodes')).to.include({ code: offset + 4 })
      expect(peer.codeIn('snap', 4)).to.equal(offset + 4)
    })
  it('asks for accounts by name, and gets them whole', async () => {
    await run('eth/69', 'snap/1')
    const asked = peer.request('GetAccountRange', { root: hash, origin: repeat(0, 32), limit: repeat(0xff, 32) })
    const { id, bytes, limit } = await theirs.expect('GetAccountRange', { root: hash })
    expect({ bytes, limit }).to.deep.equal({ bytes: 524_288n, limit: repeat(0xff, 32) })
    theirs.send('AccountRange', { id: id + 1n, accounts: [], proof: [] })
    theirs.send('AccountRange', { id, accounts: [rangedAccount], proof: [Uint8Array.of(0xc0)] })
    const { accounts, proof } = await asked
    expect([...accounts]).to.deep.equal([{ hash, account: plainAccount }])
    expect([...proof]).to.deep.equal([Uint8Array.of(0xc0)])
    expect(peer.log.map(({ label }) => label).slice(-2)).to.deep.equal(['AccountRange 0', 'AccountRange 1'])
  })
  it('asks for the whole storage of accounts, unless it is given a range', async () => {
    await run('snap/1')
    const asked = peer.request('GetStorageRanges', { root: hash, accountHashes: [hash], bytes: 1 })
    const { id, accountHashes, origin, limit, bytes } = await theirs.expect('GetStorageRanges')
    expect([...accountHashes]).to.deep.equal([hash])
    expect({ origin, limit, bytes }).to.deep.equal({ origin: new Uint8Array(0), limit: new Uint8Array(0), bytes: 1n })
    theirs.send('StorageRanges', { id, slots: [encodeRlp([[hash, Uint8Array.of(5)]])], proof: [] })
    const { slots } = await asked
    expect(Array.from(slots, (list) => [...list])).to.deep.equal([[{ hash, data: Uint8Array.of(5) }]])
  })
  it('asks for trie nodes by paths, in snap/1', async () => {
    await run('snap/1')
    const asked = peer.request('GetTrieNodes', { root: hash, paths: [[Uint8Array.of(0)], [hash, Uint8Array.of(1)]] })
    const { id, paths } = await theirs.expect('GetTrieNodes')
    expect(Array.from(paths, (set) => [...set])).to.deep.equal([[Uint8Array.of(0)], [hash, Uint8Array.of(1)]])
    theirs.send('TrieNodes', { id, nodes: [hexToBytes('c180'), new Uint8Array(0)] })
    expect([...(await asked).nodes]).to.deep.equal([hexToBytes('c180'), new Uint8Array(0)])
    expect(() => peer.send('GetAccessLists', { hashes: [hash] })).to.throw(RangeError, 'snap/1 has no GetAccessLists')
  })
  it('asks for access lists, in snap/2', async () => {
    await run('snap/2')
    const asked = peer.request('GetAccessLists', { hashes: [hash, hash] })
    theirs.send('AccessLists', { id: (await theirs.expect('GetAccessLists')).id, accessLists: [encodeRlp(''), []] })
    expect(Array.from((await asked).accessLists, ({ isList }) => isList)).to.deep.equal([false, true])
    peer.send(peer.codeIn('snap', 6), encodeRlp([]))
    expect(await theirs.next('snap 0x06')).to.include({ code: 16 + 6 })
  })
  it('reports an answer that is malformed, and why', async () => {
    await run('eth/69', 'snap/1')
    const asked = peer.request('GetByteCodes', { hashes: [hash] }).catch((error: Error) => error)
    await theirs.expect('GetByteCodes')
    theirs.raw({ code: 'ByteCodes', payload: encodeRlp([1]), compressed: true })
    const error = (await asked) as Error
    expect(error).to.be.instanceOf(ScriptError).and.have.property('cause').that.is.instanceOf(MalformedSnapMessage)
    expect(error.message)
      .to.match(/^a ByteCodes that is malformed\n/)
      .and.contain('< ByteCodes malformed')
  })
  it('says nothing of snap where that is not matched', async () => {
    await run('eth/69')
    expect(peer.snapVersion).to.equal(undefined)
    expect(() => peer.send('GetByteCodes', { hashes: [] })).to.throw(
      RangeError,
      'no version of snap is matched: GetByteCodes cannot be written',
    )
    expect(() => peer.raw({ code: 'ByteCodes' })).to.throw(ScriptError, 'the connection has no ByteCodes')
    expect(() => peer.codeIn('snap', 0)).to.throw(ScriptError, 'snap is not matched')
  })
})
