import type { TextKind } from './drawing.ts'

// How wide text is, without a browser: as wide as the widest of the fonts that a reader may have, so nothing overlaps.

/** In pixels: the size of letters, the height of a line, and the base line in it. */
type Font = { readonly size: number; readonly line: number; readonly base: number; readonly isMono: boolean }
const code: Font = { size: 12, line: 18, base: 13, isMono: true }
export const fonts: Readonly<Record<TextKind, Font>> = {
  title: { size: 14, line: 20, base: 15, isMono: false },
  note: { size: 11, line: 15, base: 11, isMono: false },
  word: { size: 11, line: 18, base: 13, isMono: false },
  remark: { size: 11, line: 18, base: 13, isMono: false },
  ...{ event: code, delay: code, always: code, guard: { ...code, size: 11 }, effect: { ...code, size: 11 } },
}

/** @returns the width of `text` in pixels */
export function widthOf(text: string, kind: TextKind): number {
  const { size, isMono } = fonts[kind]
  let ems = 0
  for (const char of text) ems += isMono ? (char.charCodeAt(0) < 0x2000 ? 0.605 : 1) : emsOf(char)
  return ems * size * (kind === 'title' ? 1.12 : 1)
}

/** @returns `text` in lines of at most `width` pixels; a longer word has its own */
export function wrap(text: string, kind: TextKind, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length === 0 || widthOf(longer, kind) > width) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

/** Of DejaVu Sans and Verdana, the widest in use. */
function emsOf(char: string): number {
  if (/[iljI.,:;'|!]/.test(char)) return 0.34
  if (/[ftr()[\]{} /-]/.test(char)) return 0.42
  if (/[mwMW@%—…]/.test(char)) return 1
  if (/[A-Z0-9]/.test(char)) return 0.7
  return char.charCodeAt(0) < 0x250 ? 0.63 : 1
}
