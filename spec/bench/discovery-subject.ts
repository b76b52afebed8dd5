import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { programFile, programLoader } from '../support/project.ts'
import type { Ready, Used } from './discovery-child.ts'

export type DiscoverySubject = Ready & {
  used(): Promise<Used>
  close(): void
}

/** A node that discovers, in a process of its own: see discovery-child.ts for what it takes. */
export async function startChild(...args: string[]): Promise<DiscoverySubject> {
  const program = programFile('spec/bench/discovery-child')
  const child: ChildProcess = fork(program, args, { execArgv: [...programLoader, '--expose-gc'] })
  const [ready] = (await once(child, 'message')) as [Ready]
  return {
    ...ready,
    used: async () => {
      child.send('used')
      return ((await once(child, 'message')) as [Used])[0]
    },
    close: () => void child.kill('SIGKILL'),
  }
}
