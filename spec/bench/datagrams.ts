import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodePacket, encodePacket } from '../../protocols/discv4/packets.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { noise, strange } from './bad-datagrams.ts'
import { startChild } from './discovery-subject.ts'

const host = '127.0.0.1'
const ports = 1_000

/**
 * A node of both versions is sent `count` datagrams from 1,000 ports: random bytes, and packets of discv5 from nodes that
 * are none, which are what it must answer. A good node PINGs it meanwhile.
 */
export async function benchDatagrams(count: number, seconds: number, report: (line: string) => void) {
  const subject = await startChild('both')
  const { id } = parseNode(subject.record!)
  const sockets: Socket[] = []
  for (let i = 0; i < ports; i++) sockets.push(await bound())
  const good = await goodNode(subject.port)
  await sleep(500)
  const before = await subject.used()
  const atStart = good.counts()
  const began = performance.now()
  for (let sent = 0; sent < count; ) {
    // In small steps: the good node is in this process, too.
    const due = Math.min(count, sent + 64, Math.ceil((count * (performance.now() - began)) / seconds / 1_000))
    for (; sent < due; sent++) sockets[sent % ports]!.send(sent % 2 ? noise() : strange(id), subject.port, host)
    await sleep(1)
  }
  const [elapsed, atEnd] = [performance.now() - began, good.counts()]
  await sleep(3_000) // challenges that were not answered are forgotten
  const after = await subject.used()
  for (const socket of sockets) socket.close()
  good.close()
  subject.close()
  const [asked, answered] = [atEnd.asked - atStart.asked, atEnd.answered - atStart.answered]
  const result = {
    ...{ datagrams: count, ports, seconds: Math.round(elapsed) / 1_000, asked, answered },
    memoryBefore: megabytes(before.memory),
    memoryAfter: megabytes(after.memory),
    cpuMs: Math.round((after.cpu - before.cpu) / count) / 1_000,
  }
  report(
    `${count} datagrams from ${ports} ports in ${result.seconds} s: memory ${result.memoryBefore} MB, then ${result.memoryAfter} MB; ${answered} of ${asked} PINGs of a good node answered`,
  )
  return result
}

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10

/** It proves its endpoint, and PINGs twenty times a second. */
async function goodNode(port: number) {
  const key = randomBytes(32)
  const socket = await bound()
  const ip = Uint8Array.of(127, 0, 0, 1)
  const [from, to] = [
    { ip, udp: socket.address().port, tcp: 0 },
    { ip, udp: port, tcp: 0 },
  ]
  const expiration = BigInt(Math.floor(Date.now() / 1_000)) + 3_600n
  let [asked, answered] = [0, 0]
  socket.on('message', (bytes) => {
    const { packet, hash } = decodePacket(new Uint8Array(bytes))
    if (packet.name === 'PONG') answered++
    if (packet.name === 'PING')
      socket.send(encodePacket({ name: 'PONG', to, replyTo: hash, expiration }, key).bytes, port, host)
  })
  const timer = setInterval(() => {
    const ping = { name: 'PING', version: 4n, from, to, expiration, enrSeq: BigInt(++asked) } as const
    socket.send(encodePacket(ping, key).bytes, port, host)
  }, 50)
  return {
    counts: () => ({ asked, answered }),
    close: () => {
      clearInterval(timer)
      socket.close()
    },
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, host)
  await once(socket, 'listening')
  return socket
}
