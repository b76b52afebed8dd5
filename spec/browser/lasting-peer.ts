import type { Browser } from 'playwright-core'
import { openPage } from './chromium.ts'
import type { LivingNetwork } from './living-network.ts'

/**
 * The actor of a peer of the network's `node` that has been there for a second: of the connections of two nodes that dial each
 * other at once one or both have ended by then.
 */
export async function lastingPeer(browser: Browser, { address }: LivingNetwork, node: string): Promise<string> {
  // So high that each row is there: the tree draws those that are seen.
  const { page } = await openPage(browser, address, '#actors', { viewport: { width: 400, height: 8_000 } })
  const row = page
    .locator(`.row[data-peer=true][data-actor^="${node}/peer/"]`)
    .filter({ hasNot: page.locator('.state', { hasText: 'ended' }) })
    .filter({ has: page.locator('.facts :nth-child(2)', { hasText: /^eth\/\d/ }) })
    .filter({ has: page.locator('.facts :nth-child(3)', { hasText: /^[1-9]\d*\s[smh]/ }) })
  const actor = await row.first().getAttribute('data-actor')
  await page.context().close()
  return actor!
}
