import { decodeBody } from '../../../protocols/eth/block.ts'
import type { Header } from '../../../protocols/eth/header.ts'
import type { Chain } from '../../chain/chain.ts'
import type { Block } from '../json/block.ts'
import { RpcError } from '../rpc-error.ts'
import type { BlockTag } from './block-params.ts'

/** What blocks are read from. `safe` and `finalized` are what a consensus client said, if any. */
export type BlockChain = Pick<Chain, 'genesis' | 'head' | 'headerByNumber' | 'headerByHash' | 'bodyByHash'> & {
  readonly safe?: Header | undefined
  readonly finalized?: Header | undefined
}

/** Blocks by what callers name them. */
export class Blocks {
  readonly #chain: BlockChain

  constructor(chain: BlockChain) {
    this.#chain = chain
  }

  /** @throws {RpcError} there is no such block now: `safe`, `finalized` or `pending` */
  headerAt(tag: BlockTag): Header | undefined {
    const { genesis, head, safe, finalized } = this.#chain
    if (tag === 'latest') return head
    if (tag === 'earliest') return genesis
    if (tag === 'safe') return safe ?? refuse('safe block not found')
    if (tag === 'finalized') return finalized ?? refuse('finalized block not found')
    // Only who executes transactions can make one.
    if (tag === 'pending') return refuse('pending block is not available')
    return this.#chain.headerByNumber(tag)
  }

  headerByHash(hash: Uint8Array): Header | undefined {
    return this.#chain.headerByHash(hash)
  }

  /** @throws {RpcError} as {@link headerAt} */
  blockAt(tag: BlockTag): Block | undefined {
    return this.#blockOf(this.headerAt(tag))
  }

  /** As {@link blockAt}, for the methods that geth lets keep their errors to themselves. */
  blockAtOrNone(tag: BlockTag): Block | undefined {
    try {
      return this.blockAt(tag)
    } catch (error) {
      if (error instanceof RpcError) return undefined
      throw error
    }
  }

  blockByHash(hash: Uint8Array): Block | undefined {
    return this.#blockOf(this.#chain.headerByHash(hash))
  }

  #blockOf(header: Header | undefined): Block | undefined {
    const raw = header && this.#chain.bodyByHash(header.hash)
    return header && raw && { header, body: decodeBody(raw) }
  }
}

function refuse(message: string): never {
  throw new RpcError(message)
}
