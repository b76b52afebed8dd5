import type { Command } from 'commander'
import type { PeerInfo } from '../p2p/peer-info.ts'
import { shortId } from '../peer-names.ts'
import type { Io } from './io.ts'
import { table } from './table.ts'
import { addUrl, type Target, withNode } from './target.ts'

type PeersOptions = Target & { readonly json?: boolean }

export function addPeers(program: Command, io: Io): void {
  addUrl(program.command('peers'))
    .description('list the peers of a running node')
    .option('--json', 'as admin_peers gives them')
    .action(async (options: PeersOptions) => {
      const peers = await withNode(options, (client) => client.call<readonly PeerInfo[]>('admin_peers'))
      io.stdout.write(options.json ? `${JSON.stringify(peers)}\n` : describe(peers))
    })
}

function describe(peers: readonly PeerInfo[]): string {
  if (peers.length === 0) return 'no peers\n'
  return table(['ID', 'CLIENT', 'CAPS', 'DIRECTION', 'ADDRESS', 'ETH', 'HEAD'], peers.map(rowOf))
}

function rowOf({ id, name, caps, network, protocols }: PeerInfo): string[] {
  const kind = [network.static && 'static', network.trusted && 'trusted'].filter(Boolean).join(', ')
  const direction = `${network.inbound ? 'inbound' : 'outbound'}${kind && ` (${kind})`}`
  return [
    shortId(id),
    cut(name, 48),
    cut((caps ?? []).join(' '), 48),
    direction,
    network.remoteAddress,
    ...ethOf(protocols),
  ]
}

/** @returns version and head; a session that still shakes hands says so in their stead */
function ethOf({ eth }: PeerInfo['protocols']): [version: string, head: string] {
  if (typeof eth !== 'object' || eth === null) return [typeof eth === 'string' ? eth : '-', '-']
  const { version, latestBlock } = eth as { readonly version?: number; readonly latestBlock?: number }
  return [`${version ?? '-'}`, `${latestBlock ?? '-'}`]
}

const cut = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text)
