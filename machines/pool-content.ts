import { noFunds, PoolError } from '../protocols/chain/pool-error.ts'
import type { RlpItem } from '../protocols/lib/rlp.ts'
import { Heap } from './heap.ts'
import { PoolPrices } from './pool-prices.ts'

// What a pool has and what it decides: a value that the actor keeps, as copies of it for each transaction would cost more
// than all the rest (geth core/txpool/legacypool). Hashes and addresses are hex digits, amounts in wei.

/** One that has passed `checkForPool`. */
export type PoolTransaction = {
  readonly hash: string
  readonly type: number
  readonly from: string
  readonly nonce: bigint
  readonly gas: bigint
  readonly feeCap: bigint
  readonly tipCap: bigint
  /** The most that it takes from its sender. */
  readonly cost: bigint
  /** Bytes of its envelope. */
  readonly size: number
  /** Who gives code to their account with it (EIP-7702). */
  readonly authorities: readonly string[]
  /** As a block carries it. */
  readonly item: RlpItem
  /** Of type 3. */
  readonly blobs?: PooledBlobs
}

/** What is known of the blobs of a transaction; they themselves are kept elsewhere. */
export type PooledBlobs = {
  /** In wei, for a unit of blob gas. */
  readonly feeCap: bigint
  /** How the transaction names them, in hex digits. */
  readonly hashes: readonly string[]
  /** The cells of each that are here: 16 bytes. */
  readonly mask: Uint8Array
  /** Bytes of the envelope as eth/72 has it; `size` is with the blobs. */
  readonly sizeWithoutBlobs: number
  /** What all of it takes where it is kept. */
  readonly storedBytes: number
}

/** What the head's state says of a sender. */
export type SenderState = { readonly nonce: bigint; readonly balance: bigint; readonly hasCode: boolean }

export type PoolHead = {
  /** Of the next block. */
  readonly baseFee: bigint
  readonly gasLimit: bigint
}

/** geth legacypool.DefaultConfig. Slots are of 32 KiB: a transaction takes at least one. */
export const poolLimits = {
  pending: 5_120,
  queued: 1_024,
  slots: 6_144,
  /** Of one sender, below which none of its pending ones goes for there being too many. */
  pendingOfSender: 16,
  queuedOfSender: 64,
  slotBytes: 32_768,
  /** Percent that a replacement has to offer more. */
  priceBump: 10n,
  /** Milliseconds that what cannot be executed waits. */
  lifetime: 10_800_000,
} as const

export type PoolLimits = {
  readonly [Name in keyof typeof poolLimits]: (typeof poolLimits)[Name] extends bigint ? bigint : number
}

type Sender = {
  state: SenderState
  /** By nonce. */
  readonly all: Map<bigint, PoolTransaction>
  /** The first nonce, from the state's on, that no transaction here has: those below are pending, those above queued. */
  next: bigint
  /** What those that are pending cost. */
  spent: bigint
}

/** BOUNDED: `poolLimits.slots`, that is 192 MiB. */
export class PoolContent {
  readonly #limits: PoolLimits
  readonly #all = new Map<string, PoolTransaction>()
  readonly #senders = new Map<string, Sender>()
  /** Senders with queued transactions: when they were heard of last, the longest ago first. */
  readonly #beats = new Map<string, number>()
  /** How many transactions here give code to an account. */
  readonly #authorities = new Map<string, number>()
  readonly #prices = new PoolPrices<PoolTransaction>((one) => this.#all.get(one.hash) === one)
  #slots = 0
  #pending = 0

  constructor(limits: PoolLimits = poolLimits) {
    this.#limits = limits
  }

  get pending(): number {
    return this.#pending
  }

  get queued(): number {
    return this.#all.size - this.#pending
  }

  get(hash: string): PoolTransaction | undefined {
    return this.#all.get(hash)
  }

  has(hash: string): boolean {
    return this.#all.has(hash)
  }

  /** Whether one here gives code to that account (EIP-7702). */
  isAuthority(account: string): boolean {
    return this.#authorities.has(account)
  }

  isPending({ from, nonce }: PoolTransaction): boolean {
    const sender = this.#senders.get(from)
    return sender !== undefined && nonce >= sender.state.nonce && nonce < sender.next
  }

  /** The next nonce of a sender; undefined when nothing of it is here. */
  nextNonce(from: string): bigint | undefined {
    return this.#senders.get(from)?.next
  }

  get senders(): Iterable<string> {
    return this.#senders.keys()
  }

  /** By nonce. */
  pendingOf(from: string): PoolTransaction[] {
    return this.#sorted(from).filter((one) => this.isPending(one))
  }

  /**
   * What can be executed: what pays most first, those of one sender by nonce (geth txorder).
   * @param others lists of other senders, by nonce
   */
  *best(others: readonly (readonly PoolTransaction[])[] = []): Generator<PoolTransaction> {
    const own: (readonly PoolTransaction[])[] = Array.from(this.senders, (from) => this.pendingOf(from))
    const lists = [...own, ...others].filter(({ length }) => length > 0)
    type Place = { readonly all: readonly PoolTransaction[]; readonly at: number }
    const heap = new Heap<Place>(
      (a, b) => this.#prices.compare(b.all[b.at]!, a.all[a.at]!),
      lists.map((all) => ({ all, at: 0 })),
    )
    for (let place = heap.take(); place; place = heap.take()) {
      const { all, at } = place
      yield all[at]!
      if (at + 1 < all.length) heap.add({ all, at: at + 1 })
    }
  }

  /** By nonce. */
  queuedOf(from: string): PoolTransaction[] {
    return this.#sorted(from).filter((one) => !this.isPending(one))
  }

  /**
   * @param now ms
   * @returns what can be executed now and could not before, itself most often
   * @throws {PoolError} it is not taken; nothing has changed
   */
  add(one: PoolTransaction, state: SenderState, now: number): PoolTransaction[] {
    if (this.#all.has(one.hash)) throw new PoolError('known', 'already known')
    const known = this.#senders.get(one.from)
    const sender = known ?? { state, all: new Map(), next: state.nonce, spent: 0n }
    this.#checkState(one, sender)
    this.#checkDelegation(one, sender)
    const old = sender.all.get(one.nonce)
    if (old && !this.#isBetter(one, old)) throw new PoolError('replacement', 'replacement transaction underpriced')
    const leaving = this.#roomFor(one, sender, old)
    const before = sender.next
    for (const other of old ? [old, ...leaving] : leaving) this.#remove(other)
    // What made room may have been all that its sender had.
    const here = this.#senders.get(one.from) ?? sender
    this.#senders.set(one.from, here)
    this.#insert(one, here)
    const ready = this.#promote(one.from, here).filter((other) => other === one || other.nonce >= before)
    this.#beat(one.from, here, now)
    this.#limitQueueOf(here)
    this.#limit()
    return ready.filter((other) => this.#all.get(other.hash) === other)
  }

  /**
   * The head is another: what was included or cannot be paid any more leaves.
   * @param states of all senders; one that is missing stays as it was
   * @param returned what blocks had that are canonical no more
   * @returns what can be executed now and could not before
   */
  reset(
    states: ReadonlyMap<string, SenderState>,
    head: PoolHead,
    returned: readonly PoolTransaction[] = [],
  ): PoolTransaction[] {
    this.#prices.reprice(head.baseFee)
    this.#takeBack(states, returned)
    const ready: PoolTransaction[] = []
    for (const [from, sender] of [...this.#senders]) {
      const state = states.get(from) ?? sender.state
      const before = sender.next
      for (const one of [...sender.all.values()])
        if (one.nonce < state.nonce || one.cost > state.balance || one.gas > head.gasLimit) this.#remove(one)
      if (!this.#senders.has(from)) continue
      this.#pending -= pendingIn(sender)
      Object.assign(sender, { state, next: state.nonce, spent: 0n })
      for (const one of this.#promote(from, sender)) if (one.nonce >= before) ready.push(one)
      this.#limitQueueOf(sender)
    }
    this.#limit()
    return ready.filter(({ hash }) => this.#all.has(hash))
  }

  /** What has been queued for too long leaves. @param now ms */
  expire(now: number): void {
    for (const [from, since] of this.#beats) {
      if (since + this.#limits.lifetime > now) return
      for (const one of this.queuedOf(from)) this.#remove(one)
    }
  }

  /** Before anything leaves: what stood on it in the pool can be executed when it is back. */
  #takeBack(states: ReadonlyMap<string, SenderState>, returned: readonly PoolTransaction[]): void {
    for (const one of returned) {
      const state = states.get(one.from)
      const sender = this.#senders.get(one.from) ?? (state && { state, all: new Map(), next: state.nonce, spent: 0n })
      if (!sender || sender.all.has(one.nonce) || this.#slots + this.#slotsOf(one) > this.#limits.slots) continue
      this.#senders.set(one.from, sender)
      this.#insert(one, sender)
    }
  }

  #checkState({ nonce, cost }: PoolTransaction, { state, all, next, spent }: Sender): void {
    const { balance } = state
    if (nonce < state.nonce) throw new PoolError('nonce', `nonce too low: next nonce ${state.nonce}, tx nonce ${nonce}`)
    if (balance < cost)
      throw new PoolError('funds', `${noFunds}: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`)
    const old = nonce < next ? all.get(nonce) : undefined
    const more = cost - (old?.cost ?? 0n)
    const need = spent + more
    if (need > balance)
      throw new PoolError(
        'funds',
        `${noFunds}: balance ${balance}, queued cost ${spent}, ${old ? 'tx bumped' : 'tx cost'} ${more}, overshot ${need - balance}`,
      )
  }

  /** EIP-7702: of an account whose code another may change, one at a time. */
  #checkDelegation({ from, nonce, authorities }: PoolTransaction, { state, next }: Sender): void {
    if (state.hasCode || this.#authorities.has(from)) {
      if (next === state.nonce && nonce !== next)
        throw new PoolError('delegation', 'gapped-nonce tx from delegated accounts')
      if (next > state.nonce && nonce >= next)
        throw new PoolError('delegation', 'in-flight transaction limit reached for delegated accounts')
    }
    if (authorities.some((one) => (this.#senders.get(one)?.all.size ?? 0) > 1))
      throw new PoolError('delegation', 'authority already reserved')
  }

  #isBetter(one: PoolTransaction, old: PoolTransaction): boolean {
    const least = (price: bigint) => (price * (100n + this.#limits.priceBump)) / 100n
    return (
      one.feeCap > old.feeCap &&
      one.tipCap > old.tipCap &&
      one.feeCap >= least(old.feeCap) &&
      one.tipCap >= least(old.tipCap)
    )
  }

  /** @returns what is cheaper, and has to leave @throws {PoolError} it is as cheap, or would drive out what can be executed */
  #roomFor(one: PoolTransaction, sender: Sender, old: PoolTransaction | undefined): PoolTransaction[] {
    let over = this.#slots + this.#slotsOf(one) - (old ? this.#slotsOf(old) : 0) - this.#limits.slots
    const leaving: PoolTransaction[] = []
    const keep = () => {
      for (const other of leaving) this.#prices.add(other)
    }
    while (over > 0) {
      const cheapest = this.#prices.cheapest
      if (!cheapest || this.#prices.compare(cheapest, one) >= 0) {
        keep()
        throw new PoolError('underpriced', 'transaction underpriced')
      }
      leaving.push(this.#prices.take()!)
      if (cheapest !== old) over -= this.#slotsOf(cheapest)
    }
    if (isGapped(one, sender) && leaving.some((other) => this.isPending(other))) {
      keep()
      throw new PoolError('capacity', 'future transaction tries to replace pending')
    }
    return leaving.filter((other) => other !== old)
  }

  #insert(one: PoolTransaction, sender: Sender): void {
    this.#all.set(one.hash, one)
    sender.all.set(one.nonce, one)
    this.#slots += this.#slotsOf(one)
    this.#prices.add(one)
    for (const authority of one.authorities)
      this.#authorities.set(authority, (this.#authorities.get(authority) ?? 0) + 1)
  }

  /** What stood on it is queued again. */
  #remove(one: PoolTransaction): void {
    const sender = this.#senders.get(one.from)
    if (!this.#all.delete(one.hash) || !sender) return
    if (this.isPending(one)) {
      for (let nonce = one.nonce; nonce < sender.next; nonce++) {
        this.#pending--
        sender.spent -= sender.all.get(nonce)!.cost
      }
      sender.next = one.nonce
    }
    sender.all.delete(one.nonce)
    this.#slots -= this.#slotsOf(one)
    this.#prices.left()
    for (const authority of one.authorities) {
      const count = this.#authorities.get(authority)! - 1
      if (count > 0) this.#authorities.set(authority, count)
      else this.#authorities.delete(authority)
    }
    if (sender.all.size === 0) this.#senders.delete(one.from)
    if (sender.all.size === pendingIn(sender)) this.#beats.delete(one.from)
  }

  /** @returns what can be executed from now on: up to the next hole */
  #promote(from: string, sender: Sender): PoolTransaction[] {
    const ready: PoolTransaction[] = []
    for (let one = sender.all.get(sender.next); one; one = sender.all.get(sender.next)) {
      this.#pending++
      sender.spent += one.cost
      sender.next++
      ready.push(one)
    }
    if (sender.all.size === pendingIn(sender)) this.#beats.delete(from)
    return ready
  }

  #beat(from: string, sender: Sender, now: number): void {
    this.#beats.delete(from)
    if (sender.all.size > pendingIn(sender)) this.#beats.set(from, now)
  }

  #limitQueueOf(sender: Sender): void {
    const over = sender.all.size - pendingIn(sender) - this.#limits.queuedOfSender
    if (over <= 0) return
    const nonces = [...sender.all.keys()].filter((nonce) => nonce >= sender.next).sort(order)
    for (const nonce of nonces.slice(-over)) this.#remove(sender.all.get(nonce)!)
  }

  #limit(): void {
    while (this.#pending > this.#limits.pending) {
      const sender = this.#largest()
      if (!sender) break
      this.#remove(sender.all.get(sender.next - 1n)!)
    }
    while (this.queued > this.#limits.queued) {
      const [from] = this.#beats.keys()
      if (from === undefined) break
      const over = this.queued - this.#limits.queued
      for (const one of this.queuedOf(from).slice(-over)) this.#remove(one)
    }
  }

  /** The sender with the most pending ones, if it has more than each may have. */
  #largest(): Sender | undefined {
    let largest: Sender | undefined
    let most = this.#limits.pendingOfSender
    for (const sender of this.#senders.values()) {
      const count = pendingIn(sender)
      if (count > most) [largest, most] = [sender, count]
    }
    return largest
  }

  #sorted(from: string): PoolTransaction[] {
    return [...(this.#senders.get(from)?.all.values() ?? [])].sort((a, b) => order(a.nonce, b.nonce))
  }

  #slotsOf({ size }: PoolTransaction): number {
    return Math.ceil(size / this.#limits.slotBytes)
  }
}

const pendingIn = ({ next, state }: Sender) => Number(next - state.nonce)
const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)

/** Whether another nonce has to come before it can be executed. */
function isGapped({ nonce }: PoolTransaction, { all, next }: Sender): boolean {
  for (let n = next; n < nonce; n++) if (!all.has(n)) return true
  return false
}
