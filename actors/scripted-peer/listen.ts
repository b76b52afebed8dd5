import { formatEnode } from '../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import type { SubCap } from '../../protocols/sub-protocols.ts'
import type { Listener, Stream } from '../p2p/connection.ts'
import { tcp } from '../p2p/tcp.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import type { Offers, Spoken, UsualOffers } from './caps.ts'
import { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'

export type ListenOptions<O extends Offers = Offers> = ScriptedPeerOptions<O> & {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 for any. @default 0 */
  readonly port?: number
}

/**
 * Opens a place where nodes dial scripted peers, each with the same key and options.
 *
 * ```ts
 * await using listener = await listen({ status: 'mirror' })
 * const peer = listener.accept()                    // waits in `listening`
 * await node.addPeer(listener.enode)
 * await peer.until('running')
 * ```
 * @throws the address is taken, or not this machine's
 */
export async function listen<const O extends Offers = UsualOffers>({
  host = '127.0.0.1',
  port = 0,
  ...options
}: ListenOptions<O> = {}): Promise<ScriptedListener<Spoken<O>>> {
  const { network = tcp, runtime = processRuntime(), privateKey = runtime.entropy(32) } = options
  let listener: ScriptedListener<Spoken<O>> | undefined
  const place = await network.listen(host, port, (stream) => listener?.take(stream))
  listener = new ScriptedListener(place, { ...(options as ScriptedPeerOptions), runtime, privateKey })
  return listener
}

/** Where scripted peers are dialed: see {@link listen}. */
export class ScriptedListener<C extends SubCap = SubCap> {
  readonly enode: string
  readonly #place: Listener
  readonly #options: ScriptedPeerOptions
  /** Who came and is not asked for yet. BOUNDED: maxStreams; who comes then is hung up on. */
  readonly #streams: Stream[] = []
  /** Who waits for somebody. BOUNDED: by the script. */
  readonly #waiting: ScriptedPeer[] = []

  constructor(place: Listener, options: ScriptedPeerOptions & { readonly privateKey: Uint8Array }) {
    const { host, port } = place
    this.#place = place
    this.#options = options
    this.enode = formatEnode({ publicKey: publicKeyOf(options.privateKey), host, tcp: port, udp: port })
  }

  /** @param options what this one is to do otherwise @returns the peer of the next connection, in `listening` until it comes */
  accept<const O extends Offers = readonly C[]>(options: ScriptedPeerOptions<O> = {}): ScriptedPeer<Spoken<O>> {
    const peer = new ScriptedPeer<Spoken<O>>({ ...this.#options, ...(options as ScriptedPeerOptions) })
    const stream = this.#streams.shift()
    if (stream) peer.adopt(stream)
    else this.#waiting.push(peer)
    return peer
  }

  /** Takes a connection. */
  take(stream: Stream): void {
    const peer = this.#waiting.shift()
    if (peer) peer.adopt(stream)
    else if (this.#streams.length < maxStreams) this.#streams.push(stream)
    else stream.destroy()
  }

  /** Closes connections that no `accept` took; accepted peers are their script's. */
  async close(): Promise<void> {
    for (const stream of this.#streams.splice(0)) stream.destroy()
    await this.#place.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** As many as a system usually lets wait to be accepted. */
const maxStreams = 128
