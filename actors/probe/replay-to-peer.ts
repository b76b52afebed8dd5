import { equalBytes } from '../../protocols/lib/bytes.ts'
import { baseCodes, type Cap, decodeHello } from '../../protocols/p2p/messages.ts'
import { dial } from '../scripted-peer/dial.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import type { Line, MessageLine } from '../trace/lines.ts'
import { answers, nameOf } from '../trace/messages.ts'
import { judge } from './verdict.ts'

/** One message of the recording, and what became of it with a live node. */
export type Said = {
  readonly seq: number
  readonly name: string
  /** `sent`: said again. `left out`: an answer, which the node has not asked for. The others are of what it said then. */
  readonly outcome: 'sent' | 'left out' | 'as recorded' | 'other content' | 'did not come'
  /** Of what did not come. */
  readonly why?: string
}

export type AgainstOptions = {
  /** Which connection of the recording: `peer/3`. The first that said Hello when left out. */
  readonly actor?: string
  /** Milliseconds that an answer is waited for. @default 5000 */
  readonly timeout?: number
}

/**
 * Says to a live node, over a connection of its own, what a recorded node said on one of its connections: Hello with the
 * same name and capabilities, then the same payloads in the same order, each once the remote has said what it said
 * before. What the remote asks and announces of its own accord is not waited for.
 * @throws {NothingToSay} the recording has no such connection, or it has no payloads
 * @throws {EnodeError} {ScriptError} the node cannot be reached, or shakes hands otherwise
 */
export async function* replayToPeer(
  lines: AsyncIterable<Line>,
  enode: string,
  { actor, timeout = 5_000 }: AgainstOptions = {},
): AsyncGenerator<Said> {
  const { connection, messages } = await connectionIn(lines, actor)
  const hello = messages.find((line) => isHello(line) && line.type === 'message.sent')
  if (hello === undefined) throw new NothingToSay(`${connection} never said Hello`)
  const { name, caps, version } = decodeHello(payloadOf(hello))
  await using peer = dial(enode, { caps: caps as readonly Cap[], hello: { name, version }, through: 'hello', timeout })
  await peer.until('handshaking')
  for (const line of messages) if (isRepeatable(line)) yield await repeat(peer, line, timeout)
}

/** BOUNDED: by the recording, of which one connection is held. */
async function connectionIn(lines: AsyncIterable<Line>, actor: string | undefined) {
  const messages: (Line & MessageLine)[] = []
  let connection = actor
  for await (const line of lines) {
    if (line.type !== 'message.sent' && line.type !== 'message.received') continue
    if (connection === undefined && isHello(line)) connection = line.actor
    if (line.actor === connection) messages.push(line)
  }
  if (connection === undefined || messages.length === 0) throw new NothingToSay('it has no such connection')
  return { connection, messages }
}

async function repeat(peer: ScriptedPeer, line: Line & MessageLine, timeout: number): Promise<Said> {
  const { seq, code, protocol } = line
  const name = nameOf(line)
  const onWire = peer.codeIn(protocol, code)
  const payload = payloadOf(line)
  if (line.type === 'message.sent') {
    if (answers(line)) return { seq, name, outcome: 'left out' }
    if (!peer.isClosed) peer.send(onWire, payload)
    return { seq, name, outcome: 'sent' }
  }
  const heard = peer.isClosed
    ? undefined
    : await peer.next(({ code }) => code === onWire, { timeout }).catch(() => undefined)
  if (heard === undefined) return { seq, name, outcome: 'did not come', why: judge(peer, undefined, timeout).cause }
  return { seq, name, outcome: equalBytes(heard.payload, payload) ? 'as recorded' : 'other content' }
}

const isHello = ({ protocol, code }: MessageLine) => protocol === 'p2p' && code === baseCodes.Hello
const isKeepalive = ({ protocol, code }: MessageLine) =>
  protocol === 'p2p' && (code === baseCodes.Ping || code === baseCodes.Pong)

/** Of theirs, answers and the Status: they come because of what was said. */
function isRepeatable(line: MessageLine): boolean {
  if (line.protocol === 'rlpx' || isHello(line) || isKeepalive(line)) return false
  return line.type === 'message.sent' || answers(line) || nameOf(line) === 'Status'
}

function payloadOf({ payload }: MessageLine): Uint8Array {
  if (payload === undefined) throw new NothingToSay('it was recorded without payloads')
  return Buffer.from(payload, 'base64')
}

/** A recording cannot be said again. */
export class NothingToSay extends Error {
  override readonly name = 'NothingToSay'
}
