import { decodeBody } from '../../protocols/chain/block.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { Chain } from '../chain/chain.ts'
import type { BlockName, BlockTag } from '../rpc/block-params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { Block } from './json/block.ts'

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

  /** @returns undefined where there is no such block now, which `pending` never is: only who executes can make one */
  headerAtOrNone(tag: BlockTag): Header | undefined {
    const { genesis, head, safe, finalized } = this.#chain
    if (typeof tag === 'bigint') return this.#chain.headerByNumber(tag)
    return { earliest: genesis, latest: head, safe, finalized, pending: undefined }[tag]
  }

  /** As {@link headerAtOrNone}. @throws {RpcError} there is no such block now: `safe`, `finalized` or `pending` */
  headerAt(tag: BlockTag): Header | undefined {
    const header = this.headerAtOrNone(tag)
    if (header !== undefined || typeof tag === 'bigint') return header
    throw new RpcError(tag === 'pending' ? 'pending block is not available' : `${tag} block not found`)
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
    return this.#blockOf(this.headerAtOrNone(tag))
  }

  /** @returns undefined where there is no such block @throws {RpcError} as {@link headerAt}, or it is not canonical */
  named(name: BlockName): Block | undefined {
    if ('tag' in name) return this.blockAt(name.tag)
    if (name.requireCanonical) this.#checkCanonical(this.#chain.headerByHash(name.hash))
    return this.blockByHash(name.hash)
  }

  /** @returns of the block whose state is meant @throws {RpcError} there is none (geth `StateAndHeaderByNumberOrHash`) */
  headerWithState(name: BlockName = { tag: 'latest' }): Header {
    if ('hash' in name) {
      const header = this.#chain.headerByHash(name.hash)
      if (!header) throw new RpcError('header for hash not found')
      if (name.requireCanonical) this.#checkCanonical(header)
      return header
    }
    if (name.tag === 'pending') throw new RpcError('pending state is not available')
    const header = this.headerAt(name.tag)
    if (!header) throw new RpcError('header not found')
    return header
  }

  #checkCanonical(header: Header | undefined): void {
    const canonical = header && this.#chain.headerByNumber(header.number)
    if (header && !(canonical && equalBytes(canonical.hash, header.hash)))
      throw new RpcError('hash is not currently canonical')
  }

  blockByHash(hash: Uint8Array): Block | undefined {
    return this.#blockOf(this.#chain.headerByHash(hash))
  }

  #blockOf(header: Header | undefined): Block | undefined {
    const raw = header && this.#chain.bodyByHash(header.hash)
    return header && raw && { header, body: decodeBody(raw) }
  }
}
