import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CaptureError } from '../../protocols/pcap/capture.ts'
import { KeyLogError, parseKeyLog } from '../../protocols/rlpx/key-log.ts'
import { decodeMessage } from '../inspector/messages.ts'
import { type CaptureEntry, decodeCapture } from '../keylog/decode-capture.ts'
import { printable } from '../log.ts'
import type { Io } from './io.ts'

type DecodeOptions = { readonly keylog: string; readonly json: boolean }

export function addDecode(command: Command, io: Io): void {
  command
    .argument('<capture>', 'a pcap or pcapng file, of tcpdump or Wireshark')
    .requiredOption('--keylog <file>', 'what `--keylog` of `start`, `connect`, … wrote while the capture was made')
    .option('--json', 'one object a line, messages with all their fields', false)
    .action((capture: string, options: DecodeOptions) => decode(capture, options, io))
}

/** @throws {CaptureFileError} the capture or its key log cannot be read, or nothing in it is of these keys */
async function decode(path: string, { keylog, json }: DecodeOptions, io: Io): Promise<void> {
  const keys = read(keylog, parseKeyLog, await readFile(keylog, 'utf8'))
  const shown = new Shown(io, json)
  const file = await readFile(path)
  read(path, () => {
    for (const entry of decodeCapture(file, keys)) shown.show(entry)
  })
  if (shown.messages > 0) return
  throw new CaptureFileError(`${path}: ${shown.isCut ? cut : shown.connections > 0 ? noKeys : noSessions}`)
}

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
function read<Content, Value>(path: string, open: (content: Content) => Value, content?: Content): Value {
  try {
    return open(content as Content)
  } catch (error) {
    if (error instanceof CaptureError || error instanceof KeyLogError)
      throw new CaptureFileError(`${path}: ${error.message}`, { cause: error })
    throw error
  }
}

/** A capture or a key log that cannot be used. */
export class CaptureFileError extends Error {
  override readonly name = 'CaptureFileError'
}
