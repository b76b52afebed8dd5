import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { MessageEntry } from '../../../actors/trace/entries.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import type { Format } from '../../protocols/pcap/capture-writer.ts'
import { Tap } from './tap.ts'

export type TappedSession = {
  capture(format?: Format): Uint8Array
  /** What the node that dialed said of the messages, while it read them. */
  readonly reported: readonly MessageEntry[]
}

/** Two nodes meet, exchange their Statuses and part, and the one that dials writes its keys to `keyLog`. */
export async function tapSession(keyLog: string): Promise<TappedSession> {
  const [listening, dialing] = await Promise.all([
    createNode({ genesis: devGenesisJson, port: 0 }),
    createNode({ genesis: devGenesisJson, port: 0, keyLog }),
  ])
  await listening.start()
  const tap = new Tap(parseNode(listening.enode).tcp)
  await tap.open()
  const reported: MessageEntry[] = []
  dialing.feed.subscribe((entry) => {
    if (entry.type === 'message.sent' || entry.type === 'message.received') reported.push(entry)
  })
  const met = new Promise<void>((resolve) => {
    listening.events$.subscribe((event) => {
      if (event.type === 'transition' && event.chart === 'eth-peer' && event.to.startsWith('active')) resolve()
    })
  })
  await dialing.start()
  dialing.addPeer(formatEnode({ ...parseNode(listening.enode), tcp: tap.port }))
  await met
  await dialing.stop()
  await listening.stop()
  await tap.close()
  return { reported, capture: (format) => tap.capture(format) }
}
