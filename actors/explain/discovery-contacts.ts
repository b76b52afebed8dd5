import { discv4NodeMachine } from '../../machines/discv4-node.ts'
import { discv5SessionMachine } from '../../machines/discv5-session.ts'
import { decodePacket } from '../../protocols/discv4/packets.ts'
import { isBadPacket, recordText } from '../trace/datagrams.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import type { Kept } from '../trace/feed-lines.ts'
import { nameOf } from '../trace/messages.ts'

/** What became of a node that discovery met at one address. Times in ms. */
export type Contact = {
  readonly actor: string
  /** 64 hex digits, and `ip:port`, where they are known. */
  readonly id?: string
  readonly remote?: string
  readonly sent: number
  readonly received: number
  /** When it proved its endpoint (v4), or agreed on keys (v5). */
  readonly provenAt?: number
  /** Why not, or what it did not answer later: how often, when last, and what came instead then. */
  readonly failures: readonly { readonly what: string; readonly count: number; readonly at: number }[]
}

/** What discovery's actors and their datagrams say of every node. */
export class DiscoveryContacts {
  /** The oldest first. BOUNDED: mostContacts, the oldest fall off. */
  readonly #contacts = new Map<string, Met>()

  get all(): readonly Contact[] {
    return Array.from(this.#contacts.values(), ({ failures, asked: _, since: __, ...contact }) => ({
      ...contact,
      failures: Array.from(failures, ([what, { count, at }]) => ({ what, count, at })),
    }))
  }

  /** @param kept the next line */
  take(kept: Kept): void {
    const { entry, actor, data } = kept
    if (entry.type === 'actor.started' && isOfNode(entry.chart)) {
      const { id, remote } = data ?? {}
      const known = { ...(typeof id === 'string' && { id }), ...(typeof remote === 'string' && { remote }) }
      this.#contacts.delete(actor)
      this.#contacts.set(actor, { actor, ...known, sent: 0, received: 0, failures: new Map(), asked: '', since: [] })
      if (this.#contacts.size > mostContacts) this.#contacts.delete(this.#contacts.keys().next().value!)
      return
    }
    const met = this.#contacts.get(actor)
    if (!met) return
    if (entry.type === 'message.sent') {
      met.sent += 1
      met.asked = nameOf(entry)
      met.since = []
    } else if (entry.type === 'message.received') {
      met.received += 1
      met.since = [...met.since, { name: nameOf(entry), payload: kept.payload?.slice() }].slice(-mostSince)
    } else if (entry.type === 'transition') this.#step(met, entry, kept)
  }

  #step(met: Met, { event, effects, to }: TransitionEntry, { at, data }: Kept): void {
    if (effects.includes('noteProof') || (to.includes('keys.agreed') && met.provenAt === undefined)) met.provenAt ??= at
    const fault = faultIn(met, event, data)
    if (fault === undefined) return
    met.failures.set(fault, { count: (met.failures.get(fault)?.count ?? 0) + 1, at })
    if (met.failures.size > mostFailures) met.failures.delete(met.failures.keys().next().value!)
  }
}

type Met = Omit<Contact, 'failures'> & {
  sent: number
  received: number
  provenAt?: number
  /** BOUNDED: mostFailures. */
  readonly failures: Map<string, { readonly count: number; readonly at: number }>
  /** What was sent last, and what came since. BOUNDED: mostSince. */
  asked: string
  since: readonly { readonly name: string; readonly payload: Uint8Array | undefined }[]
}

const isOfNode = (chart: string) => chart === discv4NodeMachine.id || chart === discv5SessionMachine.id

function faultIn(met: Met, event: string, data: Kept['data']): string | undefined {
  if (event === 'answer.refused')
    return `its handshake was refused: ${typeof data?.why === 'string' ? data.why : 'why was not recorded'}`
  if (event === 'record.received') return isNone(data?.record) ? recordFault(met) : undefined
  if (event.startsWith('xstate.after.challengeTimeout')) return `our WHOAREYOU was not answered${instead(met)}`
  if (event.endsWith('.ping.awaitingPong')) return `our PING was not answered${instead(met)}`
  if (event.startsWith('xstate.after.responseTimeout') && /\.(asking|asked|proven)$/.test(event))
    return `our ${met.asked} was not answered in full${instead(met)}`
  return undefined
}

function instead({ since }: Met): string {
  return since.length === 0 ? ': nothing came' : `: what came is ${since.map(({ name }) => name).join(', ')}`
}

/** A line of a file has it as JSON says it. */
const isNone = (record: unknown) =>
  record === undefined || (typeof record === 'object' && record !== null && '$undefined' in record)

function recordFault({ since }: Met): string {
  const payload = since.findLast(({ name }) => name === 'ENRRESPONSE')?.payload
  const text = payload && textOf(payload)
  return `its record was refused: ${text ?? 'it is not in the recording'}`
}

function textOf(datagram: Uint8Array): string | undefined {
  try {
    const { packet } = decodePacket(datagram)
    if (packet.name !== 'ENRRESPONSE') return undefined
    const text = recordText(packet.record)
    return text.startsWith('record ') ? `${text} is of another node, or names an address that it may not` : text
  } catch (error) {
    if (!isBadPacket(error)) throw error
    return error.message
  }
}

const mostContacts = 10_000
const mostFailures = 16
const mostSince = 8
