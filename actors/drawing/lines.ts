import type { Block, DrawnTransition, Text, TextKind } from './drawing.ts'
import { fonts, widthOf } from './measure.ts'

export type Piece = { readonly text: string; readonly kind: TextKind; readonly tab?: number }

/** For a count behind a transition. */
export const countWidth = 26
/** Between texts, and before the rest of a line that was too long. */
const [space, indent] = [7, 14]

/** Writes texts one after another, in lines of at most `width` pixels, from 0, 0 on. */
export class Lines {
  readonly #width: number
  readonly #room: number
  readonly #texts: Text[] = []
  readonly #transitions: DrawnTransition[] = []
  #x = 0
  /** Where the rest of a line goes on that was too long. */
  #hang = indent
  #top = 0
  #height = 0
  #right = 0

  /** @param hasCounts whether there is room for one behind each transition */
  constructor(width: number, hasCounts: boolean) {
    this.#width = width
    this.#room = hasCounts ? countWidth : 0
  }

  next(): this {
    this.#break(0)
    this.#hang = indent
    return this
  }

  skip(pixels: number): void {
    this.#height += pixels
  }

  /** Goes on at `x`, if it is not further already; so does the rest of the line. */
  tab(x: number): void {
    this.#x = Math.max(this.#x, x)
    this.#hang = Math.max(x, indent)
  }

  put(text: string, kind: TextKind): void {
    this.#reserve(widthOf(text, kind))
    this.#texts.push(this.#place(text, kind))
  }

  /** Names with commas between them. */
  list(names: readonly string[], kind: TextKind, before = ''): void {
    for (const [i, name] of names.entries())
      this.put(`${i === 0 ? before : ''}${name}${i < names.length - 1 ? ',' : ''}`, kind)
  }

  /** Its pieces stay in one line. */
  transition(name: string, pieces: readonly Piece[]): void {
    this.#reserve(pieces.reduce((sum, { text, kind }) => sum + widthOf(text, kind) + space, this.#room - space))
    const texts = pieces.map(({ text, kind, tab = 0 }) => {
      this.#x = Math.max(this.#x, tab)
      return this.#place(text, kind)
    })
    const [{ x, y }] = texts as [Text]
    const badge = { x: this.#x - 3, y }
    this.#x += this.#room
    const width = this.#x - space - x
    this.#right = Math.max(this.#right, x + width)
    this.#transitions.push({ name, texts, badge, ...{ x, y: this.#top, width, height: this.#height } })
  }

  block(): Block {
    const size = { width: Math.ceil(this.#right), height: this.#top + this.#height }
    return { x: 0, y: 0, ...size, texts: this.#texts, transitions: this.#transitions }
  }

  #place(text: string, kind: TextKind): Text {
    const { line, base } = fonts[kind]
    this.#height = Math.max(this.#height, line)
    const placed = { x: this.#x, y: this.#top + base, text, kind }
    this.#x += widthOf(text, kind) + space
    this.#right = Math.max(this.#right, this.#x - space)
    return placed
  }

  #reserve(needed: number): void {
    if (this.#x > this.#hang && this.#x + needed > this.#width) this.#break(this.#hang)
  }

  #break(x: number): void {
    this.#top += this.#height
    this.#height = 0
    this.#x = x
  }
}
