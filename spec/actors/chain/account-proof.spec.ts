import { expect } from 'chai'
import fc from 'fast-check'
import { InvalidProof, verifyAccount } from '../../../actors/chain/account-proof.ts'
import { emptyRoot } from '../../../protocols/chain/account.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { asBytes, LazyList, MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { readRangedAccount } from '../../../protocols/snap/range-messages.ts'
import { failureOf } from '../../failure.ts'
import { repeat } from '../../vectors/eth-messages.ts'
import { addressOf, ranged, State } from './state.ts'

describe('the answer for one account', () => {
  let state: State
  const hashOf = (i: number) => keccak256(addressOf(i))
  const absent = hashOf(201)
  before(async () => {
    state = await State.of(100)
  })

  const answer = (accounts: readonly Uint8Array[], proof: readonly Uint8Array[]) => ({
    accounts: LazyList.of(accounts, readRangedAccount),
    proof: LazyList.of(
      proof.map((node) => encodeRlp(node)),
      asBytes,
    ),
  })
  const verify = (hash: Uint8Array, accounts: readonly Uint8Array[], proof: readonly Uint8Array[], root = state.root) =>
    verifyAccount(root, hash, answer(accounts, proof))
  const refused = async (verified: Promise<unknown>, cause: RegExp) => {
    const error = await failureOf(verified)
    expect(error).to.be.instanceOf(InvalidProof)
    expect(error.message).to.match(cause)
  }

  it('is the account that its proof leads to', async () => {
    for (const one of state.accounts)
      expect(await verify(one.hash, [ranged(one)], await state.prove(one.hash))).to.deep.equal(one.account)
  })
  it('is proved by nodes in any order, and twice', async () => {
    const [one] = state.accounts
    const proof = await state.prove(one!.hash)
    expect(await verify(one!.hash, [ranged(one!)], [...proof, ...proof].reverse())).to.deep.equal(one!.account)
  })
  it('is none where the proof shows that, with the next account or without', async () => {
    const next = state.next(absent)!
    expect(await verify(absent, [ranged(next)], await state.prove(absent, next.hash))).to.equal(undefined)
    expect(await verify(absent, [], await state.prove(absent))).to.equal(undefined)
  })
  it('is none of an empty state', async () => {
    expect(await verify(absent, [], [], emptyRoot)).to.equal(undefined)
    await refused(verify(absent, [ranged({ ...state.accounts[0]!, hash: absent })], [], emptyRoot), /is not in it/)
  })

  it('is refused without a proof, with a piece of it, and with one of another state', async () => {
    const [one] = state.accounts
    const proof = await state.prove(one!.hash)
    const other = await State.of(99)
    await refused(verify(one!.hash, [ranged(one!)], []), /does not lead/)
    for (const left of proof.keys())
      await refused(verify(one!.hash, [ranged(one!)], proof.toSpliced(left, 1)), /does not lead/)
    await refused(verify(one!.hash, [ranged(one!)], await other.prove(one!.hash)), /does not lead/)
  })
  it('is refused when a byte of its proof is another', async () => {
    const [one] = state.accounts
    const proof = await state.prove(one!.hash)
    for (const at of proof.keys())
      await refused(verify(one!.hash, [ranged(one!)], proof.with(at, proof[at]!.with(-1, 0x77))), /does not lead/)
  })
  it('is refused when the account is richer than its proof says', async () => {
    const [one] = state.accounts
    const rich = { ...one!, account: { ...one!.account, balance: 10n ** 24n } }
    await refused(verify(one!.hash, [ranged(rich)], await state.prove(one!.hash)), /is not the one in the answer/)
  })
  it('is refused when the account is left out', async () => {
    const [one] = state.accounts
    await refused(verify(one!.hash, [], await state.prove(one!.hash)), /is in it, and not in the answer/)
  })
  it('is refused when the account is made up', async () => {
    const made = { hash: absent, account: state.accounts[0]!.account }
    await refused(verify(absent, [ranged(made)], await state.prove(absent)), /is not in it/)
  })
  it('is refused when it is another account, proved as well as can be', async () => {
    const [one] = state.accounts
    const next = state.next(one!.hash)!
    await refused(
      verify(one!.hash, [ranged(next)], await state.prove(one!.hash, next.hash)),
      /another account than was asked for/,
    )
    const before = state.accounts.find(({ hash }) => Buffer.compare(hash, absent) < 0)!
    await refused(
      verify(absent, [ranged(before)], await state.prove(absent, before.hash)),
      /another account than was asked for/,
    )
  })
  it('is refused when the next account is not proved, or is not so', async () => {
    const next = state.next(absent)!
    const proof = await state.prove(absent)
    expect(proof).to.not.deep.include((await state.prove(next.hash)).at(-1))
    await refused(verify(absent, [ranged(next)], proof), /does not lead/)
    const rich = { ...next, account: { ...next.account, balance: 0n } }
    await refused(verify(absent, [ranged(rich)], await state.prove(absent, next.hash)), /not the one in the answer/)
  })
  it('is refused when it is more than was asked for', async () => {
    const [one, two] = state.accounts
    const proof = await state.prove(one!.hash, two!.hash)
    await refused(verify(one!.hash, [ranged(one!), ranged(two!)], proof), /2 accounts where one was asked for/)
    await refused(verify(one!.hash, [], new Array<Uint8Array>(129).fill(repeat(1, 40))), /has 129 nodes/)
  })
  it('is malformed when an item is', async () => {
    const [one] = state.accounts
    const lists = { accounts: LazyList.of([], readRangedAccount), proof: LazyList.of([encodeRlp([])], asBytes) }
    for (const verified of [
      verify(one!.hash, [encodeRlp([])], await state.prove(one!.hash)),
      verifyAccount(state.root, one!.hash, lists),
    ])
      expect(await failureOf(verified)).to.be.instanceOf(MalformedItem)
  })
  it('is refused or believed, whatever its nodes are, when the root was made for them', async () => {
    const { node } = fc.letrec<{ node: RlpInput }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.uint8Array({ maxLength: 34 }),
        fc.constantFrom(hashOf(0), absent),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.array(tie('node'), { minLength: 17, maxLength: 17 }),
        fc.tuple(fc.constantFrom(Uint8Array.of(0x00), Uint8Array.of(0x20), Uint8Array.of(0x15)), tie('node')),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(fc.array(node, { minLength: 1, maxLength: 3 }), async (nodes) => {
        const [first, ...others] = nodes.map((one) => encodeRlp(one))
        const verified = verify(absent, [], [first!, ...others], keccak256(first!))
        const outcome = await verified.catch((error: Error) => error)
        if (outcome !== undefined) expect(outcome).to.be.instanceOf(InvalidProof)
      }),
      { numRuns: 300 },
    )
  })
})
