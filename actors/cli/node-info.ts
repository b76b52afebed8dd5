import type { Command } from 'commander'
import { printable } from '../log.ts'
import type { Io } from './io.ts'
import { addUrl, type Target, withNode } from './target.ts'

type NodeInfoOptions = Target & { readonly json?: boolean }

/** admin_nodeInfo, as far as it is shown. */
type NodeInfo = {
  readonly name: string
  readonly id: string
  readonly enode: string
  readonly listenAddr: string
  readonly protocols: {
    readonly eth?: { readonly network?: number; readonly genesis?: string; readonly head?: string }
  }
}

export function addNodeInfo(program: Command, io: Io): void {
  addUrl(program.command('node'))
    .description('tell who a running node is')
    .option('--json', 'as admin_nodeInfo gives it')
    .action(async (options: NodeInfoOptions) => {
      const info = await withNode(options, (client) => client.call<NodeInfo>('admin_nodeInfo'))
      io.stdout.write(options.json ? `${JSON.stringify(info)}\n` : describe(info))
    })
}

function describe({ name, id, enode, listenAddr, protocols: { eth } }: NodeInfo): string {
  const facts = { name, id, enode, listens: listenAddr, network: eth?.network, genesis: eth?.genesis, head: eth?.head }
  return Object.entries(facts)
    .map(([fact, value]) => `${fact.padEnd(8)} ${printable(`${value ?? '-'}`)}\n`)
    .join('')
}
