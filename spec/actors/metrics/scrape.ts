import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'

/** Samples by name and labels as they are printed: `p2p_peers`, `peerchart_actors{chart="peer",state="closing"}`. */
export type Scrape = ReadonlyMap<string, number>

/** What a node serves to Prometheus, as one that scrapes it reads it. */
export async function scrape(node: Pick<PeerchartNode, 'metrics'>): Promise<Scrape> {
  return samplesOf(await (await fetch(node.metrics!.url!)).text())
}

export function samplesOf(text: string): Scrape {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

/** @returns the type of each metric by its name */
export function typesOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]))
}
