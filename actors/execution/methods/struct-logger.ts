import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { data } from '../../rpc/json/hex.ts'
import { RpcCode, RpcError } from '../../rpc/rpc-error.ts'
import type { Environment } from './environment.ts'
import { evmErrorMessage } from './evm-errors.ts'
import { maxAnswerLength, type TimeLimit } from './limits.ts'

/** What of each step is wanted (geth eth/tracers/logger, `Config`). */
export type StructLoggerOptions = {
  readonly enableMemory?: boolean | undefined
  readonly disableStack?: boolean | undefined
  readonly disableStorage?: boolean | undefined
  readonly enableReturnData?: boolean | undefined
  /** In bytes of the steps' JSON; more steps are not in the trace. */
  readonly limit?: number | undefined
}

/**
 * Logs every step of a transaction as geth's struct logger does.
 * BOUNDED: maxAnswerLength characters over all transactions of a request.
 */
export class StructLogger {
  readonly #options: StructLoggerOptions
  readonly #room: { left: number }
  readonly #limit: TimeLimit
  readonly #evm: Environment['evm']
  readonly #state: Environment['state']
  /** JSON of each. */
  readonly #logs: string[] = []
  #length = 0
  /** Of each open frame, the step that was begun last: what it cost, and its fault, are known later. */
  readonly #frames: Frame[] = []
  /** By contract and slot, as they were read and written. */
  readonly #storage = new Map<string, Map<string, string>>()
  readonly #listeners: readonly (readonly [string, (...args: never[]) => void])[]

  /** @param room characters that are left for the whole answer */
  constructor(
    { evm, state }: Environment,
    options: StructLoggerOptions,
    limit: TimeLimit,
    room = { left: maxAnswerLength },
  ) {
    this.#options = options
    this.#room = room
    this.#limit = limit
    this.#evm = evm
    this.#state = state
    this.#listeners = [
      ['beforeMessage', (message: Entered) => this.#enter(message)],
      ['afterMessage', (result: Left) => this.#exit(result)],
      [
        'step',
        (step: Step, next: () => void) => {
          this.#step(step).then(next, (error: unknown) => {
            this.#failure ??= error
            next()
          })
        },
      ],
    ]
    for (const [name, listener] of this.#listeners) evm.events!.on(name as never, listener as never)
  }

  #failure: unknown

  /** @returns the steps, JSON in parts @throws what stopped it */
  end(): readonly string[] {
    for (const [name, listener] of this.#listeners) this.#evm.events!.off(name as never, listener as never)
    if (this.#failure !== undefined) throw this.#failure
    return this.#logs
  }

  #enter({ depth, gasLimit, value, delegatecall }: Entered): void {
    const caller = this.#frames.at(-1)
    // A caller pays what it passes on, but for the stipend that a value brings.
    if (depth > 0 && caller?.step && isCall(caller.step.op)) {
      const stipend = value > 0n && !delegatecall && caller.step.op !== 'DELEGATECALL' ? callStipend : 0n
      caller.step.gasCost += gasLimit - stipend
    }
    this.#frames.push({ step: undefined, returnData: new Uint8Array(0) })
  }

  #exit({ execResult: { exceptionError, returnValue, runState }, createdAddress }: Left): void {
    const frame = this.#frames.pop()
    if (frame?.step) {
      const { op } = frame.step
      if (exceptionError && isEarly(exceptionError.error, op)) frame.step.error = evmErrorMessage(exceptionError.error)
      this.#write(frame)
      // Code that ends is stopped.
      if (!exceptionError && runState && !endings.has(op)) this.#stop(frame, runState)
    }
    const caller = this.#frames.at(-1)
    // Of a creation that succeeds nothing is returned.
    if (caller) caller.returnData = createdAddress && !exceptionError ? new Uint8Array(0) : returnValue
  }

  #stop(frame: Frame, { programCounter, gasLeft, stack, env }: NonNullable<Left['execResult']['runState']>): void {
    if (this.#options.limit && this.#length > this.#options.limit) return
    frame.step = {
      ...{ pc: programCounter, op: 'STOP', gas: gasLeft, gasCost: 0n, depth: env.depth + 1 },
      ...(!this.#options.disableStack && { stack: stack.getStack().map((item) => `0x${item.toString(16)}`) }),
    }
    this.#write(frame)
  }

  async #step(step: Step): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await this.#limit.pause()
    const frame = this.#frames.at(-1)
    if (!frame) return
    this.#write(frame)
    if (this.#options.limit && this.#length > this.#options.limit) return
    const { pc, opcode, gasLeft, depth, stack, memory, gasRefund } = step
    frame.step = {
      pc,
      op: nameOf(opcode),
      gas: gasLeft,
      gasCost: opcode.dynamicFee ?? BigInt(opcode.fee),
      depth: depth + 1,
      ...(!this.#options.disableStack && { stack: stack.map((item) => `0x${item.toString(16)}`) }),
      ...(this.#options.enableReturnData && frame.returnData.length > 0 && { returnData: data(frame.returnData) }),
      ...(this.#options.enableMemory && memory.length > 0 && { memory: chunksOf(memory) }),
      ...(!this.#options.disableStorage && { storage: await this.#storageOf(step) }),
      ...(gasRefund > 0n && { refund: gasRefund }),
    }
  }

  async #storageOf({ opcode, stack, address }: Step): Promise<Record<string, string> | undefined> {
    const isRead = opcode.name === 'SLOAD'
    if ((!isRead && opcode.name !== 'SSTORE') || stack.length < (isRead ? 1 : 2)) return undefined
    const contract = bytesToHex(address.bytes)
    const slots = this.#storage.get(contract) ?? new Map<string, string>()
    this.#storage.set(contract, slots)
    const slot = word(stack.at(-1)!)
    const key = new Uint8Array(Buffer.from(slot.slice(2), 'hex'))
    slots.set(
      slot,
      isRead ? `0x${bytesToHex(await this.#state.getStorage(address, key)).padStart(64, '0')}` : word(stack.at(-2)!),
    )
    return Object.fromEntries([...slots].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #write(frame: Frame): void {
    if (!frame.step) return
    const { gas, gasCost, refund, error, ...step } = frame.step
    const { pc, op, depth, stack, ...rest } = step
    const json = JSON.stringify({
      ...{ pc, op, gas: Number(gas), gasCost: Number(gasCost), depth, error, stack },
      ...{ ...rest, refund: refund === undefined ? undefined : Number(refund) },
    })
    frame.step = undefined
    this.#length += json.length
    this.#room.left -= json.length + 1
    if (this.#room.left < 0) throw new RpcError('response too large', RpcCode.responseTooLarge)
    this.#logs.push(json)
  }
}

type Frame = { step: LoggedStep | undefined; returnData: Uint8Array }

type LoggedStep = {
  readonly pc: number
  readonly op: string
  readonly gas: bigint
  gasCost: bigint
  readonly depth: number
  error?: string
  readonly stack?: readonly string[]
  readonly returnData?: string
  readonly memory?: readonly string[]
  readonly storage?: Record<string, string> | undefined
  readonly refund?: bigint
}

type Entered = {
  readonly depth: number
  readonly gasLimit: bigint
  readonly value: bigint
  readonly delegatecall: boolean
}
type Left = Awaited<ReturnType<Environment['evm']['runCall']>>
type Step = {
  readonly pc: number
  readonly opcode: { readonly name: string; readonly code: number; readonly fee: number; readonly dynamicFee?: bigint }
  readonly gasLeft: bigint
  readonly gasRefund: bigint
  readonly depth: number
  readonly stack: readonly bigint[]
  readonly memory: Uint8Array
  readonly address: Environment['block']['header']['coinbase']
}

const isCall = (op: string) => op === 'CALL' || op === 'CALLCODE' || op === 'DELEGATECALL' || op === 'STATICCALL'

const endings = new Set(['STOP', 'RETURN', 'REVERT', 'SELFDESTRUCT'])

/** Whether the opcode was not executed: what it throws itself is not its log's. */
const isEarly = (error: string, op: string) =>
  error.startsWith('stack ') || (error === 'out of gas' && op !== 'RETURN' && op !== 'STOP' && op !== 'REVERT')

/** As geth names them (core/vm/opcodes.go). */
function nameOf({ name, code }: Step['opcode']): string {
  if (name === 'PREVRANDAO') return 'DIFFICULTY'
  if (name === 'SHA3') return 'KECCAK256'
  if (name === 'INVALID' && code !== 0xfe) return `opcode 0x${code.toString(16)} not defined`
  return name
}

function chunksOf(memory: Uint8Array): string[] {
  const chunks: string[] = []
  for (let at = 0; at < memory.length; at += 32) chunks.push(data(memory.subarray(at, at + 32)))
  return chunks
}

const word = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}`

const callStipend = 2_300n
