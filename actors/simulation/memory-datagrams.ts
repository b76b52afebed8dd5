import type { Datagrams, Receive, UdpEndpoint } from '../discovery/datagrams.ts'

export type MemoryDatagramsOptions = {
  /** When what was sent arrives: in a later turn. */
  readonly defer?: (run: () => void) => void
  /** Sees every datagram that was sent. @returns false to lose it */
  readonly passed?: (bytes: Uint8Array, from: UdpEndpoint, to: UdpEndpoint) => boolean
}

/** Datagrams in memory: they arrive in order, none is lost unless it is to be, and no port is real. */
export function memoryDatagrams({
  defer = queueMicrotask,
  passed = () => true,
}: MemoryDatagramsOptions = {}): Datagrams {
  /** BOUNDED: by who binds. */
  const receivers = new Map<string, Receive>()
  let ports = 50_000
  return {
    async bind(ip, port, receive) {
      const self: UdpEndpoint = { ip, port: port || ++ports }
      const key = `${ip} ${self.port}`
      if (receivers.has(key)) throw new Error(`bind ${key}: address already in use`)
      receivers.set(key, receive)
      return {
        ...self,
        send: (bytes, to) => {
          if (!receivers.has(key) || !passed(bytes, self, to)) return
          const copy = bytes.slice()
          defer(() => receivers.get(`${to.ip} ${to.port}`)?.(copy, self))
        },
        close: async () => void receivers.delete(key),
      }
    },
  }
}
