import { randomBytes } from 'node:crypto'
import type { DatagramSocket, Datagrams } from '../../../../actors/discovery/datagrams.ts'
import { type DiscoveredNode, nodeOfRecord } from '../../../../actors/discovery/discovered-node.ts'
import { nodeCiphers } from '../../../../actors/runtime/ciphers.ts'
import { answerChallenge, type SessionKeys } from '../../../../protocols/discv5/handshake.ts'
import { decodeMessage, encodeMessage, type Message } from '../../../../protocols/discv5/messages.ts'
import {
  decodePacket,
  encodeHandshake,
  encodeOrdinary,
  encodeWhoareyou,
  type HandshakePacket,
  maskChallenge,
  type OrdinaryPacket,
  openMessage,
  type WhoareyouPacket,
} from '../../../../protocols/discv5/packet.ts'
import { nodeIdOf } from '../../../../protocols/enode/enode.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { type NodeRecord, signRecord } from '../../../../protocols/enr/record.ts'
import { bytesToHex, hexToBytes } from '../../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../../protocols/lib/secp256k1.ts'

/** What a tester reads: a packet that it understood, or one that it has no keys for; undefined when nothing came. */
export type Read = WhoareyouPacket | Message | OrdinaryPacket | HandshakePacket | undefined

/** A socket of a tester, and what came in. */
export type Line = DatagramSocket & { readonly inbox: Read[]; answer?: (read: Read, line: Line) => void }

/** A node that speaks discv5 as a script says, with one codec for all its sockets (geth v5test, conn). */
export class Tester {
  readonly key: Uint8Array
  readonly id: string
  readonly #datagrams: Datagrams
  readonly #remote: DiscoveredNode
  #keys: SessionKeys | undefined
  record: NodeRecord

  constructor(datagrams: Datagrams, remote: DiscoveredNode, key: Uint8Array = randomBytes(32)) {
    this.#datagrams = datagrams
    this.#remote = remote
    this.key = key
    this.id = bytesToHex(nodeIdOf(publicKeyOf(key)))
    this.record = signRecord(1n, {}, key)
  }

  /** As others know it, once it has an endpoint. */
  get node(): DiscoveredNode {
    return nodeOfRecord(this.record)!
  }

  async listen(ip = '127.0.0.1'): Promise<Line> {
    const inbox: Read[] = []
    const socket = await this.#datagrams.bind(ip, 0, (datagram) => {
      const read = this.#read(datagram)
      if (line.answer) line.answer(read, line)
      else inbox.push(read)
    })
    const line: Line = { ...socket, inbox }
    return line
  }

  /** Its record names the endpoint of `line` from here on. */
  setEndpoint({ ip, port }: Line): void {
    this.record = signRecord(this.record.seq + 1n, { ip: parseIp(ip)!, udp: port }, this.key)
  }

  /** Sends a message under its keys, or random ones when it has none. @returns its nonce, in hex */
  write(line: Line, message: Message): string {
    const nonce = randomBytes(12)
    const key = this.#keys?.writeKey ?? randomBytes(16)
    const sealed = { source: hexToBytes(this.id), key, plaintext: encodeMessage(message) }
    this.writeRaw(line, encodeOrdinary(nodeCiphers, { to: this.#to, iv: randomBytes(16), nonce }, sealed))
    return bytesToHex(nonce)
  }

  writeRaw(line: Line, datagram: Uint8Array): void {
    line.send(datagram, { ip: this.#remote.host, port: this.#remote.udp })
  }

  /** Completes a handshake with `message`; `changes` break it. */
  prove(
    line: Line,
    message: Message,
    { challengeData, recordSeq }: WhoareyouPacket,
    changes: { signature?: Uint8Array; ephemeralKey?: Uint8Array; record?: Uint8Array; key?: Uint8Array } = {},
  ): void {
    const ids = { selfId: hexToBytes(this.id), remoteId: this.#to, challengeData }
    const { keys, ...answer } = answerChallenge(ids, {
      ...{ privateKey: this.key, ephemeralKey: randomBytes(32), remoteKey: this.#remote.publicKey },
    })
    this.#keys = keys
    const record = recordSeq < this.record.seq ? this.record.raw : new Uint8Array(0)
    const envelope = { to: this.#to, iv: randomBytes(16), nonce: randomBytes(12) }
    const packet = {
      ...answer,
      source: hexToBytes(this.id),
      record,
      key: keys.writeKey,
      plaintext: encodeMessage(message),
    }
    this.writeRaw(line, encodeHandshake(nodeCiphers, envelope, { ...packet, ...changes }))
  }

  /** Answers a packet that it could not read. @returns the challenge */
  challenge(line: Line, { nonce }: OrdinaryPacket, recordSeq = 0n): Uint8Array {
    const challengeData = encodeWhoareyou({ iv: randomBytes(16), nonce }, { idNonce: randomBytes(16), recordSeq })
    this.writeRaw(line, maskChallenge(nodeCiphers, this.#to, challengeData))
    return challengeData
  }

  /** What came next. */
  async read({ inbox }: Line): Promise<Read> {
    await arrived()
    return inbox.shift()
  }

  /** A request, with the handshake that it takes. @returns the first response */
  async ask(line: Line, request: Message): Promise<Read> {
    this.write(line, request)
    const read = await this.read(line)
    if (read?.kind !== 'whoareyou') return read
    this.prove(line, request, read)
    return this.read(line)
  }

  get #to(): Uint8Array {
    return hexToBytes(this.#remote.id)
  }

  #read(datagram: Uint8Array): Read {
    const packet = decodePacket(nodeCiphers, hexToBytes(this.id), datagram)
    if (packet.kind === 'whoareyou') return packet
    if (packet.kind === 'handshake') return packet
    const plaintext = this.#keys && openMessage(nodeCiphers, this.#keys.readKey, packet)
    return plaintext ? decodeMessage(plaintext) : packet
  }
}

/** Resolves when everything that was sent in memory has arrived, and was answered. */
export const arrived = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
