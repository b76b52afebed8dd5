import fc, { type Arbitrary } from 'fast-check'
import { Chain } from '../../../actors/chain/chain.ts'
import { devGenesis } from '../../../actors/chain/dev-genesis.ts'
import { rpcMethods } from '../../../actors/cli/console/methods.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { paramsOf } from '../../actors/apis/payloads.ts'
import { makeBlocks } from '../../actors/chain/make-chain.ts'
import { httpRequest } from '../../actors/rpc/raw-http.ts'
import { testSecret as secret } from '../../actors/rpc/test-stack.ts'
import { jwt, token } from '../../support/jwt.ts'
import { goodPeer } from '../good-peer.ts'
import { mutatedJson, mutatedText } from '../mutate.ts'
import { type FuzzedNode, startFuzzedNode, Watch } from '../node.ts'
import type { Target } from '../target.ts'
import { exchangeRaw } from './exchange-raw.ts'

/** A request, and what stands in the place of a token that is right. */
type Call = { readonly body: string; readonly token: string | undefined }

/** A node with an engine API, whose consensus client, or who takes its place, says anything. */
export async function engine(start: () => Promise<FuzzedNode> = startServing) {
  const chain = await Chain.open({ genesis: devGenesis() })
  const [own, next] = [makeBlocks(devGenesis(), chain.head, 40), 6]
  const blocks = [...own, ...makeBlocks(devGenesis(), own.at(-1)!.header, next)]
  await chain.close()
  const node = await start()
  const port = Number(new URL(node.auth!).port)
  const say = ({ body, token = jwt(secret) }: Call) =>
    exchangeRaw(port, Buffer.from(httpRequest({ body, headers: { authorization: `Bearer ${token}` } })))
  const watch = await Watch.over(node, {
    'a good peer': await goodPeer(node.enode),
    'a good consensus client': {
      ask: () => ask(node.auth!),
      close() {},
    },
  })
  const hashes = blocks.map(({ header }) => data(header.hash))
  return {
    inputs: callsWith(blocks.slice(-next).map(paramsOf), hashes.slice(-next - 2)),
    try: say,
    check: () => watch.look(),
    close: () => watch.close(),
  } satisfies Target<Call>
}

const startServing = () => startFuzzedNode({ rpc: { auth: { port: 0, secret } } })

function callsWith(payloads: readonly unknown[][], hashes: readonly string[]): Arbitrary<Call> {
  const hash = fc.constantFrom(...hashes, `0x${'00'.repeat(32)}`, `0x${'11'.repeat(32)}`)
  const paramsFor = (name: string): Arbitrary<readonly unknown[]> => {
    if (name.startsWith('newPayload')) return fc.constantFrom(...payloads)
    if (name.startsWith('forkchoice'))
      return fc.tuple(
        fc.record({ headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash }),
        fc.constantFrom(null, {
          timestamp: '0x500',
          prevRandao: hashes[0],
          suggestedFeeRecipient: `0x${'22'.repeat(20)}`,
        }),
      )
    if (name.endsWith('ByRangeV1') || name.endsWith('ByRangeV2')) return fc.constant(['0x1', '0x10'])
    return fc.oneof(
      fc.constant([]),
      fc.tuple(fc.array(hash, { maxLength: 4 })),
      fc.tuple(fc.constant('0x0000000000000001')),
    )
  }
  const request = fc.constantFrom(...rpcMethods.get('engine')!, 'newPayloadV4', 'newPayloadV5').chain((name) =>
    fc.record({
      jsonrpc: fc.constant('2.0'),
      id: fc.constant(1),
      method: fc.constant(`engine_${name}`),
      params: paramsFor(name),
    }),
  )
  const now = Math.floor(Date.now() / 1e3)
  const claims = mutatedJson(fc.constant({ iat: now, id: 'x', clv: 'y', exp: now + 60 }))
  const tokens = fc.oneof(
    mutatedText(fc.constant(jwt(secret))),
    claims.map((text) => token(secret, text)),
    claims.map((text) => token(new Uint8Array(32), text)),
    fc.constantFrom('none', 'HS512').map((alg) => token(secret, { iat: now }, alg)),
  )
  return fc.record({
    body: mutatedJson(request),
    token: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: tokens.map((text) => text.replace(/[\r\n]/g, '')) },
    ),
  })
}

/** @throws (rejects) the node does not answer */
async function ask(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${jwt(secret)}` }
  const request = { jsonrpc: '2.0', id: 1, method: 'engine_exchangeCapabilities', params: [[]] }
  const answer = await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) })).text()
  if (!answer.includes('"result":[')) throw new Error(`no answer but ${answer}`)
}
