import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { nodeOfRecord } from '../../actors/discovery/discovered-node.ts'
import { formatRecord, parseRecord } from '../../protocols/enr/record.ts'
import { startV5Node, type V5Node } from '../actors/discovery/v5/v5-node.ts'
import { findChainsafeDiscv5, skip } from '../support/clients.ts'
import { freePort } from '../support/free-port.ts'
import { eventually } from './own-ethtest-node.ts'

// Installed apart, as the registry lacks the @chainsafe/enr that it asks for: a package.json with "@chainsafe/discv5": "11.0.4" and
// "overrides": { "@chainsafe/enr": "5.0.0" }, `npm i --ignore-scripts` there, and CHAINSAFE_DISCV5 set to that folder.

/** What is used of @chainsafe/enr and @chainsafe/discv5: no types are installed here. */
type Enr = { readonly nodeId: string; encodeTxt(): string }
type Chainsafe = {
  start(): Promise<void>
  stop(): Promise<void>
  addEnr(enr: string): void
  sendPing(enr: Enr): Promise<{ readonly addr: { readonly port: number } }>
  sendTalkReq(enr: Enr, payload: Uint8Array, protocol: string): Promise<Uint8Array>
  findNode(id: string): Promise<Enr[]>
  kadValues(): Enr[]
  readonly enr: Enr
}

describe('over discv5, our node and @chainsafe/discv5', function () {
  this.timeout(60_000)
  let chainsafe: Chainsafe
  let nodes: V5Node[]
  let decodeTxt: (text: string) => Enr
  before(async function () {
    const folder = findChainsafeDiscv5()
    if (folder === undefined)
      return skip(this, 'CHAINSAFE_DISCV5 names no folder that @chainsafe/discv5 is installed in')
    const load = (name: string) => import(pathToFileURL(join(folder, 'node_modules', name)).href)
    const { Discv5 } = await load('@chainsafe/discv5/lib/index.js')
    const { SignableENR, ENR } = await load('@chainsafe/enr/lib/index.js')
    const { privateKeyFromRaw } = await load('@libp2p/crypto/dist/src/keys/index.js')
    const { multiaddr } = await load('@multiformats/multiaddr/dist/src/index.js')
    decodeTxt = (text) => ENR.decodeTxt(text)
    const privateKey = privateKeyFromRaw(randomBytes(32))
    const enr = SignableENR.createFromPrivateKey(privateKey)
    const address = multiaddr(`/ip4/127.0.0.1/udp/${await freePort()}`)
    enr.setLocationMultiaddr(address)
    chainsafe = Discv5.create({ enr, privateKey, bindAddrs: { ip4: address }, config: { enrUpdate: false } })
    await chainsafe.start()
    nodes = [await startV5Node(), await startV5Node()]
  })
  after(async () => {
    await chainsafe?.stop()
    await Promise.all((nodes ?? []).map((node) => node.stop()))
  })
  const theirs = () => nodeOfRecord(parseRecord(chainsafe.enr.encodeTxt()))!
  const ours = (node: V5Node) => decodeTxt(formatRecord(node.local.record))

  it('make a session that we begin', async () => {
    const [a] = nodes
    expect(await a!.discv5.ping(theirs())).to.include({ kind: 'Pong', port: a!.socket.port })
    expect((await a!.discv5.requestRecord(theirs())).id).to.equal(chainsafe.enr.nodeId)
  })
  it('make a session that it begins', async () => {
    const [, b] = nodes
    b!.discv5.onTalk('echo', (request) => request)
    expect((await chainsafe.sendPing(ours(b!))).addr.port).to.be.a('number')
    expect(await chainsafe.sendTalkReq(ours(b!), Uint8Array.of(1, 2), 'echo')).to.deep.equal(Uint8Array.of(1, 2))
    expect(b!.discv5.sessions.established).to.be.at.least(1)
  })
  it('find others by each other', async () => {
    const [a, b] = nodes
    const known = () => chainsafe.kadValues().map(({ nodeId }) => nodeId)
    for (const node of nodes) chainsafe.addEnr(formatRecord(node.local.record))
    expect(known()).to.include.members([a!.local.id, b!.local.id])
    const third = await startV5Node({ bootnodes: [theirs()] })
    const fourth = await startV5Node({ bootnodes: [a!.self] })
    nodes.push(third, fourth)
    await eventually('we find b by it', async () => {
      const found = await third.discv5.lookUp(b!.local.id)
      return found.some(({ id }) => id === b!.local.id)
    })
    await eventually('it finds the fourth by us', async () => {
      const found = await chainsafe.findNode(fourth.local.id)
      return found.some(({ nodeId }) => nodeId === fourth.local.id)
    })
  })
})
