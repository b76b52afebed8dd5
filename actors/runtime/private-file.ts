import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync } from 'node:fs'

/**
 * Opens a file to write what is its owner's alone, whoever could read it before. Links are followed, as of any file that
 * is named, and what they lead to is made private.
 * @param how whether what is in it stays
 * @returns its descriptor
 * @throws the system's error; EPERM where it belongs to another user, who could read it again
 */
export function openPrivate(path: string, how: 'append' | 'replace'): number {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants
  const descriptor = openSync(path, O_WRONLY | O_CREAT | (how === 'append' ? O_APPEND : 0), 0o600)
  try {
    const file = fstatSync(descriptor)
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

const ofAnother = (path: string) =>
  Object.assign(new Error(`EPERM: the file belongs to another user, open '${path}'`), {
    ...{ code: 'EPERM', syscall: 'open', path },
  })
