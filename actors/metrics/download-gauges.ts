import type { Registry } from 'prom-client'
import type { Clock } from '../runtime/runtime.ts'
import { DownloadCounts } from './download-counts.ts'
import { gaugeOf, summaryOf } from './gauges.ts'

/** Of a sync, under geth's names: those whose meaning this downloader has. @returns what they are counted by */
export function registerDownloadMetrics(registry: Registry, clock: Pick<Clock, 'now'>): DownloadCounts {
  const gauge = (name: string, help: string, read: () => number) => gaugeOf(registry, `${prefix}_${name}`, help, read)
  const summary = (name: string, help: string) =>
    summaryOf(registry, `${prefix}_${name}`, `${help}, of the last 10 minutes`)
  const counts: DownloadCounts = new DownloadCounts(clock, {
    headersReq: summary('headers_req', 'Nanoseconds to an answer with headers'),
    bodiesReq: summary('bodies_req', 'Nanoseconds to an answer with bodies'),
    bodiesItems: summary('bodies_items', 'Bodies in an answer'),
    balsReq: summary('bals_req', 'Nanoseconds to an answer with block access lists'),
    balsItems: summary('bals_items', 'Block access lists in an answer'),
    importWait: summary('import_wait', 'Nanoseconds that an import waited for its blocks'),
    importBlocks: summary('import_blocks', 'Nanoseconds that an import took'),
    importBatch: summary('import_batch', 'Blocks of an import'),
  })
  const { headers, bodies, bals } = counts
  gauge('headers_in', 'Headers received', () => headers.received)
  gauge('headers_timeout', 'Requests for headers that were not answered in time', () => headers.timeouts)
  gauge('bodies_in', 'Bodies received', () => bodies.received)
  gauge('bodies_bytes', 'Bytes of the bodies received', () => bodies.bytes)
  gauge('bodies_timeout', 'Requests for bodies that were not answered in time', () => bodies.timeouts)
  gauge('bals_in', 'Block access lists received', () => bals.received)
  gauge('bals_bytes', 'Bytes of the block access lists received', () => bals.bytes)
  gauge('bals_drop', 'Entries for block access lists that were of no use', () => bals.received - bals.accepted)
  gauge('bals_timeout', 'Requests for block access lists that were not answered in time', () => bals.timeouts)
  gauge('bodies_peers_idle', 'Peers that are asked for nothing in a sync', () => counts.bodyPeers.idle)
  gauge('bodies_peers_busy', 'Peers that are asked for bodies', () => counts.bodyPeers.busy)
  gauge('bodies_peers_stale', 'Peers that have not answered in time', () => counts.bodyPeers.stale)
  gauge('bodies_peers_outofrange', 'Peers whose range is without the next bodies', () => counts.bodyPeers.outOfRange)
  gauge('chain_progress', 'What of the chain was there after the last import, from 0 to 1', () => counts.progress)
  return counts
}

const prefix = 'eth_downloader'
