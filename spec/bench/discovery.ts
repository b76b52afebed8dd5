import { spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { DPT } from '@ethereumjs/devp2p'
import { DiscoveryEndpoint } from '../../actors/crawler/discovery-endpoint.ts'
import type { DiscoveredNode } from '../../actors/discovery/discovered-node.ts'
import { startLookup } from '../../actors/discovery/lookups.ts'
import { bucketSize, Table } from '../../actors/discovery/table.ts'
import { silent } from '../../actors/log/log.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { decodePacket, type Endpoint, encodePacket } from '../../protocols/discv4/packets.ts'
import { closestTo } from '../../protocols/enode/distance.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { findDevp2p } from '../support/clients.ts'

/** One node's answers to PINGs of discv4: each is verified, and a PONG signed, over UDP on loopback. */
export async function benchDiscovery(seconds: number, report: (line: string) => void) {
  const key = new Uint8Array(32).fill(7)
  const ours = await rateOf(await startOwn(), key, seconds)
  report(`Peerchart: ${ours.perSecond} PINGs answered a second, ${ours.cpuMs} ms of the processor for each`)
  const theirs = await rateOf(await startDpt(), key, seconds)
  report(`@ethereumjs/devp2p: ${theirs.perSecond} a second, ${theirs.cpuMs} ms for each`)
  const path = findDevp2p()
  const geth = path === undefined ? undefined : (await rateOf(await startDevp2p(path), key, seconds)).perSecond
  if (geth !== undefined) report(`geth: ${geth} a second, in a process of its own`)
  const lookups = await lookupRate(500, seconds)
  report(`lookups in a table of 500 nodes: ${lookups} a second`)
  const ratio = Math.round((theirs.cpuMs / ours.cpuMs) * 10) / 10
  report(`${ratio} times those of @ethereumjs/devp2p, by the time of the processor`)
  const beside = geth !== undefined && { geth, gethRatio: Math.round((ours.perSecond / geth) * 100) / 100 }
  return { ours, ethereumjs: theirs, ratio, ...beside, lookupsPerSecond: lookups }
}

type Subject = { readonly port: number; close(): Promise<void> | void }

type Rate = {
  readonly perSecond: number
  /** Of this process, for each PING: its sender's part is small, and the same for all. */
  readonly cpuMs: number
}

const host = '127.0.0.1'
/** PINGs under way. */
const window = 64

async function startOwn(): Promise<Subject> {
  const runtime = processRuntime()
  const endpoint = await DiscoveryEndpoint.open(runtime, {
    ...{ v4: true, v5: false, host, port: 0, privateKey: runtime.entropy(32), bootnodes: [], log: silent },
  })
  return { port: endpoint.socket.port, close: () => endpoint.close() }
}

async function startDpt(): Promise<Subject> {
  const port = await freePort()
  const dpt = new DPT(new Uint8Array(32).fill(9), {
    endpoint: { address: host, udpPort: port, tcpPort: port },
    shouldGetDnsPeers: false,
  })
  dpt.events.on('error', () => {})
  dpt.bind(port, host)
  await once(dpt.events as never, 'listening')
  return { port, close: () => dpt.destroy() }
}

async function startDevp2p(path: string): Promise<Subject> {
  const listening = spawn(path, ['discv4', 'listen', '--addr', `${host}:0`, '--bootnodes', ''], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [record] = (await once(createInterface({ input: listening.stdout }), 'line')) as [string]
  const { udp } = parseNode(record)
  return { port: udp, close: () => void listening.kill('SIGKILL') }
}

async function rateOf(subject: Subject, key: Uint8Array, seconds: number): Promise<Rate> {
  const sender = await bound()
  const { port } = sender.address()
  const self: Endpoint = { ip: Uint8Array.of(127, 0, 0, 1), udp: port, tcp: 0 }
  const to: Endpoint = { ...self, udp: subject.port }
  const expiration = BigInt(Math.floor(Date.now() / 1_000)) + 3_600n
  const ping = (enrSeq: bigint) =>
    encodePacket({ name: 'PING', version: 4n, from: self, to, expiration, enrSeq }, key).bytes
  const pings = Array.from({ length: window }, (_, i) => ping(BigInt(i + 1)))
  let [sent, answered] = [0, 0]
  const next = () => sender.send(pings[sent++ % window]!, subject.port, host)
  sender.on('message', (bytes) => {
    if (bytes[typeAt] === 2) {
      answered++
      next()
    } else if (bytes[typeAt] === 1) {
      // It wants to see that we are here.
      const { hash } = decodePacket(new Uint8Array(bytes))
      sender.send(encodePacket({ name: 'PONG', to, replyTo: hash, expiration }, key).bytes, subject.port, host)
    }
  })
  const fill = () => {
    for (let i = 0; i < window; i++) next()
  }
  fill()
  // What is lost is sent anew: a subject whose socket overflows is not to be found idle.
  let seen = 0
  const refill = setInterval(() => {
    if (answered - seen < window / 4) fill()
    seen = answered
  }, 100)
  await sleep(500)
  const [before, cpu, began] = [answered, process.cpuUsage(), performance.now()]
  await sleep(seconds * 1_000)
  const [count, elapsed] = [answered - before, performance.now() - began]
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(refill)
  sender.close()
  await subject.close()
  if (count === 0) throw new Error('no PING was answered')
  return {
    perSecond: Math.round((count / elapsed) * 1_000),
    cpuMs: Math.round((user + system) / count) / 1_000,
  }
}

/** Where a packet has its type. */
const typeAt = 97

/** Lookups of random targets, each of whose questions is answered from a table of so many nodes. */
async function lookupRate(size: number, seconds: number): Promise<number> {
  const runtime = processRuntime()
  const nodes = Array.from({ length: size }, (): DiscoveredNode => {
    const key = publicKeyOf(runtime.entropy(32))
    return { ...toEnode(key, host, 30_303), host }
  })
  const draw = (end: number) => Math.floor((runtime.entropy(1)[0]! / 256) * end)
  const table = new Table({ self: nodes[0]!.id, now: Date.now, draw })
  for (const node of nodes) table.add(node)
  const began = performance.now()
  let count = 0
  for (; performance.now() - began < seconds * 1_000; count++) {
    const target = bytesToHex(runtime.entropy(32))
    const start = table.closest(target, bucketSize, false)
    const query = async () => closestTo(target, nodes, bucketSize)
    await startLookup(runtime, { id: `lookup/${count}`, parent: 'bench', target, self: nodes[0]!.id, start, query })
      .closest
  }
  return Math.round(count / seconds)
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, host)
  await once(socket, 'listening')
  return socket
}

async function freePort(): Promise<number> {
  const socket = await bound()
  const { port } = socket.address()
  socket.close()
  return port
}
