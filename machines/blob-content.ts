import { noFunds, PoolError } from '../protocols/chain/pool-error.ts'
import type { PoolTransaction, SenderState } from './pool-content.ts'

// The transactions of a pool that carry blobs, and what is decided of them (geth core/txpool/blobpool). Their blobs are kept
// elsewhere: what leaves is returned, so that those can be dropped.

/** geth blobpool.go and its DefaultConfig. */
export const blobPoolLimits = {
  /** Datacap: bytes of all blobs. */
  bytes: 2_684_354_560,
  /** maxTxsPerAccount */
  ofSender: 16,
  /** Percent that a replacement has to offer more. */
  priceBump: 100n,
  /** maxGapped: those whose turn is not yet, of all senders. */
  gapped: 128,
  /** Milliseconds that those wait. */
  gappedLifetime: 60_000,
} as const

export type BlobPoolLimits = {
  readonly [Name in keyof typeof blobPoolLimits]: (typeof blobPoolLimits)[Name] extends bigint ? bigint : number
}

type BlobTransaction = PoolTransaction & Required<Pick<PoolTransaction, 'blobs'>>
type Sender = {
  state: SenderState
  /** By nonce, none missing, from the state's on. BOUNDED: `ofSender`. */
  txs: BlobTransaction[]
}
type Gapped = { readonly one: BlobTransaction; readonly state: SenderState; readonly since: number }

/** What the next block costs, in wei for each unit of gas. */
export type BlobPoolHead = { readonly baseFee: bigint; readonly blobFee: bigint }

/** One that is here no more. `isIncluded`: a block has it, which may be taken back. */
export type Gone = { readonly hash: string; readonly isIncluded: boolean }

/** BOUNDED: `blobPoolLimits.bytes`, and as many entries as have room there. */
export class BlobContent {
  readonly #limits: BlobPoolLimits
  readonly #all = new Map<string, BlobTransaction>()
  readonly #senders = new Map<string, Sender>()
  /** By sender. BOUNDED: `gapped` of all. */
  readonly #gapped = new Map<string, Gapped[]>()
  /** By the hash that transactions name it by: which have it. */
  readonly #byBlob = new Map<string, Set<string>>()
  /** Those that were returned as ready, by hash: what pays too little for the next blocks waits. */
  readonly #announced = new Set<string>()
  readonly #gone: Gone[] = []
  #bytes = 0
  #jumps = { base: 0, blob: 0 }

  constructor(limits: BlobPoolLimits = blobPoolLimits) {
    this.#limits = limits
  }

  get pending(): number {
    return this.#all.size - this.queued
  }

  get queued(): number {
    let count = 0
    for (const all of this.#gapped.values()) count += all.length
    return count
  }

  get bytes(): number {
    return this.#bytes
  }

  get(hash: string): PoolTransaction | undefined {
    return this.#all.get(hash)
  }

  has(hash: string): boolean {
    return this.#all.has(hash)
  }

  *senders(): Generator<string> {
    yield* this.#senders.keys()
    for (const from of this.#gapped.keys()) if (!this.#senders.has(from)) yield from
  }

  hasSender(from: string): boolean {
    return this.#senders.has(from)
  }

  pendingOf(from: string): readonly PoolTransaction[] {
    return this.#senders.get(from)?.txs ?? []
  }

  queuedOf(from: string): readonly PoolTransaction[] {
    return (this.#gapped.get(from) ?? []).map(({ one }) => one)
  }

  nextNonce(from: string): bigint | undefined {
    const last = this.#senders.get(from)?.txs.at(-1)
    return last && last.nonce + 1n
  }

  /** @param hash as transactions name a blob @returns a transaction that has it */
  withBlob(hash: string): PoolTransaction | undefined {
    for (const tx of this.#byBlob.get(hash) ?? []) return this.#all.get(tx)
    return undefined
  }

  /** What has left since the last time it was asked for. */
  takeGone(): Gone[] {
    return this.#gone.splice(0)
  }

  /**
   * @param isDelegated another transaction here changes the code of its sender's account
   * @returns whether it is to be kept for its turn
   * @throws {PoolError} it would not be taken
   */
  check(one: PoolTransaction, state: SenderState, isDelegated = false): 'next' | 'later' {
    if (this.#all.has(one.hash)) throw new PoolError('known', 'already known')
    const sender = this.#senders.get(one.from) ?? { state, txs: [] }
    const { nonce } = sender.state
    if (one.nonce < nonce) throw new PoolError('nonce', `nonce too low: next nonce ${nonce}, tx nonce ${one.nonce}`)
    const gap = nonce + BigInt(sender.txs.length)
    if (one.nonce > gap) {
      if (this.#hasRoomForGap(one.from, sender)) return 'later'
      throw new PoolError('nonce', `nonce too high: tx nonce ${one.nonce}, gapped nonce ${gap}`)
    }
    const old = sender.txs[Number(one.nonce - nonce)]
    checkFunds(one, sender, old)
    if (!old && sender.txs.length >= this.#limits.ofSender)
      throw new PoolError('capacity', `account limit exceeded: pooled ${sender.txs.length} txs`)
    const isOnly = sender.txs.length === 0 || (sender.txs.length === 1 && old !== undefined)
    if ((sender.state.hasCode || isDelegated) && !isOnly)
      throw new PoolError('delegation', 'in-flight transaction limit reached for delegated accounts')
    if (old) this.#checkReplacement(one as BlobTransaction, old)
    return 'next'
  }

  /**
   * @param now ms
   * @returns what may be announced now
   * @throws {PoolError} as {@link check}; or it would be the first to leave, there being too many
   */
  add(one: PoolTransaction, state: SenderState, now: number, isDelegated = false): PoolTransaction[] {
    const tx = one as BlobTransaction
    if (this.check(one, state, isDelegated) === 'later') {
      const waiting = this.#gapped.get(one.from) ?? []
      this.#gapped.set(one.from, waiting)
      waiting.push({ one: tx, state, since: now })
      this.#track(tx)
      return []
    }
    this.#insert(tx, state)
    if (!this.#all.has(one.hash)) throw new PoolError('underpriced', 'transaction underpriced')
    this.#promote(one.from)
    return this.#announce([one.from])
  }

  /**
   * The head is another.
   * @param states of all senders; one that is missing stays as it was
   * @param returned what blocks had that are canonical no more, its blobs being here still
   * @param now ms
   * @returns what may be announced now, and could not before
   */
  reset(
    states: ReadonlyMap<string, SenderState>,
    head: BlobPoolHead,
    returned: readonly PoolTransaction[],
    now: number,
  ): PoolTransaction[] {
    this.#jumps = { base: feeJumps(head.baseFee), blob: blobFeeJumps(head.blobFee) }
    this.expire(now)
    const back = new Map<string, BlobTransaction[]>()
    for (const one of returned) back.set(one.from, [...(back.get(one.from) ?? []), one as BlobTransaction])
    const all = new Set([...this.#senders.keys(), ...back.keys()])
    for (const from of all) {
      const sender = this.#senders.get(from)
      const state = states.get(from) ?? sender?.state
      if (state) this.#recheck(from, sender, state, back.get(from) ?? [])
    }
    for (const from of [...this.#gapped.keys()]) {
      for (const gapped of this.#gapped.get(from)!) Object.assign(gapped, { state: states.get(from) ?? gapped.state })
      this.#promote(from)
    }
    this.#limit()
    return this.#announce([...this.#senders.keys()])
  }

  /** What has waited for its turn for too long leaves. @param now ms */
  expire(now: number): void {
    for (const [from, all] of [...this.#gapped]) {
      const old = all.filter(({ since }) => since + this.#limits.gappedLifetime <= now)
      for (const { one } of old) this.#untrack(one, false)
      this.#keepGapped(
        from,
        all.filter((gapped) => !old.includes(gapped)),
      )
    }
  }

  /** geth recheck: what was included leaves, and from the first that is missing or cannot be paid on the rest. */
  #recheck(from: string, sender: Sender | undefined, state: SenderState, returned: readonly BlobTransaction[]): void {
    const before = sender?.txs ?? []
    const byNonce = new Map(returned.map((one) => [one.nonce, one]))
    for (const one of before) byNonce.set(one.nonce, one)
    const txs: BlobTransaction[] = []
    let spent = 0n
    for (let nonce = state.nonce; txs.length < this.#limits.ofSender; nonce++) {
      const one = byNonce.get(nonce)
      if (!one || spent + one.cost > state.balance) break
      txs.push(one)
      spent += one.cost
    }
    const kept = new Set(txs)
    for (const one of before) if (!kept.has(one)) this.#untrack(one, one.nonce < state.nonce)
    for (const one of txs) if (!this.#all.has(one.hash)) this.#track(one)
    if (txs.length > 0) this.#senders.set(from, { state, txs })
    else this.#senders.delete(from)
  }

  #insert(one: BlobTransaction, state: SenderState): void {
    const sender = this.#senders.get(one.from) ?? { state, txs: [] }
    this.#senders.set(one.from, sender)
    const place = Number(one.nonce - sender.state.nonce)
    const old = sender.txs[place]
    sender.txs[place] = one
    this.#track(one)
    if (old) this.#untrack(old, false)
    this.#limit()
  }

  /** Those whose turn it is by now. */
  #promote(from: string): void {
    const waiting = [...(this.#gapped.get(from) ?? [])].sort((a, b) => (a.one.nonce < b.one.nonce ? -1 : 1))
    for (const gapped of waiting) {
      const { one, state } = gapped
      const next = this.nextNonce(from) ?? state.nonce
      if (one.nonce > next) return
      const left = this.#gapped.get(from)!.filter((other) => other !== gapped)
      this.#untrack(one, false, true)
      this.#keepGapped(from, left)
      try {
        this.check(one, state)
        this.#insert(one, state)
      } catch (error) {
        if (!(error instanceof PoolError)) throw error
        this.#gone.push({ hash: one.hash, isIncluded: false })
      }
    }
  }

  /** geth gappedAllowance: who has sent much may be ahead of itself by more. */
  #hasRoomForGap(from: string, { state, txs }: Sender): boolean {
    const waiting = this.#gapped.get(from)?.length ?? 0
    const allowed = Math.floor(Math.log10(Number(state.nonce) + 1))
    return Math.min(allowed, this.#limits.ofSender - txs.length) - waiting >= 1 && this.queued < this.#limits.gapped
  }

  #checkReplacement(one: BlobTransaction, old: BlobTransaction): void {
    const fees = [
      ['gas fee cap', one.feeCap, old.feeCap],
      ['gas tip cap', one.tipCap, old.tipCap],
      ['blob gas fee cap', one.blobs.feeCap, old.blobs.feeCap],
    ] as const
    const refuse = (why: string) => {
      throw new PoolError('replacement', `replacement transaction underpriced: new tx ${why}`)
    }
    const { priceBump } = this.#limits
    for (const [name, offered, before] of fees) if (offered <= before) refuse(`${name} ${offered} <= ${before} queued`)
    for (const [name, offered, before] of fees)
      if (offered < (before * (100n + priceBump)) / 100n)
        refuse(`${name} ${offered} < ${before} queued + ${priceBump}% replacement penalty`)
  }

  /** The last of those leaves that pay least for the next blocks, until all have room. */
  #limit(): void {
    while (this.#bytes > this.#limits.bytes) {
      let worst: { from: string; txs: BlobTransaction[]; priority: number; tip: bigint } | undefined
      for (const [from, { txs }] of this.#senders) {
        const priority = txs.reduce((least, one) => Math.min(least, this.#priority(one)), 0)
        const tip = leastTip(txs)
        if (!worst || priority < worst.priority || (priority === worst.priority && tip < worst.tip))
          worst = { from, txs, priority, tip }
      }
      if (!worst) return
      this.#untrack(worst.txs.pop()!, false)
      if (worst.txs.length === 0) this.#senders.delete(worst.from)
    }
  }

  /** geth evictionPriority: how many blocks the fees have to fall for, below zero; else how many they may rise for. */
  #priority({ feeCap, blobs }: BlobTransaction): number {
    const of = (jumps: number) => (jumps <= 0 ? Math.floor(jumps) : Math.ceil(jumps))
    return Math.min(of(feeJumps(feeCap) - this.#jumps.base), of(blobFeeJumps(blobs.feeCap) - this.#jumps.blob))
  }

  #announce(senders: readonly string[]): PoolTransaction[] {
    const ready: PoolTransaction[] = []
    for (const from of senders)
      for (const one of this.#senders.get(from)?.txs ?? []) {
        if (this.#announced.has(one.hash)) continue
        if (Math.min(0, this.#priority(one)) < announceThreshold) break
        this.#announced.add(one.hash)
        ready.push(one)
      }
    return ready
  }

  #track(one: BlobTransaction): void {
    this.#all.set(one.hash, one)
    this.#bytes += one.blobs.storedBytes
    for (const hash of one.blobs.hashes) {
      const txs = this.#byBlob.get(hash) ?? new Set()
      this.#byBlob.set(hash, txs.add(one.hash))
    }
  }

  #untrack(one: BlobTransaction, isIncluded: boolean, isMoved = false): void {
    if (!this.#all.delete(one.hash)) return
    this.#announced.delete(one.hash)
    this.#bytes -= one.blobs.storedBytes
    for (const hash of one.blobs.hashes) {
      const txs = this.#byBlob.get(hash)
      txs?.delete(one.hash)
      if (txs?.size === 0) this.#byBlob.delete(hash)
    }
    if (!isMoved) this.#gone.push({ hash: one.hash, isIncluded })
  }

  #keepGapped(from: string, all: Gapped[]): void {
    if (all.length > 0) this.#gapped.set(from, all)
    else this.#gapped.delete(from)
  }
}

function checkFunds({ cost }: PoolTransaction, { state, txs }: Sender, old: PoolTransaction | undefined): void {
  const { balance } = state
  if (balance < cost)
    throw new PoolError('funds', `${noFunds}: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`)
  const spent = txs.reduce((sum, one) => sum + one.cost, 0n)
  const more = cost - (old?.cost ?? 0n)
  const need = spent + more
  if (need > balance)
    throw new PoolError(
      'funds',
      `${noFunds}: balance ${balance}, queued cost ${spent}, ${old ? 'tx bumped' : 'tx cost'} ${more}, overshot ${need - balance}`,
    )
}

const leastTip = ([first, ...rest]: readonly PoolTransaction[]): bigint => {
  let least = first!.tipCap
  for (const { tipCap } of rest) if (tipCap < least) least = tipCap
  return least
}

/** geth announceThreshold: what may be in the next block if the fees fall is announced. */
const announceThreshold = -1

/** geth priority.go: how often a fee of 1 rises as much as it may until it is that; since EIP-7892 that of blobs rises faster. */
const feeJumps = (fee: bigint) => (fee === 0n ? 0 : Math.log(Number(fee)) / Math.log(1.125))
const blobFeeJumps = (fee: bigint) => (feeJumps(fee) * 3) / 4
