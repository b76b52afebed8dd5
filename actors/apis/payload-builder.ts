import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex, utf8ToBytes } from '../../protocols/lib/bytes.ts'
import type { BuiltBlock } from '../execution/methods/build-block.ts'
import type { StatePort } from '../execution/queries.ts'
import type { Attributes } from './engine-attributes.ts'
import type { BlobsBundle } from './json/payload.ts'
import { type PayloadVersion, payloadId } from './payload-id.ts'

/** Where the transactions of blocks that are built come from: a pool. */
export type PayloadTransactions = {
  /**
   * Those that can be in the next block, in the order that they are to be tried: the best paid first, those of one account by
   * their nonces. Of more than a block holds the rest is passed over.
   */
  pendingTransactions(on: { readonly parent: Header; readonly timestamp: bigint }): readonly PendingTransaction[]
}

export type PendingTransaction = {
  /** EIP-2718, as it stands in a block. */
  readonly envelope: Uint8Array
  /** Of a transaction of type 3: read once it is in the block; undefined for what has left its pool meanwhile. */
  readonly sidecar?: () => Promise<BlobsBundle | undefined>
}

export type Payload = { readonly block: BuiltBlock; readonly blobs: BlobsBundle }

/** Blocks for a consensus client, which it asks for by an id, and gets later (geth eth/catalyst/queue.go). */
export class PayloadBuilder {
  readonly #states: Pick<StatePort, 'query'>
  readonly #transactions: PayloadTransactions | undefined
  /** By their ids, the newest last. BOUNDED: maxPayloads, the oldest go. */
  readonly #payloads = new Map<string, Building>()

  constructor(states: Pick<StatePort, 'query'>, transactions?: PayloadTransactions) {
    this.#states = states
    this.#transactions = transactions
  }

  /**
   * Begins a block on `parent`: one without transactions, so that there is one.
   * @returns its id @throws (rejects) {RpcError} no block can be built so
   */
  async begin(version: PayloadVersion, parent: Header, attributes: Attributes): Promise<Uint8Array> {
    const id = payloadId(version, parent.hash, attributes)
    const key = bytesToHex(id)
    if (this.#payloads.has(key)) return id
    const empty = await this.#build(parent, attributes, [])
    this.#payloads.set(key, { parent, attributes, empty })
    const [oldest] = this.#payloads.keys()
    if (this.#payloads.size > maxPayloads) this.#payloads.delete(oldest!)
    return id
  }

  /**
   * With the transactions that wait now; asked again, it is the same block.
   * @returns undefined when it was not begun, or is no longer known
   */
  get(id: Uint8Array): Promise<Payload> | undefined {
    const building = this.#payloads.get(bytesToHex(id))
    if (!building) return undefined
    building.done ??= this.#fill(building)
    return building.done
  }

  /** @returns the block without transactions, where that with them cannot be made: a slot is not to be missed */
  async #fill({ parent, attributes, empty }: Building): Promise<Payload> {
    const { timestamp } = attributes
    const pending = this.#transactions?.pendingTransactions({ parent, timestamp }) ?? []
    if (pending.length === 0) return empty
    return this.#build(parent, attributes, pending).catch(() => empty)
  }

  async #build(parent: Header, attributes: Attributes, pending: readonly PendingTransaction[]): Promise<Payload> {
    const transactions = pending.map(({ envelope }) => envelope)
    const wanted = { attributes, transactions, extraData }
    const block = await this.#states.query('build', { parent: parent.raw, wanted })
    const sidecars: BlobsBundle[] = []
    for (const place of block.included) {
      const read = pending[place]!.sidecar
      const sidecar = await read?.()
      // A block whose blobs are lost cannot be proposed.
      if (read && !sidecar)
        return this.#build(
          parent,
          attributes,
          pending.filter((_, i) => i !== place),
        )
      if (sidecar) sidecars.push(sidecar)
    }
    return {
      block,
      blobs: {
        commitments: sidecars.flatMap(({ commitments }) => commitments),
        proofs: sidecars.flatMap(({ proofs }) => proofs),
        blobs: sidecars.flatMap(({ blobs }) => blobs),
      },
    }
  }
}

type Building = {
  readonly parent: Header
  readonly attributes: Attributes
  readonly empty: Payload
  done?: Promise<Payload>
}

/** geth `maxTrackedPayloads`. */
const maxPayloads = 10

const extraData = utf8ToBytes('peerchart')
