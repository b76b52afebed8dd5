import type { TalkRequest } from '../../../protocols/discv5/messages.ts'
import { bytesToHex, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import type { UdpEndpoint } from '../datagrams.ts'

/**
 * What answers the TALKREQ of one application protocol, within the 700 ms that the asker waits.
 * @returns the response; one that fails is not answered
 */
export type TalkHandler = (
  request: Uint8Array,
  from: { readonly id: string; readonly endpoint: UdpEndpoint },
) => Uint8Array | Promise<Uint8Array>

/** geth maxActiveTalkRequests: requests that are being answered at a time; more are dropped. */
export const maxActiveTalks = 1_024

/** Application protocols by name (geth talkSystem). */
export class TalkProtocols {
  /** By the hex of their names. BOUNDED: by the program. */
  readonly #handlers = new Map<string, TalkHandler>()
  #active = 0

  /** @param protocol its name; a handler that it has is replaced */
  register(protocol: string, handler: TalkHandler): void {
    this.#handlers.set(bytesToHex(utf8ToBytes(protocol)), handler)
  }

  /** @returns an empty response for an unknown protocol; undefined when there is none, as too many are under way */
  async answer({ protocol, request }: TalkRequest, from: Parameters<TalkHandler>[1]): Promise<Uint8Array | undefined> {
    const handler = this.#handlers.get(bytesToHex(protocol))
    if (!handler) return new Uint8Array(0)
    if (this.#active >= maxActiveTalks) return undefined
    this.#active++
    try {
      return await handler(request, from)
    } finally {
      this.#active--
    }
  }
}
