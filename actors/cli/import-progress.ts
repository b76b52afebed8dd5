import type { ImportProgress } from '../chain/import.ts'
import type { Logger } from '../log/log.ts'

/** Logs how an import goes: every second, and at the end. */
export function importReporter(log: Logger): {
  note(progress: ImportProgress): void
  finish(progress: ImportProgress): void
} {
  const start = performance.now()
  let next = start + interval
  return {
    note(progress) {
      if (performance.now() < next) return
      next = performance.now() + interval
      log.info('Importing blocks', { ...fieldsOf(progress), left: timeLeft(progress, performance.now() - start) })
    },
    finish: (progress) => log.info('Imported blocks', fieldsOf(progress)),
  }
}

const fieldsOf = ({ blocks, bytes, totalBytes, blocksPerSecond }: ImportProgress) => ({
  blocks,
  'blocks/s': blocksPerSecond,
  done: `${Math.floor((100 * bytes) / Math.max(1, totalBytes))}%`,
})

/** As long as the rest of the bytes takes at the rate so far. */
const timeLeft = ({ bytes, totalBytes }: ImportProgress, elapsed: number) =>
  `${Math.ceil((elapsed * Math.max(0, totalBytes - bytes)) / Math.max(1, bytes) / 1_000)} s`

/** In milliseconds. */
const interval = 1_000

/** SIGINT or SIGTERM came before the last block. */
export class ImportInterrupted extends Error {
  override readonly name = 'ImportInterrupted'
  constructor(head: bigint) {
    super(`import interrupted at block ${head}`)
  }
}
