import type { Block } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import type { MerkleStateManager } from '@ethereumjs/statemanager'
import { Address } from '@ethereumjs/util'
import { createVM, type VM } from '@ethereumjs/vm'
import { blobParams } from '../../../protocols/chain/chain-config.ts'
import { blobBaseFee } from '../../../protocols/chain/fees.ts'
import type { Header, HeaderFields } from '../../../protocols/chain/header.ts'
import type { Awaitable, Backend } from './backend.ts'
import type { TimeLimit } from './limits.ts'

type PrecompileFunc = VM['evm']['precompiles'] extends Map<string, infer Func> ? Func : never

/** What code sees of its block (geth core/vm, `BlockContext`). Addresses are 20 bytes, fees in wei, `time` in seconds. */
export type BlockContext = {
  readonly number: bigint
  readonly time: bigint
  readonly coinbase: Uint8Array
  readonly difficulty: bigint
  /** 32 bytes, since the merge. */
  readonly random: Uint8Array
  readonly gasLimit: bigint
  readonly baseFee: bigint | undefined
  readonly blobBaseFee: bigint | undefined
  readonly slotNumber: bigint | undefined
}

/** Where messages are executed: nothing of it outlives the request. */
export type Environment = {
  readonly vm: VM
  readonly evm: VM['evm']
  readonly common: Common
  readonly state: MerkleStateManager
  readonly context: BlockContext
  /** As the library has it. */
  readonly block: Block
  /** By hex digits of their addresses: those of the fork, whatever a caller makes of them. They are warm. */
  readonly precompiles: ReadonlyMap<string, PrecompileFunc>
}

export type EnvironmentOptions = {
  readonly state: MerkleStateManager
  readonly context: BlockContext
  /** The fork is that of a block at this place. */
  readonly isMerged: boolean
  /** What BLOCKHASH finds. */
  hashOf(number: bigint): Awaitable<Uint8Array | undefined>
  readonly limit: TimeLimit
}

type ContextFields = Pick<
  HeaderFields,
  'number' | 'time' | 'coinbase' | 'difficulty' | 'mixHash' | 'gasLimit' | 'baseFee' | 'excessBlobGas' | 'slotNumber'
>

export function contextOf({ config }: Backend, header: ContextFields): BlockContext {
  const { number, time, coinbase, difficulty, mixHash, gasLimit, baseFee, excessBlobGas, slotNumber } = header
  const params = blobParams(config, header)
  return {
    ...{ number, time, coinbase, difficulty, random: mixHash, gasLimit, baseFee, slotNumber },
    blobBaseFee:
      excessBlobGas === undefined || !params ? undefined : blobBaseFee(excessBlobGas, params.baseFeeUpdateFraction),
  }
}

/** @throws what `limit` throws, out of whatever is executed in it */
export async function createEnvironment(backend: Backend, options: EnvironmentOptions): Promise<Environment> {
  const { state, context, isMerged, hashOf, limit } = options
  const common = backend.commonAt({ ...context, difficulty: isMerged ? 0n : context.difficulty || 1n })
  const blockchain = {
    getBlock: async (number: number) => {
      const hash = (await hashOf(BigInt(number))) ?? new Uint8Array(32)
      return { hash: () => hash }
    },
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  }
  const vm = await createVM({ common, stateManager: state, blockchain: blockchain as never })
  interrupt(vm.evm, limit)
  return {
    vm,
    evm: vm.evm,
    common,
    state,
    context,
    block: blockLike(context),
    precompiles: new Map(vm.evm.precompiles),
  }
}

/** The same environment around another block of the same fork. */
export const withContext = (environment: Environment, context: BlockContext): Environment => ({
  ...environment,
  context,
  block: blockLike(context),
})

/** Undoes what a caller made of them. */
export function restorePrecompiles({ evm, precompiles }: Environment): void {
  evm.precompiles.clear()
  for (const [address, precompile] of precompiles) evm.precompiles.set(address, precompile)
}

/** @returns what BLOCKHASH finds in a block on the chain: `header`, whose state is there, and those below */
export const ancestorsOf =
  (backend: Backend, { number: own, hash }: Pick<Header, 'number' | 'hash'>): EnvironmentOptions['hashOf'] =>
  (number) =>
    number > own ? undefined : backend.ancestor(hash, Number(own - number))

/**
 * The interpreter asks before every opcode whether it is listened to: there it can be stopped, and that costs next to nothing.
 * When it is, it waits for who listens: a listener of ours, which is shown only when others are to run.
 */
function interrupt(evm: VM['evm'], limit: TimeLimit): void {
  const events = evm.events!
  const count = events.listenerCount.bind(events)
  events.on('step', (_step, next) => {
    const pause = limit.pause()
    if (pause) void pause.then(next)
    else next?.()
  })
  events.listenerCount = (name) => {
    const isPausing = limit.step()
    return name === 'step' && !isPausing ? count(name) - 1 : count(name)
  }
}

/** As much of a block as opcodes look at. */
function blockLike(context: BlockContext): Block {
  const { number, time, coinbase, difficulty, random, gasLimit, baseFee, blobBaseFee, slotNumber } = context
  const header = {
    ...{ number, difficulty, gasLimit, timestamp: time, prevRandao: random },
    coinbase: new Address(coinbase),
    baseFeePerGas: baseFee ?? 0n,
    slotNumber: slotNumber ?? 0n,
    getBlobGasPrice: () => blobBaseFee ?? 0n,
  }
  return { header } as unknown as Block
}
