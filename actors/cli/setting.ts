import { type Command, Option } from 'commander'
import type { Kind } from './setting-kinds.ts'

// One setting of a node, as a value: its flags, its key in a configuration file and its default all come from it.

export type Setting<Value> = {
  /** What the help lists it under. */
  readonly topic: string
  readonly kind: Kind<Value>
  readonly initial: Value
  /** Section and key in a file: geth's, where it has one. Undefined: it is said on the command line only. */
  readonly key: string | undefined
  /** In the order in which they apply. */
  readonly flags: readonly Flag[]
}

type Flag = FlagOptions & {
  /** As the help shows it: `--http.port <number>`. */
  readonly usage: string
  readonly help: string
}

type FlagOptions = {
  /** Left out: what the setting's kind does with a flag. @throws {InvalidArgumentError} */
  readonly parse?: (text: string) => unknown
  /** Flags that it excludes, as commander names them. */
  readonly conflicts?: readonly string[]
  /** @returns the setting with what the flag says; left out: the argument is the setting */
  readonly apply?: (value: never, argument: never) => unknown
  /** What the help shows as default; left out: {@link Setting.initial}. */
  readonly initial?: string | number
}

/** By name, whatever their values are. */
// biome-ignore lint/suspicious/noExplicitAny: a setting both takes and gives its value
export type Settings = Readonly<Record<string, Setting<any>>>
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never
}

export function setting<Value>(
  kind: Kind<Value>,
  initial: NoInfer<Value>,
  key: string | undefined,
  ...flags: readonly Flag[]
): Setting<Value> {
  return { topic: '', kind, initial, key, flags }
}

export const flag = (usage: string, help: string, options: FlagOptions = {}): Flag => ({ usage, help, ...options })

/** Lists `settings` under `name` in the help. */
export function topic<Table>(name: string, settings: Table): Table {
  const listed = Object.entries(settings as Settings).map(([key, one]) => [key, { ...one, topic: name }])
  return Object.fromEntries(listed)
}

/** Adds the flags of every setting. None has a default there: what a command line does not say, a file may. */
export function addFlags(command: Command, settings: Settings): void {
  for (const { topic, kind, flags, initial } of Object.values(settings))
    for (const { usage, help, parse = kind.parse, conflicts = [], ...options } of flags) {
      const option = new Option(usage, `${help}${defaultText(options.initial ?? initial)}`)
      if (parse && (option.required || option.optional))
        option.argParser<unknown>(parse as (text: string, previous: unknown) => unknown)
      // One flag may be of two settings: what turns off both.
      if (!command.options.some(({ long }) => long === option.long))
        command.addOption(option.helpGroup(topic).conflicts([...conflicts]))
    }
}

/** Adds the flags of settings to a command that reads no file: each has its default there. */
export function addOptions(command: Command, settings: Settings): Command {
  for (const { kind, flags, initial } of Object.values(settings))
    for (const { usage, help, ...rest } of flags) {
      const option = new Option(usage, help).default(initial, rest.initial?.toString())
      command.addOption(kind.parse ? option.argParser(kind.parse) : option)
    }
  return command
}

/** @returns the defaults of all settings */
export function initialValues<Table>(settings: Table): ValuesOf<Table> {
  return Object.fromEntries(Object.entries(settings as Settings).map(([name, { initial }]) => [name, initial])) as never
}

/**
 * @param values what a file says, or the defaults
 * @param given what the command line says, by commander's names
 */
export function applyFlags<Table>(
  settings: Table,
  values: ValuesOf<Table>,
  given: Readonly<Record<string, unknown>>,
): ValuesOf<Table> {
  const applied = Object.entries(settings as Settings).map(([name, { flags }]) => {
    const before: unknown = values[name as keyof Table]
    return [name, flags.reduce((value, flag) => take(flag, value, given[nameOf(flag)]), before)]
  })
  return Object.fromEntries(applied)
}

/** @returns a flag as commander names it: `http.port` */
const nameOf = ({ usage }: Pick<Flag, 'usage'>): string => new Option(usage).attributeName()

function take({ apply }: Flag, value: unknown, argument: unknown): unknown {
  if (argument === undefined) return value
  return apply ? apply(value as never, argument as never) : argument
}

/** @returns ` (default: 50)`, or nothing where there is nothing to say */
export function defaultText(initial: unknown): string {
  const text = Array.isArray(initial) ? initial.join() : initial
  return typeof text === 'number' || (typeof text === 'string' && text !== '') ? ` (default: ${text})` : ''
}
