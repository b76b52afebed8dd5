/** Bytes under bytes, read at once and written in atomic batches. What a get returns is the caller's to read only. */
export type KeyValueStore = {
  /** Nothing was in it when it was opened. */
  readonly isNew: boolean
  /** @throws {CorruptDatabase} */
  get(key: Uint8Array): Uint8Array | undefined
  /**
   * All of `writes` or none, also when the process is killed meanwhile. They are copied before this returns.
   * @throws (rejects) {DatabaseFailed} none was written
   */
  write(writes: readonly Write[]): Promise<void>
  close(): Promise<void>
}

/** One that can be read in the order of its keys. */
export type SortedStore = KeyValueStore & {
  /**
   * @returns the first `limit` from `from` on and before `to`; those nearest to `to`, backwards, where `reverse`
   * @throws (rejects) {CorruptDatabase}
   */
  entries(range: KeyRange): Promise<Entry[]>
}

/** Without a value, the key is deleted. */
export type Write = { readonly key: Uint8Array; readonly value?: Uint8Array }

export type Entry = { readonly key: Uint8Array; readonly value: Uint8Array }
export type KeyRange = {
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly limit: number
  readonly reverse?: boolean
}
