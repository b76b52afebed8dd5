import { countOf, decode, type EthAnswer, type EthMessage, MalformedMessage } from '../../protocols/eth/messages.ts'
import {
  type AnswerName,
  answerOf,
  type EthVersion,
  ethVersions,
  isAnswer,
  type MessageName,
  messageTable,
} from '../../protocols/eth/versions.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { PeerError } from '../../protocols/lib/peer-error.ts'
import { RlpError, RlpReader } from '../../protocols/lib/rlp.ts'
import { DiscError, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import { baseCodes, decodeDisconnect, decodeHello } from '../../protocols/p2p/messages.ts'
import type { MessageEntry } from '../feed.ts'
import type { Plain } from '../recording/values.ts'
import { fieldsOf } from './message-fields.ts'

/** What of an entry says which message it is. */
export type MessageKind = Pick<MessageEntry, 'protocol' | 'version' | 'code'>

export type Decoded = {
  /** `GetBlockHeaders`. */
  readonly name: string
  /** By the names of its specification, for people. */
  readonly fields: Plain
  /** In a few words: `192 headers`. */
  readonly text: string
  /** Why it could not be decoded. */
  readonly error?: string
}

/** @returns a message's name; by number where nobody gave it one: `snap 0x04` */
export function nameOf({ protocol, version, code }: MessageKind): string {
  const name = protocol === 'p2p' ? baseNames.get(code) : isEth(protocol, version) && messageTable(version).nameOf(code)
  return name || `${protocol} 0x${code.toString(16).padStart(2, '0')}`
}

/** @param payload undefined when it was not kept */
export function decodeMessage(kind: MessageKind, payload: Uint8Array | undefined): Decoded {
  const name = nameOf(kind)
  if (!payload) return { name, fields: null, text: '', error: 'the payload was not kept' }
  try {
    return { name, ...opened(kind, name, payload) }
  } catch (error) {
    if (!isRemoteFault(error)) throw error
    return { name, fields: null, text: 'malformed', error: error.message }
  }
}

/** @returns the message itself, of eth and of whole payloads only; undefined for what cannot be decoded */
export function openEth<N extends MessageName>(kind: MessageKind, name: N, payload: Uint8Array | undefined) {
  if (!payload || !isEth(kind.protocol, kind.version) || nameOf(kind) !== name) return undefined
  try {
    return decode(kind.version, name, payload)
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
  if (!payload || !isEth(kind.protocol, kind.version)) return undefined
  const name = messageTable(kind.version).nameOf(kind.code)
  const request = name === undefined ? undefined : name in answerOf ? name : requests.get(name)
  if (request === undefined) return undefined
  try {
    return { id: RlpReader.open(payload).uint(), request }
  } catch (error) {
    if (!(error instanceof RlpError)) throw error
    return undefined
  }
}

/** Whether a message is one that answers another. */
export const answers = ({ protocol, version, code }: MessageKind): boolean => {
  const name = isEth(protocol, version) ? messageTable(version).nameOf(code) : undefined
  return name !== undefined && isAnswer(name)
}

function opened(kind: MessageKind, name: string, payload: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  if (kind.protocol === 'p2p') return openedBase(kind.code, payload)
  if (!isEth(kind.protocol, kind.version) || messageTable(kind.version).nameOf(kind.code) === undefined)
    return { fields: null, text: `${payload.length} bytes` }
  const message: EthMessage = decode(kind.version, name as MessageName, payload)
  return { fields: fieldsOf(message), text: textOf(message) }
}

function openedBase(code: number, payload: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  if (code === baseCodes.Hello) {
    const hello = decodeHello(payload)
    const caps = hello.caps.map(({ name, version }) => `${name}/${version}`)
    return { fields: fieldsOf({ ...hello, caps }), text: hello.name.slice(0, 80) }
  }
  if (code !== baseCodes.Disconnect) return { fields: null, text: '' }
  const reason = decodeDisconnect(payload)
  return { fields: { reason, text: discReasonText(reason) }, text: discReasonText(reason) }
}

function textOf(message: EthMessage): string {
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
    case 'GetCells':
      return counted(message.hashes.count, 'hash', 'hashes')
    default:
      return countedItems(message)
  }
}

function countedItems(answer: EthAnswer): string {
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
} as const satisfies Record<AnswerName, readonly [one: string, many?: string]>

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`

const baseNames = new Map<number, string>(Object.entries(baseCodes).map(([name, code]) => [code, name]))
const requests = new Map<string, string>(Object.entries(answerOf).map(([request, answer]) => [answer, request]))

const isEth = <V extends number | undefined>(protocol: string, version: V): version is V & EthVersion =>
  protocol === 'eth' && (ethVersions as readonly unknown[]).includes(version)

const isRemoteFault = (error: unknown): error is Error =>
  [MalformedMessage, MalformedItem, RlpError, PeerError, DiscError].some((fault) => error instanceof fault)
