import { styleText } from 'node:util'

/**
 * @returns `value` as JSON on as many lines as it takes, in which nothing a remote wrote can move the cursor
 * @param coloured for a terminal
 */
export function pretty(value: unknown, coloured: boolean): string {
  const paint = (style: Style, text: string) => (coloured ? styleText(style, text, { validateStream: false }) : text)
  return print(value, '')

  function print(value: unknown, indent: string): string {
    if (indent.length > deepest) return quote('…')
    if (Array.isArray(value))
      return nest(
        '[',
        value.map((item) => print(item, `${indent}  `)),
        ']',
        indent,
      )
    if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value)
      return nest(
        '{',
        fields.map(([key, item]) => `${paint('cyan', quote(key))}: ${print(item, `${indent}  `)}`),
        '}',
        indent,
      )
    }
    if (typeof value === 'string')
      return `${paint('green', quote(value))}${indent === '' && coloured ? noteOn(value) : ''}`
    return paint(value === null ? 'dim' : 'yellow', String(value))
  }
  function noteOn(value: string): string {
    return /^0x[\da-f]{1,16}$/.test(value) ? paint('dim', `  ${BigInt(value)}`) : ''
  }
}

function nest(open: string, items: readonly string[], close: string, indent: string): string {
  if (items.length === 0) return `${open}${close}`
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`
}

/** JSON escapes only some of what a terminal obeys. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, (char) =>
    [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}

/** Of what is printed, in columns of indentation: what nests deeper is hostile. */
const deepest = 400

type Style = Parameters<typeof styleText>[0]
