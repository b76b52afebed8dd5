import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { JsonNames } from '../../protocols/lib/json-names.ts'
import { jsonText } from '../../protocols/lib/json-text.ts'
import { type Param, ParamError, readQuantity, required, unfit } from './params.ts'

// Which block is meant, read and refused as geth's rpc/types.go does.

/** A number, or a block that moves. */
export type BlockTag = bigint | (typeof tags)[number]

/** EIP-1898. */
export type BlockName =
  | { readonly tag: BlockTag }
  | {
      /** 32 bytes. */
      readonly hash: Uint8Array
      readonly requireCanonical: boolean
    }

export const blockTag: Param<BlockTag> = required((json) => readTag(json, 'block number larger than int64'))

/** A tag, a hash, or an object that says which of both it is. */
export const blockNumberOrHash: Param<BlockName> = required((json) => {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return readObject(json)
  if (typeof json !== 'string') throw unfit(json, 'string')
  if (json.length === 66 && !isTag(json)) return { hash: readHash(json), requireCanonical: false }
  return { tag: readTag(json, 'blocknumber too high') }
})

const tags = ['earliest', 'latest', 'pending', 'safe', 'finalized'] as const
const isTag = (text: string): text is (typeof tags)[number] => (tags as readonly string[]).includes(text)

const maxNumber = 2n ** 63n - 1n

function readTag(json: unknown, tooHigh: string): BlockTag {
  // geth reads the JSON's text: a number without quotes is one without 0x.
  const input = typeof json === 'string' ? json : jsonText(json)
  if (isTag(input)) return input
  const number = readQuantity(input)
  if (number > maxNumber) throw new ParamError(tooHigh)
  return number
}

function readObject(json: object): BlockName {
  const { blockNumber, blockHash, requireCanonical } = nameFields.pick(json)
  const isPresent = (value: unknown) => value !== undefined && value !== null
  const name = orUnfit(json, () => ({
    ...(isPresent(blockNumber) && { tag: readTag(blockNumber, '') }),
    ...(isPresent(blockHash) && { hash: readHash(blockHash) }),
    requireCanonical: readFlag(requireCanonical ?? false),
  }))
  const { tag, hash } = name as { tag?: BlockTag; hash?: Uint8Array }
  if (tag !== undefined && hash)
    throw new ParamError('cannot specify both BlockHash and BlockNumber, choose one or the other')
  if (tag !== undefined) return { tag }
  if (hash) return { hash, requireCanonical: name.requireCanonical }
  throw new ParamError('must specify either BlockHash or BlockNumber')
}

const nameFields = new JsonNames(['blockNumber', 'blockHash', 'requireCanonical'])

/** An object with anything wrong in it is, to geth, an object where a string was due. */
function orUnfit<T>(json: object, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof ParamError ? unfit(json, 'string') : error
  }
}

function readHash(json: unknown): Uint8Array {
  if (typeof json !== 'string' || !/^0x/i.test(json)) throw new ParamError('hex string without 0x prefix')
  if (!/^0x[0-9a-f]{64}$/i.test(json)) throw new ParamError('invalid hex string')
  return hexToBytes(json.slice(2))
}

function readFlag(json: unknown): boolean {
  if (typeof json !== 'boolean') throw unfit(json, 'bool')
  return json
}
