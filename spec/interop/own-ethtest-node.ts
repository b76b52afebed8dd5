import { ethtest } from '../support/ethtest.ts'
import { type OwnNode, type OwnNodeOptions, startOwnNode } from '../support/own-node.ts'

/** Our node on the ethtest chain: at its head, or at its genesis to be synced. */
export function startOnEthtest(at: 'head' | 'genesis', options: OwnNodeOptions = {}): Promise<OwnNode> {
  const { genesis, chain } = ethtest
  return startOwnNode({ genesis, ...(at === 'head' && { chain }), noDial: false, headPollInterval: 500, ...options })
}

/** @returns what `look` finds, once it finds something. @throws the time is up */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
  timeout = 20_000,
): Promise<Found> {
  const deadline = performance.now() + timeout
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
