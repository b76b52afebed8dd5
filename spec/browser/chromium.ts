import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** A Chromium that does nothing of its own accord. */
export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args, timeout: 2 * pageTimeout })

/** A page of the inspector, and all that it asked for or complained of. */
export type Opened = {
  readonly page: Page
  /** Addresses, of WebSockets too. */
  readonly requests: readonly string[]
  /** What its console has as errors, and what it threw. */
  readonly faults: readonly string[]
}

/** @param hash where in the inspector: `#chart?actor=node-1/server` */
export async function openPage(
  browser: Browser,
  address: string,
  hash = '',
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(pageTimeout)
  const [requests, faults]: string[][] = [[], []]
  page.on('request', (request) => requests!.push(request.url()))
  page.on('websocket', (socket) => requests!.push(socket.url()))
  page.on('pageerror', (error) => faults!.push(error.stack ?? error.message))
  page.on('console', (message) => message.type() === 'error' && faults!.push(message.text()))
  await page.goto(`${address}${hash}`)
  return { page, requests: requests!, faults: faults! }
}

/** Milliseconds that anything in a page may take. It ends what would wait for ever, and measures nothing. */
export const pageTimeout = 45_000

const args = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
