import { expect } from 'chai'
import { type DialOptions, dial } from '../../../actors/scripted-peer/dial.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { PeerMessageName } from '../../../actors/scripted-peer/negotiated-messages.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { ScriptError } from '../../../actors/scripted-peer/transcript.ts'
import type { Receipt } from '../../../protocols/chain/receipt.ts'
import type { Receipts, Receipts68, Receipts69, Receipts70 } from '../../../protocols/eth/receipt-messages.ts'
import type { Status, Status68, Status69 } from '../../../protocols/eth/status.ts'
import type { Cells } from '../../../protocols/eth/transaction-messages.ts'
import type { MessageName, MessageNameIn } from '../../../protocols/eth/versions.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import type { SnapMessageName, SnapMessageNameIn } from '../../../protocols/snap/versions.ts'

// Each `@ts-expect-error` fails the build where it is no error.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type ReceiptIn<M> = M extends Receipts<infer R> ? R : never
const holds = <_ extends true>(): void => {}

const hash = new Uint8Array(32).fill(3)
const range = { earliest: 0n, latest: 7n, latestHash: hash }
const chain = { networkId: 5n, genesis: hash, forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n } }
/** Of every version, and said first. */
const status = { ...chain, range, td: 1n, head: hash }

describe("a script's messages, as the compiler knows them", () => {
  /** Both ends of a session in which both offer `caps`. */
  async function meet<const C extends readonly `${'eth' | 'snap'}/${number}`[]>(...caps: C) {
    const listener = await listen({ status: status as never, caps, timeout: 1_000 })
    const theirs = listener.accept()
    const peer = dial(listener.enode, { caps, timeout: 1_000 })
    const end = async () => {
      peer.close()
      theirs.close()
      await listener.close()
    }
    await Promise.all([peer.until('running'), theirs.until('running')])
    return { peer, theirs, [Symbol.asyncDispose]: end }
  }

  it('are those of the table of their version', () => {
    type Until68 = 'NewBlockHashes' | 'NewBlock'
    type Since71 = 'GetBlockAccessLists' | 'BlockAccessLists'
    type Since72 = 'GetCells' | 'Cells'
    type Common = Exclude<MessageName, Until68 | 'BlockRangeUpdate' | Since71 | Since72>
    holds<Same<MessageNameIn<68>, Common | Until68>>()
    holds<Same<MessageNameIn<69>, Common | 'BlockRangeUpdate'>>()
    holds<Same<MessageNameIn<70>, MessageNameIn<69>>>()
    holds<Same<MessageNameIn<71>, MessageNameIn<70> | Since71>>()
    holds<Same<MessageNameIn<72>, MessageNameIn<71> | Since72>>()
    holds<Same<MessageNameIn<68 | 69>, Common | Until68 | 'BlockRangeUpdate'>>()
    holds<Same<Exclude<SnapMessageName, SnapMessageNameIn<1>>, 'GetAccessLists' | 'AccessLists'>>()
    holds<Same<Exclude<SnapMessageName, SnapMessageNameIn<2>>, 'GetTrieNodes' | 'TrieNodes'>>()
  })

  it('at eth/68 have no range, and a Status with the total difficulty', async () => {
    await using session = await meet('eth/68')
    const { peer, theirs } = session
    holds<Same<typeof peer, ScriptedPeer<'eth/68'>>>()
    holds<Same<typeof peer.theirStatus, Status68 | undefined>>()
    expect(peer.theirStatus?.td).to.equal(1n)
    // @ts-expect-error eth/69 brought it
    expect(() => peer.send('BlockRangeUpdate', range)).to.throw(RangeError, 'eth/68 has no BlockRangeUpdate')
    peer.send('NewBlockHashes', { blocks: [[hash, Uint8Array.of(8)]] })
    expect(Array.from((await theirs.expect('NewBlockHashes')).blocks, ({ number }) => number)).to.deep.equal([8n])
  })
  it('at eth/68 have receipts with a bloom, and since eth/69 without', async () => {
    const [bloom, data] = [new Uint8Array(256), Uint8Array.of(1)]
    const address = new Uint8Array(20).fill(9)
    const logs = [[address, [hash], data]]
    const shown = { type: 2, status: 1, cumulativeGasUsed: 21_000n, logs: [{ address, topics: [hash], data }] }
    const envelope = concatBytes(Uint8Array.of(2), encodeRlp([1, 21_000, bloom, logs]))
    const give = async (peer: ScriptedPeer, block: Uint8Array) =>
      peer.send('Receipts', { id: (await peer.expect('GetReceipts')).id, receipts: [block] })
    const open = ([block]: Iterable<Iterable<Receipt>>) =>
      Array.from(block!, (receipt) => ({ ...receipt, logs: [...receipt.logs] }))

    await using at68 = await meet('eth/68')
    const [old] = await Promise.all([
      at68.peer.request('GetReceipts', { hashes: [hash] }),
      give(at68.theirs, encodeRlp([envelope])),
    ])
    holds<Same<typeof old, Receipts68>>()
    holds<Same<ReceiptIn<typeof old>['logsBloom'], Uint8Array>>()
    expect(open(old.receipts)).to.deep.equal([{ ...shown, logsBloom: bloom }])

    await using at69 = await meet('eth/69')
    const [since69] = await Promise.all([
      at69.peer.request('GetReceipts', { hashes: [hash] }),
      give(at69.theirs, encodeRlp([[2, 1, 21_000, logs]])),
    ])
    holds<Same<Extract<keyof ReceiptIn<typeof since69>, 'logsBloom'>, never>>()
    expect(open(since69.receipts)).to.deep.equal([shown])
  })
  it('at eth/69 have a Status with a range, and receipts that are never in parts', async () => {
    await using session = await meet('eth/69')
    const { peer, theirs } = session
    holds<Same<typeof peer.theirStatus, Status69 | undefined>>()
    expect(peer.theirStatus?.range.latest).to.equal(7n)
    // @ts-expect-error the last of them was eth/68
    expect(() => peer.send('NewBlockHashes', { blocks: [] })).to.throw(RangeError, 'eth/69 has no NewBlockHashes')
    const asked = peer.request('GetReceipts', { hashes: [hash] })
    const { id, firstBlockReceiptIndex } = await theirs.expect('GetReceipts')
    theirs.send('Receipts', { id, receipts: [[]] })
    const answer = await asked
    holds<Same<typeof firstBlockReceiptIndex, 0n>>()
    holds<Same<typeof answer, Receipts69>>()
    expect([firstBlockReceiptIndex, answer.lastBlockIncomplete]).to.deep.equal([0n, false])
    // @ts-expect-error nothing of a block is left out before eth/70
    peer.send('GetReceipts', { hashes: [hash], firstBlockReceiptIndex: 5 })
    expect((await theirs.expect('GetReceipts')).firstBlockReceiptIndex).to.equal(0n)
  })
  it('from eth/70 on have receipts in parts', async () => {
    await using session = await meet('eth/70')
    const { peer, theirs } = session
    const asked = peer.request('GetReceipts', { hashes: [hash], firstBlockReceiptIndex: 5 })
    const { id, firstBlockReceiptIndex } = await theirs.expect('GetReceipts')
    theirs.send('Receipts', { id, receipts: [[]], lastBlockIncomplete: true })
    const answer = await asked
    holds<Same<typeof answer, Receipts70>>()
    expect([firstBlockReceiptIndex, answer.lastBlockIncomplete]).to.deep.equal([5n, true])
    // @ts-expect-error eth/71 brought them
    await refused(peer.request('GetBlockAccessLists', { hashes: [hash] }), RangeError)
  })
  it('from eth/72 on have the cells of a transaction in its announcement', async () => {
    await using session = await meet('eth/72')
    const { peer, theirs } = session
    peer.send('NewPooledTransactionHashes', { types: Uint8Array.of(3), sizes: [9], hashes: [hash] })
    const { mask } = await theirs.expect('NewPooledTransactionHashes')
    holds<Same<typeof mask, Uint8Array>>()
    expect(mask).to.have.length(16)
  })
  it('from eth/72 on have cells, column by column', async () => {
    await using session = await meet('eth/72')
    const { peer, theirs } = session
    const mask = Uint8Array.of(0b100001, ...new Uint8Array(15)) // columns 0 and 5
    const asked = peer.request('GetCells', { hashes: [hash, hash], mask })
    const request = await theirs.expect('GetCells')
    expect([request.hashes.count, request.mask]).to.deep.equal([2, mask])
    const cell = (blob: number, column: number) => new Uint8Array(2_048).fill(16 * blob + column)
    const group = [cell(1, 0), cell(2, 0), cell(1, 5), cell(2, 5)]
    theirs.send('Cells', { id: request.id, hashes: [hash, hash], cells: [group, []], mask })
    const answer = await asked
    holds<Same<typeof answer, Cells>>()
    expect(Array.from(answer.cells, (cells) => [...cells])).to.deep.equal([group, []])
    expect([...answer.hashes]).to.deep.equal([hash, hash])
  })
  it('of snap are there where snap is offered, in its version', async () => {
    await using session = await meet('eth/69', 'snap/1')
    const { peer } = session
    holds<Same<typeof peer, ScriptedPeer<'eth/69' | 'snap/1'>>>()
    holds<Same<typeof peer.snapVersion, 1 | undefined>>()
    peer.send('GetTrieNodes', { root: hash, paths: [] })
    // @ts-expect-error snap/2 brought them
    expect(() => peer.send('GetAccessLists', { hashes: [hash] })).to.throw(RangeError, 'snap/1 has no GetAccessLists')
    await using other = await meet('eth/69')
    // @ts-expect-error no one offered snap
    expect(() => other.peer.send('GetByteCodes', { hashes: [hash] })).to.throw(RangeError, 'no version of snap')
  })

  it('are those of any version that is offered, until the script asks which is spoken', async () => {
    await using session = await meet('eth/68', 'eth/69', 'eth/70')
    const { peer } = session
    holds<Same<typeof peer.version, 68 | 69 | 70 | undefined>>()
    holds<Same<typeof peer.theirStatus, Status | undefined>>()
    // @ts-expect-error none of the three has it
    await refused(peer.request('GetCells', { hashes: [hash], mask: new Uint8Array(16) }), RangeError)
    if (peer.speaks('eth/68')) expect.fail('both offer eth/70')
    if (!peer.speaks('eth/70')) return expect.fail('both offer it')
    holds<Same<typeof peer.version, 70 | undefined>>()
    expect(peer.theirStatus?.range.latest).to.equal(7n)
  })
  it('are those of every version where the compiler cannot see what is offered', () => {
    const options: DialOptions = { caps: ['eth/68'] }
    holds<Same<ReturnType<typeof anyPeer>, ScriptedPeer>>()
    const anyPeer = () => dial(absent, options)
    holds<Same<ReturnType<typeof usual>, ScriptedPeer<'eth/68' | 'eth/69' | 'eth/70' | 'eth/71' | 'eth/72'>>>()
    const usual = () => dial(absent)
    holds<Same<ReturnType<typeof listed>, ScriptedPeer<'eth/69' | 'snap/2'>>>()
    const listed = () => dial(absent, { caps: [{ name: 'eth', version: 69 }, 'snap/2', 'les/4'] })
    holds<Same<ReturnType<typeof foreign>, ScriptedPeer<never>>>()
    const foreign = () => dial(absent, { caps: ['les/4'] })
    holds<Same<PeerMessageName<never>, 'Hello' | 'Disconnect' | 'Ping' | 'Pong'>>()
  })
  it('let a peer of one version go where a peer of any is wanted, and not the other way round', async () => {
    await using session = await meet('eth/69')
    const any: ScriptedPeer = session.peer
    // @ts-expect-error it may have come to speak another
    const one: ScriptedPeer<'eth/68'> = any
    await refused(one.request('GetReceipts', { hashes: [hash] }, { timeout: 1 }), ScriptError)
  })
  it('have the Status of the version that is offered', () => {
    const never = () => {
      dial(absent, { caps: ['eth/69'], status: ({ range }) => ({ range: { ...range, latest: range.latest + 1n } }) })
      dial(absent, { caps: ['eth/68'], status: ({ td }) => ({ td: td + 1n }) })
      // @ts-expect-error eth/69 has a range in its place
      dial(absent, { caps: ['eth/69'], status: { td: 1n } })
      // @ts-expect-error eth/68 has none
      dial(absent, { caps: ['eth/68'], status: { range } })
    }
    expect(never).to.throw() // it is no enode
  })
  it('name the field that is missing', async () => {
    await using session = await meet('eth/69')
    const { peer } = session
    expect(() =>
      // @ts-expect-error where it ends is missing
      peer.send('BlockRangeUpdate', { earliest: 1, latestHash: hash }),
    ).to.throw(TypeError, 'BlockRangeUpdate needs the field "latest"')
    // @ts-expect-error a Status has a version
    expect(() => peer.send('Status', { ...status, version: undefined })).to.throw(
      TypeError,
      'Status needs the field "version"',
    )
    // @ts-expect-error an answer has the id of its request
    expect(() => peer.send('BlockBodies', { bodies: [] })).to.throw(TypeError, 'BlockBodies needs the field "id"')
  })
  it('do not take a field for another', async () => {
    await using session = await meet('eth/69')
    const { peer } = session
    expect(() =>
      // @ts-expect-error it is `latestHash`
      peer.send('BlockRangeUpdate', { earliest: 1, latest: 2, hash }),
    ).to.throw(TypeError, 'BlockRangeUpdate has no field "hash": its fields are earliest, latest, latestHash')
    // @ts-expect-error what is usual may be left out, so this would be the usual without a word
    await refused(peer.request('GetBlockHeaders', { origin: 1, amount: 1, skips: 2 }), TypeError)
    // @ts-expect-error a name with a slip
    await refused(peer.expect('BlockHeader', {}, { timeout: 1 }), TypeError)
    // @ts-expect-error no such field to wait for
    await refused(peer.expect('BlockHeaders', { number: 1n }, { timeout: 1 }), ScriptError)
  })
})

const absent = 'no one'

async function refused(promise: Promise<unknown>, error: new (...args: never[]) => Error): Promise<void> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).to.be.instanceOf(error)
}
