import type { Page } from 'playwright-core'

/** Milliseconds of a task of the page's own thread: as a clock has it, and of work. They differ where others share the processor. */
export type Task = { readonly lasted: number; readonly worked: number }

/** @returns the longest task of a page's thread while `action` runs, as Chromium traces them */
export async function longestTask(page: Page, action: () => Promise<void>): Promise<Task> {
  const browser = page.context().browser()!
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] })
  await action()
  const { traceEvents } = JSON.parse(`${await browser.stopTracing()}`) as {
    readonly traceEvents: readonly TraceEvent[]
  }
  const renderers = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
  const threads = new Set(renderers.map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === 'RunTask' && threads.has(`${pid} ${tid}`))
  return tasks.reduce<Task>(
    (longest, { dur = 0, tdur = 0 }) =>
      tdur / 1_000 > longest.worked ? { lasted: dur / 1_000, worked: tdur / 1_000 } : longest,
    { lasted: 0, worked: 0 },
  )
}

/** Microseconds; `tdur` of the thread's own clock. */
type TraceEvent = {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}
