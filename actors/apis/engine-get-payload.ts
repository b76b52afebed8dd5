import { type Method, method } from '../rpc/api.ts'
import { fixedBytes, ParamError, required, unfit } from '../rpc/params.ts'
import { engineError } from './engine-errors.ts'

/** None was ever built: every id is unknown, and one whose first byte says another version of another fork. */
export function getPayloadMethods(): Record<`getPayloadV${number}`, Method> {
  const of = (...versions: number[]) =>
    method([payloadId], (id) => {
      throw engineError(versions.includes(id[0]!) ? 'unknownPayload' : 'unsupportedFork')
    })
  return {
    getPayloadV1: of(1),
    getPayloadV2: of(1, 2),
    getPayloadV3: of(3),
    getPayloadV4: of(3),
    getPayloadV5: of(3),
    getPayloadV6: of(4),
  }
}

const payloadId = required((json) => {
  if (typeof json !== 'string') throw unfit(json, '*engine.PayloadID')
  try {
    return fixedBytes(json, 8, 'PayloadID')
  } catch (error) {
    if (!(error instanceof ParamError)) throw error
    throw new ParamError(`invalid payload id ${JSON.stringify(json)}: ${bare(error.message)}`)
  }
})

/** Where text is read, and not JSON, Go says only what is wrong with it. */
const bare = (message: string) => message.replace(/^json: cannot unmarshal (.*) into Go value of type .*$/, '$1')
