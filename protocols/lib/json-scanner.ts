// Where a JSON value ends in a stream of them, and what is wrong with one, as Go's encoding/json says it.

/** A character where there can be none. @param where as Go says it: `after object key` */
export function unexpected(char: string, where: string): JsonSyntaxError {
  return new JsonSyntaxError(`invalid character ${quoted(char)} ${where}`)
}

/** The first value of a text, which may be followed by anything, as Go's json.Decoder reads it. @throws {JsonSyntaxError} */
export function firstValue(text: string): string {
  const end = new JsonScanner().scan(`${text} `, 0) // a number ends where something else begins
  if (end === undefined) throw new JsonSyntaxError('unexpected end of JSON input')
  return text.slice(0, end)
}

/** The text is one value and space, as Go's json.Valid has it. @throws {JsonSyntaxError} */
export function checkJson(text: string): void {
  const rest = /[^ \t\r\n]/g
  rest.lastIndex = firstValue(text).length
  const char = rest.exec(text)?.[0]
  if (char !== undefined) throw unexpected(char, 'after top-level value')
}

/** Go refuses what nests deeper. */
const maxDepth = 10_000

/** Finds the end of one value; started anew for the next. */
export class JsonScanner {
  #step: Step = beginValue
  /** What is open, innermost last: `{` before a key, `:` after it, `[`. BOUNDED: maxDepth. */
  readonly #open: ('{' | ':' | '[')[] = []
  /** What is left of `true`, `\u0041` or the like, for the states that read such. */
  #rest = ''
  #literal = ''

  get isEmpty(): boolean {
    return this.#step === beginValue && this.#open.length === 0
  }

  /**
   * @param from where to go on in `text`: all before it was scanned
   * @returns the index after the value; undefined when it goes on after `text`
   * @throws {JsonSyntaxError}
   */
  scan(text: string, from: number): number | undefined {
    for (let at = from; at < text.length; at++) {
      if (this.#step === inString) {
        at = endOfPlain(text, at)
        if (at === text.length) return undefined
      }
      const outcome = this.#take(text[at]!)
      if (outcome !== 'more') return outcome === 'ends here' ? at + 1 : at
    }
    return undefined
  }

  #take(char: string): Outcome {
    switch (this.#step) {
      case beginValueOrEnd:
        if (char === ']') return this.#close()
        return this.#beginValue(char)
      case beginValue:
        return this.#beginValue(char)
      case beginKeyOrEnd:
        if (char === '}') return this.#close()
        return this.#beginKey(char)
      case beginKey:
        return this.#beginKey(char)
      case endValue:
        return this.#endValue(char)
      case inString:
        return this.#inString(char)
      case inEscape:
        if (char === 'u') return this.#goOn(inHex, 'xxxx')
        return 'bfnrt\\/"'.includes(char) ? this.#goOn(inString) : fail(char, 'in string escape code')
      case inHex:
        if (!/[\da-f]/i.test(char)) return fail(char, 'in \\u hexadecimal character escape')
        return this.#goOn(this.#rest.length === 1 ? inString : inHex, this.#rest.slice(1))
      case inLiteral:
        if (char !== this.#rest[0]) return fail(char, `in literal ${this.#literal} (expecting '${this.#rest[0]}')`)
        return this.#goOn(this.#rest.length === 1 ? endValue : inLiteral, this.#rest.slice(1))
      default:
        return this.#inNumber(char)
    }
  }

  #beginValue(char: string): Outcome {
    if (isSpace(char)) return 'more'
    if (char === '{' || char === '[') return this.#push(char)
    if (char === '"') return this.#goOn(inString)
    if (char === '-') return this.#goOn(afterMinus)
    if (char === '0') return this.#goOn(afterZero)
    if (isDigit(char)) return this.#goOn(inDigits)
    const literal = literals[char]
    if (literal === undefined) return fail(char, 'looking for beginning of value')
    this.#literal = literal
    return this.#goOn(inLiteral, literal.slice(1))
  }

  #beginKey(char: string): Outcome {
    if (isSpace(char)) return 'more'
    return char === '"' ? this.#goOn(inString) : fail(char, 'looking for beginning of object key string')
  }

  /** What may come after a value: the value of a key, another item, or the end of what is around. */
  #endValue(char: string): Outcome {
    const around = this.#open.at(-1)
    if (around === undefined) return 'ended before'
    this.#step = endValue
    if (isSpace(char)) return 'more'
    if (around === '{') {
      if (char !== ':') return fail(char, 'after object key')
      this.#open[this.#open.length - 1] = ':'
      return this.#goOn(beginValue)
    }
    if (around === '[') {
      if (char === ',') return this.#goOn(beginValue)
      return char === ']' ? this.#close() : fail(char, 'after array element')
    }
    if (char === '}') return this.#close()
    if (char !== ',') return fail(char, 'after object key:value pair')
    this.#open[this.#open.length - 1] = '{'
    return this.#goOn(beginKey)
  }

  #inString(char: string): Outcome {
    if (char === '"') return this.#goOn(endValue)
    return char === '\\' ? this.#goOn(inEscape) : fail(char, 'in string literal')
  }

  #inNumber(char: string): Outcome {
    const digit = isDigit(char)
    switch (this.#step) {
      case afterMinus:
        return digit ? this.#goOn(char === '0' ? afterZero : inDigits) : fail(char, 'in numeric literal')
      case afterDot:
        return digit ? this.#goOn(inFraction) : fail(char, 'after decimal point in numeric literal')
      case afterE:
        if (char === '+' || char === '-') return this.#goOn(afterSign)
        return digit ? this.#goOn(inExponent) : fail(char, 'in exponent of numeric literal')
      case afterSign:
        return digit ? this.#goOn(inExponent) : fail(char, 'in exponent of numeric literal')
    }
    if (digit && this.#step !== afterZero) return 'more'
    if (char === '.' && (this.#step === inDigits || this.#step === afterZero)) return this.#goOn(afterDot)
    if ((char === 'e' || char === 'E') && this.#step !== inExponent) return this.#goOn(afterE)
    return this.#endValue(char)
  }

  #push(char: '{' | '['): Outcome {
    if (this.#open.length === maxDepth) return fail(char, 'exceeded max depth')
    this.#open.push(char)
    return this.#goOn(char === '{' ? beginKeyOrEnd : beginValueOrEnd)
  }

  #close(): Outcome {
    this.#open.pop()
    this.#step = endValue
    return this.#open.length === 0 ? 'ends here' : 'more'
  }

  #goOn(step: Step, rest = ''): Outcome {
    this.#step = step
    this.#rest = rest
    return 'more'
  }
}

type Outcome = 'more' | 'ends here' | 'ended before'
type Step = number
const [beginValue, beginValueOrEnd, beginKey, beginKeyOrEnd, endValue] = [0, 1, 2, 3, 4]
const [inString, inEscape, inHex, inLiteral] = [5, 6, 7, 8]
const [afterMinus, afterZero, inDigits, afterDot, inFraction, afterE, afterSign, inExponent] = [
  9, 10, 11, 12, 13, 14, 15, 16,
]

const literals: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' }
const isSpace = (char: string) => char === ' ' || char === '\n' || char === '\r' || char === '\t'
const isDigit = (char: string) => char >= '0' && char <= '9'

/** What of a string needs no looking at, in one go. */
function endOfPlain(text: string, from: number): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON's strings have none
  const plain = /[^"\\\u0000-\u001f]*/y
  plain.lastIndex = from
  plain.test(text)
  return plain.lastIndex
}

function fail(char: string, where: string): never {
  throw unexpected(char, where)
}

/** Go reads bytes, and shows the first one of a character. */
function quoted(char: string): string {
  if (char === "'") return `'\\''`
  if (char === '"') return `'"'`
  const byte = leadByte(char.charCodeAt(0))
  if (byte >= 0xa1) return `'${String.fromCharCode(byte)}'`
  if (byte >= 0x7f) return `'\\u${byte.toString(16).padStart(4, '0')}'`
  if (byte < 0x20) return `'${shortEscapes[char] ?? `\\x${byte.toString(16).padStart(2, '0')}`}'`
  return char === '\\' ? `'\\\\'` : `'${char}'`
}

/** The first byte of a character in UTF-8. @param unit UTF-16's, the first of a pair where there are two */
function leadByte(unit: number): number {
  if (unit < 0x80) return unit
  if (unit < 0x800) return 0xc0 | (unit >> 6)
  if (unit < 0xd800 || unit >= 0xdc00) return 0xe0 | (unit >> 12)
  return 0xf0 | ((((unit - 0xd800) << 10) + 0x10000) >> 18)
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** The text is no JSON, and no more of it can make it so. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
}
