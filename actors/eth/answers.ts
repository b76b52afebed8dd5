import { readBody } from '../../protocols/chain/block.ts'
import { readHeader } from '../../protocols/chain/header.ts'
import { decode, type EthAnswer, type EthRequest } from '../../protocols/eth/messages.ts'
import { readReceiptList } from '../../protocols/eth/receipt-messages.ts'
import { readCells } from '../../protocols/eth/transaction-messages.ts'
import type { EthVersion, RequestName } from '../../protocols/eth/versions.ts'
import { asItem, HashList, LazyList } from '../../protocols/lib/lazy-list.ts'
import { getBlockAccessLists, getBlockBodies, getBlockHeaders } from '../chain/serve.ts'
import type { ChainPort } from './chain-port.ts'

/**
 * What we have of what is asked for, in the right shape: of receipts, pooled transactions and cells nothing. Nothing is
 * looked up for those, so that a request of any number of hashes costs no more than its bytes: geth looks at 4,096.
 * @throws {MalformedMessage} the request is none
 */
export function answerRequest(
  version: EthVersion,
  { name, payload }: { name: RequestName; payload: Uint8Array },
  chain: ChainPort,
): EthAnswer {
  const request: EthRequest = decode(version, name, payload)
  const { id } = request
  switch (request.kind) {
    case 'GetBlockHeaders':
      return { kind: 'BlockHeaders', id, headers: LazyList.of(getBlockHeaders(chain, request), readHeader) }
    case 'GetBlockBodies':
      return { kind: 'BlockBodies', id, bodies: LazyList.of(getBlockBodies(chain, request.hashes), readBody) }
    case 'GetReceipts':
      return { kind: 'Receipts', id, lastBlockIncomplete: false, receipts: LazyList.of([], readReceiptList(version)) }
    case 'GetPooledTransactions':
      return { kind: 'PooledTransactions', id, transactions: LazyList.of([], asItem) }
    case 'GetBlockAccessLists':
      return {
        kind: 'BlockAccessLists',
        id,
        accessLists: LazyList.of(getBlockAccessLists(chain, request.hashes), asItem),
      }
    case 'GetCells':
      return { kind: 'Cells', id, hashes: HashList.of([]), cells: LazyList.of([], readCells), mask: request.mask }
  }
}
