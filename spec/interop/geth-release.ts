import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { skip } from '../support/clients.ts'

/**
 * Skips the running spec, or the suite of the running hook, when a geth is older than what it is held to.
 * @param path of the executable
 * @param oldest as `1.17.9`
 */
export async function requireRelease(context: Mocha.Context, path: string, oldest: string): Promise<void> {
  const { stdout } = await promisify(execFile)(path, ['version'])
  const [, release] = /^Version: (\d+\.\d+\.\d+)/m.exec(stdout) ?? []
  if (release === undefined) throw new Error(`${path} version says no release:\n${stdout}`)
  if (rank(release) < rank(oldest)) skip(context, `geth ${release} is older than ${oldest}`)
}

const rank = (release: string) => release.split('.').reduce((sum, part) => sum * 1_000 + Number(part), 0)
