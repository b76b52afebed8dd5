import type { Inspected, Inspector } from '../inspector/inspector.ts'

/** @param port undefined for none, 0 for any */
export async function openInspector(
  nodes: Inspected | Readonly<Record<string, Inspected>>,
  port: number | undefined,
): Promise<Inspector | undefined> {
  if (port === undefined) return undefined
  const { Inspector } = await import('../inspector/inspector.ts') // brings its server: not for `--help`
  return Inspector.open(nodes, { port })
}
