import { expect } from 'chai'
import { meterDatagrams, meterNetwork, Traffic } from '../../../actors/metrics/metered-network.ts'
import type { Stream } from '../../../actors/p2p/connection.ts'
import { memoryDatagrams } from '../../../actors/simulation/memory-datagrams.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { failureOf } from '../../failure.ts'

describe('metered datagrams', () => {
  it('are counted both ways', async () => {
    const traffic = new Traffic()
    const datagrams = meterDatagrams(memoryDatagrams(), traffic)
    const received: number[] = []
    const [a, b] = [
      await datagrams.bind('127.0.0.1', 0, () => {}),
      await datagrams.bind('127.0.0.1', 0, (bytes) => received.push(bytes.length)),
    ]
    a.send(new Uint8Array(100), b)
    a.send(new Uint8Array(20), { ip: '127.0.0.1', port: 9 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(received).to.deep.equal([100])
    expect(traffic).to.include({ discoveryEgress: 120, discoveryIngress: 100 })
  })
})

describe('a metered network', () => {
  let traffic: Traffic
  let ends: [dialed: Stream, accepted: Stream]
  const heard: Uint8Array[] = []
  const listener = { data: (chunk: Uint8Array) => void heard.push(chunk), drain() {}, closed() {} }

  beforeEach(async () => {
    traffic = new Traffic()
    const network = meterNetwork(memoryNetwork(), traffic)
    const accepted = new Promise<Stream>((resolve) => {
      void network.listen('127.0.0.1', 1, resolve)
    })
    ends = [await network.dial('127.0.0.1', 1, 1_000), await accepted]
    for (const end of ends) end.listen(listener)
  })

  it('counts what goes out and what comes in, of those that we dialed and those that came', async () => {
    const [dialed, accepted] = ends
    accepted.resume()
    dialed.write(new Uint8Array(300))
    dialed.write(new Uint8Array(44))
    await turn()
    expect(traffic).to.include({ egress: 344, ingress: 344 })
    dialed.resume()
    accepted.write(new Uint8Array(6))
    await turn()
    expect(traffic).to.include({ egress: 350, ingress: 350 })
    expect(heard.map(({ length }) => length)).to.include.members([300, 6])
  })

  it('knows which are paused, each once', () => {
    const [dialed, accepted] = ends
    dialed.pause()
    dialed.pause()
    accepted.pause()
    expect(traffic.paused).to.equal(2)
    dialed.resume()
    dialed.resume()
    expect(traffic.paused).to.equal(1)
  })

  for (const end of ['destroy', 'end'] as const)
    it(`forgets a paused one, and the other end, after ${end}`, async () => {
      for (const stream of ends) stream.pause()
      ends[0][end]()
      ends[1].resume()
      ends[1].end()
      await turn()
      expect(traffic.paused).to.equal(0)
    })

  it('says where its streams lead, as the network says it', () => {
    const [dialed, accepted] = ends
    expect(dialed.remoteAddress).to.equal('127.0.0.1:1')
    expect(accepted.localAddress).to.equal('127.0.0.1:1')
    expect(dialed.localAddress).to.equal(accepted.remoteAddress)
  })

  it('fails to dial as the network does', async () => {
    const network = meterNetwork(memoryNetwork(), traffic)
    const error = await failureOf(network.dial('127.0.0.1', 2, 1_000))
    expect(error).to.include({ message: 'dial tcp 127.0.0.1:2: connection refused' })
  })
})

const turn = () => new Promise((resolve) => setImmediate(resolve))
