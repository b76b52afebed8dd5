import { readBody } from '../../protocols/chain/block.ts'
import { readHeader } from '../../protocols/chain/header.ts'
import type { EthAnswer, EthRequest } from '../../protocols/eth/messages.ts'
import { readReceiptList } from '../../protocols/eth/receipt-messages.ts'
import { readCells } from '../../protocols/eth/transaction-messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { asItem, HashList, LazyList } from '../../protocols/lib/lazy-list.ts'
import { getBlockAccessLists, getBlockBodies, getBlockHeaders, getReceipts } from '../chain/serve.ts'
import type { ChainPort } from './chain-port.ts'

/**
 * What we have of what is asked for, in the right shape: of pooled transactions and cells nothing. Nothing is
 * looked up for those, so that a request of any number of hashes costs no more than its bytes: geth looks at 4,096.
 */
export function* answerSteps(version: EthVersion, request: EthRequest, chain: ChainPort): Generator<void, EthAnswer> {
  const { id } = request
  switch (request.kind) {
    case 'GetBlockHeaders':
      return { kind: 'BlockHeaders', id, headers: LazyList.of(yield* getBlockHeaders(chain, request), readHeader) }
    case 'GetBlockBodies':
      return { kind: 'BlockBodies', id, bodies: LazyList.of(yield* getBlockBodies(chain, request.hashes), readBody) }
    case 'GetReceipts': {
      const { receipts, lastBlockIncomplete } = yield* getReceipts(chain, request, version)
      return { kind: 'Receipts', id, lastBlockIncomplete, receipts: LazyList.of(receipts, readReceiptList(version)) }
    }
    case 'GetPooledTransactions':
      return { kind: 'PooledTransactions', id, transactions: LazyList.of([], asItem) }
    case 'GetBlockAccessLists':
      return {
        kind: 'BlockAccessLists',
        id,
        accessLists: LazyList.of(yield* getBlockAccessLists(chain, request.hashes), asItem),
      }
    case 'GetCells':
      return { kind: 'Cells', id, hashes: HashList.of([]), cells: LazyList.of([], readCells), mask: request.mask }
  }
}
