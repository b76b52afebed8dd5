import fc, { type Arbitrary } from 'fast-check'
import type { RawFrame } from '../../../actors/scripted-peer/raw-frame.ts'
import { ethVersions, messageTable } from '../../../protocols/eth/versions.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { emptyPayload, encodeDisconnect, encodeHello } from '../../../protocols/p2p/messages.ts'
import { auth } from '../../behaviour/attacks/packets.ts'
import { namesIn } from '../../protocols/messages.ts'
import { openTcp } from '../../support/stages.ts'
import { helloVector } from '../../vectors/p2p-messages.ts'
import { goodPeer } from '../good-peer.ts'
import { mutatedBytes, mutatedRlp } from '../mutate.ts'
import { type FuzzedNode, startFuzzedNode, Watch } from '../node.ts'
import type { Target } from '../target.ts'
import { ethPayloads } from './eth-readers.ts'
import { statusPayload } from './status-payload.ts'

/** What one connection says, in order, as far as it gets. */
export type Script = {
  /** Fills its private key. */
  readonly key: number
  readonly version: (typeof ethVersions)[number]
  /** In the place of auth; none is a handshake as it should be. */
  readonly opening: Opening | undefined
  /** In the place of Hello. */
  readonly hello: RawFrame | undefined
  /** In the place of Status. */
  readonly status: RawFrame | undefined
  readonly frames: readonly RawFrame[]
}
type Opening = { readonly bytes: Uint8Array } | { readonly fields: readonly Uint8Array[] }

/** A node with a chain and a head that a consensus client named, among peers that say anything at any stage. */
export async function wire(start: () => Promise<FuzzedNode> = () => startFuzzedNode({ isSynced: true })) {
  const node = await start()
  const watch = await Watch.over(node, { 'a good peer': await goodPeer(node.enode) })
  return {
    inputs: scripts,
    try: (script) => play(node.enode, script),
    check: () => watch.look(),
    close: () => watch.close(),
  } satisfies Target<Script>
}

/** Frames of one message: its payload damaged, or what is around it. */
export const frame = (code: Arbitrary<number>, payload: Arbitrary<Uint8Array>): Arbitrary<RawFrame> =>
  fc.tuple(code, payload, damage).map(([code, payload, damage]) => ({ code, payload, compressed: true, ...damage }))

const damage: Arbitrary<Omit<RawFrame, 'code'>> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  fc.constant({ compressed: false }),
  fc.record({ size: fc.constantFrom(0, 1, 15, 17, 1_000, 2 ** 24 - 1) }),
  fc.record({ wrongMac: fc.constantFrom('header', 'frame') }),
  fc.record({ only: fc.nat(64) }),
)

const base = fc.oneof(
  frame(fc.constant(1), mutatedBytes(fc.nat(0xff).map(encodeDisconnect))),
  frame(fc.constantFrom(2, 3), mutatedBytes(fc.constant(emptyPayload))),
  frame(fc.constant(0), mutatedRlp(fc.constant(hexToBytes(helloVector)))),
  frame(
    fc.oneof(fc.nat(0x60), fc.constantFrom(0x7f, 0x80, 2 ** 31, 2 ** 32, 2 ** 53)),
    fc.uint8Array({ maxLength: 40 }),
  ),
)

const version = fc.constantFrom(...ethVersions)
const scripts: Arbitrary<Script> = version.chain((version) => {
  const table = messageTable(version)
  const messages = namesIn(table).map((name) =>
    frame(fc.constant(16 + table.codeOf(name)!), mutatedRlp(ethPayloads(version, name))),
  )
  return fc.integer({ min: 1, max: 250 }).chain((key) =>
    fc.record({
      version: fc.constant(version),
      key: fc.constant(key),
      opening: seldom<Opening>(
        fc.oneof(
          fc.record({ bytes: mutatedBytes(fc.uint8Array({ minLength: 2, maxLength: 600 })) }),
          fc.record({ fields: fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 5 }) }),
        ),
      ),
      hello: seldom(frame(fc.constant(0), mutatedRlp(fc.constant(helloOf(key, version))))),
      status: seldom(frame(fc.constant(16), mutatedRlp(fc.constant(statusPayload(version))))),
      frames: fc.array(fc.oneof({ weight: 1, arbitrary: base }, { weight: 6, arbitrary: fc.oneof(...messages) }), {
        maxLength: 6,
      }),
    }),
  )
})

const seldom = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const keyOf = (key: number) => new Uint8Array(32).fill(key)
const helloOf = (key: number, version: number) =>
  encodeHello({
    ...{ version: 5, name: 'fuzz', listenPort: 0, id: publicKeyOf(keyOf(key)) },
    caps: [{ name: 'eth', version }],
  })

async function play(enode: string, { key, version, opening, hello, status, frames }: Script): Promise<void> {
  const peer = await openTcp(enode, { caps: [`eth/${version}`], privateKey: keyOf(key) })
  const isOver = () => peer.isClosed
  try {
    if (opening) {
      peer.raw('bytes' in opening ? opening.bytes : auth(enode, [...opening.fields]))
      return await peer.listen(settling)
    }
    await peer.rlpx().catch(ignoreEnd)
    if (isOver()) return
    if (hello) peer.raw(hello)
    else await peer.hello().catch(ignoreEnd)
    if (isOver()) return
    peer.raw(status ?? { code: 16, payload: statusPayload(version), compressed: true })
    for (const one of frames) {
      if (isOver()) return
      peer.raw(one)
    }
    // What comes back when all was read, if the node still reads.
    peer.raw({ code: 2, payload: emptyPayload, compressed: true })
    await peer.next('Pong', { timeout: settling }).catch(ignoreEnd)
  } finally {
    peer.close()
  }
}

function ignoreEnd(error: unknown): void {
  if ((error as Error).name !== 'ScriptError') throw error
}

/** Milliseconds at most in which a connection shows what it came to; what it does after that shows at the next look. */
const settling = 200
