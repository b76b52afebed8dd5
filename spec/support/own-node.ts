import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { NodeOptions } from '../../actors/peerchart/node-options.ts'
import type { Call, Endpoints, OwnNodeCalls, Reply } from './own-node-process.ts'
import { programFile, programLoader } from './project.ts'
import type { Subject } from './subject.ts'

/** What of a node's options can be passed to another process. */
export type OwnNodeOptions = Pick<
  NodeOptions,
  | 'datadir'
  | 'ethVersions'
  | 'execute'
  | 'syncMode'
  | 'genesis'
  | 'maxPeers'
  | 'peers'
  | 'noDial'
  | 'headPollInterval'
  | 'rpc'
  | 'discovery'
  | 'netRestrict'
> & {
  /** A chain.rlp to import. */
  readonly chain?: string
  /** Blocks of its own making on the genesis, instead. */
  readonly blocks?: number
  /** Everything it does is watched and logged, to see that watching does no harm. */
  readonly isWatched?: boolean
  /** A consensus client has named its head. */
  readonly isSynced?: boolean
}

/** Our own node on 127.0.0.1, in a process of its own: what it needs is its own, and its end is that of no other. */
export type OwnNode = Subject &
  Endpoints & {
    readonly call: <Name extends keyof OwnNodeCalls>(
      name: Name,
      ...params: Parameters<OwnNodeCalls[Name]>
    ) => ReturnType<OwnNodeCalls[Name]>
    /** All that it wrote to its standard output and error. */
    output(): string
  }

/** @throws the node did not start: the message has what it wrote */
export async function startOwnNode(options: OwnNodeOptions = {}): Promise<OwnNode> {
  const child = fork(programFile('spec/support/own-node-process'), {
    execArgv: ['--expose-gc', ...programLoader],
    serialization: 'advanced',
    detached: true, // Ctrl-C is for the caller; it ends when the caller is gone
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const output = gather(child)
  const call = caller(child, output) as OwnNode['call']
  const nodeKey = randomBytes(32)
  const started = await call('start', { ...options, nodeKey })
  return {
    ...{ ...started, nodeKey, call, output },
    addPeer: (enode) => call('addPeer', enode),
    removePeer: (enode) => call('removePeer', enode),
    vitals: () => call('vitals'),
    stop: async () => {
      await call('stop')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

function caller(child: ChildProcess, output: () => string): (name: string, ...params: unknown[]) => Promise<unknown> {
  /** BOUNDED: by the calls of one spec. */
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let last = 0
  child.on('message', ({ id, result, error }: Reply) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error))
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the node ended with ${signal ?? code}:\n${output()}`))
  })
  return (name, ...params) =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null) return reject(new Error(`the node ended with ${child.exitCode}:\n${output()}`))
      const call: Call = { id: ++last, name: name as Call['name'], params }
      waiting.set(call.id, { resolve, reject })
      child.send(call)
    })
}

/** BOUNDED: the last maxOutput characters. */
function gather(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-maxOutput)
    })
  return () => text
}

const maxOutput = 8 << 20
