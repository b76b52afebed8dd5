import type { Provocation } from './provocation.ts'
import { base } from './provocations/base.ts'
import { receiving } from './provocations/receiving.ts'
import { serving } from './provocations/serving.ts'
import { status } from './provocations/status.ts'
import { synced } from './provocations/synced.ts'
import { transport } from './provocations/transport.ts'

/**
 * What geth does when provoked, as a table: the same rows are run against geth, which shows that they are true, and against
 * our node.
 *
 * The pattern: framing, MAC, snappy and codes out of range end in a bare close; a payload that does not decode, in 0x02; a
 * rule broken by a payload that does, in 0x10; capability and identity checks, in 0x03, 0x05, 0x09, 0x0a; a Status that
 * does not come, in 0x0b; anything wrong before or in the Hello, in a bare close.
 */
export const provocations: readonly Provocation[] = [...transport, ...base, ...status, ...serving, ...receiving]

/** The same of a node that is synced, and so listens to transactions (geth AcceptTxs). */
export const syncedProvocations: readonly Provocation[] = synced
