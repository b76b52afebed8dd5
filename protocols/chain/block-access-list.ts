import { keccak256 } from '../lib/keccak.ts'
import { RlpError, RlpReader, readItem } from '../lib/rlp.ts'

// What a block touched and what it left there (EIP-7928):
//   [[address, [[slot, [[index, value], …]], …], [slot, …], [[index, balance], …], [[index, nonce], …], [[index, code], …]], …]
// A list stays the bytes it came as: they are what is hashed and served, and nothing here makes one.

/** Keccak-256 of the empty list, which needs no asking for. */
export const emptyAccessListHash = keccak256(Uint8Array.of(0xc0))

/** The block that a list is of. */
export type AccessListBounds = { readonly gasLimit: bigint; readonly transactions: number }

/**
 * Walks a list step by step and keeps nothing of it.
 * @param bounds without them only the encoding is checked: what geth does where it decodes a list
 * @throws {RlpError} no access list
 * @throws {AccessListError} it breaks a rule of EIP-7928; its hash is not looked at
 */
export function* checkAccessList(raw: Uint8Array, bounds?: AccessListBounds): Generator<void, void> {
  const { isList, content, raw: list } = readItem(raw)
  if (!isList) throw new RlpError('expected a list, got a string')
  if (list.length !== raw.length) throw new RlpError('bytes after the list')
  const rules = bounds && new Rules(bounds)
  const accounts = new RlpReader(content)
  for (let before: Uint8Array | undefined; !accounts.isDone; ) {
    const account = accounts.list()
    const address = account.bytes(20)
    rules?.count()
    rules?.ascend(before, address, 'accounts')
    before = address
    const written = account.listItem().content
    yield* checkWrites(written, rules)
    yield* checkReads(account.list(), written, rules)
    yield* checkChanges(account.list(), rules, (change) => change.uint(32))
    yield* checkChanges(account.list(), rules, (change) => change.uint())
    yield* checkChanges(account.list(), rules, (change) => {
      const code = change.bytes()
      rules?.fitCode(code)
    })
    account.end()
    yield
  }
}

function* checkWrites(written: Uint8Array, rules: Rules | undefined): Generator<void, void> {
  const writes = new RlpReader(written)
  for (let before: Uint8Array | undefined; !writes.isDone; ) {
    const write = writes.list()
    const slot = readSlot(write)
    rules?.count()
    rules?.ascend(before, slot, 'written slots')
    before = slot
    const changes = write.list()
    if (changes.isDone) rules?.fail('a written slot without a change')
    yield* checkChanges(changes, rules, (change) => change.uint(32))
    write.end()
  }
}

function* checkReads(reads: RlpReader, written: Uint8Array, rules: Rules | undefined): Generator<void, void> {
  const writes = new RlpReader(written)
  let write: Uint8Array | undefined
  for (let before: Uint8Array | undefined; !reads.isDone; yield) {
    const slot = readSlot(reads)
    rules?.count()
    rules?.ascend(before, slot, 'read slots')
    before = slot
    // Both ascend, so one walk over the writes is enough.
    for (; rules && !writes.isDone && (!write || compare(write, slot) < 0); yield) write = readSlot(writes.list())
    if (write && compare(write, slot) === 0) rules?.fail('a slot both written and read')
  }
}

/** `[[index, value], …]`: 0 is before the transactions, i + 1 transaction i, and one more after them. */
function* checkChanges(
  changes: RlpReader,
  rules: Rules | undefined,
  checkValue: (change: RlpReader) => void,
): Generator<void, void> {
  for (let before = -1n; !changes.isDone; yield) {
    const change = changes.list()
    const index = change.uint(4)
    if (index <= before) rules?.fail('indices not in ascending order')
    rules?.fitIndex(index)
    before = index
    checkValue(change)
    change.end()
  }
}

/** An integer of 256 bits, as its bytes. */
function readSlot(reader: RlpReader): Uint8Array {
  const slot = reader.bytes()
  if (slot.length > 32) throw new RlpError('integer wider than 32 bytes')
  if (slot[0] === 0) throw new RlpError('integer with a leading zero')
  return slot
}

/** Of integers without leading zeros, or of strings of one length. */
function compare(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length
  const at = a.findIndex((byte, i) => byte !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}

/** What EIP-7928 demands of a list's content, in one block. */
class Rules {
  readonly #maxItems: bigint
  readonly #maxIndex: bigint
  #items = 0n

  constructor({ gasLimit, transactions }: AccessListBounds) {
    this.#maxItems = gasLimit / itemCost
    this.#maxIndex = BigInt(transactions) + 1n
  }

  fail(reason: string): never {
    throw new AccessListError(reason)
  }

  /** Addresses and slots; a slot counts once, however often it was written. */
  count(): void {
    if (++this.#items > this.#maxItems) this.fail(`more than ${this.#maxItems} addresses and slots`)
  }

  ascend(before: Uint8Array | undefined, next: Uint8Array, what: string): void {
    if (before && compare(before, next) >= 0) this.fail(`${what} not in ascending order`)
  }

  fitIndex(index: bigint): void {
    if (index > this.#maxIndex) this.fail(`index ${index}, of at most ${this.#maxIndex}`)
  }

  fitCode({ length }: Uint8Array): void {
    if (length > maxCodeBytes) this.fail(`code of ${length} bytes`)
  }
}

/** EIP-7928: gas for each address and slot (geth `params.BALItemCost`). */
const itemCost = 2_000n
/** EIP-7954 (geth `params.MaxCodeSizeAmsterdam`). */
const maxCodeBytes = 65_536

/** A list that no execution of its block can have. */
export class AccessListError extends Error {
  override readonly name = 'AccessListError'
}
