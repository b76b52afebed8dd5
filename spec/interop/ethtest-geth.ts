import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'

let running: Promise<Geth> | undefined

/** The geth that all interop specs share: at the head of the ethtest chain, without a consensus client. Skips without one. */
export function ethtestGeth(context: Mocha.Context): Promise<Geth> {
  const path = requireClient(context, findGeth(), 'geth')
  const { genesis, chain, networkId } = requireEthtest(context)
  running ??= Geth.start({ path, genesis, chain, networkId })
  return running
}

export const mochaHooks = {
  async afterAll(): Promise<void> {
    const geth = running
    running = undefined
    await (await geth)?.stop()
  },
}
