import type { Command } from 'commander'
import { CaptureError } from '../../protocols/pcap/capture.ts'
import { KeyLogError, parseKeyLog } from '../../protocols/rlpx/key-log.ts'
import { CaptureDecoder, type CaptureEntry } from '../keylog/decode-capture.ts'
import { printable } from '../log/log.ts'
import { isReadFault, readBounded, UnreadableFile } from '../runtime/files.ts'
import { decodeMessage } from '../trace/messages.ts'
import { givenChunks, givenName } from './given-file.ts'
import type { Io } from './io.ts'

type DecodeOptions = { readonly keylog: string; readonly json: boolean }

export function addDecode(command: Command, io: Io): void {
  command
    .argument('<capture>', 'a pcap or pcapng file, of tcpdump or Wireshark, or - for standard input')
    .requiredOption('--keylog <file>', 'what `--keylog` of `start`, `connect`, … wrote while the capture was made')
    .option('--json', 'one object a line, messages with all their fields', false)
    .action((capture: string, options: DecodeOptions) => decode(capture, options, io))
}

/** @throws {UnreadableFile} {CaptureFileError} the capture or its key log is none, or nothing in it is of these keys */
async function decode(path: string, { keylog, json }: DecodeOptions, io: Io): Promise<void> {
  const keys = await ofFile(keylog, async () => parseKeyLog((await readBounded(keylog, maxKeyLog)).toString('utf8')))
  const shown = new Shown(io, json)
  const decoder = new CaptureDecoder(keys)
  const name = givenName(path)
  try {
    await ofFile(name, async () => {
      for await (const bytes of givenChunks(path, io)) for (const entry of decoder.push(bytes)) shown.show(entry)
      for (const entry of decoder.end()) shown.show(entry)
    })
  } finally {
    decoder.close()
  }
  if (shown.messages > 0) return
  throw new CaptureFileError(`${name}: ${shown.isCut ? cut : shown.connections > 0 ? noKeys : noSessions}`)
}

/** 800,000 sessions. */
const maxKeyLog = 256 << 20

const noSessions = 'no RLPx session begins in it; capture the connection from its first packet on, whole (tcpdump -s 0)'
const cut = 'no message can be read, since bytes are missing; capture every packet, whole (tcpdump -s 0)'
const noKeys = 'none of its sessions is in the key log; capture while the node that writes the log runs'

class Shown {
  readonly #io: Io
  readonly #json: boolean
  #start: number | undefined
  messages = 0
  /** Bytes are missing. */
  isCut = false
  /** RLPx connections. */
  connections = 0

  constructor(io: Io, json: boolean) {
    this.#io = io
    this.#json = json
  }

  show(entry: CaptureEntry): void {
    this.#start ??= entry.at
    if (entry.type === 'message') this.messages += 1
    if (entry.type === 'unreadable' && entry.missing !== undefined) this.isCut = true
    if (entry.type === 'auth') this.connections += 1
    const line = this.#json ? JSON.stringify(toJson(entry)) : this.#toText(entry)
    this.#io.stdout.write(`${line}\n`)
  }

  #toText(entry: CaptureEntry): string {
    const at = `${((entry.at - this.#start!) / 1e3).toFixed(6)}s`.padStart(12)
    return `${at}  #${entry.connection} ${entry.from} → ${entry.to}  ${printable(textOf(entry))}`
  }
}

function textOf(entry: CaptureEntry): string {
  switch (entry.type) {
    case 'auth':
    case 'ack':
      return `${entry.type}, ${entry.size} bytes`
    case 'end':
      return entry.by === 'RST' ? 'reset' : 'closed'
    case 'unreadable':
      return `not read from here on: ${entry.why}`
    case 'message': {
      const { name, text, error } = decodeMessage(kindOf(entry), entry.payload)
      const protocol = entry.version === undefined ? '' : `${entry.protocol}/${entry.version} `
      return `${protocol}${name}, ${entry.payload.length} bytes${text && `: ${text}`}${error ? ` (${error})` : ''}`
    }
  }
}

function toJson(entry: CaptureEntry): object {
  if (entry.type !== 'message') return entry
  const { payload, ...facts } = entry
  const { name, fields, error } = decodeMessage(kindOf(entry), payload)
  return { ...facts, name, size: payload.length, fields, ...(error !== undefined && { error }) }
}

type Message = CaptureEntry & { type: 'message' }
const kindOf = ({ protocol = 'unknown', version, code }: Message) => ({
  ...{ protocol, code },
  ...(version !== undefined && { version }),
})

/** What a file's content lacks is said with its name. */
async function ofFile<Value>(name: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (error) {
    if (isReadFault(error)) throw new UnreadableFile(name, error)
    if (error instanceof CaptureError || error instanceof KeyLogError)
      throw new CaptureFileError(`${name}: ${error.message}`, { cause: error })
    throw error
  }
}

/** A capture or a key log that cannot be used. */
export class CaptureFileError extends Error {
  override readonly name = 'CaptureFileError'
}
