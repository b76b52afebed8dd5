import { type Command, InvalidArgumentError } from 'commander'
import type { Inspected, Inspector } from '../inspector/inspector.ts'
import { port } from './setting-kinds.ts'

export type InspectOptions = {
  /** A port, 0 for any; `true` is any, `false` none. */
  readonly inspect?: boolean | number
  readonly inspectStately: boolean
}

/** Adds the options of {@link InspectOptions} to a command that runs for long and has no settings. */
export const addInspecting = (command: Command): Command =>
  command
    .option('--inspect [port]', 'serve a page on 127.0.0.1 that shows it as it runs; its address is printed', toPort)
    .option(
      '--inspect-stately',
      'print where tools attach that read the events of @statelyai/inspect; implies `--inspect`',
      false,
    )

export const isInspected = ({ inspect = false, inspectStately }: InspectOptions): boolean =>
  inspect !== false || inspectStately

/**
 * @param report gets the addresses, to be shown to people
 * @returns undefined where none is asked for
 */
export async function openInspector(
  nodes: Inspected | Readonly<Record<string, Inspected>>,
  { inspect = false, inspectStately }: InspectOptions,
  report: Readonly<Record<'page' | 'tools', (url: string) => void>>,
): Promise<Inspector | undefined> {
  if (!isInspected({ inspect, inspectStately })) return undefined
  const { Inspector } = await import('../inspector/inspector.ts') // brings its server: not for `--help`
  const inspector = await Inspector.open(nodes, { port: typeof inspect === 'number' ? inspect : 0 })
  report.page(inspector.address)
  if (inspectStately) report.tools(inspector.statelyAddress)
  return inspector
}

/** What stands behind the flag is taken for its port. */
function toPort(text: string): number {
  try {
    return port.parse!(text)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new InvalidArgumentError(`${error.message} Before a node write --inspect=0.`)
  }
}
