import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { Chain } from '../../actors/chain/chain.ts'
import { devGenesis } from '../../actors/chain/dev-genesis.ts'
import { answerSteps } from '../../actors/eth/answers.ts'
import { atOnce } from '../../protocols/chain/at-once.ts'
import { parseEnode } from '../../protocols/enode/enode.ts'
import { decode, encode } from '../../protocols/eth/messages.ts'
import type { Status69 } from '../../protocols/eth/status.ts'
import { isRequest, messageTable } from '../../protocols/eth/versions.ts'
import { concatBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { baseCodes, emptyPayload } from '../../protocols/p2p/messages.ts'
import { paramsOf } from '../actors/apis/payloads.ts'
import { makeBlocks } from '../actors/chain/make-chain.ts'
import { token } from '../support/jwt.ts'
import { noise, strange } from './bad-datagrams.ts'
import { FastPeer } from './fast-peer.ts'

// The attackers' process: `node siege-attacks.js NAME TARGET`.

type Attack = {
  /** How many do it side by side. */
  readonly crowd: number
  /** Before the time begins. */
  prepare?(): Promise<void>
  /** Goes on until the connection or the time is over. */
  run(siege: Siege): Promise<void>
}

/** What an attackers' process is given, as JSON. */
export type SiegeTarget = {
  readonly enode: string
  readonly http: string
  readonly auth: string
  /** In hex, of the engine API. */
  readonly secret: string
  readonly seconds: number
}

class Siege {
  readonly enode: string
  /** URL of its RPC, over HTTP and WebSocket. */
  readonly http: string
  /** Of its engine API. */
  readonly auth: { readonly url: string; readonly secret: Uint8Array }
  readonly #end: number
  count = 0
  constructor({ enode, http, auth, secret, seconds }: SiegeTarget) {
    this.enode = enode
    this.http = http
    this.auth = { url: auth, secret: hexToBytes(secret) }
    this.#end = performance.now() + seconds * 1_000
  }
  /** Resolves when the time is over. */
  async rest(): Promise<void> {
    await sleep(Math.max(0, this.#end - performance.now()))
  }
  get isOver(): boolean {
    return performance.now() >= this.#end
  }
}

const ethCode = (code: number) => 16 + code
const incompressible = new Uint8Array(randomBytes(2 ** 24 - 2 ** 16))
let longerChain: Chain | undefined
const bigPayloads: string[] = []

const batchRequest = (() => {
  const call = '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x1",true]}'
  const body = `[${Array(1_000).fill(call).join()}]`
  return `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
})()

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20)
}

const attacks = {
  /** Well-formed to the last byte but the tag: each costs the node a multiplication. */
  'garbage-auths': {
    crowd: 64,
    async run(siege) {
      const { host, tcp } = parseEnode(siege.enode)
      const point = publicKeyOf(randomBytes(32))
      const socket = connect(tcp, host!)
      socket.on('error', () => {})
      socket.resume()
      await once(socket, 'connect')
      socket.write(concatBytes(Uint8Array.of(1, 144, 4), point, randomBytes(335)))
      await once(socket, 'close')
      siege.count++
    },
  },
  'half-open': {
    crowd: 500,
    async run(siege) {
      const { host, tcp } = parseEnode(siege.enode)
      const socket = connect(tcp, host!)
      socket.on('error', () => {})
      socket.resume()
      await once(socket, 'connect')
      siege.count++
      await Promise.race([once(socket, 'close'), sleep(100)])
      socket.destroy()
    },
  },
  pings: flood(4, () => {
    return (peer) => peer.send(baseCodes.Ping, emptyPayload)
  }),
  /** Pongs no one asked for, of nearly 16 MiB that does not compress: all of it is read, and nothing ends. */
  'frames-16mb': flood(2, () => {
    const payload = new Uint8Array(randomBytes(2 ** 24 - 2 ** 16))
    return (peer) => peer.send(baseCodes.Pong, payload)
  }),
  /** GetBlockHeaders of 9 MiB of zeros, which ends in 0x02: each comes anew. */
  'zero-bombs': flood(4, () => {
    const payload = new Uint8Array(9 << 20)
    return (peer) => peer.send(ethCode(3), payload)
  }),
  announcements: flood(4, () => {
    const hashes = Array.from({ length: 4096 }, () => new Uint8Array(randomBytes(32)))
    const payload = encodeRlp([new Uint8Array(4096), new Array(4096).fill(100), hashes])
    return (peer) => peer.send(ethCode(8), payload)
  }),
  /** Requests for the most that there is, whose answers are never read. */
  'unread-answers': flood(8, () => {
    const request = { kind: 'GetBlockHeaders', id: 1n, origin: 0n, amount: 1024n, skip: 0n, reverse: false } as const
    const payload = encode(69, request)
    return (peer) => {
      peer.stopReading()
      return peer.send(ethCode(3), payload)
    }
  }),
  /** 6,500 requests for the most that there is, and the connection is cut. */
  'requests-then-cut': {
    crowd: 20,
    async run(siege) {
      const peer = await FastPeer.join(siege.enode)
      const request = { kind: 'GetBlockHeaders', id: 1n, origin: 0n, amount: 1024n, skip: 0n, reverse: false } as const
      const payload = encode(69, request)
      for (let i = 0; i < 6_500; i++) peer.send(ethCode(3), payload)
      peer.flush()
      siege.count++
      await sleep(100)
      peer.close()
      await sleep(400)
    },
  },
  'announcements-100k': flood(4, () => {
    const hashes = Array.from({ length: 100_000 }, () => new Uint8Array(randomBytes(32)))
    const payload = encodeRlp([new Uint8Array(100_000), new Array(100_000).fill(100), hashes])
    return (peer) => peer.send(ethCode(8), payload)
  }),
  /** 10 MB of transactions, one of all that in turn with 5,000. */
  'big-transactions': flood(4, () => {
    const transaction = (nonce: number, bytes: number) => {
      return [nonce, '', '', '', '', new Uint8Array(bytes), 27, 1, 1]
    }
    const payloads = [
      encodeRlp([transaction(0, 10_000_000)]),
      encodeRlp(Array.from({ length: 5_000 }, (_, nonce) => transaction(nonce, 2_000))),
    ]
    let sent = 0
    return (peer) => peer.send(ethCode(2), payloads[sent++ % 2]!)
  }),
  /** Batches of a thousand blocks, of clients that do not wait for the answer. */
  'batches-that-leave': {
    crowd: 400,
    async run(siege) {
      const { hostname, port } = new URL(siege.http)
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(batchRequest)
      siege.count++
      await sleep(200)
      socket.destroy()
      await sleep(800)
    },
  },
  /** All of a frame of nearly 16 MiB but its last byte. */
  'held-frames': {
    crowd: 30,
    async run(siege) {
      const peer = await FastPeer.join(siege.enode)
      peer.sendUnfinished(ethCode(7), incompressible)
      siege.count++
      await Promise.race([siege.rest(), until(() => peer.isClosed)])
      peer.close()
      await sleep(500)
    },
  },
  /** 31 MB of a message that has no end. */
  'held-messages': {
    crowd: 40,
    async run(siege) {
      const ws = new WebSocket(siege.http.replace('http', 'ws'))
      ws.on('error', () => {})
      await once(ws, 'open')
      for (let i = 0; i < 31; i++) ws.send('"'.padEnd(1_000_000, 'x'), { fin: false })
      siege.count++
      await Promise.race([siege.rest(), once(ws, 'close')])
      ws.terminate()
      await sleep(500)
    },
  },
  /** Calls of 31 MB in one frame: of a string, a number, and strings, each once the one before is answered. */
  'big-messages': {
    crowd: 4,
    async run(siege) {
      const ws = new WebSocket(siege.http.replace('http', 'ws'))
      ws.on('error', () => {})
      await once(ws, 'open')
      const size = 31_000_000
      const params = [`"${'x'.repeat(size)}"`, '1'.repeat(size), `"xx",`.repeat(size / 5).slice(0, -1)]
      for (let i = 0; !siege.isOver && ws.readyState === ws.OPEN; i++) {
        ws.send(`{"jsonrpc":"2.0","method":"eth_chainId","params":[${params[i % 3]}],"id":${i}}`)
        await Promise.race([siege.rest(), once(ws, 'close'), once(ws, 'message').then(() => siege.count++)])
      }
      ws.terminate()
    },
  },
  /** A consensus client's blocks of 8 MB, the most that EIP-7934 lets be, of 100,000 transactions in turn with one. */
  'big-payloads': {
    crowd: 1,
    async prepare() {
      const { header } = devGenesis()
      const few = [encodeRlp(['', '', '', '', '', new Uint8Array(8_000_000), 27, 1, 1])]
      const many = Array<Uint8Array>(100_000).fill(encodeRlp(['', '', '', '', '', new Uint8Array(64), 27, 1, 1]))
      for (const transactions of [few, many]) {
        const [block] = makeBlocks(devGenesis(), header, 1, { transactions })
        const method = block!.header.slotNumber === undefined ? 'engine_newPayloadV4' : 'engine_newPayloadV5'
        bigPayloads.push(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: paramsOf(block!) }))
      }
    },
    async run(siege) {
      const { url, secret } = siege.auth
      const iat = Math.floor(Date.now() / 1_000)
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token(secret, { iat })}` }
      const body = bigPayloads[siege.count % 2]!
      const answer = await (await fetch(url, { method: 'POST', headers, body })).text()
      if (answer.includes('"status":"ACCEPTED"')) siege.count++
      else throw new Error(answer)
    },
  },
  /** A chain that is longer by twelve blocks of 100,000 transactions each. */
  'big-blocks': {
    crowd: 1,
    async prepare() {
      const genesis = devGenesis()
      const known = makeBlocks(genesis, genesis.header, 600)
      const transactions: Uint8Array[] = Array(100_000).fill(encodeRlp(Array(9).fill('')))
      const chain = await Chain.open({ genesis })
      await chain.insertBlocks(known)
      await chain.insertBlocks(makeBlocks(genesis, known.at(-1)!.header, 12, { transactions }))
      longerChain = chain
    },
    async run(siege) {
      const { number: latest, hash: latestHash } = longerChain!.head
      const peer = await FastPeer.join(siege.enode, (payload) => {
        const status = decode(69, 'Status', payload) as Status69
        return encode(69, { ...status, range: { earliest: 0n, latest, latestHash } })
      })
      const table = messageTable(69)
      peer.heard = (code, payload) => {
        const name = table.nameOf(code - ethCode(0))
        if (name === undefined || !isRequest(name)) return
        const answer = atOnce(answerSteps(69, decode(69, name, payload), longerChain!))
        if (answer.kind === 'BlockBodies') siege.count += answer.bodies.count
        peer.send(ethCode(table.codeOf(answer.kind)!), encode(69, answer))
        peer.flush()
      }
      await Promise.race([siege.rest(), until(() => peer.isClosed)])
      peer.close()
    },
  },
  /** HTTP requests in one breath, as many as 64 KiB hold, and again once they are answered. */
  pipelined: {
    crowd: 20,
    async run(siege) {
      const { hostname, port } = new URL(siege.http)
      const body = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
      const one = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      const requests = Math.floor(65_536 / one.length)
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      await once(socket, 'connect')
      let answers = 0
      socket.on('data', (chunk: Buffer) => {
        answers += chunk.toString('latin1').split('HTTP/1.1 200').length - 1
        if (answers < requests) return
        siege.count += answers
        answers = 0
        socket.write(one.repeat(requests))
      })
      socket.write(one.repeat(requests))
      await Promise.race([siege.rest(), once(socket, 'close')])
      socket.destroy()
    },
  },
  /** From 1,000 ports, ten datagrams a second each: half are noise, and half the node has to answer with a challenge. */
  datagrams: {
    crowd: 1_000,
    async run(siege) {
      const { id, host, udp } = parseEnode(siege.enode)
      const socket = createSocket('udp4')
      await new Promise<void>((resolve) => socket.bind(0, host, resolve))
      for (let isNoise = false; !siege.isOver; isNoise = !isNoise) {
        socket.send(isNoise ? noise() : strange(id), udp, host)
        siege.count++
        await sleep(100)
      }
      socket.close()
    },
  },
} satisfies Record<string, Attack>

export type AttackName = keyof typeof attacks
export const attackNames = Object.keys(attacks) as AttackName[]

/** Peers that have shaken hands, then send the same thing as fast as it is taken. */
function flood(crowd: number, prepare: () => (peer: FastPeer) => boolean): Attack {
  let send: ReturnType<typeof prepare> | undefined
  return {
    crowd,
    async run(siege) {
      send ??= prepare()
      const peer = await FastPeer.join(siege.enode)
      while (!siege.isOver && !peer.isClosed) {
        for (let i = 0; i < 256 && !peer.isClosed; i++) {
          siege.count++
          if (!send(peer)) break
        }
        await Promise.race([peer.drained(), sleep(1_000)])
        await turn()
      }
      peer.close()
    },
  }
}

async function main([name, json]: string[]): Promise<void> {
  const attack: Attack = attacks[name as AttackName]
  const target = JSON.parse(json!) as SiegeTarget
  await attack.prepare?.()
  const siege = new Siege(target)
  process.send?.({ begun: true })
  const one = async () => {
    while (!siege.isOver) await attack.run(siege).catch(() => sleep(1))
  }
  await Promise.race([Promise.all(Array.from({ length: attack.crowd }, one)), sleep(target.seconds * 1_000 + 500)])
  process.send?.({ count: siege.count }, () => process.exit())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
