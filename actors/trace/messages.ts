import { countColumns } from '../../protocols/eth/transaction-messages.ts'
import type { MessageName } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { RlpError, RlpReader } from '../../protocols/lib/rlp.ts'
import { discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import { baseCodes, baseNames, decodeHello, type Hello, readReason } from '../../protocols/p2p/messages.ts'
import {
  countOf,
  decodeMessage as decodeSubMessage,
  isAnswerName,
  isRemoteFault,
  isRequestName,
  requestOf as requestOfAnswer,
  type SubAnswer,
  type SubAnswerName,
  type SubMessage,
  type SubMessageName,
  tableOf,
} from '../../protocols/sub-protocols.ts'
import { datagramName, isBadPacket, isDatagram, openDatagram } from './datagrams.ts'
import type { Decoded } from './decoded.ts'
import type { MessageEntry } from './entries.ts'
import { decodePacket, type PacketKind } from './handshake-fields.ts'
import { packetName } from './handshake-packet.ts'
import { fieldsOf } from './message-fields.ts'

/** What of an entry says which message it is. */
export type MessageKind = Pick<MessageEntry, 'protocol' | 'version' | 'code'>

/** @returns a message's name; by number where it has none: `les 0x04` */
export function nameOf(kind: MessageKind): string {
  const { protocol, code } = kind
  const name = isDatagram(protocol)
    ? datagramName(kind)
    : protocol === 'p2p'
      ? baseNames.get(code)
      : protocol === 'rlpx'
        ? packetName(code)
        : subNameOf(kind)
  return name ?? `${protocol} 0x${code.toString(16).padStart(2, '0')}`
}

const subNameOf = ({ protocol, version, code }: MessageKind): SubMessageName | undefined =>
  tableOf(protocol, version)?.nameOf(code)

/** @param payload undefined when it was not kept */
export function decodeMessage(kind: MessageKind & PacketKind, payload: Uint8Array | undefined): Decoded {
  const name = nameOf(kind)
  if (kind.protocol === 'rlpx') return decodePacket(name, kind)
  if (!payload) return { name, fields: null, text: '', error: 'the payload was not kept' }
  try {
    return { name, ...opened(kind, payload) }
  } catch (error) {
    if (!(isRemoteFault(error) || isBadPacket(error))) throw error
    return { name, fields: null, text: 'malformed', error: error.message }
  }
}

/** @returns the message itself, of eth and of whole payloads only; undefined for what cannot be decoded */
export function openEth<N extends MessageName>(kind: MessageKind, name: N, payload: Uint8Array | undefined) {
  if (!payload || subNameOf(kind) !== name) return undefined
  try {
    return decodeSubMessage(kind.version!, name, payload)
  } catch (error) {
    if (!isRemoteFault(error)) throw error
    return undefined
  }
}

/** @returns a Hello that can be decoded, of whole payloads only */
export function openHello({ protocol, code }: MessageKind, payload: Uint8Array | undefined): Hello | undefined {
  if (!payload || protocol !== 'p2p' || code !== baseCodes.Hello) return undefined
  try {
    return decodeHello(payload)
  } catch (error) {
    if (!isRemoteFault(error)) throw error
    return undefined
  }
}

/** Which request a message is or answers: its id, and the name of the request. */
export function requestOf(
  kind: MessageKind,
  payload: Uint8Array | undefined,
): { id: bigint; request: string } | undefined {
  const name = subNameOf(kind)
  if (!payload || name === undefined) return undefined
  const request = isRequestName(name) ? name : requestOfAnswer.get(name)
  if (request === undefined) return undefined
  try {
    return { id: RlpReader.open(payload).uint(), request }
  } catch (error) {
    if (!(error instanceof RlpError)) throw error
    return undefined
  }
}

/** Whether a message is one that answers another. */
export const answers = (kind: MessageKind): boolean => isAnswerName(subNameOf(kind) ?? '')

function opened(kind: MessageKind, payload: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  if (kind.protocol === 'p2p') return openedBase(kind.code, payload)
  if (isDatagram(kind.protocol)) return openDatagram(kind, payload)
  const name = subNameOf(kind)
  if (name === undefined) return { fields: null, text: `${payload.length} bytes` }
  const message: SubMessage = decodeSubMessage(kind.version!, name, payload)
  return { fields: fieldsOf(message), text: textOf(message) }
}

function openedBase(code: number, payload: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  if (code === baseCodes.Hello) {
    const hello = decodeHello(payload)
    const caps = hello.caps.map(({ name, version }) => `${name}/${version}`)
    return { fields: fieldsOf({ ...hello, caps }), text: hello.name.slice(0, 80) }
  }
  if (code !== baseCodes.Disconnect) return { fields: null, text: '' }
  const reason = readReason(payload)
  if (reason === undefined) return { fields: { reason: null }, text: 'without a reason' }
  return { fields: { reason, text: discReasonText(reason) }, text: discReasonText(reason) }
}

function textOf(message: SubMessage): string {
  switch (message.kind) {
    case 'Status':
      return `network ${message.networkId}, ${'range' in message ? `block ${message.range.latest}` : 'eth/68'}`
    case 'NewBlockHashes':
      return counted(message.blocks.count, 'block')
    case 'Transactions':
      return counted(message.transactions.count, 'transaction')
    case 'GetBlockHeaders':
      return `${message.amount} from ${typeof message.origin === 'bigint' ? message.origin : 'a hash'}`
    case 'NewBlock':
      return 'a block'
    case 'BlockRangeUpdate':
      return `blocks ${message.earliest} to ${message.latest}`
    case 'NewPooledTransactionHashes':
      return counted(message.hashes.count, 'transaction')
    case 'GetBlockBodies':
    case 'GetPooledTransactions':
    case 'GetReceipts':
    case 'GetBlockAccessLists':
    case 'GetByteCodes':
    case 'GetAccessLists':
      return counted(message.hashes.count, 'hash', 'hashes')
    case 'GetCells':
      return `${counted(message.hashes.count, 'hash', 'hashes')}, ${counted(countColumns(message.mask), 'column')}`
    case 'GetAccountRange':
      return `from ${short(message.origin)} to ${short(message.limit)}`
    case 'GetStorageRanges':
      return counted(message.accountHashes.count, 'account')
    case 'GetTrieNodes':
      return counted(message.paths.count, 'set of paths', 'sets of paths')
    default:
      return countedItems(message)
  }
}

function countedItems(answer: SubAnswer): string {
  const [one, many] = itemsOf[answer.kind] as readonly [string, string?]
  return counted(countOf(answer), one, many)
}

const itemsOf = {
  BlockHeaders: ['header'],
  BlockBodies: ['body', 'bodies'],
  PooledTransactions: ['transaction'],
  Receipts: ['block of receipts', 'blocks of receipts'],
  BlockAccessLists: ['access list'],
  Cells: ['group of cells', 'groups of cells'],
  AccountRange: ['account'],
  StorageRanges: ['account with storage', 'accounts with storage'],
  ByteCodes: ['code'],
  TrieNodes: ['node'],
  AccessLists: ['access list'],
} as const satisfies Record<SubAnswerName, readonly [one: string, many?: string]>

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

const short = (hash: Uint8Array) => `0x${bytesToHex(hash.subarray(0, 4))}…`
