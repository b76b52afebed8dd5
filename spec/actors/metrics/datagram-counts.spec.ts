import { expect } from 'chai'
import { Registry } from 'prom-client'
import { DatagramCounts } from '../../../actors/metrics/datagram-counts.ts'
import { discv5Codes } from '../../../actors/trace/datagrams.ts'
import type { MessageEntry } from '../../../actors/trace/entries.ts'

describe('the counts of datagrams', () => {
  const entry = (protocol: string, code: number, type: MessageEntry['type'] = 'message.received') =>
    ({ type, protocol, code }) as MessageEntry

  it('have geth’s names, and are there once one came', async () => {
    const registry = new Registry()
    const counts = new DatagramCounts(registry)
    expect(registry.getMetricsAsArray()).to.deep.equal([])
    const codes = [1, 2, 3, 4, 5, 6]
    for (const code of [...codes, 1]) counts.take(entry('discv4', code))
    for (const code of [...codes, ...Object.values(discv5Codes)]) counts.take(entry('discv5', code))
    counts.take(entry('discv4', 2, 'message.sent'))
    const values = (await registry.getMetricsAsJSON()).map(({ name, values: [first] }) => [name, first!.value])
    const names = (version: string, of: string) => of.split(' ').map((name) => `discover_ingress_${name}_${version}`)
    expect(Object.fromEntries(values)).to.deep.equal({
      ...Object.fromEntries(
        names('v4', 'PING PONG FINDNODE NEIGHBORS ENRREQUEST ENRRESPONSE').map((name) => [name, 1]),
      ),
      ...Object.fromEntries(names('v5', 'PING PONG FINDNODE NODES TALKREQ TALKRESP').map((name) => [name, 1])),
      ...Object.fromEntries(names('v5', 'UNKNOWN WHOAREYOU').map((name) => [name, 1])),
      discover_ingress_PING_v4: 2,
    })
  })
  it('are not of what no packet has', () => {
    const registry = new Registry()
    const counts = new DatagramCounts(registry)
    for (const code of [0, 7, 0xff]) for (const protocol of ['discv4', 'discv5']) counts.take(entry(protocol, code))
    expect(registry.getMetricsAsArray()).to.deep.equal([])
  })
})
