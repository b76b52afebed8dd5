/** Milliseconds. */
export type Latency = { readonly p50: number; readonly p99: number }

export function latencyOf(samples: readonly number[]): Latency {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]! * 100) / 100
  return { p50: at(0.5), p99: at(0.99) }
}
