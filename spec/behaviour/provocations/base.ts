import { randomBytes } from 'node:crypto'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { baseCodes, emptyPayload, encodeHello, type Hello } from '../../../protocols/p2p/messages.ts'
import { meet } from '../../support/stages.ts'
import { closes, closesAfter, type Provocation, type Row, staysOpen, staysQuiet, table } from '../provocation.ts'

const useless = closes('Hello', 'disc 0x03')

/** Disconnect is a list of a reason, or of old a bare reason; what cannot be read comes back as 0xff. */
const disconnects: readonly [name: string, sends: string, payload: readonly number[], answer: string][] = [
  ['bare', 'as a number', [8], '0x08'],
  ['list', 'in a list', [0xc1, 8], '0x08'],
  ['zero-in-list', '0x00 in a list', [0xc1, 0x80], '0x00'],
  ['extra-items', 'in a list of three', [0xc3, 8, 9, 10], '0x08'],
  ['unknown', '0x42, which means nothing', [0xc1, 0x42], '0x42'],
  ['255', '0xff', [0xc2, 0x81, 0xff], '0xff'],
  ['256', '256', [0xc3, 0x82, 1, 0], '0xff'],
  ['max', '2^64 − 1', [0xc9, 0x88, ...Array<number>(8).fill(0xff)], '0xff'],
  ['max-bare', '2^64 − 1 as a number', [0x88, ...Array<number>(8).fill(0xff)], '0xff'],
  ['zero-byte', 'as the byte 0, which is no RLP integer', [0], '0xff'],
  ['nested', 'in a list in a list', [0xc2, 0xc1, 8], '0xff'],
  ['empty-list', 'of an empty list', [0xc0], '0xff'],
  ['no-payload', 'without a payload', [], '0xff'],
  ['short', 'in a list that ends early', [0xc5, 8], '0x08'],
  ['long', 'in a list that claims 1 MiB', [0xfa, 0x10, 0, 0, 8], '0xff'],
]

/** What is sent where the Hello should be. The node has said its own by then. */
const first = table(
  'rlpx',
  [69],
  [
    {
      name: 'first/code-16',
      sends: 'a message with code 16',
      script: (peer) => peer.raw({ code: 16, payload: emptyPayload }),
      expects: closes('Hello'),
    },
    {
      name: 'first/disconnect-bare',
      sends: 'Disconnect 0x04 as a number',
      script: (peer) => peer.raw({ code: baseCodes.Disconnect, payload: Uint8Array.of(4) }),
      expects: closes('Hello'),
    },
    {
      name: 'first/disconnect-list',
      sends: 'Disconnect 0x04 in a list',
      script: (peer) => peer.raw({ code: baseCodes.Disconnect, payload: Uint8Array.of(0xc1, 4) }),
      expects: closes('Hello'),
    },
    {
      name: 'first/hello-empty-payload',
      sends: 'Hello without a payload',
      script: (peer) => peer.raw({ code: baseCodes.Hello, payload: new Uint8Array(0) }),
      expects: closes('Hello'),
    },
    {
      name: 'first/hello-garbage',
      sends: 'Hello that is no RLP',
      script: (peer) => peer.raw({ code: baseCodes.Hello, payload: new Uint8Array(40).fill(0xff) }),
      expects: closes('Hello'),
    },
    {
      name: 'first/hello-too-big',
      sends: 'Hello of 2,049 bytes',
      script: (peer) => peer.raw({ code: baseCodes.Hello, payload: new Uint8Array(2_049) }),
      expects: closes('Hello'),
    },
    {
      name: 'first/ping',
      sends: 'Ping',
      script: (peer) => peer.raw({ code: baseCodes.Ping, payload: emptyPayload }),
      expects: closes('Hello'),
    },
  ],
)

const hello = table(
  'rlpx',
  [69],
  [
    {
      name: 'hello/cap-name-9-chars',
      sends: 'a capability with a name of 9 characters',
      script: (peer) => greet(peer, { caps: [{ name: 'abcdefghi', version: 1 }, eth69] }),
      expects: staysOpen('Hello', 'Status'),
    },
    {
      name: 'hello/caps-60',
      sends: '60 more capabilities, eth/100 to eth/159',
      script: (peer) =>
        greet(peer, { caps: [eth69, ...Array.from({ length: 60 }, (_, i) => ({ name: 'eth', version: 100 + i }))] }),
      expects: staysOpen('Hello', 'Status'),
    },
    {
      name: 'hello/extra-fields',
      sends: 'two list items more than Hello has',
      script: async (peer) => {
        const id = publicKeyOf(peer.privateKey)
        peer.sendHello({}, encodeRlp([5, 'peerchart', [['eth', 69]], 0, id, 1, ['more']]))
        await peer.next('Hello')
        await peer.status()
      },
      expects: staysOpen('Hello', 'Status'),
    },
    {
      name: 'hello/id-empty',
      sends: 'an id of no bytes',
      script: (peer) => peer.sendHello({ id: new Uint8Array(0) }),
      expects: closes('Hello'),
    },
    {
      name: 'hello/id-zero',
      sends: 'an id of 64 zeros',
      script: (peer) => peer.sendHello({ id: new Uint8Array(64) }),
      expects: closes('Hello'),
    },
    {
      name: 'hello/id-of-other-key',
      sends: 'the public key of another node',
      script: (peer) => peer.sendHello({ id: publicKeyOf(randomBytes(32)) }),
      expects: closes('Hello', 'disc 0x09'),
    },
    {
      name: 'hello/id-off-curve',
      sends: '64 bytes that are no point of the curve',
      script: (peer) => peer.sendHello({ id: new Uint8Array(64).fill(0xff) }),
      expects: closes('Hello', 'disc 0x09'),
    },
    {
      name: 'hello/name-1000B',
      sends: 'a name of 1,000 bytes',
      script: (peer) => greet(peer, { name: 'x'.repeat(1_000) }),
      expects: staysOpen('Hello', 'Status'),
    },
    { name: 'hello/no-caps', sends: 'no capability', script: (peer) => peer.sendHello({ caps: [] }), expects: useless },
    {
      name: 'hello/ok-then-watch',
      sends: 'a good Hello, then nothing',
      script: (peer) => peer.hello(),
      expects: staysQuiet('Hello', 'Status'),
    },
    {
      name: 'hello/only-eth67',
      sends: 'eth/67 alone',
      script: (peer) => peer.sendHello({ caps: [{ name: 'eth', version: 67 }] }),
      expects: useless,
    },
    {
      name: 'hello/self',
      sends: "nothing: the handshake is done with the node's own key",
      options: ({ nodeKey }) => ({ privateKey: nodeKey }),
      expects: closes('disc 0x0a'),
    },
    {
      name: 'hello/twice',
      sends: 'a second Hello right after the first',
      script: async (peer) => {
        peer.sendHello()
        peer.send(baseCodes.Hello, helloOf(peer))
        await peer.next('Hello')
        await peer.status()
      },
      expects: staysOpen('Hello', 'Status'),
    },
    {
      name: 'hello/unknown-proto',
      sends: 'zzz/1 alone',
      script: (peer) => peer.sendHello({ caps: [{ name: 'zzz', version: 1 }] }),
      expects: useless,
    },
    {
      name: 'hello/version-0',
      sends: 'version 0 of the base protocol, and no snappy from here on',
      script: (peer) => greet(peer, { version: 0 }),
      expects: staysOpen('Hello', 'Status'),
    },
    {
      name: 'hello/version-4',
      sends: 'version 4 of the base protocol, and no snappy from here on',
      script: (peer) => greet(peer, { version: 4 }),
      expects: staysOpen('Hello', 'Status'),
    },
    {
      name: 'hello/version-6',
      sends: 'version 6 of the base protocol',
      script: (peer) => greet(peer, { version: 6 }),
      expects: staysOpen('Hello', 'Status'),
    },
  ],
)

const again = table(
  'tcp',
  [69],
  [
    {
      name: 'hello/id-connected',
      sends: 'the handshake of a peer that is connected already',
      script: async (peer, { enode }) => {
        const other = await meet(enode, { privateKey: peer.privateKey })
        await other.status()
        await peer.rlpx()
        await peer.closed()
        other.close()
      },
      expects: closes('disc 0x05'),
    },
  ],
)

const running = table(
  'session',
  [69],
  [
    { name: 'base/code-4', sends: 'code 4', script: (peer) => peer.send(4, emptyPayload), expects: staysOpen() },
    { name: 'base/code-15', sends: 'code 15', script: (peer) => peer.send(15, emptyPayload), expects: staysOpen() },
    ...disconnects.map(
      ([name, sends, payload, reason]): Row => ({
        name: `base/disconnect-${name}`,
        sends: `Disconnect ${sends}`,
        script: (peer) => peer.send(baseCodes.Disconnect, Uint8Array.from(payload)),
        expects: closes(`disc ${reason}`),
      }),
    ),
    {
      name: 'base/hello-again',
      sends: 'Hello',
      script: (peer) => peer.send(baseCodes.Hello, helloOf(peer)),
      expects: staysOpen(),
    },
    { name: 'base/ping', sends: 'Ping', script: (peer) => ping(peer, 1), expects: staysOpen('Pong') },
    {
      name: 'base/ping-with-payload',
      sends: 'Ping of a list of three numbers',
      script: async (peer) => {
        peer.send(baseCodes.Ping, Uint8Array.of(0xc3, 1, 2, 3))
        await peer.next('Pong')
      },
      expects: staysOpen('Pong'),
    },
    {
      name: 'base/ping-x100',
      sends: '100 Pings at once',
      script: (peer) => ping(peer, 100),
      expects: staysOpen(...Array<string>(100).fill('Pong')),
    },
    {
      name: 'base/pong-unasked',
      sends: 'a Pong that no one asked for',
      script: (peer) => peer.send(baseCodes.Pong, emptyPayload),
      expects: staysOpen(),
    },
    {
      name: 'idle/no-pong-40s',
      sends: 'nothing, not even a Pong',
      expects: { ...closesAfter(30_000, 'Ping'), mayHear: 'Ping' }, // its second Ping is due as it gives up
    },
  ],
)

/** The first message, the Hello, and what the base protocol's codes do in a running session. */
export const base: readonly Provocation[] = [...first, ...hello, ...again, ...running]

const eth69 = { name: 'eth', version: 69 }

/** Goes on to a running session after an odd Hello. */
async function greet(peer: ScriptedPeer, fields: Partial<Hello>): Promise<void> {
  await peer.hello(fields)
  await peer.status()
}

async function ping(peer: ScriptedPeer, times: number): Promise<void> {
  for (let i = 0; i < times; i++) peer.send('Ping')
  for (let i = 0; i < times; i++) await peer.next('Pong')
}

const helloOf = (peer: ScriptedPeer) =>
  encodeHello({ version: 5, name: 'again', caps: peer.caps, listenPort: 0, id: publicKeyOf(peer.privateKey) })
