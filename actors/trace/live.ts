import type { AnyActor, AnyTransitionDefinition, EventObject } from 'xstate'
import type { FeedEntry } from './entries.ts'
import type { EntryShape } from './entry-shapes.ts'

/** What an entry was made from: live objects, to be read during the call. A reader that keeps them copies them. */
export type Live = {
  /** Of a transition or a message, where the feed knows it: see {@link EntryShape}. */
  readonly shape?: EntryShape
  /** Of a transition: the event with its data, the transitions of the definition that it took, the actor after it. */
  readonly event?: EventObject
  readonly taken?: readonly AnyTransitionDefinition[]
  /** Of a transition or a start. */
  readonly actor?: AnyActor
  /** Of a message: its payload, uncompressed. */
  readonly payload?: Uint8Array
}

export type FeedListener = (entry: FeedEntry, live: Live) => void

/** Where entries go. */
export type Publisher = { readonly isRead: boolean; publish: FeedListener }
