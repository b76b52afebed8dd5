import type { Command } from 'commander'
import type { Departed, Explanation, PeerFacts } from '../inspector/wire.ts'
import { contactLine, toLine, toText } from './explanation-text.ts'
import { givenChunks, givenName } from './given-file.ts'
import type { Io } from './io.ts'

type ExplainOptions = { readonly peer?: string; readonly json: boolean; readonly discovery: boolean }

export function addExplain(command: Command, io: Io): void {
  command
    .argument('<source>', 'a recording, or - for one on standard input, or the address that --inspect printed')
    .option('--peer <id>', 'this one in full: the beginning of its node id, or its connection, as peer/7')
    .option('--discovery', 'of a recording: the nodes that discovery met, who bonded, and what went unanswered', false)
    .option('--json', 'an array of all that is known of each', false)
    .action((source: string, options: ExplainOptions) =>
      options.discovery ? explainDiscovery(source, options, io) : explainAll(source, options, io),
    )
}

async function explainAll(source: string, { peer, json }: ExplainOptions, io: Io): Promise<void> {
  const witness = await (/^https?:/.test(source) ? liveWitness(source) : recordedWitness(source, io))
  try {
    const connections = chosen(await witness.connections(), peer)
    const explanations: Explanation[] = []
    for (const actor of connections) explanations.push(await witness.why(actor))
    if (json) io.stdout.write(`${JSON.stringify(explanations)}\n`)
    else if (peer !== undefined) io.stdout.write(explanations.map(toText).join('\n'))
    else io.stdout.write(explanations.length > 0 ? explanations.map(toLine).join('') : 'no connections\n')
  } finally {
    witness.close()
  }
}

async function explainDiscovery(path: string, { peer = '', json }: ExplainOptions, io: Io): Promise<void> {
  const [{ DiscoveryContacts }, { RecordingError, readRecording }, { fromLine }] = await Promise.all([
    import('../explain/discovery-contacts.ts'),
    import('../recording/reader.ts'),
    import('../trace/feed-lines.ts'),
  ])
  const { lines } = await readRecording(givenName(path), givenChunks(path, io))
  const contacts = new DiscoveryContacts()
  try {
    for await (const line of lines) contacts.take(fromLine(line))
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error
    io.stderr.write(`warning: ${error.message}; what stands before it is explained\n`)
  }
  const wanted = contacts.all.filter(({ actor, id = '' }) => actor === peer || id.startsWith(peer))
  if (json) io.stdout.write(`${JSON.stringify(wanted)}\n`)
  else io.stdout.write(wanted.length > 0 ? wanted.map(contactLine).join('') : 'no nodes\n')
}

type Connection = Pick<PeerFacts, 'actor' | 'id'>

/** Who remembers what happened. */
type Witness = {
  /** In the order in which they began; those that ended long ago before the others. */
  connections(): Promise<readonly Connection[]>
  why(actor: string): Promise<Explanation>
  close(): void
}

async function liveWitness(address: string): Promise<Witness> {
  const { InspectorClient } = await import('../inspector/inspector-client.ts')
  const client = await InspectorClient.open(address)
  return {
    connections: async () => {
      const { picture } = await client.ask({ ask: 'picture' })
      const { departures } = await client.ask({ ask: 'departures' })
      return allOf(departures, picture.peers)
    },
    why: async (actor) => (await client.ask({ ask: 'why', actor })).why,
    close: () => client.close(),
  }
}

async function recordedWitness(path: string, io: Io): Promise<Witness> {
  const [{ explain }, { openRecorded }] = await Promise.all([
    import('../explain/explanation.ts'),
    import('../inspector/recorded.ts'),
  ])
  const { history, fault } = await openRecorded(givenName(path), givenChunks(path, io))
  if (fault) io.stderr.write(`warning: ${fault.message}; what stands before it is explained\n`)
  const { count, all } = history.departures
  if (count > all.length)
    io.stderr.write(`warning: ${count} connections ended in it; the last ${all.length} of them are explained\n`)
  return {
    connections: async () => allOf(history.departures.all, history.picture()!.peers),
    why: async (actor) => explain(history, actor)!,
    close() {},
  }
}

/** Who ended long ago is remembered by its departure alone. */
function allOf(departures: readonly Departed[], peers: readonly PeerFacts[]): Connection[] {
  const known = new Set(peers.map(({ actor }) => actor))
  return [...departures.filter(({ actor }) => !known.has(actor)), ...peers]
}

/** @returns their names */
function chosen(peers: readonly Connection[], wanted: string | undefined): string[] {
  const connections = peers.map(({ actor }) => actor)
  if (wanted === undefined) return connections
  const ids = new Map(peers.map(({ actor, id }) => [actor, id]))
  const found = connections.filter((actor) => actor === wanted || ids.get(actor)?.startsWith(wanted))
  if (found.length > 0) return found
  throw new PeerUnknown(wanted, connections.length)
}

/** That peer is not in the history. */
export class PeerUnknown extends Error {
  override readonly name = 'PeerUnknown'
  constructor(wanted: string, count: number) {
    super(`no peer ${wanted} among the ${count} connections that are remembered`)
  }
}
