import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'

let running: Promise<Geth> | undefined

/** The geth that all specs of a file share: at the head of the ethtest chain, without a consensus client. Skips without one. */
export function ethtestGeth(context: Mocha.Context): Promise<Geth> {
  const path = requireClient(context, findGeth(), 'geth')
  const { genesis, chain, networkId } = requireEthtest(context)
  running ??= Geth.start({ path, genesis, chain, networkId })
  return running
}

/** A process of mocha runs one file after the other. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    const geth = running
    running = undefined
    await (await geth)?.stop()
  },
}
