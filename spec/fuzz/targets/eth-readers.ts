import fc, { type Arbitrary } from 'fast-check'
import { Chain } from '../../../actors/chain/chain.ts'
import { devGenesis } from '../../../actors/chain/dev-genesis.ts'
import { answerSteps } from '../../../actors/eth/answers.ts'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { decodeBody, decodeWithdrawal, splitBlock } from '../../../protocols/chain/block.ts'
import { AccessListError, checkAccessList } from '../../../protocols/chain/block-access-list.ts'
import { decodeHeader } from '../../../protocols/chain/header.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { decodeTransaction, hashTransaction } from '../../../protocols/chain/transaction-fields.ts'
import { checkSignature, recoverSender, SenderError } from '../../../protocols/chain/transaction-sender.ts'
import { checkRange } from '../../../protocols/eth/block-range.ts'
import { decode, type EthRequest, encode, MalformedMessage } from '../../../protocols/eth/messages.ts'
import { decodeReceipt } from '../../../protocols/eth/receipt-messages.ts'
import { checkStatus } from '../../../protocols/eth/status.ts'
import { type EthVersion, ethVersions, isRequest, messageTable } from '../../../protocols/eth/versions.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { RlpError, readItem } from '../../../protocols/lib/rlp.ts'
import { accessListOf, amsterdamAtOnce, genesisOf, makeBlocks } from '../../actors/chain/make-chain.ts'
import { anyMessage } from '../../protocols/eth/arbitraries.ts'
import { namesIn } from '../../protocols/messages.ts'
import { ethVectors } from '../../vectors/eth-messages.ts'
import { mutatedRlp } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'
import { openAll } from './open-all.ts'

const genesis = genesisOf(amsterdamAtOnce)
/** Blocks with transactions of every kind but blobs, withdrawals and access lists. */
export const someBlocks = makeBlocks(genesis, genesis.header, 6)
const dev = await Chain.open({ genesis: devGenesis() })
await dev.insertBlocks(makeBlocks(devGenesis(), dev.head, 6))
const { config } = dev

/** Payloads of a message: those of geth, and any. */
export function ethPayloads(version: EthVersion, name: Parameters<typeof anyMessage>[1]): Arbitrary<Uint8Array> {
  const vectors = ethVectors.filter(({ versions, message }) => versions.includes(version) && message.kind === name)
  const any = anyMessage(version, name).map((message) => encode(version, message))
  const known = vectors.map(({ payload }) => hexToBytes(payload))
  return known.length > 0 ? fc.oneof(fc.constantFrom(...known), any) : any
}

function messageReaders(version: EthVersion): Readers {
  return Object.fromEntries(
    namesIn(messageTable(version)).map((name) => [
      `eth/${version} ${name}`,
      reader(
        mutatedRlp(ethPayloads(version, name)),
        (payload) => {
          const message = decode(version, name, payload)
          openAll(message)
          if (isRequest(message.kind)) openAll(atOnce(answerSteps(version, message as EthRequest, dev)))
          if (message.kind === 'BlockRangeUpdate') checkRange(message)
          if (message.kind === 'Status')
            checkStatus(version, { networkId: dev.networkId, genesis: dev.genesis.hash }, message, dev.forkFilter)
        },
        ...[MalformedMessage, MalformedItem],
      ),
    ]),
  )
}

const raws = (...all: readonly (Uint8Array | null | undefined)[]) =>
  mutatedRlp(fc.constantFrom(...all.filter((raw) => raw !== undefined && raw !== null)))
const transactions = someBlocks.flatMap(({ body }) => [...decodeBody(body).transactions.items()].map(({ raw }) => raw))
const withdrawals = someBlocks.flatMap(({ body }) =>
  [...(decodeBody(body).withdrawals?.items() ?? [])].map(({ raw }) => raw),
)
const receipts = [hexToBytes('c7c60201825208c0'), hexToBytes('c60201825208c0')]

/** Every message of every version; what stands in them. */
export const ethReaders: Readers = {
  ...Object.assign({}, ...ethVersions.map(messageReaders)),
  header: reader(raws(...someBlocks.map(({ header }) => header.raw)), (raw) => void decodeHeader(raw).hash, RlpError),
  body: reader(raws(...someBlocks.map(({ body }) => body)), (raw) => openAll(decodeBody(raw)), RlpError, MalformedItem),
  block: reader(raws(...someBlocks.map(({ body }) => body)), splitBlock, RlpError),
  transaction: reader(
    raws(...transactions),
    (raw) => {
      const item = readItem(raw)
      txHash(item)
      atOnce(hashTransaction(item))
      const transaction = decodeTransaction(item)
      checkSignature(transaction, { chainId: config.chainId, lowS: true, highestType: 4 })
      recoverSender(transaction)
    },
    ...[RlpError, SenderError],
  ),
  withdrawal: reader(raws(...withdrawals), (raw) => decodeWithdrawal(readItem(raw)), RlpError),
  receipt: reader(
    fc.tuple(raws(...receipts), fc.constantFrom(...ethVersions)),
    ([raw, version]) => openAll(decodeReceipt(readItem(raw), version)),
    ...[RlpError, MalformedItem],
  ),
  'access list': reader(
    raws(...someBlocks.map(({ accessList }) => accessList), accessListOf(7n, new Uint8Array(20).fill(9))),
    (raw) => {
      for (const _ of checkAccessList(raw, { gasLimit: 30_000_000n, transactions: 3 }));
    },
    ...[RlpError, AccessListError],
  ),
  'fork id': reader(
    fc.record({ hash: fc.uint8Array({ minLength: 4, maxLength: 4 }), next: fc.bigInt(0n, 2n ** 64n - 1n) }),
    (id) => dev.forkFilter(id),
  ),
}
