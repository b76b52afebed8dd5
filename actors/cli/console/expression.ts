import { toRpcCall } from './web3-calls.ts'

// What a person types into the console: a call in the form of geth's console or of JSON-RPC. It is read, never evaluated.

export type Expression = {
  /** As JSON-RPC has it: `admin_peers`. A word by itself has no underscore: `admin`. */
  readonly method: string
  readonly params: readonly unknown[]
  /** What of the result is wanted: `[0].id` is `[0, 'id']`. */
  readonly path: readonly (string | number)[]
}

/**
 * Reads `admin.peers`, `admin.peers[0].id`, `eth.getBlock(600).hash`, `eth_blockNumber` or
 * `eth_getBlockByNumber ["latest", true]`. What has a dot is a call of geth's console, what has an underscore goes
 * as it is.
 * @throws {ExpressionError}
 */
export function parseExpression(text: string): Expression {
  const source = text.trim().replace(/\s*;$/, '')
  const [head = '', namespace, name] = /^([a-z]\w*?)(?:[._](\w+))?(?![\w])/i.exec(source) ?? []
  if (head === '') throw new ExpressionError('want a call, as admin.peers or eth_blockNumber')
  const method = name === undefined ? namespace! : `${namespace}_${name}`
  const isConsoles = head[namespace!.length] === '.'
  const rest = source.slice(head.length)
  const [open] = /^\s*[([]/.exec(rest) ?? []
  // A list behind a space is what JSON-RPC calls params; one right behind the name is an index.
  const hasParams = open !== undefined && (open.endsWith('(') || open.length > 1 || head.includes('_'))
  if (!hasParams) return { method, params: [], path: parsePath(rest) }
  const end = closing(rest, open.length)
  const params = parseParams(rest.slice(open.length, end))
  const path = parsePath(rest.slice(end + 1))
  return isConsoles ? { ...toRpcCall(method, params), path } : { method, params, path }
}

/** @returns what `path` leads to. @throws {ExpressionError} */
export function follow(value: unknown, path: Expression['path']): unknown {
  return path.reduce<unknown>((inner, key) => {
    const isThere = typeof inner === 'object' && inner !== null && (key === 'length' || Object.hasOwn(inner, key))
    if (isThere) return (inner as Record<string | number, unknown>)[key]
    const keys = typeof inner === 'object' && inner !== null ? Object.keys(inner) : []
    const hint = keys.length > 0 ? `; it has ${keys.slice(0, 12).join(', ')}` : ''
    throw new ExpressionError(`the result has no ${typeof key === 'number' ? `[${key}]` : key}${hint}`)
  }, value)
}

/** @returns the index of the bracket that closes what was opened before `from` */
function closing(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    const char = text[at]!
    if (char === '"' || char === "'") at = endOfString(text, at)
    else if ('([{'.includes(char)) depth += 1
    else if (')]}'.includes(char)) depth -= 1
    if (depth === 0) return at
  }
  throw new ExpressionError('the arguments do not end: a bracket or a quotation mark is missing')
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === text[from]) return at
    if (text[at] === '\\') at += 1
  }
  return text.length
}

function parseParams(text: string): unknown[] {
  try {
    return JSON.parse(`[${text.replace(strings, toDoubleQuotes)}]`)
  } catch {
    throw new ExpressionError('arguments are JSON: numbers, true, false, null, "strings", [lists], {"objects": 1}')
  }
}

/** In either kind of quotation marks, as in JavaScript. */
const strings = /"(?:[^"\\]|\\.)*"|'([^'\\]*)'/g
const toDoubleQuotes = (string: string, inner: string | undefined) =>
  inner === undefined ? string : JSON.stringify(inner)

function parsePath(text: string): (string | number)[] {
  const path: (string | number)[] = []
  const step = /\s*(?:\.([a-z_]\w*)|\[(?:(\d{1,9})|"([^"\\]*)")\])\s*/iy
  while (step.lastIndex < text.trimEnd().length) {
    const from = step.lastIndex
    const [, key, index, quoted] = step.exec(text) ?? []
    const one = key ?? quoted ?? (index === undefined ? undefined : Number(index))
    if (one === undefined) throw new ExpressionError(`cannot make sense of ${JSON.stringify(text.slice(from).trim())}`)
    path.push(one)
  }
  return path
}

/** What was typed is no call, or its result has no such part. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
}
