import type { Command } from 'commander'
import type { Explanation, Picture } from '../inspector/wire.ts'
import { toLine, toText } from './explanation-text.ts'
import type { Io } from './io.ts'

type ExplainOptions = { readonly peer?: string; readonly json: boolean }

export function addExplain(command: Command, io: Io): void {
  command
    .argument('<source>', 'a recording, or the address that --inspect printed')
    .option('--peer <id>', 'this one in full: the beginning of its node id, or its connection, as peer/7')
    .option('--json', 'an array of all that is known of each', false)
    .action((source: string, options: ExplainOptions) => explainAll(source, options, io))
}

async function explainAll(source: string, { peer, json }: ExplainOptions, io: Io): Promise<void> {
  const witness = await (/^https?:/.test(source) ? liveWitness(source) : recordedWitness(source, io))
  try {
    const connections = chosen(await witness.picture(), peer)
    const explanations: Explanation[] = []
    for (const actor of connections) explanations.push(await witness.why(actor))
    if (json) io.stdout.write(`${JSON.stringify(explanations)}\n`)
    else if (peer !== undefined) io.stdout.write(explanations.map(toText).join('\n'))
    else io.stdout.write(explanations.length > 0 ? explanations.map(toLine).join('') : 'no connections\n')
  } finally {
    witness.close()
  }
}

/** Who remembers what happened. */
type Witness = {
  picture(): Promise<Picture>
  why(actor: string): Promise<Explanation>
  close(): void
}

async function liveWitness(address: string): Promise<Witness> {
  const { InspectorClient } = await import('../inspector/inspector-client.ts')
  const client = await InspectorClient.open(address)
  return {
    picture: async () => (await client.ask({ ask: 'picture' })).picture,
    why: async (actor) => (await client.ask({ ask: 'why', actor })).why,
    close: () => client.close(),
  }
}

async function recordedWitness(path: string, io: Io): Promise<Witness> {
  const [{ explain }, { openRecorded }] = await Promise.all([
    import('../inspector/explanation.ts'),
    import('../inspector/recorded.ts'),
  ])
  const { history, heading, fault } = await openRecorded(path)
  if (fault) io.stderr.write(`warning: ${fault.message}; what stands before it is explained\n`)
  return {
    picture: async () => history.picture()!,
    why: async (actor) => explain(history, heading, actor)!,
    close() {},
  }
}

/** @returns connections in the order in which they began */
function chosen({ peers }: Picture, wanted: string | undefined): string[] {
  const connections = peers.map(({ actor }) => actor)
  if (wanted === undefined) return connections
  const ids = new Map(peers.map(({ actor, id }) => [actor, id]))
  const found = connections.filter((actor) => actor === wanted || ids.get(actor)?.startsWith(wanted))
  if (found.length > 0) return found
  throw new PeerUnknown(wanted, connections.length)
}

/** Nobody remembers that peer. */
export class PeerUnknown extends Error {
  override readonly name = 'PeerUnknown'
  constructor(wanted: string, count: number) {
    super(`no peer ${wanted} among the ${count} connections that are remembered`)
  }
}
