import { JsonNames } from '../../protocols/lib/json-names.ts'
import { inSteps, type Param, ParamError, readSteps, unfit } from './params.ts'

// Objects and lists as Go's encoding/json reads them into structs and slices, with its error texts.

type Fields = Readonly<Record<string, Param<unknown>>>
/** What is not given is undefined. */
type ValueOf<F extends Fields> = { readonly [Name in keyof F]: ReturnType<F[Name]['read']> | undefined }

/**
 * An object of known fields, in any case; others are passed over, as in Go, and null leaves an optional one out.
 * @param type as Go names it: `engine.ExecutableData`
 * @param fields by their JSON names
 */
export function struct<const F extends Fields>(type: string, fields: F): Param<ValueOf<F>> {
  const names = new JsonNames(Object.keys(fields))
  return inSteps(function* (json) {
    if (json === null) return {} as ValueOf<F>
    if (typeof json !== 'object' || Array.isArray(json)) throw unfit(json, type)
    const read: Record<string, unknown> = {}
    for (const [given, value] of Object.entries(json)) {
      const name = names.of(given)
      if (name === undefined) continue
      const field = fields[name]!
      if (field.isOptional && value === null) delete read[name]
      else read[name] = yield* readField(type, name, field, value)
    }
    return read as ValueOf<F>
  })
}

/**
 * A {@link struct} without some of whose fields Go's gencodec refuses it.
 * @param names in the order in which they are missed
 */
export function completeStruct<const F extends Fields, Name extends keyof F & string>(
  type: string,
  fields: F,
  names: readonly Name[],
): Param<Complete<ValueOf<F>, Name>> {
  const param = struct(type, fields)
  return inSteps(function* (json) {
    const value = yield* readSteps(param, json)
    const missing = names.find((name) => value[name] === undefined)
    if (missing !== undefined) throw new ParamError(`missing required field '${missing}' for ${unqualified(type)}`)
    return value as never
  })
}

type Complete<Value, Name extends keyof Value> = Value & { readonly [N in Name]: NonNullable<Value[N]> }

/** @param type as Go names it: `[]common.Hash`; null is no list at all */
export function listOf<Item>(param: Param<Item>, type: string): Param<readonly Item[] | undefined> {
  return inSteps(function* (json) {
    if (json === null) return undefined
    if (!Array.isArray(json)) throw unfit(json, type)
    const items: Item[] = []
    for (const item of json) if (items.push(yield* readSteps(param, item)) % fewItems === 0) yield
    return items
  })
}

/** That are read in one step. */
const fewItems = 128

function* readField(type: string, name: string, param: Param<unknown>, json: unknown): Generator<void, unknown> {
  try {
    return yield* readSteps(param, json)
  } catch (error) {
    if (!(error instanceof ParamError)) throw error
    throw new ParamError(
      error.message.replace(inGo, (_, inner?: string) =>
        [`into Go struct field ${unqualified(type)}.${name}`, inner && `.${inner}`, ' of type'].join(''),
      ),
    )
  }
}

/** Where a value did not fit: by itself, or in a field of a struct. */
const inGo = /into Go (?:value|struct field \w+\.(\S+)) of type/
const unqualified = (type: string) => type.slice(type.indexOf('.') + 1)
