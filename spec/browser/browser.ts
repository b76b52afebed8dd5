import type { Browser } from 'playwright-core'
import { findChromium, requireClient } from '../support/clients.ts'
import { launchChromium, pageTimeout } from './chromium.ts'

/** Milliseconds that a spec of the page, or a hook, may take: several waits, each as long as it may be. */
export const specTimeout = 5 * pageTimeout

let running: Promise<Browser> | undefined

/** The Chromium that all browser specs share. Skips without one. */
export function sharedBrowser(context: Mocha.Context): Promise<Browser> {
  running ??= launchChromium(requireClient(context, findChromium(), 'chromium'))
  return running
}

after(async () => {
  await (await running)?.close()
})
