export {
  type Account,
  emptyCodeHash,
  emptyRoot,
  encodeAccount,
  encodeSlimAccount,
  noAccount,
  readSlimAccount,
} from './chain/account.ts'
export {
  type BlockBody,
  decodeBody,
  encodeBody,
  joinBlock,
  readBody,
  type SplitBlock,
  splitBlock,
} from './chain/block.ts'
export {
  type ForkFilter,
  type ForkHead,
  type ForkId,
  ForkIdError,
  type ForkSchedule,
  forkFilter,
  forkId,
  forkSchedule,
} from './chain/fork-id.ts'
export { decodeHeader, encodeHeader, Header, type HeaderFields, readHeader } from './chain/header.ts'
export type { Log, Receipt, Receipt68, Receipt69 } from './chain/receipt.ts'
export { blobTxType, txEnvelope, txHash, txType } from './chain/transaction.ts'
export { type Enode, EnodeError, formatEnode, nodeIdOf, parseEnode, toEnode } from './enode/enode.ts'
export { formatIp, isLan, isLoopback, parseIp } from './enode/netutil.ts'
export type {
  BlockAccessLists,
  BlockBodies,
  BlockHeaders,
  BlockName,
  GetBlockAccessLists,
  GetBlockBodies,
  GetBlockHeaders,
  NewBlock,
  NewBlockHashes,
} from './eth/block-messages.ts'
export {
  type BlockRange,
  BlockRangeError,
  type BlockRangeUpdate,
  checkRange,
  shouldSend,
} from './eth/block-range.ts'
export { limits as ethLimits } from './eth/limits.ts'
export {
  countOf,
  decode as decodeEthMessage,
  type EthAnswer,
  type EthMessage,
  type EthRequest,
  encode as encodeEthMessage,
  MalformedMessage,
  type MessageOf,
  peekAnswer,
} from './eth/messages.ts'
export { type GetReceipts, type Receipts, readReceiptList } from './eth/receipt-messages.ts'
export {
  checkStatus,
  type OurChain,
  type Status,
  type Status68,
  type Status69,
  StatusError,
  type StatusFault,
} from './eth/status.ts'
export {
  type CellMask,
  type Cells,
  type GetCells,
  type GetPooledTransactions,
  type NewPooledTransactionHashes,
  type PooledTransactions,
  readCells,
  type Transactions,
} from './eth/transaction-messages.ts'
export {
  type AnswerName,
  answerOf,
  type EthVersion,
  ethLengths,
  ethVersions,
  isAnswer,
  isRequest,
  type MessageName,
  type MessageTable,
  messageTable,
  type RequestName,
} from './eth/versions.ts'
export { asBytes, asItem, HashList, LazyList, MalformedItem, Uint32List } from './lib/lazy-list.ts'
export { PeerError, type PeerErrorCode } from './lib/peer-error.ts'
export { RlpError, type RlpItem } from './lib/rlp.ts'
export { DiscError, DiscReason, discReasonText, ProtocolReturned, reasonOf } from './p2p/disconnect-reasons.ts'
export { countMatching, type LocalProtocol, type MatchedProtocol, matchProtocols, sortCaps } from './p2p/matching.ts'
export {
  baseCodes,
  baseProtocolLength,
  baseProtocolVersion,
  type Cap,
  decodeDisconnect,
  decodeFirstMessage,
  decodeHello,
  emptyPayload,
  encodeDisconnect,
  encodeHello,
  type Hello,
  HelloError,
  maxHelloBytes,
  snappyProtocolVersion,
} from './p2p/messages.ts'
export {
  type AccessLists,
  type ByteCodes,
  type GetAccessLists,
  type GetByteCodes,
  type GetTrieNodes,
  readPathSet,
  type TrieNodes,
} from './snap/lookup-messages.ts'
export {
  countOf as countOfSnap,
  decode as decodeSnapMessage,
  encode as encodeSnapMessage,
  MalformedSnapMessage,
  type SnapAnswer,
  type SnapMessage,
  type SnapMessageOf,
  type SnapRequest,
} from './snap/messages.ts'
export {
  type AccountRange,
  type GetAccountRange,
  type GetStorageRanges,
  type RangedAccount,
  readRangedAccount,
  readStorageSlots,
  type StorageRanges,
  type StorageSlot,
} from './snap/range-messages.ts'
export {
  isSnapName,
  isSnapRequest,
  type SnapAnswerName,
  type SnapMessageName,
  type SnapRequestName,
  type SnapTable,
  type SnapVersion,
  snapAnswerOf,
  snapLengths,
  snapTable,
  snapVersions,
} from './snap/versions.ts'
