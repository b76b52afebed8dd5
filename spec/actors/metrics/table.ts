import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MetricObject } from 'prom-client'
import { NodeMetrics } from '../../../actors/metrics/node-metrics.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { projectRoot } from '../../support/project.ts'

export const referencePath = join(projectRoot, 'actors/metrics/README.md')

/** @returns `markdown` with the table of a node's own metrics as they are */
export function withTable(markdown: string): string {
  const metrics = new NodeMetrics(
    processRuntime({ feed: new Feed() }),
    {},
    { chain: { head: { number: 0n } }, protocols: [] },
  )
  const rows = metrics.registry.getMetricsAsArray().map(rowOf)
  metrics.close()
  const table = ['| metric | type | labels | |', '|---|---|---|---|', ...rows].join('\n')
  return markdown.replace(/(?<=<!-- metrics -->\n)[\s\S]*(?=\n<!-- \/metrics -->)/, () => table)
}

function rowOf({ name, type, help, ...rest }: MetricObject): string {
  const { labelNames = [] } = rest as { labelNames?: readonly string[] }
  return `| \`${name}\` | ${type} | ${labelNames.join(', ')} | ${help} |`
}

if (process.argv.includes('--write')) writeFileSync(referencePath, withTable(readFileSync(referencePath, 'utf8')))
