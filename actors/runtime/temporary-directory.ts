import { rmSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory that goes when it is removed, or with the process; what a killed process leaves, the next one removes. */
export class TemporaryDirectory {
  readonly path: string
  readonly remove = (): void => {
    process.off('exit', this.remove)
    rmSync(this.path, { recursive: true, force: true })
  }

  private constructor(path: string) {
    this.path = path
    process.once('exit', this.remove)
  }

  /**
   * @param name what its name begins with
   * @throws {NoTemporaryDirectory}
   */
  static async make(name: string): Promise<TemporaryDirectory> {
    const prefix = `${name}-${hostname()}-`
    await removeOrphans(prefix)
    const path = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`)).catch((cause: Error) => {
      throw new NoTemporaryDirectory(cause)
    })
    return new TemporaryDirectory(path)
  }
}

/** Of processes that ended here: a container that shares the directory has other pids, and another host name. */
async function removeOrphans(prefix: string): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(prefix)) continue
    const [, pid] = /^(\d+)-\w{6}$/.exec(name.slice(prefix.length)) ?? []
    if (pid === undefined || isAlive(Number(pid))) continue
    const path = join(tmpdir(), name)
    const left = await lstat(path).catch(() => undefined)
    // In what another user made, a link could be put in the way of the removal.
    if (left && left.uid === process.getuid?.()) await rm(path, { recursive: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The system allows none where temporary files are. */
export class NoTemporaryDirectory extends Error {
  override readonly name = 'NoTemporaryDirectory'

  constructor(cause: Error) {
    super(`no temporary directory: ${cause.message}`, { cause })
  }
}
