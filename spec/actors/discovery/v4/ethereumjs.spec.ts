import { once } from 'node:events'
import { DPT } from '@ethereumjs/devp2p'
import { expect } from 'chai'
import { LocalNode } from '../../../../actors/discovery/local-node.ts'
import { NodeDatabase } from '../../../../actors/discovery/node-database.ts'
import { udp } from '../../../../actors/discovery/udp.ts'
import { Discv4 } from '../../../../actors/discovery/v4/discv4.ts'
import { silent } from '../../../../actors/log/log.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { bytesToHex } from '../../../../protocols/lib/bytes.ts'
import { keyOf, someNode } from '../some-nodes.ts'

describe('discv4 and the DPT of @ethereumjs/devp2p', () => {
  const host = '127.0.0.1'
  let ours: { v4: Discv4; port: number; close(): Promise<void> }
  let dpt: DPT
  let theirPort: number

  beforeEach(async () => {
    ours = await start()
    theirPort = await freePort()
    dpt = new DPT(keyOf(2), {
      endpoint: { address: host, udpPort: theirPort, tcpPort: theirPort },
      ...{ timeout: 5_000, shouldGetDnsPeers: false },
    })
    dpt.bind(theirPort, host)
    await once(dpt.events as never, 'listening')
  })
  afterEach(async () => {
    dpt.destroy()
    await ours.close()
  })

  async function start() {
    const runtime = processRuntime()
    const { clock } = runtime
    const now = Date.now
    const database = await NodeDatabase.open({ clock, now, log: silent })
    const localNode = await LocalNode.open({ privateKey: keyOf(1), store: database, clock, now: now() })
    const socket = await udp.bind(host, 0, (bytes, from) => void v4.receive(bytes, from))
    localNode.setFallback(host, socket.port)
    const v4 = new Discv4(runtime, {
      ...{ id: 'discv4', parent: 'node', privateKey: keyOf(1), localNode, database, bootnodes: [], now, log: silent },
      ...{ isAllowed: () => true, send: (bytes, to) => socket.send(bytes, to) },
    })
    const close = async () => {
      v4.close()
      await socket.close()
      await database.close()
    }
    return { v4, port: socket.port, close }
  }
  async function freePort(): Promise<number> {
    const socket = await udp.bind(host, 0, () => {})
    await socket.close()
    return socket.port
  }
  const idOf = (peer: { id?: Uint8Array }) => bytesToHex(peer.id!)

  it('bond when it pings us', async () => {
    const peer = await dpt.addPeer({ address: host, udpPort: ours.port, tcpPort: ours.port })
    expect(idOf(peer)).to.equal(bytesToHex(someNode(1).publicKey))
    // It has answered our PING when it answers what we ask without being pinged again.
    expect(await ours.v4.findnode({ ...someNode(2, host, theirPort) }, new Uint8Array(64))).to.be.an('array')
    expect(ours.v4.table.get(someNode(2).id)?.node.host).to.equal(host)
  })
  it('bond when we ask it, and it names who it knows', async () => {
    const third = new DPT(keyOf(3), { endpoint: { address: host, udpPort: 0, tcpPort: 0 }, shouldGetDnsPeers: false })
    const port = await freePort()
    third.bind(port, host)
    await once(third.events as never, 'listening')
    await dpt.addPeer({ address: host, udpPort: port, tcpPort: port })
    const named = await ours.v4.findnode({ ...someNode(2, host, theirPort) }, someNode(3).publicKey)
    expect(named.map(({ id }) => id)).to.deep.include(someNode(3).id)
    expect(dpt.getPeer({ id: someNode(1).publicKey })).to.not.equal(undefined)
    third.destroy()
  })
}).timeout(20_000)
