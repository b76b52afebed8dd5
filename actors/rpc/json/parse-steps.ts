import { JsonScanner, JsonSyntaxError, unexpected } from '../../../protocols/lib/json-scanner.ts'

/**
 * Reads a long text step by step: JSON.parse would keep the thread for as long as somebody's text is.
 * @returns what JSON.parse does
 * @throws {JsonSyntaxError} the text is not one value and space, in Go's words
 */
export function* parseSteps(text: string): Generator<void, unknown> {
  yield* check(text)
  return yield* new Builder(text).value()
}

function* check(text: string): Generator<void, void> {
  const scanner = new JsonScanner()
  let end: number | undefined
  for (let at = 0; end === undefined; at += window) {
    // A number ends where something else begins.
    const part = at < text.length ? text.slice(at, at + window) : ' '
    const found = scanner.scan(part, 0)
    if (found !== undefined) end = at + found
    else if (at >= text.length) throw new JsonSyntaxError('unexpected end of JSON input')
    yield
  }
  for (let at = end; at < text.length; at += window) {
    const char = /[^ \t\r\n]/.exec(text.slice(at, at + window))?.[0]
    if (char !== undefined) throw unexpected(char, 'after top-level value')
    yield
  }
}

/** Makes the value of a text that is known to be JSON. */
class Builder {
  readonly #text: string
  #at = 0
  /** Tokens and windows since the last yield. */
  #work = 0

  constructor(text: string) {
    this.#text = text
  }

  *value(): Generator<void, unknown> {
    /** Arrays and objects that are open, with the key that waits for its value. BOUNDED: the depth that is allowed. */
    const open: { readonly into: unknown[] | Record<string, unknown>; key: string | undefined }[] = []
    for (;;) {
      yield* this.#skip()
      const char = this.#text[this.#at]
      let value: unknown
      if (char === '[' || char === '{') {
        this.#at++
        open.push({ into: char === '[' ? [] : {}, key: undefined })
        continue
      }
      if (char === ']' || char === '}') {
        this.#at++
        value = open.pop()!.into
      } else if (char === '"') {
        value = yield* this.#string()
        const around = open.at(-1)
        if (around && !Array.isArray(around.into) && around.key === undefined) {
          around.key = value as string
          continue
        }
      } else value = JSON.parse(this.#take(/[-+.\w]+/y))
      const around = open.at(-1)
      if (!around) return value
      if (Array.isArray(around.into)) around.into.push(value)
      else {
        define(around.into, around.key!, value)
        around.key = undefined
      }
    }
  }

  *#skip(): Generator<void, void> {
    while (this.#take(between).length === window) yield
    if (++this.#work < tokensInStep) return
    this.#work = 0
    yield
  }

  *#string(): Generator<void, string> {
    this.#at++
    let value = ''
    while (this.#text[this.#at] !== '"') {
      value += this.#take(plain)
      const escaped = this.#take(escapes)
      if (escaped !== '') value += JSON.parse(`"${escaped}"`)
      if (escaped === '' && this.#text[this.#at] === '"') break
      yield
    }
    this.#at++
    return value
  }

  #take(token: RegExp): string {
    token.lastIndex = this.#at
    const found = token.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }
}

/** What JSON.parse makes an own field of, and an assignment does not. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Characters that are looked at in one step. */
const window = 16_384
const tokensInStep = 256
const between = /[ \t\r\n,:]{0,16384}/y
const plain = /[^"\\]{0,16384}/y
const escapes = /(?:\\u[\da-fA-F]{4}|\\[^u]){0,1024}/y
