import { type Block, createBlockFromRLP } from '@ethereumjs/block'
import { type Common, createCommonFromGethGenesis, parseGethGenesisState } from '@ethereumjs/common'
import { createMPT } from '@ethereumjs/mpt'
import { Caches, MerkleStateManager } from '@ethereumjs/statemanager'
import { createTx, type TypedTransaction } from '@ethereumjs/tx'
import { Address, bytesToHex, ValueEncoding } from '@ethereumjs/util'
import { buildBlock, createVM, runBlock, type VM } from '@ethereumjs/vm'
import { joinBlock, splitBlock } from '../../protocols/chain/block.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { concatBytes, equalBytes, utf8ToBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import type { Chain } from './chain.ts'
import type { NewBlock } from './chain-reader.ts'
import { devAccounts, devGenesisJson } from './dev-genesis.ts'
import { fastCrypto } from './fast-crypto.ts'
import { encodeNumber } from './schema.ts'
import { TrieNodes } from './trie-nodes.ts'

/**
 * Makes the blocks of the dev network: executes, seals with nothing, inserts.
 * BOUNDED: in memory is the state of the head and no other, 25,000 nodes of tries at most: few accounts are ever paid, and
 * the contracts of EIP-2935 and EIP-4788 go round in 8,191 slots.
 */
export class BlockProducer {
  readonly #chain: Chain
  readonly #vm: VM
  readonly #common: Common
  readonly #seed: Uint8Array

  private constructor(chain: Chain, vm: VM, common: Common, seed: Uint8Array) {
    this.#chain = chain
    this.#vm = vm
    this.#common = common
    this.#seed = seed
  }

  /**
   * @param chain of the dev genesis; its blocks so far are executed again
   * @param options `seed`, any bytes: who is paid how much follows from it; `genesis`, in geth's form, when its forks are other ones
   * @throws {RangeError} `chain` is another chain
   */
  static async open(
    chain: Chain,
    { seed, genesis = devGenesisJson }: { readonly seed: Uint8Array; readonly genesis?: object },
  ): Promise<BlockProducer> {
    const common = createCommonFromGethGenesis(genesis as never, {
      chain: 'dev',
      customCrypto: fastCrypto,
    })
    const stateManager = await emptyState(common)
    await stateManager.generateCanonicalGenesis(parseGethGenesisState(genesis as never))
    if (!equalBytes(await stateManager.getStateRoot(), chain.genesis.stateRoot))
      throw new RangeError('the chain is not the dev network')
    const producer = new BlockProducer(chain, await createVM({ common, stateManager }), common, seed)
    await producer.#replay()
    return producer
  }

  /**
   * Makes a block of one to three transactions on the head, and inserts it.
   * @param time of the block, in seconds: after the head's
   * @throws {RangeError} it is not
   */
  async produce(time: bigint): Promise<NewBlock> {
    if (time <= this.#chain.head.time) throw new RangeError(`a block at ${time} after one at ${this.#chain.head.time}`)
    const parent = this.#block(this.#chain.head.hash)
    this.#common.setHardforkBy({ blockNumber: parent.header.number + 1n, timestamp: time })
    const builder = await buildBlock(this.#vm, {
      parentBlock: parent,
      headerData: {
        ...{ timestamp: time, gasLimit: parent.header.gasLimit },
        ...(this.#common.isActivatedEIP(4788) && { parentBeaconBlockRoot: new Uint8Array(32) }),
      },
      withdrawals: [],
      blockOpts: { common: this.#common, putBlockIntoBlockchain: false, setHardfork: true },
    })
    const number = parent.header.number + 1n
    for (let i = 0; i <= Number(number % 3n); i++) await builder.addTransaction(await this.#transaction(number, i))
    const { block } = await builder.build()
    this.#vm.stateManager.clearCaches() // all is in the tries by now
    const made = splitBlock(block.serialize())
    const inserted = { header: decodeHeader(made.header), body: made.body }
    await this.#chain.insertBlocks([inserted])
    return inserted
  }

  /** The kinds take turns: legacy, access list (EIP-2930), dynamic fee (EIP-1559). Each sender pays once a block. */
  async #transaction(number: bigint, index: number): Promise<TypedTransaction> {
    const sender = devAccounts[(Number(number % BigInt(devAccounts.length)) + index) % devAccounts.length]!
    const account = await this.#vm.stateManager.getAccount(new Address(sender.address))
    const lot = keccak256(concatBytes(this.#seed, encodeNumber(number), Uint8Array.of(index)))
    const type = Number((number + BigInt(index)) % 3n)
    const data = {
      type,
      chainId: this.#common.chainId(),
      nonce: account?.nonce ?? 0n,
      to: recipients[lot[0]!]!,
      value: BigInt(bytesToHex(lot.subarray(24))),
      gasLimit: 30_000n,
      ...(type === 2 ? { maxFeePerGas: maxFee, maxPriorityFeePerGas: 1n } : { gasPrice: maxFee }),
      ...(type > 0 && { accessList: [] }),
    }
    return createTx(data, { common: this.#common }).sign(sender.privateKey)
  }

  async #replay(): Promise<void> {
    for (let number = 1n; number <= this.#chain.head.number; number++) {
      const block = this.#block(this.#chain.canonicalHash(number)!)
      await runBlock(this.#vm, { block, skipBlockValidation: true })
    }
  }

  #block(hash: Uint8Array): Block {
    const header = this.#chain.headerByHash(hash)!.raw
    const raw = joinBlock({ header, body: this.#chain.bodyByHash(hash)! })
    return createBlockFromRLP(raw, { common: this.#common, setHardfork: true })
  }
}

/** @returns what keeps the state of one block: the caches make the tries change once a block, pruning forgets the one before */
async function emptyState(common: Common): Promise<MerkleStateManager> {
  const trie = await createMPT({
    db: new TrieNodes(),
    valueEncoding: ValueEncoding.Bytes,
    useKeyHashing: true,
    useNodePruning: true,
    common,
  })
  return new MerkleStateManager({ common, trie, prefixStorageTrieKeys: true, caches: new Caches() })
}

/** Few, so that the state stays as small after a million blocks. */
const recipients = Array.from(
  { length: 256 },
  (_, i) => new Address(keccak256(utf8ToBytes(`peerchart dev recipient ${i}`)).slice(12)),
)

/** In wei for each gas: above any base fee that transfers can drive the chain to. */
const maxFee = 10_000_000_000n
