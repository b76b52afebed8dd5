import { ScriptedIo } from './scripted-io.ts'

/** A process whose output can be waited for. */
export class WatchedIo extends ScriptedIo {
  /** Standard output, as one JSON object a line. */
  readonly lines: Record<string, unknown>[] = []
  readonly #checks = new Set<() => void>()
  #rest = ''

  constructor() {
    super()
    const { stdout, stderr } = this
    const [out, err] = [stdout.write.bind(stdout), stderr.write.bind(stderr)]
    stdout.write = (text) => {
      out(text)
      this.#read(text)
    }
    stderr.write = (text) => {
      err(text)
      this.#check()
    }
  }

  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isTrue()) return
        this.#checks.delete(check)
        resolve()
      }
      this.#checks.add(check)
      check()
    })
  }

  untilLines(count: number): Promise<void> {
    return this.until(() => this.lines.length >= count)
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    this.lines.push(...lines.map((line) => JSON.parse(line)))
    this.#check()
  }

  #check(): void {
    for (const check of this.#checks) check()
  }
}
