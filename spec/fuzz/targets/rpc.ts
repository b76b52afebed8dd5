import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc, { type Arbitrary } from 'fast-check'
import { rpcMethods } from '../../../actors/cli/console/methods.ts'
import { httpRequest } from '../../actors/rpc/raw-http.ts'
import { goodClient } from '../good-client.ts'
import { goodPeer } from '../good-peer.ts'
import { mutatedBytes, mutatedJson, mutatedText } from '../mutate.ts'
import { type FuzzedNode, startFuzzedNode, Watch } from '../node.ts'
import type { Target } from '../target.ts'
import { exchangeRaw } from './exchange-raw.ts'

/** Bytes for one connection to an endpoint. */
type Call = { readonly over: 'http' | 'ws' | 'ipc'; readonly bytes: Uint8Array }

/** A node that serves everything, among clients that ask anything. */
export async function rpc(start: () => Promise<FuzzedNode> = startServing) {
  const node = await start()
  const { http, ws, ipc } = node
  const watch = await Watch.over(node, {
    'a good peer': await goodPeer(node.enode),
    'a good client over HTTP': await goodClient({ http: http! }),
    'a good client over WebSocket': await goodClient({ ws: ws! }),
    'a good client over IPC': await goodClient({ ipc: ipc! }),
  })
  const places = { http: Number(new URL(http!).port), ws: Number(new URL(ws!).port), ipc: ipc! }
  return {
    inputs: calls,
    try: ({ over, bytes }) => exchangeRaw(places[over], bytes),
    check: () => watch.look(),
    close: () => watch.close(),
  } satisfies Target<Call>
}

async function startServing(): Promise<FuzzedNode> {
  const folder = await mkdtemp(join(tmpdir(), 'peerchart-fuzz-'))
  const ipc = join(folder, 'node.ipc')
  const node = await startFuzzedNode({ rpc: { http: { port: 0, api }, ws: { port: 0, api }, ipc } })
  return {
    ...node,
    stop: async () => {
      await node.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What can end an endpoint, or reads and writes files, is not asked for. */
const api = ['net', 'web3', 'eth', 'txpool', 'debug']
const ofAdmin = ['peers', 'nodeInfo', 'datadir', 'removePeer', 'removeTrustedPeer']

const methods = [
  ...[...rpcMethods].flatMap(([space, names]) => (api.includes(space) ? names.map((name) => `${space}_${name}`) : [])),
  ...[...ofAdmin, 'subscribe', 'unsubscribe'].map((name) => `admin_${name}`),
  ...['rpc_modules', 'eth_subscribe', 'eth_unsubscribe'],
]

const hash = `0x${'11'.repeat(32)}`
/** Of a method, as many as it may take: what it most often begins with, and what may follow. */
function paramsFor(method: string): Arbitrary<unknown[]> {
  const block = fc.constantFrom<unknown>('latest', '0x1', '0x0', { blockHash: hash, requireCanonical: true })
  const first = /ByHash|Receipt|removePeer/.test(method)
    ? fc.constantFrom(hash)
    : /subscribe$/.test(method)
      ? fc.constantFrom('newHeads', 'logs', 'peerEvents')
      : /Balance|Code|Count$|StorageAt|Proof|From$/.test(method)
        ? fc.constant(`0x${'22'.repeat(20)}`)
        : block
  const then = fc.oneof(fc.constantFrom<unknown>(true, false, '0x0'), block)
  return fc.tuple(fc.array(first, { maxLength: 1 }), fc.array(then, { maxLength: 2 })).map((all) => all.flat())
}

const request = fc.constantFrom(...methods).chain((method) =>
  fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.constantFrom<unknown>(1, '1', null),
    method: fc.constant(method),
    params: paramsFor(method),
  }),
)
const body = (request: Arbitrary<unknown>): Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: mutatedJson(request) },
    { weight: 1, arbitrary: mutatedJson(fc.array(request, { maxLength: 8 })) },
  )

const overHttp = fc.oneof(
  { weight: 3, arbitrary: body(request).map((text) => httpRequest({ body: text })) },
  { weight: 1, arbitrary: mutatedText(body(request).map((text) => httpRequest({ body: text }))) },
)
const upgrade = httpRequest({
  method: 'GET',
  type: '',
  headers: {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  },
})
/** A masked frame of text, with a mask of zeros. */
const wsFrame = (text: string): Uint8Array => {
  const payload = Buffer.from(text)
  const length = Buffer.alloc(10)
  length.writeUInt8(0x81)
  length.writeUInt8(0x80 | 127, 1)
  length.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([length, Buffer.alloc(4), payload])
}
const overWs = fc.oneof(
  { weight: 3, arbitrary: body(request).map((text) => Buffer.concat([Buffer.from(upgrade), wsFrame(text)])) },
  {
    weight: 1,
    arbitrary: mutatedBytes(body(request).map(wsFrame)).map((bytes) => Buffer.concat([Buffer.from(upgrade), bytes])),
  },
)
const overIpc = fc.array(fc.oneof(body(request), mutatedText(body(request))), { minLength: 1, maxLength: 3 })

const calls: Arbitrary<Call> = fc.oneof(
  overHttp.map((text) => ({ over: 'http' as const, bytes: Buffer.from(text) })),
  overWs.map((bytes) => ({ over: 'ws' as const, bytes })),
  overIpc.map((texts) => ({ over: 'ipc' as const, bytes: Buffer.from(`${texts.join('\n')}\n`) })),
)
