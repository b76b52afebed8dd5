import { existsSync } from 'node:fs'
import { readHeader } from '../../protocols/chain/header.ts'
import { decode, type EthRequest, encode } from '../../protocols/eth/messages.ts'
import { messageTable } from '../../protocols/eth/versions.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import { findGeth } from '../support/clients.ts'
import { ethtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import { startOwnNode } from '../support/own-node.ts'
import { FastPeer } from './fast-peer.ts'

/** Requests answered a second, and microseconds of the node's processor time for each. */
type Rate = { readonly perSecond: number; readonly cpuMicros?: number }
type LoadName = 'header' | 'headers192' | 'bodies128'
export type ServeResult = Record<LoadName, Record<'one' | 'fifty', { ours: Rate; geth?: Rate }>>

/** A node that is asked, in a process of its own. */
type Asked = { readonly enode: string; cpu?(): Promise<number>; stop(): Promise<unknown> }

/** As many requests as a node at the head of a chain answers to one peer and to fifty, over loopback TCP; geth beside it where there is one. */
export async function benchServe(seconds: number, report: (line: string) => void): Promise<ServeResult> {
  const hasChain = existsSync(ethtest.chain)
  const { genesis, chain, networkId } = ethtest
  const own = await startOwnNode(hasChain ? { genesis, chain } : { blocks: 600 })
  const ours: Asked = { ...own, cpu: () => own.call('cpu') }
  const path = hasChain ? findGeth() : undefined
  const geth = path === undefined ? undefined : await Geth.start({ path, genesis, chain, networkId })
  const result: Partial<ServeResult> = {}
  try {
    for (const name of ['header', 'headers192', 'bodies128'] as const) {
      const one = await compare(ours, geth, { name, crowd: 1, seconds })
      const fifty = await compare(ours, geth, { name, crowd: 50, seconds })
      result[name] = { one, fifty }
      report(`${name.padEnd(10)} to 1 peer: ${line(one)}`)
      report(`${name.padEnd(10)} to 50 peers: ${line(fifty)}`)
    }
  } finally {
    await geth?.stop()
    await own.stop()
  }
  return result as ServeResult
}

type Bench = { readonly name: LoadName; readonly crowd: number; readonly seconds: number }

/** Once each to get warm, then in turns, and the best of each: what else the machine does slows both. */
async function compare(ours: Asked, geth: Asked | undefined, bench: Bench) {
  const rates: { ours: Rate[]; geth: Rate[] } = { ours: [], geth: [] }
  for (let turn = 0; turn < turns; turn++) {
    rates.ours.push(await measure(ours, bench))
    if (geth) rates.geth.push(await measure(geth, bench))
  }
  const best = ([, ...measured]: Rate[]): Rate => ({
    perSecond: Math.max(...measured.map(({ perSecond }) => perSecond)),
    ...(measured[0]?.cpuMicros !== undefined && { cpuMicros: Math.min(...measured.map((rate) => rate.cpuMicros!)) }),
  })
  return { ours: best(rates.ours), ...(geth && { geth: best(rates.geth) }) }
}

async function measure(node: Asked, { name, crowd, seconds }: Bench): Promise<Rate> {
  const peers: FastPeer[] = []
  for (let i = 0; i < crowd; i++) peers.push(await FastPeer.join(node.enode))
  const requests = await requestsOf(name, peers[0]!)
  let answered = 0
  const end = performance.now() + seconds * 1_000
  const countOne = () => {
    answered++
    return performance.now() > end
  }
  const cpu = await node.cpu?.()
  const start = performance.now()
  await Promise.all(peers.map((peer) => ask(peer, requests, crowd === 1 ? 16 : 2, countOne)))
  const perSecond = Math.round((answered * 1_000) / (performance.now() - start))
  const spent = node.cpu && (await node.cpu()) - cpu!
  for (const peer of peers) peer.close()
  return { perSecond, ...(spent !== undefined && { cpuMicros: Math.round((spent / answered) * 10) / 10 }) }
}

/** Keeps so many requests under way, each answer the cause of the next request, until `answered` says that the time is over. @throws (rejects) the node hung up */
function ask(peer: FastPeer, requests: readonly Load[], underWay: number, answered: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    const askNext = () => {
      const { code, payload } = requests[next++ % requests.length]!
      peer.send(code, payload)
      peer.flush()
    }
    const answers = new Set(requests.map(({ code }) => code + 1))
    let open = underWay
    peer.heard = (code) => {
      if (code === disconnect) return reject(new Error('a peer was lost'))
      if (!answers.has(code)) return
      if (!answered()) askNext()
      else if (--open === 0) resolve()
    }
    for (let i = 0; i < underWay; i++) askNext()
  })
}

type Load = { readonly code: number; readonly payload: Uint8Array }

/** Different ones, from all over the chain. */
async function requestsOf(name: LoadName, peer: FastPeer): Promise<Load[]> {
  if (name === 'header') return Array.from({ length: 64 }, (_, i) => headersFrom(BigInt(1 + i * 9), 1n))
  if (name === 'headers192') return [1n, 193n, 385n].map((origin) => headersFrom(origin, 192n))
  const hashes = await hashesOf(peer)
  return [0, 128, 256, 384].map((first) =>
    loadOf({ kind: 'GetBlockBodies', id: 7n, hashes: HashList.of(hashes.slice(first, first + 128)) }),
  )
}

async function hashesOf(peer: FastPeer): Promise<Uint8Array[]> {
  const { code, payload: request } = headersFrom(1n, 600n)
  const answer = new Promise<Uint8Array>((resolve) => {
    peer.heard = (heard, payload) => {
      if (heard === code + 1) resolve(payload.slice())
    }
  })
  peer.send(code, request)
  peer.flush()
  return Array.from(decode(69, 'BlockHeaders', await answer).headers.items(), (item) => readHeader(item).hash)
}

const headersFrom = (origin: bigint, amount: bigint): Load =>
  loadOf({ kind: 'GetBlockHeaders', id: 7n, origin, amount, skip: 0n, reverse: false })

const loadOf = (request: EthRequest): Load => ({
  code: ethOffset + messageTable(69).codeOf(request.kind)!,
  payload: encode(69, request),
})

const ethOffset = 16
const disconnect = 1
const turns = 4

function line({ ours, geth }: { ours: Rate; geth?: Rate }): string {
  const own = `${ours.perSecond}/s, ${ours.cpuMicros} µs of processor each`
  return geth ? `${own}; geth ${geth.perSecond}/s` : own
}
