import type { Command } from 'commander'
import { printable } from '../log/log.ts'
import type { Io } from './io.ts'
import { at, inWord } from './json-path.ts'
import { addAddress, type Target, toTarget, withNode } from './target.ts'

type NodeInfoOptions = Target & { readonly json?: boolean }

export function addNodeInfo(command: Command, io: Io): void {
  addAddress(command)
    .option('--json', 'as admin_nodeInfo gives it')
    .action(async (address: string | undefined, options: NodeInfoOptions) => {
      const info = await withNode(toTarget(address, options), (client) => client.call('admin_nodeInfo'))
      io.stdout.write(options.json ? `${JSON.stringify(info)}\n` : describe(info))
    })
}

function describe(info: unknown): string {
  return Object.entries(facts)
    .map(
      ([fact, path]) =>
        `${fact.padEnd(8)} ${printable(inWord(path.reduce<unknown>((inner, key) => at(inner, key), info)))}\n`,
    )
    .join('')
}

/** Where admin_nodeInfo has them. */
const facts = {
  name: ['name'],
  id: ['id'],
  enode: ['enode'],
  listens: ['listenAddr'],
  network: ['protocols', 'eth', 'network'],
  genesis: ['protocols', 'eth', 'genesis'],
  head: ['protocols', 'eth', 'head'],
} as const
