import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What one of its suites is run with. */
export type ToolOptions = {
  /** The executable: see findDevp2p. */
  readonly path: string
  /** Of the suite. @default `rlpx eth-test` */
  readonly command?: readonly string[]
  /** After that. */
  readonly args: readonly string[]
  /** Milliseconds that one test may take. */
  readonly timeout: number
  /** Takes each line of TAP. */
  print(line: string): void
  readonly signal?: AbortSignal | undefined
}

export type ToolRun = {
  /** Of the tests that ended, in order. */
  readonly results: readonly { readonly name: string; readonly isPassed: boolean }[]
  /** `hung` and `ended`: at the test after those. */
  readonly end: 'done' | 'hung' | 'ended' | 'aborted'
}

/** Runs geth's devp2p until its tests are done, one takes too long, or the signal is given. @throws it ran no tests */
export async function runTool({
  path,
  command = ['rlpx', 'eth-test'],
  args,
  timeout,
  print,
  signal,
}: ToolOptions): Promise<ToolRun> {
  // Detached: Ctrl-C is for the caller.
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(path, [...command, '--tap', ...args], { stdio: [...stdio], detached: true })
  await once(child, 'spawn')
  const exit = once(child, 'close')
  const results: { name: string; isPassed: boolean }[] = []
  let planned: number | undefined
  let isHung = false
  const kill = () => child.kill('SIGKILL')
  const giveUp = () => {
    isHung = true
    kill()
  }
  let limit = setTimeout(giveUp, timeout)
  signal?.addEventListener('abort', kill)
  if (signal?.aborted) kill()
  for await (const line of createInterface({ input: child.stdout })) {
    print(line)
    const [, plan] = /^1\.\.(\d+)$/.exec(line) ?? []
    if (plan !== undefined) planned = Number(plan)
    const [, not, name] = /^(not )?ok \d+ (?:- )?(.+)$/.exec(line) ?? []
    if (name === undefined) continue
    results.push({ name, isPassed: !not })
    clearTimeout(limit)
    limit = setTimeout(giveUp, timeout)
  }
  clearTimeout(limit)
  signal?.removeEventListener('abort', kill)
  const [code, killer] = await exit
  if (signal?.aborted) return { results, end: 'aborted' }
  if (results.length === planned) return { results, end: 'done' }
  if (isHung) return { results, end: 'hung' }
  if (planned === undefined) throw new Error(`${path} ran no test, and ended with ${killer ?? code}`)
  return { results, end: 'ended' }
}
