import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

// Real clients are used where they are found and never built or downloaded here.

/** @returns the path of geth: `GETH`, or the first on PATH */
export const findGeth = (): string | undefined => find('geth', process.env.GETH)
/** @returns the path of geth's devp2p command: `DEVP2P`, or the first on PATH */
export const findDevp2p = (): string | undefined => find('devp2p', process.env.DEVP2P)
/** @returns the path of Prometheus: `PROMETHEUS`, or the first on PATH */
export const findPrometheus = (): string | undefined => find('prometheus', process.env.PROMETHEUS)

/** @returns the path of a Chromium: `CHROMIUM`, or the first on PATH */
export const findChromium = (): string | undefined => find('chromium', process.env.CHROMIUM)

/** @returns the path of @ethereumjs/client's `bin/cli.js`: `ETHEREUMJS_CLIENT` */
export const findEthereumjsClient = (): string | undefined => process.env.ETHEREUMJS_CLIENT || undefined

/** @returns a folder that @chainsafe/discv5 is installed in: `CHAINSAFE_DISCV5` */
export const findChainsafeDiscv5 = (): string | undefined => process.env.CHAINSAFE_DISCV5 || undefined

/** @returns the path of curl: the first on PATH */
export const findCurl = (): string | undefined => find('curl', undefined)

type Client = 'geth' | 'devp2p' | 'chromium'

/**
 * Skips the running spec, or the suite of the running hook, when `found` is undefined.
 * @throws with PEERCHART_REQUIRE_GETH=1 or PEERCHART_REQUIRE_CHROMIUM=1, where absence is a failure
 */
export function requireClient(context: Mocha.Context, found: string | undefined, name: Client): string {
  if (found !== undefined) return found
  const flag = `PEERCHART_REQUIRE_${name === 'chromium' ? 'CHROMIUM' : 'GETH'}`
  if (process.env[flag] === '1') throw new Error(`${flag}=1, and no ${name} on PATH`)
  return skip(context, `no ${name} on PATH: set ${name.toUpperCase()} or PATH to run this`)
}

/** Skips, and says why in a title that the reporter prints: of the spec, or of the suite's first. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.test
  const isHook = (runnable as { type?: string } | undefined)?.type === 'hook'
  const reported = isHook ? runnable?.parent?.tests[0] : runnable
  if (reported) reported.title += ` — skipped: ${reason}`
  return context.skip()
}

function find(name: string, configured: string | undefined): string | undefined {
  if (configured) return configured
  const places = (process.env.PATH ?? '').split(delimiter).filter((place) => place !== '')
  return places.map((place) => join(place, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
