import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { skip } from './clients.ts'

/** The folder with the chain of geth's own conformance suites: 600 blocks, Shanghai to Prague. */
export const ethtestFolder: string = fileURLToPath(
  new URL(`${import.meta.url.endsWith('.js') ? '../' : ''}../../../shared/ethtest`, import.meta.url), // from dist/, too
)

export const ethtest = {
  genesis: `${ethtestFolder}/genesis.json`,
  chain: `${ethtestFolder}/chain.rlp`,
  newPayloads: `${ethtestFolder}/newpayload.json`,
  forkchoice: `${ethtestFolder}/headfcu.json`,
  networkId: 3503995874084926n,
  head: 600n,
} as const

/** Skips the running spec, or the suite of the running hook, when the folder is not there. */
export function requireEthtest(context: Mocha.Context): typeof ethtest {
  if (!existsSync(ethtest.chain)) skip(context, 'no ethtest chain at ../shared/ethtest')
  return ethtest
}
