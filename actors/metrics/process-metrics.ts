import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/**
 * @returns what belongs to the process and to none of its nodes: processor time, memory, garbage collection, and how
 *   late the event loop was since the last scrape. Begun by the first call, for its observers cannot be taken off again.
 */
export function processMetrics(): Registry {
  if (!registry) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry
}
