import type { Clock } from '../../runtime/runtime.ts'

/** Bytes that an address may owe us: the answers to a node's first PINGs are larger than these. */
export const maxDebt = 4_096
/** ms for which a debt is remembered. */
const memory = 600_000
/** BOUNDED: addresses that owe us something, those that were heard of last. */
const maxAddresses = 4_096

/**
 * What goes to addresses that have proven nothing: a PONG is larger than its PING, and who sent that may be elsewhere. In ten
 * minutes an address gets no more than came from it, {@link maxDebt} and one answer. geth has no such limit.
 */
export class UnprovenTraffic {
  readonly #clock: Pick<Clock, 'now'>
  /** By address, the one heard of last at the end. BOUNDED: maxAddresses. */
  readonly #debts = new Map<string, { readonly since: number; readonly bytes: number }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** @returns whether it may be answered */
  received(ip: string, bytes: number): boolean {
    const debt = this.#debtOf(ip)
    if (debt.bytes > 0) this.#set(ip, { ...debt, bytes: Math.max(0, debt.bytes - bytes) })
    return debt.bytes < maxDebt
  }

  sent(ip: string, bytes: number): void {
    const debt = this.#debtOf(ip)
    this.#set(ip, { ...debt, bytes: debt.bytes + bytes })
  }

  /** It has proven that it is there. */
  forgive(ip: string): void {
    this.#debts.delete(ip)
  }

  #debtOf(ip: string): { readonly since: number; readonly bytes: number } {
    const now = this.#clock.now()
    const debt = this.#debts.get(ip)
    return debt && now - debt.since < memory ? debt : { since: now, bytes: 0 }
  }

  #set(ip: string, debt: { readonly since: number; readonly bytes: number }): void {
    this.#debts.delete(ip)
    this.#debts.set(ip, debt)
    if (this.#debts.size > maxAddresses) this.#debts.delete(this.#debts.keys().next().value!)
  }
}
