import { expect } from 'chai'
import { LocalNode, type SeqStore } from '../../../actors/discovery/local-node.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { forkIdIn, formatRecord, parseRecord } from '../../../protocols/enr/record.ts'
import { keyOf, someNode } from './some-nodes.ts'

describe('our own record', () => {
  const now = 1_800_000_000_000
  let kept: bigint | undefined
  let clock: VirtualClock
  const store: SeqStore = {
    localSeq: () => kept,
    storeLocalSeq: async (_, seq) => {
      kept = seq
    },
  }
  const open = () => LocalNode.open({ privateKey: keyOf(1), store, clock, now })

  beforeEach(() => {
    kept = undefined
    clock = new VirtualClock()
  })

  it('is signed, and begins with the time', async () => {
    const local = await open()
    expect(parseRecord(formatRecord(local.record))).to.deep.equal(local.record)
    expect(local.seq).to.equal(BigInt(now) + 1n)
    expect(local.id).to.equal(someNode(1).id)
  })
  it('is the same until what it says changes, and then has a higher number', async () => {
    const local = await open()
    const { record } = local
    local.setFallback('127.0.0.1', 0)
    expect(local.record).to.equal(record)
    local.set('eth', [[Uint8Array.of(1, 2, 3, 4), 7n]])
    expect(local.seq).to.equal(record.seq + 1n)
    expect(forkIdIn(local.record)).to.deep.equal({ hash: Uint8Array.of(1, 2, 3, 4), next: 7n })
    local.set('eth', undefined)
    expect(local.seq).to.equal(record.seq + 2n)
    expect(local.record.pairs.has('eth')).to.equal(false)
  })
  it('has a higher number after a restart, and after the process was killed', async () => {
    const local = await open()
    for (let i = 0; i < 100; i++) {
      local.set('n', i)
      expect(local.seq < kept!, 'what is in use is below what is kept').to.equal(true)
    }
    const { seq } = local
    const killed = await open()
    expect(killed.seq > seq).to.equal(true)
    await killed.close()
    expect(kept).to.equal(killed.seq)
    expect((await open()).seq).to.equal(killed.seq + 1n)
  })
  it('says where we listen', async () => {
    const local = await open()
    expect(local.enode).to.deep.include({ host: '127.0.0.1', tcp: 0, udp: 0 })
    local.setTcp(30_303)
    local.setFallback('127.0.0.2', 30_304)
    expect(local.enode).to.deep.include({ host: '127.0.0.2', tcp: 30_303, udp: 30_304 })
    local.setFallback('::1', 30_304)
    expect(local.enode).to.deep.include({ host: '::1', tcp: 30_303, udp: 30_304 })
  })

  describe('about where others see us', () => {
    const seen = { ip: '9.9.9.9', port: 5 }
    const said = (local: LocalNode, from: number, to: number, endpoint = seen) => {
      for (let i = from; i < to; i++) local.addStatement(`8.8.8.${i}`, endpoint)
    }
    it('believes ten hosts that say the same, and not one that says it often', async () => {
      const local = await open()
      said(local, 0, 9)
      said(local, 8, 9)
      expect(local.enode.host).to.equal('127.0.0.1')
      said(local, 9, 10)
      expect(local.enode).to.deep.include({ host: '9.9.9.9', udp: 5 })
      said(local, 100, 111, { ip: '9.9.9.8', port: 5 })
      expect(local.enode.host, 'more say something else').to.equal('9.9.9.8')
    })
    it('says the address that was set, whatever they say', async () => {
      const local = await open()
      local.setFallback('127.0.0.2', 30_304)
      local.setStaticIp('203.0.113.7')
      said(local, 0, 10)
      expect(local.enode).to.deep.include({ host: '203.0.113.7', udp: 30_304 })
      said(local, 0, 10, { ip: '2a00::1', port: 30_304 })
      expect([...local.record.pairs.keys()], 'of the other family it believes them').to.include('ip6')
      const other = await open()
      other.setStaticIp('2a00::2')
      expect([...other.record.pairs.keys()]).to.include.members(['ip', 'ip6'])
    })
    it('believes them for five minutes', async () => {
      const local = await open()
      said(local, 0, 10)
      clock.advance(5 * 60_000)
      expect(local.enode.host).to.equal('9.9.9.9')
      clock.advance(1)
      expect(local.enode.host).to.equal('127.0.0.1')
    })
    it('keeps what 512 hosts said last', async () => {
      const local = await open()
      said(local, 0, 10)
      for (let i = 0; i < 512; i++) local.addStatement(`7.7.${i >> 8}.${i & 255}`, { ip: `6.6.6.${i & 255}`, port: i })
      expect(local.enode.host).to.equal('127.0.0.1')
    })
    it('believes IPv6 beside IPv4, and no text that is no address', async () => {
      const local = await open()
      said(local, 0, 10, { ip: '2a00::1', port: 6 })
      said(local, 20, 30, { ip: 'nowhere', port: 6 })
      const { pairs } = local.record
      expect([...pairs.keys()]).to.deep.equal(['id', 'ip', 'ip6', 'secp256k1', 'udp6'])
    })
  })
})
