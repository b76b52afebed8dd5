import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory that goes when it is removed, or with the process; only a process that is killed leaves it behind. */
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
    const path = await mkdtemp(join(tmpdir(), `${name}-`)).catch((cause: Error) => {
      throw new NoTemporaryDirectory(cause)
    })
    return new TemporaryDirectory(path)
  }
}

/** The system allows none where temporary files are. */
export class NoTemporaryDirectory extends Error {
  override readonly name = 'NoTemporaryDirectory'

  constructor(cause: Error) {
    super(`no temporary directory: ${cause.message}`, { cause })
  }
}
