import type { Block } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import { decodeHeader, type Header } from '../../protocols/chain/header.ts'
import { equalBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import type { Executed } from '../chain/execution-port.ts'
import { CorruptDatabase } from '../chain/store.ts'
import { decodeResult, encodeResult } from './block-result.ts'
import { BlockVm, type RawBlock, receiptsOf } from './block-vm.ts'
import { commonOf, hardforkOf } from './evm-common.ts'
import { stateManagerOf } from './state-manager.ts'
import { type Layer, nodeKey, type StateStore } from './state-store.ts'
import { TrieDatabase } from './trie-database.ts'
import { diffTries } from './trie-diff.ts'

/** Executes blocks on the states of a store, one after the other. */
export class BlockExecutor {
  readonly #states: StateStore
  readonly #config: ChainConfig
  readonly #common: Common
  readonly #database: TrieDatabase
  /** Stands at the state of the block executed last. */
  #vm: { readonly vm: BlockVm; readonly at: Uint8Array } | undefined
  #parent: Header | undefined

  constructor(states: StateStore, config: ChainConfig) {
    this.#states = states
    this.#config = config
    this.#common = commonOf(config)
    this.#database = new TrieDatabase(states)
  }

  /**
   * Executes a block whose parent's state is there, checks all that its header commits to, and keeps its state.
   * @param raw which is verified in itself; its `head` is the hash of the block whose state is to stay
   * @throws {BadBlock} the state stays as it was
   */
  async execute(raw: RawBlock & { readonly head?: Uint8Array }): Promise<Executed> {
    const header = decodeHeader(raw.header)
    const known = this.#states.result(header.hash)
    if (known) return decodeResult(known)
    const root = this.#states.stateRoot(header.parentHash)
    if (!root) throw new RangeError(`the state that block ${header.number} stands on is not there`)
    try {
      const result = await this.#run(header, raw, root)
      await this.#states.commit(this.#layer(header, root, result), this.#codes(), raw.head)
      return result
    } catch (error) {
      this.#vm = undefined
      if (error instanceof CorruptDatabase || error instanceof BadBlock) throw error
      throw new BadBlock('execution', oneLine(error))
    } finally {
      this.#database.clear()
    }
  }

  async #run(header: Header, raw: RawBlock, root: Uint8Array): Promise<Executed> {
    const vm = await this.#vmAt(header.parentHash, root)
    this.#common.setHardfork(hardforkOf(this.#config, header))
    this.#parent = header
    const block = this.#read(vm, raw)
    const done = await vm.run(block, { isSealed: true }).catch((error: unknown) => {
      throw error instanceof CorruptDatabase ? error : badBlock(oneLine(error))
    })
    this.#vm = { vm, at: header.hash }
    const { accessList } = done
    if (header.balHash && !(accessList && equalBytes(keccak256(accessList), header.balHash)))
      throw new BadBlock('access list', 'not what the block does')
    return { receipts: receiptsOf(done), ...(accessList && header.balHash && { accessList }) }
  }

  /** @throws {BadBlock} a transaction that is none under the rules of its fork */
  #read(vm: BlockVm, raw: RawBlock): Block {
    try {
      return vm.read(raw)
    } catch (error) {
      throw new BadBlock('execution', oneLine(error))
    }
  }

  async #vmAt(parent: Uint8Array, root: Uint8Array): Promise<BlockVm> {
    if (this.#vm && equalBytes(this.#vm.at, parent)) return this.#vm.vm
    const stateManager = stateManagerOf(this.#database, this.#common, root)
    return BlockVm.create({ common: this.#common, stateManager, ancestor: (number) => this.#ancestor(number) })
  }

  #ancestor(number: bigint): Uint8Array | undefined {
    const { parentHash, number: own } = this.#parent!
    return this.#states.ancestor(parentHash, Number(own - 1n - number))
  }

  #layer({ hash, parentHash, number, stateRoot }: Header, before: Uint8Array, result: Executed): Layer {
    const added = new Map<string, Uint8Array>()
    const removed = new Set<string>()
    const read = (owner?: Uint8Array) => (hash: Uint8Array) => {
      const node = this.#database.node(nodeKey(hash, owner))
      if (!node) throw new CorruptDatabase('of states', `a node of block ${number} is missing`)
      return node
    }
    const note = (from: Uint8Array, to: Uint8Array, owner?: Uint8Array) => {
      const diff = diffTries(read(owner), from, to)
      for (const hash of diff.added) added.set(nodeKey(hash, owner), read(owner)(hash))
      for (const hash of diff.removed) removed.add(nodeKey(hash, owner))
      return diff.values
    }
    for (const [path, { before: old, after }] of note(before, stateRoot)) {
      const [from, to] = [storageRootOf(old), storageRootOf(after)]
      if (!equalBytes(from, to)) note(from, to, hexToBytes(path))
    }
    return { hash, parent: parentHash, number, stateRoot, result: encodeResult(result), added, removed }
  }

  #codes(): Map<string, Uint8Array> {
    return new Map([...this.#database.fresh].filter(([key]) => key.length === codeKeyLength))
  }
}

/** `c` and a hash: the only keys of that length. */
const codeKeyLength = 33

const emptyRoot = hexToBytes('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421')

function storageRootOf(account: Uint8Array | undefined): Uint8Array {
  if (!account) return emptyRoot
  const fields = new RlpReader(readItem(account).content)
  fields.item()
  fields.item()
  return fields.bytes(32)
}

const oneLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!

/** What of a block's header its execution does not bear out; `execution` is anything that cannot be done at all. */
export type BadBlockReason =
  | 'execution'
  | 'requests hash'
  | 'receipts root'
  | 'bloom'
  | 'gas used'
  | 'state root'
  | 'access list'

/** The library has one kind of error for all of these. */
function badBlock(message: string): BadBlock {
  const found = (
    [
      ['invalid requestsHash', 'requests hash'],
      ['invalid receiptTrie', 'receipts root'],
      ['invalid bloom', 'bloom'],
      ['invalid gasUsed', 'gas used'],
      ['invalid block stateRoot', 'state root'],
    ] as const
  ).find(([start]) => message.startsWith(start))
  return new BadBlock(found?.[1] ?? 'execution', message.replace(/ \(vm hf=.*$/, ''))
}

/** The block cannot be: its sender's fault. */
export class BadBlock extends Error {
  override readonly name = 'BadBlock'
  readonly reason: BadBlockReason

  constructor(reason: BadBlockReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}
