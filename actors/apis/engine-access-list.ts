import { checkAccessList } from '../../protocols/chain/block-access-list.ts'
import { RlpError, readItem } from '../../protocols/lib/rlp.ts'

/**
 * Whether the bytes are an access list as geth decodes one: nothing is said of its rules.
 * @returns why they are none, as Go's decoder says it
 */
export function* accessListFault(raw: Uint8Array): Generator<void, string | undefined> {
  if (raw.length === 0) return 'EOF'
  try {
    readItem(raw)
  } catch (error) {
    if (!(error instanceof RlpError)) throw error
    return inGo(error, 'rlp: value size exceeds available input length')
  }
  try {
    yield* checkAccessList(raw)
    return undefined
  } catch (error) {
    if (!(error instanceof RlpError)) throw error
    return inGo(error, 'rlp: element is larger than containing list')
  }
}

/** @param cut what is said of an item that reaches past its end */
function inGo({ message }: RlpError, cut: string): string {
  const [, length] = /^expected 20 bytes, got (\d+)$/.exec(message) ?? []
  if (length !== undefined) return `input value has wrong size ${length}, want 20`
  if (message === 'value larger than the input') return cut
  return gethTexts[message] ?? message
}

/** Ours, and those of geth's rlp package. */
const gethTexts: Readonly<Record<string, string>> = {
  'expected a list, got a string': 'rlp: expected List',
  'expected a string, got a list': 'rlp: expected String or Byte',
  'bytes after the list': 'rlp: input contains more than one value',
  'unexpected end of input': 'rlp: end of list',
  'length with a leading zero': 'rlp: non-canonical size information',
  'non-canonical length': 'rlp: non-canonical size information',
  'non-canonical single byte': 'rlp: non-canonical size information',
  'integer with a leading zero': 'rlp: non-canonical integer format',
  'integer wider than 4 bytes': 'rlp: uint overflow',
  'integer wider than 8 bytes': 'rlp: uint overflow',
  'integer wider than 32 bytes': 'rlp: value too large for uint256',
  'too many list items': 'rlp: call of ListEnd not positioned at EOL',
}
