/** geth's levels: 0 silent, 1 error, 2 warn, 3 info, 4 debug, 5 trace. */
export type Verbosity = 0 | 1 | 2 | 3 | 4 | 5

/** How much a log and its children write, changeable while they are in use (geth's log.GlogHandler). */
export class LogLevels {
  #verbosity: Verbosity
  /** BOUNDED: by the text it was made of. */
  #rules: readonly Rule[] = []
  /** Counts the changes: who remembers a decision asks again when it has moved. */
  version = 0
  /** BOUNDED: by the program. */
  readonly #listeners = new Set<() => void>()

  constructor(verbosity: Verbosity = 3) {
    this.#verbosity = verbosity
  }

  get verbosity(): Verbosity {
    return this.#verbosity
  }

  /** The level of the most verbose of all loggers. */
  get highest(): Verbosity {
    return this.#rules.reduce<number>((most, { level }) => Math.max(most, level), this.#verbosity) as Verbosity
  }

  /** @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @param level what lies outside of 0 to 5 counts as the nearest */
  setVerbosity(level: number): void {
    this.#verbosity = toVerbosity(level)
    this.#changed()
  }

  /**
   * @param ruleset `peer=5,rpc=4`: a module, or the whole name of a logger as `peer 4fd*`, and its level; of several
   * that fit the first counts. An empty text takes all rules away.
   * @throws {VmoduleError} and nothing has changed
   */
  setVmodule(ruleset: string): void {
    this.#rules = ruleset.split(',').filter(Boolean).map(toRule)
    this.#changed()
  }

  /** @param name of the logger, its parents' before it: `peer 4fd777ef` */
  of(name: string): Verbosity {
    return this.#rules.find(({ pattern }) => pattern.test(name))?.level ?? this.#verbosity
  }

  #changed(): void {
    this.version += 1
    for (const listener of this.#listeners) listener()
  }
}

type Rule = { readonly pattern: RegExp; readonly level: Verbosity }

function toRule(text: string): Rule {
  const [, name, level] = /^\s*([^=]*[^=\s])\s*=\s*([+-]?\d+)\s*$/.exec(text) ?? []
  if (name === undefined) throw new VmoduleError()
  const glob = name.trim().split('*').map(literal).join('.*')
  return { pattern: new RegExp(`^${glob}( .*)?$`, 's'), level: toVerbosity(Number(level)) }
}

const literal = (text: string) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
const toVerbosity = (level: number) => Math.min(Math.max(level, 0), 5) as Verbosity

/** The rules for modules cannot be read. */
export class VmoduleError extends Error {
  override readonly name = 'VmoduleError'
  constructor() {
    super('expect comma-separated list of module=N')
  }
}
