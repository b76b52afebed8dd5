import type { MessageEntry } from './entries.ts'
import type { Kind, Kinds } from './entry-shapes.ts'
import type { Publisher } from './live.ts'

export type Talker = Pick<MessageEntry, 'actor' | 'protocol' | 'version'>
type Told = { readonly entry: MessageEntry; readonly kind: Kind }

/** Where a connection tells what is said in one protocol. It costs nothing while nobody reads. */
export class Conversation {
  readonly #feed: Publisher
  readonly #kinds: Kinds
  readonly #of: Talker
  /** The last by code: many are alike. BOUNDED: by the codes of the protocol. */
  readonly #received: Told[] = []
  readonly #sent: Told[] = []

  constructor(feed: Publisher, kinds: Kinds, of: Talker) {
    this.#feed = feed
    this.#kinds = kinds
    this.#of = of
  }

  /** @param code relative to the protocol's offset */
  received(code: number, payload: Uint8Array): void {
    if (this.#feed.isRead) this.#tell('message.received', this.#received, code, payload)
  }

  sent(code: number, payload: Uint8Array): void {
    if (this.#feed.isRead) this.#tell('message.sent', this.#sent, code, payload)
  }

  #tell(type: MessageEntry['type'], lasts: Told[], code: number, payload: Uint8Array): void {
    const last = lasts[code]
    const told = last?.entry.size === payload.length ? last : this.#make(type, code, payload.length, last?.kind)
    lasts[code] = told
    this.#feed.publish(told.entry, { kind: told.kind, payload })
  }

  #make(type: MessageEntry['type'], code: number, size: number, kind: Kind | undefined): Told {
    const { actor, protocol, version } = this.#of
    const entry =
      version === undefined ? { type, actor, protocol, code, size } : { type, actor, protocol, version, code, size }
    return { entry, kind: kind ?? this.#kinds.of(entry, nothing) }
  }
}

const nothing: readonly never[] = []
