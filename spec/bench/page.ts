import type { Browser, Page } from 'playwright-core'
import { launchChromium, openPage } from '../browser/chromium.ts'
import { Crowd } from '../browser/crowd.ts'
import { longestTask, type Task } from './longest-task.ts'

/** Milliseconds, unless it says otherwise. */
export type PageResult = {
  readonly actors: number
  /** From a reload to the first row: of three, each. */
  readonly firstPaint: readonly number[]
  readonly rowsDrawn: number
  /** The sum of layout shifts as Chromium scores them, of a reload and all changes. */
  readonly layoutShift: number
  readonly changes: {
    readonly seconds: number
    /** Messages of {@link peersChanged} changes each. */
    readonly sent: number
    readonly frames: number
    readonly longestTask: Task
  }
  /** From a search to what is found. */
  readonly search: { readonly longestTask: Task }
}

/** The inspector's page of a crowd, whose peers change all the time, in the Chromium at `executablePath`. */
export async function benchPage(
  executablePath: string,
  seconds: number,
  report: (line: string) => void,
): Promise<PageResult> {
  const browser = await launchChromium(executablePath)
  const crowd = await Crowd.open(actors)
  try {
    return await measure(browser, crowd, seconds, report)
  } finally {
    await browser.close()
    await crowd.close()
  }
}

async function measure(
  browser: Browser,
  crowd: Crowd,
  seconds: number,
  report: (line: string) => void,
): Promise<PageResult> {
  const { page } = await openPage(browser, crowd.address, '#network')
  await page.addInitScript(watch)
  const firstPaint: number[] = []
  for (let i = 0; i < 3; i++) firstPaint.push(Math.round(await paint(page)))
  report(`first paint of ${actors} actors: ${firstPaint.join(', ')} ms`)
  const rowsDrawn = await page.locator('.row').count()

  let [sent, frames] = [0, 0]
  const steady = await longestTask(page, async () => {
    const timer = setInterval(() => {
      crowd.change(peersChanged)
      sent += 1
    }, 1_000 / messagesPerSecond)
    frames = (await page.evaluate(framesOf(seconds * 1_000))) as number
    clearInterval(timer)
  })
  report(`${sent} messages in ${seconds} s: ${frames} frames, longest task ${inMilliseconds(steady)}`)
  const layoutShift = (await page.evaluate('shifts')) as number
  const searching = await longestTask(page, async () => {
    await page.getByLabel('Search actors').fill('client:reth')
    await page.locator('.tally', { hasText: /^1.668 actors$/ }).waitFor()
  })
  report(`search: longest task ${inMilliseconds(searching)}; layout shift ${layoutShift}; ${rowsDrawn} rows drawn`)
  return {
    ...{ actors, firstPaint, rowsDrawn, layoutShift },
    changes: { seconds, sent, frames, longestTask: steady },
    search: { longestTask: searching },
  }
}

async function paint(page: Page): Promise<number> {
  await page.reload()
  await page.locator('.row').first().waitFor()
  return (await page.evaluate('paintedAt')) as number
}

const inMilliseconds = ({ worked, lasted }: Task) => `${worked.toFixed(1)} ms of work in ${lasted.toFixed(1)} ms`

/** Notes when the first actor is painted, and whether anything moves that is seen. */
const watch = `
  globalThis.shifts = 0
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (shifts += value)))
    .observe({ type: 'layout-shift' })
  const look = () => {
    if (document.querySelector('.row')) globalThis.paintedAt ??= performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
`

const framesOf = (ms: number) => `new Promise((resolve) => {
  const end = performance.now() + ${ms}
  let frames = 0
  const next = () => (frames++, performance.now() < end ? requestAnimationFrame(next) : resolve(frames))
  next()
})`

const actors = 5_000
const messagesPerSecond = 60
/** By each message. */
const peersChanged = 40
