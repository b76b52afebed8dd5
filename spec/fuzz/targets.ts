import { readersTarget } from './readers.ts'
import type { Target } from './target.ts'

/** What can be fuzzed. Each is loaded when it is its turn, in a thread of its own. */
export const targets = {
  wire: async () => (await import('./targets/wire.ts')).wire(),
  syncing: async () => (await import('./targets/syncing.ts')).syncing(),
  decoders: async () => readersTarget((await import('./targets/decoders.ts')).decoders),
  rpc: async () => (await import('./targets/rpc.ts')).rpc(),
  engine: async () => (await import('./targets/engine.ts')).engine(),
  recordings: async () => readersTarget(await (await import('./targets/recordings.ts')).recordings()),
  captures: async () => readersTarget((await import('./targets/captures.ts')).captures),
  configuration: async () => readersTarget(await (await import('./targets/configuration.ts')).configuration()),
} as const satisfies Record<string, () => Promise<Target>>

export type TargetName = keyof typeof targets
export const targetNames = Object.keys(targets) as TargetName[]
