import { expect } from 'chai'
import { answerSnap, BadRequest } from '../../../actors/snap/answers.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { HashList, LazyList } from '../../../protocols/lib/lazy-list.ts'
import { encodeBytes, encodeList, encodeRlp } from '../../../protocols/lib/rlp.ts'
import { readPathSet } from '../../../protocols/snap/lookup-messages.ts'
import { countOf, encode, type SnapRequest } from '../../../protocols/snap/messages.ts'
import { failureOf } from '../../failure.ts'
import { accountOf, blockHash, ServedStates } from './served-states.ts'

// What a hostile request costs: as much as an honest one.

const zero = new Uint8Array(32)
const highest = new Uint8Array(32).fill(0xff)
const most = 2n ** 64n - 1n
const many = 100_000
const repeated = (hash: Uint8Array) => HashList.of(Array<Uint8Array>(many).fill(hash))
const unknown = () =>
  HashList.of(
    Array.from({ length: many }, (_, i) =>
      new Uint8Array(32)
        .fill(1)
        .fill(i & 0xff, 0, 1)
        .fill(i >> 8, 1, 2),
    ),
  )
const id = 7n

describe('what snap is asked by an attacker', function () {
  this.timeout(20_000)
  const code = new Uint8Array(4_000).fill(1)
  const account = accountOf('one', { slots: 3, code })
  let states: ServedStates
  let root: Uint8Array
  before(async () => {
    states = await ServedStates.open({ accounts: [account], codes: [code] })
    // More than is looked up in one piece, and more than fits into an answer: 3,000 accounts of the most bytes.
    const accounts = Array.from({ length: 3_000 }, (_, i) => ({ ...accountOf(`${i}`), storageRoot: keccak256(code) }))
    await states.add({ accounts: [account, ...accounts], codes: [] })
    root = states.roots[1]!
    states.lists.set(Buffer.from(blockHash(1)).toString('hex'), encodeRlp([code]))
  })
  beforeEach(() => void states.asked.splice(0))
  const ask = async (request: SnapRequest) => {
    const steps = answerSnap(states.backend, request)
    let step = steps.next()
    while (!step.done) step = steps.next(await step.value)
    return {
      answer: step.value,
      count: countOf(step.value),
      size: encode(step.value.kind === 'TrieNodes' ? 1 : 2, step.value).length,
    }
  }

  it('accounts of all keys with no limit: 2 MiB at most, in pieces', async () => {
    const { count, size } = await ask({ kind: 'GetAccountRange', id, root, origin: zero, limit: highest, bytes: most })
    expect(count).to.equal(3_001)
    expect(size).to.be.below(2 ** 21 + 20_000)
    expect(states.asked).to.deep.equal([...Array(3).fill('accountRange'), 'rangeProof'])
  })
  it('as many bytes as an answer may have, and no more', async () => {
    const { count } = await ask({ kind: 'GetAccountRange', id, root, origin: zero, limit: highest, bytes: 100_000n })
    expect(count).to.be.within(1_025, 1_500)
    expect(states.asked).to.deep.equal(['accountRange', 'accountRange', 'rangeProof'])
  })
  it('a range that ends before it begins', async () => {
    const { count } = await ask({ kind: 'GetAccountRange', id, root, origin: highest, limit: zero, bytes: most })
    expect(count).to.equal(0)
  })
  it('100,000 accounts without storage: 8,192 are looked at', async () => {
    const { count } = await ask({
      ...{ kind: 'GetStorageRanges', id, root, accountHashes: unknown(), bytes: most },
      ...{ origin: zero, limit: highest },
    })
    expect(count).to.equal(0)
    expect(states.asked).to.deep.equal(Array(32).fill('storageRanges'))
  })
  it('100,000 times the storage of one account', async () => {
    const { count } = await ask({
      ...{ kind: 'GetStorageRanges', id, root, accountHashes: repeated(account.hash), bytes: most },
      ...{ origin: new Uint8Array(0), limit: new Uint8Array(0) },
    })
    expect(count).to.equal(8_192)
  })
  it('an origin and a limit of a megabyte: their last 32 bytes count', async () => {
    const long = new Uint8Array(2 ** 20)
    const { count } = await ask({
      ...{ kind: 'GetStorageRanges', id, root, accountHashes: HashList.of([account.hash]), bytes: most },
      ...{ origin: long, limit: long },
    })
    expect(count).to.equal(1)
  })
  it('100,000 times one code: 2 MiB and one', async () => {
    const { count } = await ask({ kind: 'GetByteCodes', id, hashes: repeated(account.codeHash), bytes: most })
    expect(count).to.equal(Math.floor(2 ** 21 / 4_000) + 1)
    expect(states.asked).to.deep.equal(['codes'])
  })
  it('100,000 codes that are not there: 1,024 are looked at', async () => {
    const hashes = HashList.of([...unknown().first(1_024), account.codeHash])
    expect((await ask({ kind: 'GetByteCodes', id, hashes, bytes: most })).count).to.equal(0)
    expect((await ask({ kind: 'GetByteCodes', id, hashes: unknown(), bytes: most })).count).to.equal(0)
  })
  it('100,000 times one list: 2 MiB and one', async () => {
    const { count } = await ask({ kind: 'GetAccessLists', id, hashes: repeated(blockHash(1)), bytes: most })
    expect(count).to.equal(Math.ceil(2 ** 21 / (code.length + 6)))
  })
  it('100,000 lists that are not there: 1,024 are looked for', async () => {
    expect((await ask({ kind: 'GetAccessLists', id, hashes: unknown(), bytes: most })).count).to.equal(1_024)
  })

  describe('trie nodes', () => {
    const nodes = (sets: readonly Uint8Array[]) =>
      ask({ kind: 'GetTrieNodes', id, root, paths: LazyList.of(sets, readPathSet), bytes: most })
    const set = (...paths: Uint8Array[]) => setOf(paths)
    const setOf = (paths: readonly Uint8Array[]) => encodeList(paths.map(encodeBytes))

    it('100,000 sets: 1,025 nodes', async () => {
      const { count } = await nodes(Array<Uint8Array>(many).fill(set(Uint8Array.of(0))))
      expect(count).to.equal(1_025)
    })
    it('a set of 100,000 paths: 1,025 loads', async () => {
      const paths = Array<Uint8Array>(many).fill(Uint8Array.of(0))
      const { count } = await nodes([setOf([account.hash, ...paths])])
      expect(count).to.equal(1_023)
    })
    it('paths of accounts that are not there cost, too', async () => {
      const { count } = await nodes([...Array<Uint8Array>(1_100).fill(set(zero, zero)), set(Uint8Array.of(0))])
      expect(count).to.equal(0)
    })
    it('a path of a megabyte is one where nothing is', async () => {
      const { answer } = await nodes([set(new Uint8Array(2 ** 20))])
      expect(answer.kind === 'TrieNodes' && [...answer.nodes]).to.deep.equal([new Uint8Array(0)])
    })
    for (const [what, sets] of [
      ['no path', [set()]],
      ['a list for a path', [encodeRlp([[]])]],
      ['a set that is none', [encodeRlp(zero)]],
      ['a good set and a bad one', [set(Uint8Array.of(0)), set()]],
    ] as const)
      it(`${what} ends the session`, async () => expect(await failureOf(nodes(sets))).to.be.instanceOf(BadRequest))
    it('a bad set behind what fits is not looked at', async () => {
      const { count } = await nodes([...Array<Uint8Array>(1_030).fill(set(Uint8Array.of(0))), set()])
      expect(count).to.equal(1_025)
    })
  })
  it('is asked of no state any more once its peer has gone', async () => {
    const steps = answerSnap(states.backend, {
      ...{ kind: 'GetAccountRange', id, root, origin: zero, limit: highest, bytes: most },
    })
    await steps.next().value
    steps.return(undefined as never)
    expect(steps.next().done).to.equal(true)
    expect(states.asked).to.deep.equal(['accountRange'])
  })
})
