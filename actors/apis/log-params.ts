import { JsonNames } from '../../protocols/lib/json-names.ts'
import { type BlockTag, blockTag } from '../rpc/block-params.ts'
import { hash, type Param, ParamError, required, unfit } from '../rpc/params.ts'
import type { LogQuery } from './logs.ts'

/** Which logs are asked for (geth eth/filters, `FilterCriteria`). BOUNDED: maxTopics lists of maxChoices, and the request's addresses. */
export const logQuery: Param<LogQuery> = required((json) => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unfit(json, 'filters.input')
  const given = fields.pick(json)
  const isGiven = (value: unknown) => value !== undefined && value !== null
  const range = {
    fromBlock: isGiven(given.fromBlock) ? (blockTag.read(given.fromBlock) as BlockTag) : undefined,
    toBlock: isGiven(given.toBlock) ? (blockTag.read(given.toBlock) as BlockTag) : undefined,
  }
  const blockHash = isGiven(given.blockHash) ? hash.read(given.blockHash) : undefined
  if (blockHash && (range.fromBlock !== undefined || range.toBlock !== undefined))
    throw new ParamError('cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other')
  return { ...range, blockHash, addresses: readAddresses(given.address), topics: readTopics(given.topics) }
})

const fields = new JsonNames(['blockHash', 'fromBlock', 'toBlock', 'address', 'topics'])

function readAddresses(json: unknown): Uint8Array[] {
  if (json === undefined || json === null) return []
  if (typeof json === 'string') return [sized(json, 20, 'address', 'invalid address: ')]
  if (!Array.isArray(json)) throw new ParamError('invalid addresses in query')
  return json.map((one, i) => {
    if (typeof one !== 'string') throw new ParamError(`non-string address at index ${i}`)
    return sized(one, 20, 'address', `invalid address at index ${i}: `)
  })
}

function readTopics(json: unknown): Uint8Array[][] {
  if (json === undefined || json === null) return []
  if (!Array.isArray(json)) throw unfit(json, '[]interface {}')
  if (json.length > maxTopics) throw new ParamError('exceed max topics')
  return json.map((topic: unknown) => {
    if (topic === null) return []
    if (typeof topic === 'string') return [sized(topic, 32, 'topic')]
    if (!Array.isArray(topic)) throw new ParamError('invalid topic(s)')
    if (topic.length > maxChoices) throw new ParamError('exceed max topics')
    if (topic.includes(null)) return []
    return topic.map((one: unknown) => {
      if (typeof one !== 'string') throw new ParamError('invalid topic(s)')
      return sized(one, 32, 'topic')
    })
  })
}

/** geth `decodeAddress`, `decodeTopic`. */
function sized(text: string, length: number, what: string, before = ''): Uint8Array {
  const refuse = (reason: string) => new ParamError(`${before}${reason}`)
  if (text === '') throw refuse('empty hex string')
  if (!/^0x/i.test(text)) throw refuse('hex string without 0x prefix')
  if (text.length % 2 === 1) throw refuse('hex string of odd length')
  if (!/^[0-9a-f]*$/i.test(text.slice(2))) throw refuse('invalid hex string')
  const bytes = new Uint8Array(Buffer.from(text.slice(2), 'hex'))
  if (bytes.length !== length)
    throw refuse(`hex has invalid length ${bytes.length} after decoding; expected ${length} for ${what}`)
  return bytes
}

const maxTopics = 4
/** geth `maxSubTopics`. */
const maxChoices = 1_000
