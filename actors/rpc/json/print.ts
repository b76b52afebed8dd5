/**
 * JSON of `value`; a bigint is printed as the number that it is, which JSON allows and JavaScript has no way to write.
 * @returns undefined for what JSON has no word for
 */
export function printJson(value: unknown): string | undefined {
  if (value instanceof PrintedJson) return value.text
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof TypeError) return print(value) // there is a bigint in it: rare, and this is slow
    throw error
  }
}

/** JSON already, in parts: a long answer is printed bit by bit, and sent so where it can be. */
export class PrintedJson {
  /** BOUNDED: by the caller. */
  readonly parts: readonly string[]

  constructor(parts: readonly string[]) {
    this.parts = parts
  }

  get text(): string {
    return this.parts.join('')
  }

  between(head: string, tail: string): PrintedJson {
    return new PrintedJson([head, ...this.parts, tail])
  }
}

function print(value: unknown): string | undefined {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => print(item) ?? 'null').join()}]`
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const text = print(field)
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`]
  })
  return `{${fields.join()}}`
}
