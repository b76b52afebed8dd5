import { expect } from 'chai'
import { resolveBootnodes } from '../../../actors/discovery/bootnodes.ts'
import { type Logger, silent } from '../../../actors/log/log.ts'
import type { LookUp } from '../../../actors/p2p/dialer.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { parseEnode } from '../../../protocols/enode/enode.ts'
import { someNode } from './some-nodes.ts'

describe('bootnodes', () => {
  const at = (host: string) => {
    const { publicKey } = someNode(1)
    return parseEnode(`enode://${Buffer.from(publicKey).toString('hex')}@${host}`)
  }
  function rig(lookUp: LookUp | undefined) {
    const clock = new VirtualClock()
    const warned: unknown[] = []
    const log = { ...silent, warn: (_, fields) => warned.push(fields?.host) } as Logger
    return { clock, warned, resolve: (...hosts: string[]) => resolveBootnodes(hosts.map(at), { lookUp, clock, log }) }
  }

  it('are taken as they are when they say an address', async () => {
    const { resolve, clock } = rig(() => Promise.reject(new Error('asked')))
    expect((await resolve('127.0.0.1:30303', '[::1]:30304')).map(({ host }) => host)).to.deep.equal([
      '127.0.0.1',
      '::1',
    ])
    expect(clock.pending).to.equal(0)
  })
  it('that DNS names begin with the address that it says, IPv4 before IPv6', async () => {
    const { resolve, clock } = rig(async (name) => (name === 'a.example' ? ['::1', '127.0.0.9'] : ['::2']))
    const hosts = (await resolve('a.example:30303', 'b.example:30303')).map(({ host }) => host)
    expect(hosts).to.deep.equal(['127.0.0.9', '::2'])
    expect(clock.pending).to.equal(0)
  })
  it('are left out, with a line in the log, when DNS fails, says nothing, or no port is named', async () => {
    for (const lookUp of [() => Promise.reject(new Error('ENOTFOUND')), async () => [], undefined]) {
      const { resolve, warned } = rig(lookUp)
      expect(await resolve('a.example:30303', '127.0.0.1:30303?discport=0')).to.deep.equal([])
      expect(warned).to.have.members(['a.example', '127.0.0.1'])
    }
  })
  it('wait 5 s for DNS', async () => {
    const { resolve, clock, warned } = rig(() => new Promise(() => {}))
    const resolving = resolve('a.example:30303')
    await clock.run(4_999)
    expect(warned).to.deep.equal([])
    await clock.run(1)
    expect(await resolving).to.deep.equal([])
  })
})
