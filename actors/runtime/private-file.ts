import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, statSync } from 'node:fs'

/**
 * Opens a file to write what is its owner's alone, also one that others could read before. Links are
 * followed, as of any file that is named, and what they lead to is made private. A pipe is opened when it has a reader:
 * to wait for one would stop the process.
 * @param how whether what is in it stays; what is appended to a pipe that is full fails with EAGAIN, what replaces waits
 * @returns its descriptor
 * @throws the system's error; EPERM where it belongs to another user, who could read it again; ENXIO: a pipe without a reader
 */
export function openPrivate(path: string, how: 'append' | 'replace'): number {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants
  const flags = O_WRONLY | O_CREAT | (how === 'append' ? O_APPEND : 0)
  const descriptor = openAtOnce(path, flags)
  try {
    const file = fstatSync(descriptor)
    if (file.isFIFO() && how === 'replace') {
      const waiting = openSync(path, flags) // it has a reader
      closeSync(descriptor)
      return waiting
    }
    if (!file.isFile()) return descriptor
    if (process.getuid && file.uid !== process.getuid()) throw ofAnother(path)
    if (process.getuid && (file.mode & 0o077) !== 0) fchmodSync(descriptor, 0o600)
    if (how === 'replace') ftruncateSync(descriptor)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function openAtOnce(path: string, flags: number): number {
  try {
    return openSync(path, flags | constants.O_NONBLOCK, 0o600)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENXIO' && statSync(path).isFIFO() ? withoutReader(path) : error
  }
}

const withoutReader = (path: string) =>
  Object.assign(new Error(`ENXIO: the pipe has no reader, open '${path}'`), { code: 'ENXIO', syscall: 'open', path })

const ofAnother = (path: string) =>
  Object.assign(new Error(`EPERM: the file belongs to another user, open '${path}'`), {
    ...{ code: 'EPERM', syscall: 'open', path },
  })
