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

/** Without a value, the key is deleted. */
export type Write = { readonly key: Uint8Array; readonly value?: Uint8Array }
