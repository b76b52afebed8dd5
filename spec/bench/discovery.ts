import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DiscoveredNode, nodeOfRecord } from '../../actors/discovery/discovered-node.ts'
import { startLookup } from '../../actors/discovery/lookups.ts'
import { bucketSize, Table } from '../../actors/discovery/table.ts'
import { udp } from '../../actors/discovery/udp.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { decodePacket, type Endpoint, encodePacket } from '../../protocols/discv4/packets.ts'
import { closestTo } from '../../protocols/enode/distance.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { parseRecord } from '../../protocols/enr/record.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { Tester } from '../actors/discovery/v5/tester.ts'
import { findChainsafeDiscv5, findDevp2p } from '../support/clients.ts'
import { startChild } from './discovery-subject.ts'

/**
 * What one core does for a node that discovers, beside other implementations: PINGs of discv4 verified and answered, sessions of
 * discv5 begun by others. Each node has a process of its own; what counts is the processor's time that this process takes.
 */
export async function benchDiscovery(seconds: number, report: (line: string) => void) {
  const measure = async (name: string, work: Work, subject: Promise<Subject>) => {
    const rate = await rateOf(work, await subject, seconds)
    report(`${work.name}, ${name}: ${rate.perCoreSecond} a second of one core (${rate.cpuMs} ms each)`)
    return rate
  }
  const devp2p = canReadCpu() ? findDevp2p() : undefined
  const chainsafe = findChainsafeDiscv5()
  const pings = {
    ours: await measure('Peerchart', answerPings, forked('v4')),
    ethereumjs: await measure('@ethereumjs/devp2p', answerPings, forked('dpt')),
    ...(devp2p !== undefined && { geth: await measure('geth', answerPings, startDevp2p(devp2p, 'discv4')) }),
  }
  const handshakes = {
    ours: await measure('Peerchart', acceptSessions, forked('v5')),
    ...(chainsafe !== undefined && {
      chainsafe: await measure('@chainsafe/discv5', acceptSessions, forked('chainsafe', chainsafe)),
    }),
    ...(devp2p !== undefined && { geth: await measure('geth', acceptSessions, startDevp2p(devp2p, 'discv5')) }),
  }
  const lookups = await lookupRate(500, seconds)
  report(`lookups in a table of 500 nodes: ${lookups} a second`)
  const result = {
    ...{ pings, handshakes, lookupsPerSecond: lookups },
    pingRatios: ratios(pings),
    handshakeRatios: ratios(handshakes),
  }
  report(`ours against theirs: PINGs ${jsonOf(result.pingRatios)}, sessions ${jsonOf(result.handshakeRatios)}`)
  return result
}

type Subject = {
  readonly port: number
  /** Its node, where it has a record. */
  readonly node?: DiscoveredNode | undefined
  /** Of the processor, in µs, since it started. */
  cpu(): Promise<number> | number
  close(): void
}

/** Keeps a subject busy. */
type Work = { readonly name: string; begin(subject: Subject): Promise<Working> }
type Working = { readonly done: number; close(): void }

type Rate = {
  readonly perCoreSecond: number
  /** Of the subject's process, for each. */
  readonly cpuMs: number
  /** As they came, with all processes on this machine's cores. */
  readonly perSecond: number
}

const host = '127.0.0.1'
/** PINGs under way, and sessions. */
const window = 64

async function rateOf(work: Work, subject: Subject, seconds: number): Promise<Rate> {
  const working = await work.begin(subject)
  await sleep(1_000) // it is compiled
  const [before, cpu, began] = [working.done, await subject.cpu(), performance.now()]
  await sleep(seconds * 1_000)
  const [count, used, elapsed] = [working.done - before, (await subject.cpu()) - cpu, performance.now() - began]
  working.close()
  subject.close()
  if (count === 0) throw new Error(`${work.name}: none`)
  return {
    perCoreSecond: Math.round((count / used) * 1e6),
    cpuMs: Math.round(used / count) / 1_000,
    perSecond: Math.round((count / elapsed) * 1_000),
  }
}

/** @returns how many times as many as each of the others we do in the same time of the processor */
function ratios({ ours, ...others }: { readonly ours: Rate } & { readonly [name: string]: Rate | undefined }) {
  const of = ([name, rate]: [string, Rate | undefined]) =>
    rate ? [[name, Math.round((rate.cpuMs / ours.cpuMs) * 100) / 100] as const] : []
  return Object.fromEntries(Object.entries(others).flatMap(of))
}

const jsonOf = (value: object): string => JSON.stringify(value)

async function forked(...args: string[]): Promise<Subject> {
  const { port, record, used, close } = await startChild(...args)
  const node = record === undefined ? undefined : nodeOfRecord(parseRecord(record))
  return { port, node, cpu: async () => (await used()).cpu, close }
}

async function startDevp2p(path: string, version: 'discv4' | 'discv5'): Promise<Subject> {
  const args = [version, 'listen', '--addr', `${host}:0`, '--bootnodes', '']
  const listening = spawn(path, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const [text] = (await once(createInterface({ input: listening.stdout }), 'line')) as [string]
  const { id, publicKey, tcp, udp: port } = parseNode(text)
  const record = text.startsWith('enr:') ? parseRecord(text) : undefined
  return {
    ...{ port, node: { id, publicKey, host, tcp, udp: port, ...(record && { record }) } },
    cpu: () => cpuOf(listening.pid!),
    close: () => void listening.kill('SIGKILL'),
  }
}

const canReadCpu = () => process.platform === 'linux'

/** @returns µs, of a process on Linux (proc_pid_stat(5): utime and stime, in ticks of 10 ms) */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const answerPings: Work = {
  name: 'PINGs answered',
  async begin(subject) {
    const key = new Uint8Array(32).fill(7)
    const sender = createSocket('udp4')
    sender.bind(0, host)
    await once(sender, 'listening')
    const self: Endpoint = { ip: Uint8Array.of(127, 0, 0, 1), udp: sender.address().port, tcp: 0 }
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
    return {
      get done() {
        return answered
      },
      close: () => {
        clearInterval(refill)
        sender.close()
      },
    }
  },
}

/** Where a packet of discv4 has its type. */
const typeAt = 97

const acceptSessions: Work = {
  name: 'sessions accepted',
  async begin({ node }) {
    let done = 0
    let isOpen = true
    const repeat = async () => {
      while (isOpen) if (await beginSession(node!)) done++
    }
    for (let i = 0; i < window / 4; i++) void repeat()
    return {
      get done() {
        return done
      },
      close: () => {
        isOpen = false
      },
    }
  },
}

/** A stranger's: a packet that cannot be read, a challenge, its answer with a PING, and a PONG. @returns whether that came */
async function beginSession(node: DiscoveredNode): Promise<boolean> {
  const tester = new Tester(udp, node)
  const line = await tester.listen(host)
  tester.setEndpoint(line)
  const ping = { kind: 'Ping', requestId: Uint8Array.of(1), recordSeq: tester.record.seq } as const
  const isDone = await new Promise<boolean>((resolve) => {
    const timeout = setTimeout(() => resolve(false), 1_000)
    line.answer = (read) => {
      if (read?.kind === 'whoareyou') tester.prove(line, ping, read)
      else if (read?.kind === 'Pong') {
        clearTimeout(timeout)
        resolve(true)
      }
    }
    tester.write(line, ping)
  })
  await line.close()
  return isDone
}

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
