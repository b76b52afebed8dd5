import type { Genesis } from '../../protocols/chain/genesis.ts'
import { decodeHeader, type Header } from '../../protocols/chain/header.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import type { ChainOptions, NewBlock } from './chain-reader.ts'
import type { Executed } from './execution-port.ts'
import { decodeMarks, type Marks } from './forkchoice.ts'
import type { KeyValueStore, Write } from './key-value-store.ts'
import { decodeNumber, encodeNumber, isContent, keys, schemaVersion } from './schema.ts'
import { CorruptDatabase } from './store.ts'

// What a database holds of a chain when it is made and when it is opened.

/** `marks` is undefined when no consensus client has set the head yet: as in every database older than marks. */
export type StoredChain = { readonly head: Header; readonly marks: Marks | undefined }

/** The name of a database without a directory, in errors. */
export const inMemory = 'in memory'

export function blockWrites({ header, body, accessList }: NewBlock): Write[] {
  const { number, hash, raw } = header
  return [
    { key: keys.header(number, hash), value: raw },
    { key: keys.body(number, hash), value: body },
    ...(accessList ? [accessListWrite(header, accessList)] : []),
    { key: keys.number(hash), value: encodeNumber(number) },
  ]
}

export const accessListWrite = ({ number, hash }: Header, accessList: Uint8Array): Write => {
  return { key: keys.accessList(number, hash), value: accessList }
}

/** @param executed what an execution has found of `block`, whose list it makes itself */
export function executedWrites({ header, body }: NewBlock, { receipts, accessList }: Executed): Write[] {
  return [...blockWrites({ header, body, accessList }), receiptsWrite(header, receipts)]
}

export const receiptsWrite = ({ number, hash }: Header, receipts: Uint8Array): Write => {
  return { key: keys.receipts(number, hash), value: receipts }
}

/**
 * What is to be written before the rest, a piece after the other: what belongs to blocks is there once their hash has a number.
 * All of it at once would be a long step: LevelDB takes copies of it.
 */
export function piecesOf(writes: readonly Write[]): {
  readonly ahead: readonly Write[][]
  readonly rest: readonly Write[]
} {
  if (bytesOf(writes) <= pieceBytes) return { ahead: [], rest: writes }
  const ahead: Write[][] = []
  let left = 0
  for (const write of writes.filter(isOfBlock)) {
    const { length } = write.value!
    if (length > left) {
      ahead.push([])
      left = pieceBytes
    }
    ahead.at(-1)!.push(write)
    left -= length
  }
  return { ahead, rest: writes.filter((write) => !isOfBlock(write)) }
}

const bytesOf = (writes: readonly Write[]) => writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
const isOfBlock = ({ key, value }: Write) => value !== undefined && isContent(key)
/** Of one write, or one value: a millisecond. */
const pieceBytes = 1 << 20

/** Of a block that turns out to be bad: as if it had never come. */
export function forgottenWrites({ number, hash }: Header): Write[] {
  return [keys.header(number, hash), keys.body(number, hash), keys.accessList(number, hash), keys.number(hash)].map(
    (key) => ({ key }),
  )
}

export async function writeGenesis(store: KeyValueStore, { header, body }: Genesis): Promise<void> {
  await store.write([
    { key: keys.version, value: schemaVersion },
    { key: keys.genesis, value: header.hash },
    ...blockWrites({ header, body }),
    { key: keys.canonical(header.number), value: header.hash },
    { key: keys.head, value: header.hash },
  ])
}

/** How far below the head a database is looked through when it is opened: further than its log reaches back. */
const checkedDepth = 1_024n

/** @throws {CorruptDatabase} {WrongGenesis} */
export function readChain(store: KeyValueStore, { genesis, directory = inMemory }: ChainOptions): StoredChain {
  const damaged = (what: string) => new CorruptDatabase(directory, what)
  const stored = store.get(keys.genesis)
  if (stored === undefined) throw damaged('no genesis in it')
  if (!equalBytes(stored, genesis.header.hash)) throw new WrongGenesis(directory, stored, genesis.header.hash)
  const version = store.get(keys.version)
  if (version === undefined || !equalBytes(version, schemaVersion)) throw damaged(`version ${version} of the schema`)
  const blockAt = (hash: Uint8Array | undefined) => {
    const number = hash && store.get(keys.number(hash))
    const raw = number && store.get(keys.header(decodeNumber(number), hash))
    const header = raw && tryDecodeHeader(raw)
    if (header === undefined || !equalBytes(header.hash, hash!)) throw damaged('a block is missing')
    if (store.get(keys.body(header.number, header.hash)) === undefined)
      throw damaged(`block ${header.number} has no body`)
    const canonical = store.get(keys.canonical(header.number))
    if (!canonical || !equalBytes(canonical, header.hash)) throw damaged(`block ${header.number} is not canonical`)
    return header
  }
  const head = blockAt(store.get(keys.head))
  for (let at = head; at.number > genesis.header.number && head.number - at.number < checkedDepth; )
    at = blockAt(at.parentHash)
  const forkchoice = store.get(keys.forkchoice)
  const marks = forkchoice && decodeMarks(forkchoice)
  if (forkchoice && !marks) throw damaged('the forkchoice is damaged')
  return { head, marks }
}

export function tryDecodeHeader(raw: Uint8Array): Header | undefined {
  try {
    return decodeHeader(raw)
  } catch {
    return undefined
  }
}

/** The database holds another chain than the one asked for. */
export class WrongGenesis extends Error {
  override readonly name = 'WrongGenesis'

  constructor(directory: string, stored: Uint8Array, wanted: Uint8Array) {
    super(`database ${directory}: belongs to genesis 0x${bytesToHex(stored)}, not 0x${bytesToHex(wanted)}`)
  }
}
