import { access } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { Logger } from '../log/log.ts'

/** What a node keeps in its instance directory (geth's Config.ResolvePath). */
export type InstancePaths = {
  readonly directory: string
  readonly chaindata: string
  /** States of blocks, where they are executed. */
  readonly states: string
  /** A state while it is fetched from peers. */
  readonly stateSync: string
  /** Transactions that were given over RPC and wait (geth's journal). */
  readonly transactions: string
  /** The blobs of transactions that wait. */
  readonly blobs: string
  readonly nodekey: string
  /** The node database. */
  readonly nodes: string
  readonly jwtsecret: string
}

export function instancePaths(datadir: string): InstancePaths {
  const directory = join(datadir, 'peerchart')
  return {
    directory,
    chaindata: join(directory, 'chaindata'),
    states: join(directory, 'states'),
    stateSync: join(directory, 'statesync'),
    transactions: join(directory, 'transactions.rlp'),
    blobs: join(directory, 'blobpool'),
    nodekey: join(directory, 'nodekey'),
    nodes: join(directory, 'nodes'),
    jwtsecret: join(directory, 'jwtsecret'),
  }
}

/** Of the socket, unless another is chosen. */
export const ipcName = 'peerchart.ipc'

/**
 * @param path a name by itself is in the datadir or, without one, where temporary files are
 * @returns where a node's socket is (geth's Config.IPCEndpoint)
 */
export function ipcEndpoint(path: string, datadir: string | undefined): string {
  if (process.platform === 'win32') return path.startsWith(pipes) ? path : `${pipes}${path}`
  return basename(path) === path ? join(datadir === undefined ? tmpdir() : resolve(datadir), path) : path
}

const pipes = '\\\\.\\pipe\\'

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
