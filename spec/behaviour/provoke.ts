import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import { ScriptError } from '../../actors/scripted-peer/transcript.ts'
import { type EthVersion, isRequest, type MessageName } from '../../protocols/eth/versions.ts'
import { openTcp } from '../support/stages.ts'
import type { Expectation, Provocation, World } from './provocation.ts'

export type Outcome = {
  /** Its answers; what it asks by itself is its own affair. */
  readonly hears: readonly string[]
  readonly ends: 'open' | 'closed'
  /** Milliseconds from the script's begin to the end of the connection, or of the watch. */
  readonly took: number
}

/** Tries `provocation` on a node, with a connection and a key of its own. */
export async function provoke(
  { stage, options, script, expects }: Provocation,
  version: EthVersion,
  world: World,
): Promise<Outcome> {
  const peer = await openTcp(world.enode, { caps: [{ name: 'eth', version }], ...options?.(world) })
  try {
    const skipped = await lead(peer, stage)
    const began = performance.now()
    const isProven = await watch(peer, () => script(peer, world), expects(world, version))
    const heard = peer.log.map(({ label }) => label).slice(skipped)
    const answers = heard.filter((word) => word !== 'closed' && !isRequest(word as MessageName))
    return {
      hears: answers.slice(0, isProven ? -1 : undefined),
      ends: peer.isClosed ? 'closed' : 'open',
      took: performance.now() - began,
    }
  } finally {
    peer.close()
  }
}

/** @returns how many messages of the node do not count */
async function lead(peer: ScriptedPeer, stage: Provocation['stage']): Promise<number> {
  if (stage === 'tcp') return 0
  await peer.rlpx()
  if (stage === 'rlpx') return 0
  await peer.hello()
  if (stage === 'hello') return 1
  await peer.status()
  return 2
}

/** @returns whether the last message heard is the answer to the watch itself */
async function watch(peer: ScriptedPeer, script: () => unknown, expected: Expectation): Promise<boolean> {
  try {
    await script()
    if (expected.ends === 'closed') await peer.closed({ timeout: expected.after?.atMost ?? closeTimeout })
    else if (expected.proof === 'quiet') await peer.listen(quietTime)
    else {
      await peer.request({ kind: 'GetBlockHeaders', id: proofId, origin: 0n, amount: 1n, skip: 0n, reverse: false })
      return true
    }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error // the outcome says what came instead
  }
  return false
}

const proofId = 0x70_72_6f_6f_66n
const closeTimeout = 3_000
const quietTime = 1_500
