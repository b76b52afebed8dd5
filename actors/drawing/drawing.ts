/** A chart with a place for everything, in pixels from the upper left corner: plain data, for any renderer. */
export type Drawing = {
  readonly chart: string
  readonly width: number
  readonly height: number
  /** Outermost first; the first is the chart itself. */
  readonly states: readonly DrawnState[]
  readonly marks: readonly Mark[]
  readonly edges: readonly DrawnEdge[]
}

export type Point = { readonly x: number; readonly y: number }
export type Rect = Point & { readonly width: number; readonly height: number }

export type DrawnState = Rect & {
  /** `greeting.exchanging`; nothing for the chart itself. */
  readonly path: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  /** One of the states of a parallel state: all are active together. */
  readonly isRegion: boolean
  /** What is written in it, with the transitions that lead nowhere else. */
  readonly block: Block
}

/** `initial`: where a state begins. `any`: the source of arrows from whatever state inside of `path` is active. */
export type Mark = Rect & { readonly kind: 'initial' | 'any'; readonly path: string; readonly texts: readonly Text[] }

/** All transitions from one state to another share an arrow. One without a block comes from an initial mark. */
export type DrawnEdge = {
  readonly source: string
  readonly target: string
  /** From the border of the one to the border of the other, by straight lines. */
  readonly points: readonly Point[]
  readonly block?: Block
}

/** Text and transitions in a rectangle. */
export type Block = Rect & { readonly texts: readonly Text[]; readonly transitions: readonly DrawnTransition[] }

export type DrawnTransition = Rect & {
  /** As recordings call it. Every transition of a chart is in its drawing once. */
  readonly name: string
  readonly texts: readonly Text[]
  /** Where a count may be written: the left end of it, on its base line. */
  readonly badge: Point
}

/** `x`: where it begins; `y`: its base line. */
export type Text = Point & { readonly text: string; readonly kind: TextKind }
export type TextKind = 'title' | 'note' | 'word' | 'remark' | 'event' | 'delay' | 'always' | 'guard' | 'effect'
