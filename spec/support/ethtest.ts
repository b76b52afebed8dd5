import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { skip } from './clients.ts'
import type { RpcRequest } from './geth.ts'
import { projectRoot } from './project.ts'

/** A chain of geth's own conformance suites (geth `cmd/devp2p/internal/ethtest/testdata`). What is not a path is read when it is asked for. */
export class Ethtest {
  readonly folder: string
  readonly genesis: string
  readonly chain: string
  /** Of every block, the genesis first, its call of the engine API. */
  readonly newPayloads: string
  /** The call of the engine API that makes the head the head. */
  readonly forkchoice: string

  constructor(folder: string) {
    this.folder = folder
    this.genesis = `${folder}/genesis.json`
    this.chain = `${folder}/chain.rlp`
    this.newPayloads = `${folder}/newpayload.json`
    this.forkchoice = `${folder}/headfcu.json`
  }

  get networkId(): bigint {
    return BigInt(this.#environment().HIVE_NETWORK_ID!)
  }

  /** The last block; its hash in hex, without `0x`. */
  get head(): { readonly number: bigint; readonly hash: string } {
    const { number, hash } = this.#json<{ number: string; hash: string }>('headblock')
    return { number: BigInt(number), hash: hash.slice(2) }
  }

  /** Of the genesis block, in hex, without `0x`. */
  get first(): { readonly hash: string; readonly stateRoot: string } {
    const [{ params }] = this.#json<[{ params: [{ blockHash: string; stateRoot: string }] }]>('newpayload')
    const [{ blockHash, stateRoot }] = params
    return { hash: blockHash.slice(2), stateRoot: stateRoot.slice(2) }
  }

  /** Its forks by time, in order, as `Prague` and `BPO1`; all are in force at the head. Times are seconds. */
  get forks(): readonly { readonly name: string; readonly time: bigint }[] {
    return Object.entries(this.#environment())
      .flatMap(([variable, value]) => {
        const [, name] = /^HIVE_(\w+)_TIMESTAMP$/.exec(variable) ?? []
        return name ? [{ name: name.replace(/(?<!^)[A-Z]+$/, (rest) => rest.toLowerCase()), time: BigInt(value) }] : []
      })
      .sort((a, b) => Number(a.time - b.time))
  }

  /** The hash of the head's fork id, in hex: EIP-2124 done over, from `forkenv.json`. */
  get forkHash(): string {
    const blocks = Object.entries(this.#environment()).flatMap(([variable, value]) =>
      /^HIVE_FORK_/.test(variable) ? [BigInt(value)] : [],
    )
    const places = [blocks.sort((a, b) => Number(a - b)), this.forks.map(({ time }) => time)].flat()
    let hash = crc32(Buffer.from(this.first.hash, 'hex'))
    for (const place of new Set(places.filter((place) => place > 0n))) {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(place)
      hash = crc32(bytes, hash)
    }
    return hash.toString(16).padStart(8, '0')
  }

  /** The number of the block with the large receipts. */
  get largeReceipts(): number {
    const { 'tx-largereceipt': large } = this.#json<{ 'tx-largereceipt': number | { block: string } }>('txinfo')
    return Number(typeof large === 'number' ? large : large.block)
  }

  /** {@link forkchoice}, read. */
  get update(): RpcRequest {
    return this.#json('headfcu')
  }

  #environment(): Readonly<Record<string, string>> {
    return this.#json('forkenv')
  }

  #json<Content>(name: string): Content {
    return JSON.parse(readFileSync(`${this.folder}/${name}.json`, 'utf8'))
  }
}

const shared = (name: string) => new Ethtest(join(projectRoot, '../shared', name))

/** 600 blocks each: to Amsterdam, of geth 1.17.6 and later; and to Prague, of geth 1.17.5, for the rules of before Osaka. */
export const ethtests: readonly Ethtest[] = [shared('ethtest-amsterdam'), shared('ethtest')]

/** The chain that specs run on: that to Amsterdam, unless `ETHTEST` names the folder of another. */
export const ethtest: Ethtest = process.env.ETHTEST ? new Ethtest(resolve(process.env.ETHTEST)) : ethtests[0]!

/** Skips the running spec, or the suite of the running hook, when the folder is not there. */
export function requireEthtest(context: Mocha.Context, chosen = ethtest): Ethtest {
  if (!existsSync(chosen.chain)) skip(context, `no test chain at ${chosen.folder}`)
  return chosen
}
