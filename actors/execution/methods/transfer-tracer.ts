import type { Address } from '@ethereumjs/util'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import type { Environment } from './environment.ts'
import type { MessageLog } from './message.ts'

/**
 * Logs of a message in their order, and one for each transfer of ether among them (geth internal/ethapi/logtracer.go).
 * BOUNDED: by the message's gas.
 */
export class TransferTracer {
  readonly #environment: Environment
  /** One list for each open frame. */
  #frames: MessageLog[][] = []
  /** Of a frame that makes a contract: its address is known when its code begins. */
  #pending: { readonly from: Uint8Array; readonly value: bigint } | undefined
  #logs: readonly MessageLog[] = []

  constructor(environment: Environment) {
    this.#environment = environment
    const events = environment.evm.events!
    events.on('beforeMessage', (message) => this.#enter(message))
    events.on('newContract', ({ address }) => {
      if (this.#pending) this.#transfer(this.#pending.from, address.bytes, this.#pending.value)
      this.#pending = undefined
    })
    events.on('afterMessage', ({ execResult }) => this.#exit(execResult.exceptionError !== undefined))
    events.on('step', (step, next) => {
      void this.#step(step as Step).then(next)
    })
  }

  /** @returns those of the last message */
  take(): readonly MessageLog[] {
    const logs = this.#logs
    this.#logs = []
    return logs
  }

  #enter(message: EnteredMessage): void {
    const { caller, to, value, delegatecall } = message
    this.#frames.push([])
    this.#pending = undefined
    // A CALLCODE runs the code of another as its own: it pays itself.
    if (value === 0n || delegatecall || (to && !message.codeAddress.equals(to))) return
    if (to) this.#transfer(caller.bytes, to.bytes, value)
    else this.#pending = { from: caller.bytes, value }
  }

  #exit(hasFailed: boolean): void {
    const logs = hasFailed ? [] : this.#frames.pop()!
    if (hasFailed) this.#frames.pop()
    const parent = this.#frames.at(-1)
    if (parent) for (const log of logs) parent.push(log)
    else this.#logs = logs
  }

  async #step({ opcode, stack, memory, address }: Step): Promise<void> {
    const { code } = opcode
    const frame = this.#frames.at(-1)
    if (!frame) return
    if (code === selfdestruct && stack.length > 0) {
      const balance = (await this.#environment.state.getAccount(address))?.balance ?? 0n
      if (balance > 0n) this.#transfer(address.bytes, wordOf(stack.at(-1)!).subarray(12), balance)
    }
    const topics = code - log0
    if (topics < 0 || topics > 4 || stack.length < topics + 2) return
    const [offset, size] = [stack.at(-1)!, stack.at(-2)!]
    if (size > BigInt(maxLogData)) return // its gas is more than any call has
    const bytes = new Uint8Array(Number(size))
    if (size > 0n) bytes.set(memory.subarray(Number(offset), Number(offset + size)))
    frame.push({
      address: address.bytes,
      topics: Array.from({ length: topics }, (_, i) => wordOf(stack.at(-3 - i)!)),
      data: bytes,
    })
  }

  #transfer(from: Uint8Array, to: Uint8Array, value: bigint): void {
    this.#frames.at(-1)!.push({
      address: etherAddress,
      topics: [transferTopic, padded(from), padded(to)],
      data: wordOf(value),
    })
  }
}

type EnteredMessage = {
  readonly caller: Address
  readonly to?: Address | undefined
  readonly value: bigint
  readonly delegatecall: boolean
  /** Of a call. */
  readonly codeAddress: Address
}

type Step = {
  readonly opcode: { readonly code: number }
  readonly stack: readonly bigint[]
  readonly memory: Uint8Array
  readonly address: Address
}

const wordOf = (value: bigint) => hexToBytes(value.toString(16).padStart(64, '0'))

function padded(address: Uint8Array): Uint8Array {
  const word = new Uint8Array(32)
  word.set(address, 12)
  return word
}

/** ERC-7528. */
const etherAddress = new Uint8Array(20).fill(0xee)
/** `Transfer(address,address,uint256)` */
const transferTopic = hexToBytes('ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef')
const selfdestruct = 0xff
const log0 = 0xa0
/** A log pays 8 for each byte. */
const maxLogData = 8_000_000
