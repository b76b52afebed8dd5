import { InvalidArgumentError } from 'commander'
import { parse, stringify, TomlError, type TomlTable } from 'smol-toml'
import { jsonText } from '../../protocols/lib/json-text.ts'
import { nearest } from '../../protocols/lib/nearest.ts'
import { isReadFault, readBounded } from '../runtime/files.ts'
import { gethKeys } from './geth-keys.ts'
import type { Settings, ValuesOf } from './setting.ts'
import type { TomlValue } from './setting-kinds.ts'

// A configuration file as `geth --config` takes it: TOML, with geth's sections and keys wherever they mean the same.

export type ConfigFile<Table> = {
  readonly values: Partial<ValuesOf<Table>>
  /** Keys of geth's that mean nothing here, as `Eth.HistoryMode`. */
  readonly ignored: readonly string[]
}

/** @throws (rejects) {ConfigError} */
export async function readConfig<Table>(path: string, settings: Table): Promise<ConfigFile<Table>> {
  let text: string
  try {
    text = (await readBounded(path, maxConfig)).toString('utf8')
  } catch (cause) {
    if (!isReadFault(cause)) throw cause
    throw new ConfigError(`${path} cannot be read: ${cause.message}`, { cause })
  }
  return parseConfig(text, settings, path)
}

/** geth's whole one has 5 KB. */
const maxConfig = 1 << 20

/** @param path what the file is called in errors. @throws {ConfigError} */
export function parseConfig<Table>(text: string, settings: Table, path: string): ConfigFile<Table> {
  const names = new Map(Object.entries(settings as Settings).flatMap(([name, { key }]) => (key ? [[key, name]] : [])))
  const known = [...names.keys(), ...gethKeys]
  const sections = new Set(known.flatMap((key) => sectionsOf(key)))
  const values: Record<string, unknown> = {}
  const ignored: string[] = []
  for (const [key, value] of leavesOf(parseToml(text, path))) {
    const name = names.get(key)
    if (name !== undefined) values[name] = read((settings as Settings)[name]!.kind.read, key, value)
    else if (gethKeys.has(key)) ignored.push(key)
    else if (!sections.has(key)) throw fault(key, `unknown key ${key}; ${guess(key, [...known, ...sections])}`)
    else if (!isTable(value)) throw fault(key, `${key} is a section: write it as [${key}]`)
  }
  return { values: values as Partial<ValuesOf<Table>>, ignored }

  function read(reader: (toml: unknown) => unknown, key: string, value: unknown): unknown {
    try {
      return reader(value)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      const shown = jsonText(value, longest)
      throw fault(key, `${key} = ${shown} is invalid. ${error.message}`)
    }
  }
  function fault(key: string, message: string): ConfigError {
    const line = lineOf(key, text)
    return new ConfigError(`${path}${line === undefined ? '' : `:${line}`}: ${message}`)
  }
}

/** @returns the file that {@link parseConfig} reads back to `values` */
export function writeConfig<Table>(settings: Table, values: ValuesOf<Table>): string {
  const file: Section = {}
  for (const [name, { key, kind }] of Object.entries(settings as Settings)) {
    const value: TomlValue | undefined = key && kind.write(values[name as keyof Table])
    if (value === undefined) continue
    const path = key!.split('.')
    path.slice(0, -1).reduce(sectionOf, file)[path.at(-1)!] = value
  }
  return `${stringify(file)}\n`
}

type Section = { [name: string]: TomlValue | Section }

function sectionOf(file: Section, name: string): Section {
  file[name] ??= {}
  return file[name] as Section
}

function parseToml(text: string, path: string): TomlTable {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' })
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    const [, reason = ''] = /^Invalid TOML document: (.*)/.exec(cause.message) ?? []
    throw new ConfigError(`${path}:${cause.line}: no TOML: ${reason}, at column ${cause.column}`, { cause })
  }
}

/** Every value by its sections and key: `Node.P2P.MaxPeers`; an empty section, too. */
function leavesOf(table: TomlTable, section = ''): [key: string, value: unknown][] {
  return Object.entries(table).flatMap(([name, value]) => {
    const key = `${section}${name}`
    return isTable(value) && Object.keys(value).length > 0 ? leavesOf(value, `${key}.`) : [[key, value]]
  })
}

/** The parser gives tables no prototype. */
const isTable = (value: unknown): value is TomlTable =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null

/** @returns the line, from 1, that sets `key`, as far as each line shows by itself */
function lineOf(key: string, text: string): number | undefined {
  let section = ''
  const index = text.split('\n').findIndex((line) => {
    const [, header] = /^\s*\[+\s*([^\]]+?)\s*\]/.exec(line) ?? []
    if (header !== undefined) section = `${unquote(header)}.`
    const [, name] = /^\s*([^=#[]+?)\s*=/.exec(line) ?? []
    return header === undefined ? name !== undefined && `${section}${unquote(name)}` === key : section === `${key}.`
  })
  return index < 0 ? undefined : index + 1
}

/** @returns `Node` and `Node.P2P` of `Node.P2P.MaxPeers` */
function sectionsOf(key: string): string[] {
  const path = key.split('.').slice(0, -1)
  return path.map((_, i) => path.slice(0, i + 1).join('.'))
}

const unquote = (key: string) => key.replace(/["'\s]/g, '')

/** The known key that is the fewest letters away; where it is but the section that is wrong, that. */
function guess(key: string, known: readonly string[]): string {
  const lower = (text: string) => text.toLowerCase()
  const elsewhere = known.find((other) => lower(nameOf(other)) === lower(nameOf(key)))
  return `did you mean ${elsewhere ?? nearest(key, known)}?`
}

const nameOf = (key: string) => key.slice(key.lastIndexOf('.') + 1)

/** Characters of a value that an error repeats. */
const longest = 200

/** The configuration file is not what it should be: the message says where, and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
