import { Header, headerFieldNames } from '../../protocols/chain/header.ts'
import { decodeTransaction } from '../../protocols/chain/transaction-fields.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { RlpError, type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import type { Plain } from './values.ts'

// A message's fields as a person reads them: numbers in decimal, bytes as 0x…, long lists by their beginning.

/** @param message of which `kind` is the name and no field */
export const fieldsOf = (message: object): Plain => toFields(message, 0)

function show(value: unknown, key: string, depth: number): Plain {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint' && signatures.has(key)) return `0x${value.toString(16)}`
  if (typeof value === 'bigint') return value <= Number.MAX_SAFE_INTEGER ? Number(value) : `${value}`
  if (typeof value !== 'object') return value as Plain
  if (value instanceof Uint8Array) return showBytes(value)
  if (depth >= deepest) return '…'
  if (value instanceof Header) {
    const fields = Object.fromEntries(headerFieldNames.map((name) => [name, value[name]]))
    return toFields({ hash: value.hash, ...fields }, depth)
  }
  if (isItem(value)) return showItem(value, key)
  if (Symbol.iterator in value) return showList(value as Iterable<unknown> & { readonly count?: number }, key, depth)
  return toFields(value, depth)
}

function toFields(value: object, depth: number): Plain {
  const entries = Object.entries(value).filter(([key, field]) => field !== undefined && !hiddenFields.has(key))
  return Object.fromEntries(entries.map(([key, field]) => [key, show(field, key, depth + 1)]))
}

function showList(
  list: Iterable<unknown> & { readonly count?: number; readonly length?: number },
  key: string,
  depth: number,
): Plain {
  const shown: Plain[] = []
  const count = list.count ?? list.length ?? 0
  try {
    for (const item of list) {
      if (shown.length >= longestList) return [...shown, `… and ${count - shown.length} more`]
      shown.push(show(item, key, depth + 1))
    }
  } catch (error) {
    if (!(error instanceof MalformedItem)) throw error
    shown.push(error.message)
  }
  return shown
}

/** RLP that its message does not look into: transactions are opened, of the rest the lists are shown. */
function showItem(item: RlpItem, key: string): Plain {
  try {
    return key === 'transactions' ? toFields(decodeTransaction(item), 0) : showRlp(item, 0)
  } catch (error) {
    if (error instanceof RlpError) return showBytes(item.raw)
    throw error
  }
}

function showRlp({ isList, content }: RlpItem, depth: number): Plain {
  if (!isList || depth >= deepest) return showBytes(content)
  const shown: Plain[] = []
  for (let at = 0; at < content.length; ) {
    if (shown.length >= longestList) return [...shown, '… and more']
    const item = readItem(content, at)
    shown.push(showRlp(item, depth + 1))
    at += item.raw.length
  }
  return shown
}

const showBytes = (bytes: Uint8Array): string =>
  bytes.length <= longestBytes
    ? `0x${bytesToHex(bytes)}`
    : `0x${bytesToHex(bytes.subarray(0, longestBytes))}… (${bytes.length} bytes)`

const isItem = (value: object): value is RlpItem => 'isList' in value && 'content' in value

/** Behind the ports of a chart are keys. */
const hiddenFields = new Set(['kind', 'raw', 'unsigned', 'ports'])
/** Numbers that are labels. */
const signatures = new Set(['r', 's'])
const longestBytes = 128
const longestList = 16
const deepest = 8
