import { lookup } from 'node:dns/promises'
import type { Datagrams } from '../discovery/datagrams.ts'
import { dnsLookup } from '../discovery/dns/txt-lookup.ts'
import { udp } from '../discovery/udp.ts'
import type { Network } from '../p2p/connection.ts'
import type { LookUp } from '../p2p/dialer.ts'
import { tcp } from '../p2p/tcp.ts'

/** All that a node knows of the network: streams, datagrams where it is to discover nodes, and names where it is to look them up. */
export type Transport = Network &
  Partial<Datagrams> & {
    readonly lookUp?: LookUp
    /** TXT records, where lists of nodes are to be read. */
    readonly dnsLookup?: typeof dnsLookup
  }

/** As the operating system has them. */
export const processTransport: Transport = {
  ...tcp,
  ...udp,
  dnsLookup,
  lookUp: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
}
