import { jsonText } from '../../protocols/lib/json-text.ts'
import {
  firstInvalid,
  isNumber,
  isObject,
  isString,
  listOf,
  maybe,
  type Shape,
  shaped,
  type Validator,
} from '../../protocols/lib/shapes.ts'
import { isPlain } from '../trace/values.ts'

// A checksum says that a line is as it was written, not that a recorder wrote it.

type Fields = Readonly<Record<string, unknown>>

/** @returns what is wrong with a heading of the version that is read here */
export const headingFault = (heading: Fields): string | undefined => fieldFault(heading, headingShape)

/** @returns what is wrong with a line after the heading */
export function lineFault(line: Fields): string | undefined {
  if ('ended' in line) return fieldFault(line, ending)
  const type = typeof line.type === 'string' ? line.type : ''
  const shape = Object.hasOwn(lines, type) ? lines[type] : undefined
  if (!shape) return `lines of the type ${jsonText(line.type, longestShown)} are not known here`
  return fieldFault(line, shape)
}

function fieldFault(fields: Fields, shape: Shape): string | undefined {
  const name = firstInvalid(fields, shape)
  return name === undefined ? undefined : `its ${name} is ${name in fields ? 'not what a recorder writes' : 'missing'}`
}

const isTime: Validator = (value) => Number.isFinite(value) && (value as number) >= 0
const isData: Validator = (value) => isObject(value) && isPlain(value)

const headingShape: Shape = {
  ...{ client: isString, startedAt: isString },
  nodes: maybe(listOf(shaped({ name: maybe(isString), id: isString }))),
  forks: maybe(listOf(shaped({ name: isString, hash: isString, at: isString }))),
}
const ending: Shape = { ended: (value) => value === 'closed' || value === 'full' || value === 'slow' }
const entry: Shape = { seq: isNumber, at: isTime, node: maybe(isString), actor: isString }
const message: Shape = {
  ...entry,
  ...{ protocol: isString, version: maybe(isNumber), code: isNumber, size: isNumber, payload: maybe(isString) },
}
/** By type. */
const lines: Readonly<Record<string, Shape>> = {
  'actor.started': { ...entry, chart: isString, parent: maybe(isString), state: isString, input: maybe(isData) },
  'actor.stopped': { ...entry, chart: isString },
  bug: {
    ...entry,
    error: isString,
    message: isString,
    ends: (value) => ['connection', 'reader', 'node'].includes(value as string),
  },
  transition: {
    ...entry,
    ...{ chart: isString, event: isString, data: maybe(isData), from: isString, to: isString },
    ...{ effects: listOf(isString), edges: listOf(isString) },
  },
  'message.received': message,
  'message.sent': message,
}
const longestShown = 40
