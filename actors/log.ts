import { Logger as TslogLogger } from 'tslog'

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

/** geth's levels: 0 silent, 1 error, 2 warn, 3 info, 4 debug, 5 trace. */
export type Verbosity = 0 | 1 | 2 | 3 | 4 | 5

export type LogOptions = {
  readonly verbosity?: Verbosity
  /** One JSON object a line; left out: unless `stream` is a terminal. */
  readonly json?: boolean | undefined
  /** Standard error when left out. */
  readonly stream?: LogStream
}
export type LogStream = { write(text: string): unknown; readonly isTTY?: boolean }

/** tslog's ids; nothing is logged as fatal (6). */
const minLevels = { 0: 6, 1: 5, 2: 4, 3: 3, 4: 2, 5: 1 } as const

/** @returns a tslog logger that writes lines in geth's form, or JSON */
export function createLogger({
  verbosity = 3,
  stream = process.stderr,
  json = !stream.isTTY,
}: LogOptions = {}): Logger {
  return new TslogLogger<unknown>({
    type: json ? 'json' : 'pretty',
    minLevel: minLevels[verbosity],
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
}

/** The log of nobody. */
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

function toText(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, toJson) : String(value)
  return printable(/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text))
}
