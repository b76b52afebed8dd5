import type { Datagrams, Receive, UdpEndpoint } from '../../../actors/discovery/datagrams.ts'

/** Datagrams within the process: they arrive in order, as soon as whoever sends them is done. */
export class MemoryDatagrams implements Datagrams {
  /** BOUNDED: by the spec. */
  readonly #sockets = new Map<string, Receive>()
  #lastPort = 30_000
  /** Every datagram that was sent. BOUNDED: by the spec. */
  readonly sent: { readonly bytes: Uint8Array; readonly from: UdpEndpoint; readonly to: UdpEndpoint }[] = []

  async bind(ip: string, wanted: number, receive: Receive) {
    const port = wanted || ++this.#lastPort
    const name = `${ip} ${port}`
    this.#sockets.set(name, receive)
    return {
      ...{ ip, port },
      send: (bytes: Uint8Array, to: UdpEndpoint) => {
        const from = { ip, port }
        this.sent.push({ bytes, from, to })
        queueMicrotask(() => this.#sockets.get(`${to.ip} ${to.port}`)?.(bytes.slice(), from))
      },
      close: async () => {
        this.#sockets.delete(name)
      },
    }
  }
}
