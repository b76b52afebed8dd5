import { isInNetlist, type Netlist } from '../../protocols/enode/netlist.ts'
import { isLoopback } from '../../protocols/enode/netutil.ts'

/** Datagrams as a port: UDP in a process, a map in a simulation. */
export type Datagrams = {
  /**
   * @param port 0 for any free one
   * @throws (rejects) the system's error: the address is taken, not ours or not allowed
   */
  bind(host: string, port: number, receive: Receive): Promise<DatagramSocket>
}

/** `bytes` are the receiver's to keep. */
export type Receive = (bytes: Uint8Array, from: UdpEndpoint) => void

export type DatagramSocket = UdpEndpoint & {
  /** Best effort: what cannot be sent is lost. */
  send(bytes: Uint8Array, to: UdpEndpoint): void
  close(): Promise<void>
}

/** `ip` in its one spelling. */
export type UdpEndpoint = { readonly ip: string; readonly port: number }

/**
 * Whom a node may exchange datagrams with. One that listens on a loopback address stays on the machine.
 * @param host that it listens on
 */
export function reachable(host: string, netRestrict: Netlist | undefined): (ip: string) => boolean {
  const isConfined = isLoopback(host)
  return (ip) => (!isConfined || isLoopback(ip)) && (netRestrict === undefined || isInNetlist(netRestrict, ip))
}

/** Datagrams from and to those addresses alone: what would pass is dropped in both directions. */
export const restricted = (datagrams: Datagrams, isAllowed: (ip: string) => boolean): Datagrams => ({
  async bind(host, port, receive) {
    const socket = await datagrams.bind(host, port, (bytes, from) => {
      if (isAllowed(from.ip)) receive(bytes, from)
    })
    return {
      ip: socket.ip,
      port: socket.port,
      send: (bytes, to) => {
        if (isAllowed(to.ip)) socket.send(bytes, to)
      },
      close: () => socket.close(),
    }
  },
})
