import { JsonScanner } from '../../protocols/lib/json-scanner.ts'

/** Cuts a stream into the JSON values that it is made of (geth's framing over IPC: none). */
export class JsonStream {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #scanner = new JsonScanner()
  /** Of the value that has begun. BOUNDED: by the caller, who reads `held`. */
  #parts: string[] = []
  #held = 0

  /** How long the value is that has begun, in characters. */
  get held(): number {
    return this.#held
  }

  /** Gives what has ended by now, in the parts that it came in. @throws {JsonSyntaxError} at what is no value, once those before it were taken */
  *push(bytes: Uint8Array): Generator<readonly string[]> {
    const text = this.#decoder.decode(bytes, { stream: true })
    let from = 0
    for (;;) {
      const end = this.#scanner.scan(text, from)
      if (end === undefined) break
      const value = [...this.#parts, text.slice(from, end)]
      this.#restart()
      from = end
      yield value
    }
    if (this.#scanner.isEmpty) return this.#restart() // space alone is not kept
    this.#parts.push(text.slice(from))
    this.#held += text.length - from
  }

  #restart(): void {
    this.#scanner = new JsonScanner()
    this.#parts = []
    this.#held = 0
  }
}
