import type { Server } from 'node:net'
import { joinHostPort } from '../../protocols/enode/netutil.ts'

/** Where a server is to listen: an address, or the path of a unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * @param flag of the command line that chooses another place
 * @returns the address that it got: `127.0.0.1:8545`, or the path
 * @throws (rejects) {RpcListenFailed}
 */
export function listen(server: Server, place: Place, flag: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(new RpcListenFailed(place, flag, cause))
    server.once('error', fail)
    server.listen({ ...place, backlog }, () => {
      server.off('error', fail)
      // accept() failing for want of file descriptors must not end the node: the next connection is tried again.
      server.on('error', () => {})
      const address = server.address()
      resolve(typeof address === 'object' && address ? joinHostPort(address.address, address.port) : textOf(place))
    })
  })
}

/** Go takes the system's; Node would take 511. */
const backlog = 4_096

const textOf = (place: Place) => ('path' in place ? place.path : joinHostPort(place.host, place.port))

/** The address is taken, not ours or not allowed. */
export class RpcListenFailed extends Error {
  override readonly name = 'RpcListenFailed'
  constructor(place: Place, flag: string, cause: Error & { code?: string }) {
    const network = 'path' in place ? 'unix' : 'tcp'
    const [why, advice] = faults[cause.code ?? ''] ?? [cause.message, 'choose another']
    const other = cause.code === 'EADDRNOTAVAIL' ? flag.replace(/\.port$/, '.addr') : flag
    super(`RPC: listen ${network} ${textOf(place)}: ${why}; ${advice} with ${other}`, { cause })
  }
}

const faults: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  EADDRINUSE: ['bind: address already in use', 'end the process that has it, or choose another'],
  EADDRNOTAVAIL: ['bind: cannot assign requested address', 'choose an address of this machine'],
  EACCES: ['bind: permission denied', 'choose another'],
  EINVAL: ['bind: invalid argument', 'choose another'],
}
