import type { ImportProgress } from '../chain/import.ts'
import type { Logger } from '../log/log.ts'

/** Logs how an import goes: every second, and at the end. */
export function importReporter(log: Logger): {
  note(progress: ImportProgress): void
  finish(progress: ImportProgress): void
} {
  let next = performance.now() + interval
  return {
    note(progress) {
      if (performance.now() < next) return
      next = performance.now() + interval
      log.info('Importing blocks', fieldsOf(progress))
    },
    finish: (progress) => log.info('Imported blocks', fieldsOf(progress)),
  }
}

const fieldsOf = ({ blocks, bytes, totalBytes, blocksPerSecond }: ImportProgress) => ({
  blocks,
  'blocks/s': blocksPerSecond,
  done: `${Math.floor((100 * bytes) / Math.max(1, totalBytes))}%`,
})

/** In milliseconds. */
const interval = 1_000

/** SIGINT or SIGTERM came before the last block. */
export class ImportInterrupted extends Error {
  override readonly name = 'ImportInterrupted'
  constructor(head: bigint) {
    super(`import interrupted at block ${head}`)
  }
}
