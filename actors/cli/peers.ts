import type { Command } from 'commander'
import { shortId } from '../peerchart/peer-names.ts'
import type { Io } from './io.ts'
import { at, inWord } from './json-path.ts'
import { table } from './table.ts'
import { addAddress, type Target, toTarget, UnknownAnswer, withNode } from './target.ts'

type PeersOptions = Target & { readonly json?: boolean }

export function addPeers(command: Command, io: Io): void {
  addAddress(command)
    .option('--json', 'as admin_peers gives them')
    .action(async (address: string | undefined, options: PeersOptions) => {
      const peers = await withNode(toTarget(address, options), async (client) => {
        const answer = await client.call('admin_peers')
        if (!Array.isArray(answer)) throw new UnknownAnswer(client.target, 'admin_peers')
        return answer
      })
      io.stdout.write(options.json ? `${JSON.stringify(peers)}\n` : describe(peers))
    })
}

function describe(peers: readonly unknown[]): string {
  if (peers.length === 0) return 'no peers\n'
  return table(['ID', 'CLIENT', 'CAPS', 'DIRECTION', 'ADDRESS', 'ETH', 'HEAD'], peers.map(rowOf))
}

function rowOf(peer: unknown): string[] {
  const caps = at(peer, 'caps')
  return [
    shortId(inWord(at(peer, 'id'))),
    cut(inWord(at(peer, 'name'))),
    cut(Array.isArray(caps) ? caps.map(inWord).join(' ') : '-'),
    directionOf(at(peer, 'network')),
    inWord(at(peer, 'network', 'remoteAddress')),
    ...ethOf(at(peer, 'protocols', 'eth')),
  ]
}

function directionOf(network: unknown): string {
  const kind = ['static', 'trusted'].filter((one) => at(network, one) === true).join(', ')
  return `${at(network, 'inbound') === true ? 'inbound' : 'outbound'}${kind && ` (${kind})`}`
}

/** @returns version and head; a session that still shakes hands says so in their stead */
function ethOf(eth: unknown): [version: string, head: string] {
  return [inWord(typeof eth === 'string' ? eth : at(eth, 'version')), inWord(at(eth, 'latestBlock'))]
}

const cut = (text: string) => (text.length > widest ? `${text.slice(0, widest - 1)}…` : text)
const widest = 48
