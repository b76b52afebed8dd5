import { longestBytes, toPlain } from '../trace/values.ts'

/**
 * Writes JSON as bytes. Overflow is no error: the caller compares `at` with the capacity, and past it writes
 * again where there is more room.
 */
export class JsonByteWriter {
  #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  moveTo(bytes: Uint8Array, at: number): void {
    this.#bytes = bytes
    this.at = at
  }

  raw(bytes: Uint8Array): void {
    const end = this.at + bytes.length
    if (end <= this.#bytes.length) this.#bytes.set(bytes, this.at)
    this.at = end
  }

  /** @param text as it is: ASCII */
  ascii(text: string): void {
    const bytes = this.#bytes
    const start = this.at
    for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i)
    this.at = start + text.length
  }

  string(text: string): void {
    const bytes = this.#bytes
    let at = this.at
    bytes[at++] = quote
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7f || code === quote || code === backslash) {
        this.raw(utf8.encode(JSON.stringify(text)))
        return
      }
      bytes[at++] = code
    }
    bytes[at++] = quote
    this.at = at
  }

  /** @param number whole, not below 0 */
  digits(number: number): void {
    if (number > longestDigits) {
      this.ascii(`${number}`)
      return
    }
    let end = this.at + 1
    for (let most = 10; number >= most; most *= 10) end++
    this.at = end
    const bytes = this.#bytes
    for (let left = number | 0; ; ) {
      const tenth = (left / 10) | 0
      bytes[--end] = zero + left - tenth * 10
      if (tenth === 0) return
      left = tenth
    }
  }

  /**
   * The fields of an event but its type, as `toPlain` has them.
   * @returns whether there is one
   */
  fields(event: object): boolean {
    const start = this.at
    for (const key in event) {
      if (key === 'type' || key === 'ports') continue
      const value = (event as Readonly<Record<string, unknown>>)[key]
      if (value === undefined || typeof value === 'function') continue
      this.#byte(this.at === start ? brace : comma)
      this.string(key)
      this.#byte(colon)
      this.#value(value)
    }
    if (this.at === start) return false
    this.#byte(endBrace)
    return true
  }

  #value(value: unknown): void {
    if (typeof value === 'string') this.string(value)
    else if (typeof value === 'number' && value >= 0 && value < Infinity) this.#number(value)
    else if (typeof value === 'boolean') this.ascii(value ? 'true' : 'false')
    else if (typeof value === 'bigint') {
      this.raw(intText)
      if (value >= 0n && value <= longestInt) this.digits(Number(value))
      else this.ascii(`${value}`)
      this.raw(endText)
    } else if (value instanceof Uint8Array) this.#contents(value)
    else this.raw(utf8.encode(JSON.stringify(toPlain(value, 1))))
  }

  #number(number: number): void {
    if (number === Math.floor(number)) this.digits(number)
    else this.ascii(`${number}`)
  }

  #contents(value: Uint8Array): void {
    if (value.length > longestBytes) {
      this.raw(sizeText)
      this.digits(value.length)
      this.#byte(endBrace)
      return
    }
    this.raw(bytesText)
    const bytes = this.#bytes
    let at = this.at
    for (let i = 0; i < value.length; i++) {
      const byte = value[i]!
      bytes[at++] = hex[byte >> 4]!
      bytes[at++] = hex[byte & 15]!
    }
    this.at = at
    this.raw(endText)
  }

  #byte(byte: number): void {
    this.#bytes[this.at++] = byte
  }
}

const utf8 = new TextEncoder()
const hex = utf8.encode('0123456789abcdef')
const [quote, backslash, zero] = [0x22, 0x5c, 0x30]
const [brace, endBrace, comma, colon] = [0x7b, 0x7d, 0x2c, 0x3a]
const [intText, bytesText, sizeText, endText] = ['{"$int":"', '{"$bytes":"', '{"$size":', '"}'].map((text) =>
  utf8.encode(text),
) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
const longestInt = 2n ** 31n - 1n
const longestDigits = 2 ** 31 - 1
