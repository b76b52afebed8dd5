import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { formatIp, parseIp } from '../../protocols/enode/netutil.ts'
import type { DatagramSocket, Datagrams } from './datagrams.ts'

/** UDP as the operating system has it. */
export const udp: Datagrams = {
  bind(host, port, receive) {
    return new Promise<DatagramSocket>((resolve, reject) => {
      const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', lookup: asGiven })
      socket.once('error', reject)
      socket.bind({ port, address: host, exclusive: true }, () => {
        socket.off('error', reject)
        // What a remote's host answers (ICMP) ends nothing.
        socket.on('error', () => {})
        const { address, port } = socket.address()
        resolve({
          ip: address,
          port,
          send: (bytes, to) => {
            // Port 0 and a socket that closes throw at once; the rest comes back as an error that is not needed.
            if (to.port > 0 && isOpen) socket.send(bytes, to.port, to.ip)
          },
          close: () =>
            new Promise((closed) => {
              if (!isOpen) return closed()
              isOpen = false
              socket.close(closed)
            }),
        })
      })
      let isOpen = true
      socket.on('message', (bytes, { address, port }) => {
        const ip = parseIp(address)
        if (ip && isOpen)
          receive(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), { ip: formatIp(ip), port })
      })
    })
  },
}

/** Whom datagrams go to is an IP address: no name is looked up, and none waits for a turn. */
const asGiven = (ip: string, _: unknown, done: (error: Error | null, ip: string, family: number) => void): void =>
  done(null, ip, ip.includes(':') ? 6 : 4)
