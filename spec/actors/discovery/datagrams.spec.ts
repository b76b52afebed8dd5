import { expect } from 'chai'
import { type Datagrams, reachable, restricted, type UdpEndpoint } from '../../../actors/discovery/datagrams.ts'
import { udp } from '../../../actors/discovery/udp.ts'
import { parseNetlist } from '../../../protocols/enode/netlist.ts'
import { failureOf } from '../../failure.ts'

describe('datagrams', () => {
  it('arrive over UDP, with where they came from', async () => {
    let arrive: (what: [Uint8Array, UdpEndpoint]) => void = () => {}
    const received = new Promise((resolve) => {
      arrive = resolve
    })
    const a = await udp.bind('127.0.0.1', 0, (...what) => arrive(what))
    const b = await udp.bind('127.0.0.1', 0, () => {})
    b.send(Uint8Array.of(1, 2), { ip: a.ip, port: a.port })
    expect(await received).to.deep.equal([Uint8Array.of(1, 2), { ip: '127.0.0.1', port: b.port }])
    const taken = (await failureOf(udp.bind('127.0.0.1', a.port, () => {}))) as NodeJS.ErrnoException
    expect(taken.code).to.equal('EADDRINUSE')
    await a.close()
    await b.close()
    await b.close()
    b.send(Uint8Array.of(1), { ip: '127.0.0.1', port: 0 })
  })

  it('stay on the machine when the node listens on a loopback address', () => {
    const hosts = ['127.0.0.1', '127.9.9.9', '::1', '10.0.0.1', '9.9.9.9', '2a00::1', 'host']
    const reached = (host: string, netRestrict?: string) =>
      hosts.filter(reachable(host, netRestrict === undefined ? undefined : parseNetlist(netRestrict)))
    expect(reached('127.0.0.1')).to.deep.equal(['127.0.0.1', '127.9.9.9', '::1'])
    expect(reached('::1')).to.deep.equal(['127.0.0.1', '127.9.9.9', '::1'])
    expect(reached('0.0.0.0')).to.deep.equal(hosts)
    expect(reached('0.0.0.0', '127.0.0.0/8')).to.deep.equal(['127.0.0.1', '127.9.9.9'])
    expect(reached('127.0.0.1', '9.0.0.0/8')).to.deep.equal([])
  })
  it('are neither sent nor received where they may not go', async () => {
    const sent: UdpEndpoint[] = []
    let receive: (bytes: Uint8Array, from: UdpEndpoint) => void = () => {}
    const wire: Datagrams = {
      async bind(ip, port, listener) {
        receive = listener
        return { ip, port, send: (_, to) => void sent.push(to), close: async () => {} }
      },
    }
    const received: UdpEndpoint[] = []
    const socket = await restricted(wire, reachable('127.0.0.1', undefined)).bind('127.0.0.1', 9, (_, from) =>
      received.push(from),
    )
    for (const ip of ['127.0.0.1', '10.0.0.1', '9.9.9.9']) {
      socket.send(new Uint8Array(1), { ip, port: 1 })
      receive(new Uint8Array(1), { ip, port: 1 })
    }
    expect([sent, received]).to.deep.equal([[{ ip: '127.0.0.1', port: 1 }], [{ ip: '127.0.0.1', port: 1 }]])
    await socket.close()
  })
})
