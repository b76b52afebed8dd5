import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DPT } from '@ethereumjs/devp2p'
import { DiscoveryEndpoint } from '../../actors/crawler/discovery-endpoint.ts'
import { silent } from '../../actors/log/log.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { formatRecord } from '../../protocols/enr/record.ts'
import { freePort } from '../support/free-port.ts'

// The process of a node that is measured: `node discovery-child.js v4|v5|both|dpt|chainsafe [FOLDER]`. It reports where it
// is, and answers every message with what it has used.

export type Ready = { readonly port: number; readonly record?: string }
/** `cpu` in µs since it started, `memory` in bytes: what is left of its heap and buffers when all that can go has gone. */
export type Used = { readonly cpu: number; readonly memory: number }

const host = '127.0.0.1'
const [kind, folder] = process.argv.slice(2)
const ready =
  kind === 'dpt' ? await startDpt() : kind === 'chainsafe' ? await startChainsafe(folder!) : await startOwn()
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send!({ cpu: user + system, memory: heapUsed + external } satisfies Used)
})
process.send!(ready)

async function startOwn(): Promise<Ready> {
  const runtime = processRuntime()
  const endpoint = await DiscoveryEndpoint.open(runtime, {
    ...{ v4: kind !== 'v5', v5: kind !== 'v4', host, port: 0, privateKey: runtime.entropy(32), bootnodes: [] },
    log: silent,
  })
  return { port: endpoint.socket.port, record: formatRecord(endpoint.local.record) }
}

async function startDpt(): Promise<Ready> {
  const port = await freePort()
  const dpt = new DPT(new Uint8Array(32).fill(9), {
    endpoint: { address: host, udpPort: port, tcpPort: port },
    shouldGetDnsPeers: false,
  })
  dpt.events.on('error', () => {})
  dpt.bind(port, host)
  await once(dpt.events as never, 'listening')
  return { port }
}

/** @param folder has @chainsafe/discv5 installed: see spec/interop/discv5-chainsafe.spec.ts */
async function startChainsafe(folder: string): Promise<Ready> {
  const load = (name: string) => import(pathToFileURL(join(folder, 'node_modules', name)).href)
  const { Discv5 } = await load('@chainsafe/discv5/lib/index.js')
  const { SignableENR } = await load('@chainsafe/enr/lib/index.js')
  const { privateKeyFromRaw } = await load('@libp2p/crypto/dist/src/keys/index.js')
  const { multiaddr } = await load('@multiformats/multiaddr/dist/src/index.js')
  const privateKey = privateKeyFromRaw(new Uint8Array(32).fill(9))
  const enr = SignableENR.createFromPrivateKey(privateKey)
  const port = await freePort()
  const address = multiaddr(`/ip4/${host}/udp/${port}`)
  enr.setLocationMultiaddr(address)
  const discv5 = Discv5.create({ enr, privateKey, bindAddrs: { ip4: address }, config: { enrUpdate: false } })
  await discv5.start()
  return { port, record: enr.encodeTxt() }
}
