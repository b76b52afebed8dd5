import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../support/project.ts'

type Dashboard = {
  readonly title: string
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}

/** The dashboard as it is shipped. */
export const dashboard: Dashboard = JSON.parse(readFileSync(join(projectRoot, 'actors/metrics/dashboard.json'), 'utf8'))

/** Its queries, as Grafana sends them: with every node and chart chosen, and a rate over two minutes. */
export const queries: readonly { readonly panel: string; readonly query: string }[] = dashboard.panels.flatMap(
  ({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      panel: title,
      query: expr.replaceAll('$__rate_interval', '2m').replaceAll(/\$(instance|chart)/g, '.*'),
    })),
)

/** What its variables choose from: `label_values(peerchart_info, instance)`. */
export const variables: readonly { readonly metric: string; readonly label: string }[] =
  dashboard.templating.list.flatMap(({ definition = '' }) => {
    const [, metric, label] = definition.match(/^label_values\((\w+)[^,]*, (\w+)\)$/) ?? []
    return metric && label ? [{ metric, label }] : []
  })

/** @returns the metrics of a query, each by a pattern of its name, with the labels that the query expects of it */
export function metricsIn(query: string): { readonly metric: RegExp; readonly labels: readonly string[] }[] {
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(/, */))
  return [...query.matchAll(/(?:\b([a-z]\w*))?\{(?:__name__=~"([^"]*)",)?([^}]*)\}/g)].map(
    ([, name, pattern, matchers]) => {
      const matched = [...matchers!.matchAll(/(\w+)=/g)].map(([, label]) => label!)
      return { metric: new RegExp(`^${name ?? pattern}$`), labels: [...grouped, ...matched] }
    },
  )
}
