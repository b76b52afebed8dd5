import { joinBlock } from '../../protocols/chain/block.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { type Api, method } from '../rpc/api.ts'
import { type BlockName, blockNumberOrHash } from '../rpc/block-params.ts'
import { data } from '../rpc/json/hex.ts'
import { hash } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import { type BlockChain, Blocks } from './blocks.ts'
import { rawJson, type TransactionLookup } from './eth-transactions.ts'

/** Those of geth's `debug` namespace that give blocks as RLP: of a number that is not known no bytes, of a hash an error. */
export function debugRawApi({ chain }: { readonly chain: BlockChain & TransactionLookup }): Api {
  const blocks = new Blocks(chain)
  return {
    namespace: 'debug',
    methods: {
      getRawBlock: method([blockNumberOrHash], (name) => {
        const block = 'tag' in name ? blocks.blockAt(name.tag) : blocks.blockByHash(name.hash)
        return block ? data(joinBlock({ header: block.header.raw, body: block.body.raw })) : nothing('block', name)
      }),
      getRawHeader: method([blockNumberOrHash], (name) => {
        const header: Header | undefined = 'tag' in name ? blocks.headerAt(name.tag) : blocks.headerByHash(name.hash)
        return header ? data(header.raw) : nothing('header', name)
      }),
      getRawTransaction: method([hash], (hash) => rawJson(chain.transactionByHash(hash))),
    },
  }
}

function nothing(what: 'block' | 'header', name: BlockName): string {
  if ('tag' in name) return '0x'
  throw new RpcError(`${what} #[${name.hash.join(' ')}] not found`) // Go prints it as the bytes of an array
}
