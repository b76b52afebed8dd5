import { StringDecoder } from 'node:string_decoder'
import { JsonScanner, JsonSyntaxError, unexpected } from '../../../protocols/lib/json-scanner.ts'
import { LongText } from './long-text.ts'

/** The value of a text. */
export type Parsed = {
  readonly json: unknown
  /** The number that is the `id` of an object as it was written, where JSON would write it otherwise: `1.0`, or past 2^53. */
  readonly ids: WeakMap<object, string>
}

/**
 * Reads a long text step by step: JSON.parse would keep the thread for as long as somebody's text is, and so does making
 * one text of its parts.
 * @param parts of the text, one behind the other; bytes are UTF-8
 * @returns what JSON.parse does, but for a number of more than 1,024 characters, which is NaN, as no method takes one; for a
 * string of more than 1,048,576, which is a {@link LongText}; and for a key of so many, which only its beginning stands for
 * @throws {JsonSyntaxError} the text is not one value and space; the message is Go's; or of more than 1,048,576 values
 */
export function* parseSteps(parts: readonly (string | Uint8Array)[]): Generator<void, Parsed> {
  return yield* new Builder(checked(windows(parts))).value()
}

/** The text in pieces that are looked at in one step. */
export function* windows(parts: readonly (string | Uint8Array)[]): Generator<string> {
  const decoder = new StringDecoder('utf8')
  for (const part of parts)
    for (let at = 0; at < part.length; at += window)
      yield typeof part === 'string' ? part.slice(at, at + window) : decoder.write(viewOf(part, at))
  yield decoder.end()
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array, at: number) =>
  Buffer.from(buffer, byteOffset + at, Math.min(window, byteLength - at))

/** Each of `texts`, once it is known that they are JSON so far. */
function* checked(texts: Iterable<string>): Generator<string> {
  const scanner = new JsonScanner()
  let isOver = false
  for (const text of texts) {
    let from = 0
    if (!isOver) {
      const end = scanner.scan(text, 0)
      if (end !== undefined) isOver = true
      from = end ?? text.length
    }
    const char = /[^ \t\r\n]/.exec(text.slice(from))?.[0]
    if (char !== undefined) throw unexpected(char, 'after top-level value')
    yield text
  }
  // A number ends where something else begins.
  if (!isOver && scanner.scan(' ', 0) === undefined) throw new JsonSyntaxError('unexpected end of JSON input')
}

/** Makes the value of a text that is known to be JSON as far as it is taken. */
class Builder {
  readonly #windows: Iterator<string>
  readonly #ids = new WeakMap<object, string>()
  /** What has not been read of the windows that were taken. */
  #text = ''
  #at = 0
  /** Tokens since the last yield, and values in all. */
  #tokens = 0
  #values = 0

  constructor(windows: Iterator<string>) {
    this.#windows = windows
  }

  *value(): Generator<void, Parsed> {
    /** Arrays and objects that are open, with the key that waits for its value. BOUNDED: the depth that is allowed. */
    const open: { readonly into: unknown[] | Record<string, unknown>; key: string | undefined }[] = []
    for (;;) {
      yield* this.#skip()
      const char = this.#text[this.#at]
      let value: unknown
      let written: string | undefined
      if (char === '[' || char === '{') {
        this.#at++
        open.push({ into: char === '[' ? [] : {}, key: undefined })
        continue
      }
      const around = open.at(-1)
      if (char === ']' || char === '}') {
        this.#at++
        value = open.pop()!.into
      } else if (char === '"') {
        value = yield* this.#string()
        if (around && !Array.isArray(around.into) && around.key === undefined) {
          around.key = value instanceof LongText ? value.head : (value as string)
          continue
        }
      } else {
        written = yield* this.#word()
        value = written.length > maxNumber ? Number.NaN : JSON.parse(written)
      }
      if (++this.#values > maxValues) throw new JsonSyntaxError(`more than ${maxValues} values`)
      const into = open.at(-1)
      if (!into) {
        while (yield* this.#more()) this.#at = this.#text.length // nothing but space
        return { json: value, ids: this.#ids }
      }
      if (Array.isArray(into.into)) into.into.push(value)
      else {
        if (into.key === 'id') this.#noteId(into.into, value, written)
        define(into.into, into.key!, value)
        into.key = undefined
      }
    }
  }

  /** Of a key that comes again the last counts. */
  #noteId(object: object, value: unknown, written: string | undefined): void {
    const isNumber = typeof value === 'number' && !Number.isNaN(value)
    if (isNumber && written !== JSON.stringify(value)) this.#ids.set(object, written!)
    else this.#ids.delete(object)
  }

  *#skip(): Generator<void, void> {
    do this.#take(between)
    while (this.#at === this.#text.length && (yield* this.#more()))
    if (++this.#tokens < tokensInStep) return
    this.#tokens = 0
    yield
  }

  *#string(): Generator<void, string | LongText> {
    this.#at++
    let value = ''
    let long: LongText | undefined
    for (;;) {
      value += this.#take(plain)
      // An escape has six characters at most.
      if (this.#text.length - this.#at < 6) yield* this.#more()
      const char = this.#text[this.#at]
      if (char === '\\') value += JSON.parse(`"${this.#take(escapes)}"`)
      if (long || value.length > maxText) {
        long ??= new LongText()
        long.append(value)
        value = ''
      }
      if (char === '"') break
    }
    this.#at++
    return long ?? value
  }

  /** A number or literal. */
  *#word(): Generator<void, string> {
    let word = this.#take(inWord)
    while (this.#at === this.#text.length && (yield* this.#more())) {
      const rest = this.#take(inWord)
      if (word.length <= maxNumber) word += rest
    }
    return word
  }

  /** Takes the next window. @returns whether there was one */
  *#more(): Generator<void, boolean> {
    yield
    const { done, value } = this.#windows.next()
    if (done) return false
    this.#text = this.#text.slice(this.#at) + value
    this.#at = 0
    yield
    return true
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

/** Characters or bytes that are looked at in one step. */
const window = 16_384
/** Characters of a string that is one text. */
const maxText = 1_048_576
const tokensInStep = 256
/** BOUNDED: the values of one text, which take more memory than they take characters. */
const maxValues = 1_048_576
const maxNumber = 1_024
const between = /[ \t\r\n,:]*/y
const plain = /[^"\\]*/y
const inWord = /[-+.\w]*/y
const escapes = /(?:\\u[\da-fA-F]{4}|\\[^u]){1,1024}/y
