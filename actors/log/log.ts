import { Logger as TslogLogger } from 'tslog'
import { LogLevels, type Verbosity } from './log-levels.ts'

export type { Verbosity }

/** What the node writes its log to. Any tslog logger is one. */
export type Logger = {
  error(message: string, fields?: Fields): unknown
  warn(message: string, fields?: Fields): unknown
  info(message: string, fields?: Fields): unknown
  debug(message: string, fields?: Fields): unknown
  trace(message: string, fields?: Fields): unknown
  getSubLogger(settings: { name: string }): Logger
}
export type Fields = Readonly<Record<string, unknown>>

/** A log whose levels can be changed while it is in use. */
export type LeveledLogger = Logger & { readonly levels: LogLevels }

export type LogOptions = {
  readonly verbosity?: Verbosity
  /** One JSON object a line; left out: unless `stream` is a terminal. */
  readonly json?: boolean | undefined
  /** Standard error when left out. */
  readonly stream?: LogStream
}
export type LogStream = {
  write(text: string): unknown
  readonly isTTY?: boolean
  /** How wide a terminal is. */
  readonly columns?: number
}

/** @returns a tslog logger that writes lines in geth's form, or JSON */
export function createLogger({
  verbosity = 3,
  stream = process.stderr,
  json = !stream.isTTY,
}: LogOptions = {}): LeveledLogger {
  const log = new TslogLogger<unknown>({
    type: json ? 'json' : 'pretty',
    hideLogPositionForProduction: true,
    stylePrettyLogs: stream.isTTY ?? false,
    prettyLogTemplate: '{{logLevelName}} [{{mm}}-{{dd}}|{{hh}}:{{MM}}:{{ss}}.{{ms}}] {{nameWithDelimiterSuffix}}',
    prettyLogTimeZone: 'local',
    prettyErrorLoggerNameDelimiter: ' ',
    prettyErrorParentNamesSeparator: ' ',
    // No caller logs a key; should one ever try, it does not get far.
    maskValuesOfKeys: ['nodeKey', 'privateKey', 'nodekeyhex', 'secret'],
    maskValuesOfKeysCaseInsensitive: true,
    overwrite: {
      transportFormatted: (meta, [message, fields]) => stream.write(`${meta}${toLine(String(message), fields)}\n`),
      transportJSON: (entry) => stream.write(`${JSON.stringify(toObject(entry as Entry), toJson)}\n`),
    },
  })
  return new Gate(log, new LogLevels(verbosity))
}

/** Lets through what the levels of the moment allow; tslog itself would fix them when a child is made. */
class Gate implements LeveledLogger {
  readonly levels: LogLevels
  readonly #log: Logger
  readonly #name: string
  #version = -1
  #verbosity: Verbosity = 0

  constructor(log: Logger, levels: LogLevels, name = '') {
    this.#log = log
    this.levels = levels
    this.#name = name
  }

  error(message: string, fields?: Fields): void {
    if (this.#writes(1)) this.#log.error(message, fields)
  }
  warn(message: string, fields?: Fields): void {
    if (this.#writes(2)) this.#log.warn(message, fields)
  }
  info(message: string, fields?: Fields): void {
    if (this.#writes(3)) this.#log.info(message, fields)
  }
  debug(message: string, fields?: Fields): void {
    if (this.#writes(4)) this.#log.debug(message, fields)
  }
  trace(message: string, fields?: Fields): void {
    if (this.#writes(5)) this.#log.trace(message, fields)
  }

  getSubLogger(settings: { name: string }): LeveledLogger {
    return new Gate(this.#log.getSubLogger(settings), this.levels, `${this.#name} ${settings.name}`.trimStart())
  }

  #writes(level: Verbosity): boolean {
    if (this.#version !== this.levels.version) {
      this.#version = this.levels.version
      this.#verbosity = this.levels.of(this.#name)
    }
    return level <= this.#verbosity
  }
}

/** A log that writes nothing. */
export const silent: Logger = createLogger({ verbosity: 0 })

/** @returns `text` as it may be shown on a terminal: what a remote wrote cannot move the cursor or colour the screen */
export function printable(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)
}

type Entry = Readonly<Record<0 | 1, unknown>> & {
  readonly _meta: { date: Date; logLevelName: string; name?: string; parentNames?: string[] }
}

function toObject({ 0: message, 1: fields, _meta: { date, logLevelName, name, parentNames = [] } }: Entry): Fields {
  const named = name === undefined ? {} : { name: [...parentNames, name].join(' ') }
  return { ...(fields as Fields | undefined), time: date, level: logLevelName.toLowerCase(), ...named, message }
}

function toJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`
  return value instanceof Error ? value.message : value
}

/** geth's terminal form: the message in 40 columns, then `key=value`. */
function toLine(message: string, fields: unknown): string {
  const pairs = Object.entries((fields as Fields | undefined) ?? {}).map(([key, value]) => `${key}=${toText(value)}`)
  return pairs.length > 0 ? `${printable(message).padEnd(40)} ${pairs.join(' ')}` : printable(message)
}

/** What can stand in a list without quotation marks. */
const isPlain = (value: unknown) =>
  typeof value === 'number' || (typeof value === 'string' && /^[^\s"=,]+$/.test(value))

function toText(value: unknown): string {
  if (Array.isArray(value) && value.length > 0 && value.every(isPlain)) return toText(value.join())
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, toJson) : String(value)
  return printable(/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text))
}
