import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from './log.ts'

/** What a node keeps below its datadir (geth's Config.ResolvePath). All but `ipc` is in the instance directory. */
export type InstancePaths = {
  readonly directory: string
  readonly chaindata: string
  readonly nodekey: string
  readonly jwtsecret: string
  readonly ipc: string
}

export function instancePaths(datadir: string): InstancePaths {
  const directory = join(datadir, 'peerchart')
  return {
    directory,
    chaindata: join(directory, 'chaindata'),
    nodekey: join(directory, 'nodekey'),
    jwtsecret: join(directory, 'jwtsecret'),
    ipc: join(datadir, 'peerchart.ipc'),
  }
}

/** Says of files that geth once read, and that are ignored as it ignores them now, what to use instead. */
export async function reportLegacyFiles(directory: string, log: Logger): Promise<void> {
  for (const [name, replacement] of Object.entries(legacyFiles)) {
    const path = join(directory, name)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) log.error(`The ${name} file is deprecated and ignored. Use ${replacement} instead.`, { path })
  }
}

const legacyFiles = { 'static-nodes.json': 'P2P.StaticNodes', 'trusted-nodes.json': 'P2P.TrustedNodes' }
