import type { MessageEntry } from './entries.ts'
import type { EntryShape, ShapeTable } from './entry-shapes.ts'
import type { Publisher } from './live.ts'

export type MessageSource = Pick<MessageEntry, 'actor' | 'protocol' | 'version'>
type Shaped = { readonly entry: MessageEntry; readonly shape: EntryShape }

/** Publishes the messages of one protocol of a connection. It costs nothing while the feed has no reader. */
export class MessageTrace {
  readonly #feed: Publisher
  readonly #kinds: ShapeTable
  readonly #of: MessageSource
  /** The last by code: many are alike. BOUNDED: by the codes of the protocol. */
  readonly #received: Shaped[] = []
  readonly #sent: Shaped[] = []

  constructor(feed: Publisher, kinds: ShapeTable, of: MessageSource) {
    this.#feed = feed
    this.#kinds = kinds
    this.#of = of
  }

  /** @param code relative to the protocol's offset */
  received(code: number, payload: Uint8Array): void {
    if (this.#feed.isRead) this.#publish('message.received', this.#received, code, payload)
  }

  sent(code: number, payload: Uint8Array): void {
    if (this.#feed.isRead) this.#publish('message.sent', this.#sent, code, payload)
  }

  #publish(type: MessageEntry['type'], lasts: Shaped[], code: number, payload: Uint8Array): void {
    const last = lasts[code]
    const shaped = last?.entry.size === payload.length ? last : this.#make(type, code, payload.length, last?.shape)
    lasts[code] = shaped
    this.#feed.publish(shaped.entry, { shape: shaped.shape, payload })
  }

  #make(type: MessageEntry['type'], code: number, size: number, shape: EntryShape | undefined): Shaped {
    const { actor, protocol, version } = this.#of
    const entry =
      version === undefined ? { type, actor, protocol, code, size } : { type, actor, protocol, version, code, size }
    return { entry, shape: shape ?? this.#kinds.of(entry, nothing) }
  }
}

const nothing: readonly never[] = []
