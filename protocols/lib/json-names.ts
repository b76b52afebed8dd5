// Names of JSON as Go's encoding/json matches them with the fields of a struct.

/** The name as it is compared: case does not count, nor do the two letters beyond ASCII that fold into it. */
const folded = (name: string) => name.toLowerCase().replaceAll('\u017f', 's')

/** Finds which of the known names, of ASCII letters, is meant by one of an object. */
export class JsonNames<Name extends string> {
  readonly #names: ReadonlySet<string>
  readonly #folded: ReadonlyMap<string, Name>

  constructor(names: readonly Name[]) {
    this.#names = new Set(names)
    this.#folded = new Map(names.map((name) => [folded(name), name]))
  }

  /** @returns undefined for a name that is not known */
  of(given: string): Name | undefined {
    return this.#names.has(given) ? (given as Name) : this.#folded.get(folded(given))
  }

  /** @returns the object with its known fields alone, by their known names: of several the last, as to Go */
  pick(json: object): { readonly [N in Name]?: unknown } {
    if (Object.keys(json).every((given) => this.#names.has(given))) return json as { readonly [N in Name]?: unknown }
    const fields = Object.entries(json).flatMap(([given, value]) => {
      const name = this.of(given)
      return name === undefined ? [] : [[name, value]]
    })
    return Object.fromEntries(fields)
  }
}

/** @returns the names of an object as they are compared, each with those that it was given in, in their order */
export function givenNames(json: object): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const name of Object.keys(json)) {
    const given = names.get(folded(name))
    if (given) given.push(name)
    else names.set(folded(name), [name])
  }
  return names
}
