import { openSync, readSync } from 'node:fs'

/**
 * @returns milliseconds of the processor that the main thread took: what others do on the machine is not in it. Where the
 * system does not count by threads, of all threads of the process
 */
export const threadTime: () => number = ofThisThread() ?? processTime

function ofThisThread(): (() => number) | undefined {
  try {
    const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
    const text = Buffer.alloc(64)
    return () => {
      processTime() // brings what Linux counts for this thread up to now
      readSync(schedstat, text, 0, text.length, 0)
      return Number.parseInt(text.toString('latin1'), 10) / 1e6
    }
  } catch {
    return undefined
  }
}

function processTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}
