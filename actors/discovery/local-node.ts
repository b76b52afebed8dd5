import { type Enode, toEnode } from '../../protocols/enode/enode.ts'
import { formatIp, parseIp } from '../../protocols/enode/netutil.ts'
import { endpointOf, type NodeRecord, signRecord } from '../../protocols/enr/record.ts'
import type { RlpInput } from '../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { UdpEndpoint } from './datagrams.ts'
import { EndpointPredictor } from './endpoint-predictor.ts'

/** Where the sequence number of our record is kept. */
export type SeqStore = {
  localSeq(id: string): bigint | undefined
  /** Best effort once it runs: the number that is kept is ahead of the one in use. */
  storeLocalSeq(id: string, seq: bigint): Promise<void>
}

/** Our node's own record: signed anew, with a higher number, whenever what it says changes (geth enode.LocalNode). */
export class LocalNode {
  readonly id: string
  readonly publicKey: Uint8Array
  readonly #privateKey: Uint8Array
  readonly #store: SeqStore
  /** BOUNDED: by the node's protocols. */
  readonly #entries = new Map<string, RlpInput>()
  readonly #predictors: { readonly 4: EndpointPredictor; readonly 6: EndpointPredictor }
  #staticIp: string | undefined
  #fallback: { readonly ip: string; readonly udp: number } = { ip: '127.0.0.1', udp: 0 }
  #tcp = 0
  #seq: bigint
  /** Numbers up to here are ours even if the process ends now. */
  #reserved: bigint
  #record: NodeRecord | undefined
  /** What the record was last made of, and what it says. */
  #seen = ''
  #signed = ''
  /** How often an entry was set. */
  #changes = 0

  /** @throws (rejects) the database's error */
  static async open(options: {
    readonly privateKey: Uint8Array
    readonly store: SeqStore
    readonly clock: Pick<Clock, 'now'>
    /** Unix time, ms: where the numbers begin. */
    readonly now: number
  }): Promise<LocalNode> {
    const { privateKey, store, clock, now } = options
    const publicKey = publicKeyOf(privateKey)
    const { id } = toEnode(publicKey)
    const seq = store.localSeq(id) ?? BigInt(Math.floor(now))
    await store.storeLocalSeq(id, seq + reserve)
    return new LocalNode({ id, publicKey, privateKey, store, clock, seq })
  }

  private constructor(parts: {
    readonly id: string
    readonly publicKey: Uint8Array
    readonly privateKey: Uint8Array
    readonly store: SeqStore
    readonly clock: Pick<Clock, 'now'>
    readonly seq: bigint
  }) {
    this.id = parts.id
    this.publicKey = parts.publicKey
    this.#privateKey = parts.privateKey
    this.#store = parts.store
    this.#predictors = { 4: new EndpointPredictor(parts.clock), 6: new EndpointPredictor(parts.clock) }
    this.#seq = parts.seq
    this.#reserved = parts.seq + reserve
  }

  /** As it is now. */
  get record(): NodeRecord {
    const [at4, at6] = [this.#endpoint(4), this.#endpoint(6)]
    // Every packet asks.
    const seen = `${at4?.ip} ${at4?.port} ${at6?.ip} ${at6?.port} ${this.#tcp} ${this.#changes}`
    if (this.#record !== undefined && seen === this.#seen) return this.#record
    this.#seen = seen
    const values = this.#values(at4, at6)
    const said = JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
    if (this.#record === undefined || said !== this.#signed) {
      this.#raise()
      this.#record = signRecord(this.#seq, values, this.#privateKey)
      this.#signed = said
    }
    return this.#record
  }

  get seq(): bigint {
    return this.record.seq
  }

  /** As others may dial it. */
  get enode(): Enode {
    const { ip, tcp = 0, udp = 0 } = endpointOf(this.record)
    return toEnode(this.publicKey, ip && formatIp(ip), tcp, udp)
  }

  /** @param value undefined takes the entry away */
  set(key: string, value: RlpInput | undefined): void {
    this.#changes++
    if (value === undefined) this.#entries.delete(key)
    else this.#entries.set(key, value)
  }

  /** The port that RLPx listens on; 0 when it does not. */
  setTcp(port: number): void {
    this.#tcp = port
  }

  /** Our address until other nodes report it. @param udp 0 when discovery does not listen */
  setFallback(ip: string, udp: number): void {
    this.#fallback = { ip, udp }
  }

  /** Our address, whatever other nodes report. */
  setStaticIp(ip: string): void {
    this.#staticIp = ip
  }

  /** A node at `from`, which has proven that it is there, sees us at `endpoint`. */
  addStatement(from: string, endpoint: UdpEndpoint): void {
    const length = parseIp(endpoint.ip)?.length
    if (length !== undefined) this.#predictors[length === 4 ? 4 : 6].add(from, endpoint)
  }

  /** Keeps the number in use, and no more. */
  close(): Promise<void> {
    return this.#store.storeLocalSeq(this.id, this.#seq)
  }

  #values(at4: UdpEndpoint | undefined, at6: UdpEndpoint | undefined): Record<string, RlpInput> {
    const udp = at4?.port ?? at6?.port ?? 0
    return {
      ...Object.fromEntries(this.#entries),
      ...(at4 && { ip: parseIp(at4.ip)! }),
      ...(at6 && { ip6: parseIp(at6.ip)! }),
      ...(this.#tcp > 0 && { tcp: this.#tcp }),
      ...(udp > 0 && { udp }),
      ...(at6 && at6.port > 0 && at6.port !== udp && { udp6: at6.port }),
    }
  }

  /** geth lnEndpoint.get: what is set, else what is reported, else what is known from the start. */
  #endpoint(family: 4 | 6): UdpEndpoint | undefined {
    const isOfFamily = (ip: string) => ip.includes(':') === (family === 6)
    const fallback = { ip: this.#fallback.ip, port: this.#fallback.udp }
    if (this.#staticIp !== undefined && isOfFamily(this.#staticIp)) return { ...fallback, ip: this.#staticIp }
    return this.#predictors[family].predict() ?? (isOfFamily(fallback.ip) ? fallback : undefined)
  }

  /** A number that was published is never used again, also when the process is killed: those to come are reserved before. */
  #raise(): void {
    this.#seq += 1n
    if (this.#reserved - this.#seq >= reserve / 2n) return
    this.#reserved = this.#seq + reserve
    // The database reports what it cannot write.
    this.#store.storeLocalSeq(this.id, this.#reserved).catch(() => {})
  }
}

const reserve = 16n
