import { type Block, createBlockFromRLP } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import type { MerkleStateManager } from '@ethereumjs/statemanager'
import { createVM, type RunBlockResult, runBlock, type VM } from '@ethereumjs/vm'
import { joinBlock } from '../../protocols/chain/block.ts'
import { encodeList, encodeRlp } from '../../protocols/lib/rlp.ts'

/** RLP of its parts. */
export type RawBlock = { readonly header: Uint8Array; readonly body: Uint8Array }

export type BlockRun = {
  readonly block: Block
  readonly result: RunBlockResult
  /** RLP of its access list (EIP-7928), whole; undefined before Amsterdam. */
  readonly accessList: Uint8Array | undefined
}

/** Executes blocks on a state, one on the other: those that there are, and those that are being built. */
export class BlockVm {
  readonly #vm: VM
  readonly #common: Common
  /** Whose creation was begun in this block, as `0x` and hex digits. */
  readonly #created = new Set<string>()

  private constructor(vm: VM, common: Common) {
    this.#vm = vm
    this.#common = common
    vm.evm.events?.on('afterMessage', ({ createdAddress }) => {
      if (createdAddress) this.#created.add(createdAddress.toString())
    })
  }

  /** @param options `ancestor` finds the hash of a block by its number, for BLOCKHASH */
  static async create({
    common,
    stateManager,
    ancestor,
  }: {
    readonly common: Common
    readonly stateManager: MerkleStateManager
    readonly ancestor: (number: bigint) => Uint8Array | undefined
  }): Promise<BlockVm> {
    const unknown = new Uint8Array(32)
    const blockchain = {
      getBlock: async (number: number) => ({ hash: () => ancestor(BigInt(number)) ?? unknown }),
      putBlock: async () => {},
      shallowCopy: () => blockchain,
    }
    return new BlockVm(await createVM({ common, stateManager, blockchain: blockchain as never }), common)
  }

  /** @throws a transaction that is none under the rules of its fork: the fork that `common` stands at */
  read({ header, body }: RawBlock): Block {
    return createBlockFromRLP(joinBlock({ header, body }), { common: this.#common, setHardfork: false })
  }

  /** @param isSealed whether its header says what comes of it, which is compared then @throws what the library throws */
  async run(block: Block, { isSealed }: { readonly isSealed: boolean }): Promise<BlockRun> {
    this.#created.clear()
    const skipped = { skipHeaderValidation: true, skipHardForkValidation: true }
    const result = await runBlock(this.#vm, { block, generate: !isSealed, ...skipped })
    return { block, result, accessList: result.blockLevelAccessList && this.#accessList(result.blockLevelAccessList) }
  }

  /** The library forgets accounts whose creation failed: EIP-7928 has whatever was accessed, reverted or not. */
  #accessList(list: NonNullable<VM['evm']['blockLevelAccessList']>): Uint8Array {
    for (const address of this.#created) list.addAddress(address as `0x${string}`)
    return list.serialize()
  }
}

/** @returns RLP of the list of the receipts, each as eth/69 has them (EIP-7642) */
export function receiptsOf({ block, result }: Pick<BlockRun, 'block' | 'result'>): Uint8Array {
  const receipts = result.receipts.map(({ cumulativeBlockGasUsed: gas, logs, ...one }, i) => {
    const outcome = 'stateRoot' in one ? one.stateRoot : one.status
    return encodeRlp([block.transactions[i]!.type, outcome, gas, logs])
  })
  return encodeList(receipts)
}
