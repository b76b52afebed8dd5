import { randomBytes } from 'node:crypto'
import { compress } from 'snappyjs'
import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { concatBytes, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { baseCodes, emptyPayload } from '../../../protocols/p2p/messages.ts'
import { eciesEncrypt } from '../../../protocols/rlpx/ecies.ts'
import { closes, closesAfter, type Provocation, staysOpen, staysQuiet, table } from '../provocation.ts'

/** Before, in and under RLPx: what is wrong here is answered with nothing but the end of the connection. */
export const transport: readonly Provocation[] = [
  ...table(
    'tcp',
    [69],
    [
      {
        name: 'tcp/http-get',
        sends: 'an HTTP request',
        script: (peer) => peer.raw(utf8ToBytes('GET / HTTP/1.1\r\nHost: node\r\n\r\n')),
        expects: closes(),
      },
      {
        name: 'tcp/random-400',
        sends: 'the size 398 and as many random bytes',
        script: (peer) => peer.raw(sized(398, 398)),
        expects: closes(),
      },
      { name: 'tcp/silence', sends: 'nothing', expects: closesAfter(5_000) },
      {
        name: 'tcp/size-100-then-100',
        sends: 'a size below that of any auth, and as many bytes',
        script: (peer) => peer.raw(sized(100, 100)),
        expects: closes(),
      },
      {
        name: 'tcp/size-65535-then-stall',
        sends: 'a size above that of any auth, and 3 bytes',
        script: (peer) => peer.raw(sized(0xffff, 3)),
        expects: closes(),
      },
      {
        name: 'tcp/size-300-then-stall',
        sends: 'a size that an auth may have, and 3 bytes',
        script: (peer) => peer.raw(sized(300, 3)),
        expects: closesAfter(5_000),
      },
      {
        name: 'tcp/size-300-then-drip',
        sends: 'a size that an auth may have, then a byte every 200 ms, as a slow loris does',
        script: (peer) => drip(peer, sized(300, 300), 200),
        expects: closesAfter(5_000),
      },
      {
        name: 'tcp/wrong-node-key',
        sends: 'an auth encrypted to another key',
        script: (peer) => peer.raw(authToAnotherKey()),
        expects: closes(),
      },
    ],
  ),
  ...table(
    'rlpx',
    [69],
    [
      {
        name: 'rlpx/then-garbage-frame',
        sends: '64 random bytes where a frame should be',
        script: async (peer) => {
          await peer.next('Hello')
          peer.raw(randomBytes(64))
        },
        expects: closes('Hello'),
      },
      {
        name: 'rlpx/then-silence',
        sends: 'nothing',
        script: (peer) => peer.listen(7_000),
        expects: staysQuiet('Hello'),
      },
    ],
  ),
  ...table(
    'session',
    [69],
    [
      {
        name: 'frame/bad-mac',
        sends: '48 random bytes',
        script: (peer) => peer.raw(randomBytes(48)),
        expects: closes(),
      },
      {
        name: 'frame/bad-body-mac',
        sends: 'a Ping with its last byte changed',
        script: (peer) => {
          const frame = peer.frames.message(baseCodes.Ping, compress(emptyPayload))
          frame[frame.length - 1]! ^= 1
          peer.raw(frame)
        },
        expects: closes(),
      },
      {
        name: 'frame/empty-payload-ping',
        sends: 'a Ping without even the length that snappy begins with',
        script: (peer) => peer.raw({ code: baseCodes.Ping, payload: new Uint8Array(0) }),
        expects: closes(),
      },
      {
        name: 'frame/size-0',
        sends: 'a frame without a message code',
        script: (peer) => peer.raw(peer.frames.frame(new Uint8Array(0))),
        expects: closes(),
      },
      {
        name: 'frame/code-is-list',
        sends: 'a frame whose message code is a list',
        script: (peer) => peer.raw(peer.frames.frame(Uint8Array.of(0xc1, 0x02))),
        expects: closes(),
      },
      {
        name: 'frame/half-then-silence',
        sends: '10 bytes of a frame header',
        script: (peer) => peer.raw(randomBytes(10)),
        expects: staysQuiet(),
      },
      {
        name: 'frame/drip',
        sends: 'a frame of 16 KiB, a byte every second: slower than a frame may be',
        script: (peer) => drip(peer, peer.frames.message(5, randomBytes(16_384)), 1_000),
        expects: { ...closesAfter(30_000, 'Ping'), mayHear: 'Ping' },
      },
      {
        name: 'frame/two-in-one-segment',
        sends: 'two Pings in one write',
        script: async (peer) => {
          const ping = () => peer.frames.message(baseCodes.Ping, compress(emptyPayload))
          peer.raw(concatBytes(ping(), ping()))
          await peer.next('Pong')
          await peer.next('Pong')
        },
        expects: staysOpen('Pong', 'Pong'),
      },
      {
        name: 'frame/snappy-claims-17MB',
        sends: 'a payload that claims to inflate to 17 MiB',
        script: (peer) => peer.raw({ code: baseCodes.Ping, payload: claiming(17 << 20) }),
        expects: closes(),
      },
      {
        name: 'frame/snappy-claims-4GB',
        sends: 'a payload that claims to inflate to 2^32 − 1 bytes',
        script: (peer) => peer.raw({ code: baseCodes.Ping, payload: claiming(0xffff_ffff) }),
        expects: closes(),
      },
      {
        name: 'frame/snappy-garbage',
        sends: 'six bytes 0xff where snappy should be',
        script: (peer) => peer.raw({ code: baseCodes.Ping, payload: new Uint8Array(6).fill(0xff) }),
        expects: closes(),
      },
      {
        name: 'frame/snappy-claims-more',
        sends: 'a payload that inflates to less than it claims',
        script: (peer) => peer.raw({ code: baseCodes.Ping, payload: Uint8Array.of(9, 0x00, 0xc0) }),
        expects: closes(),
      },
      {
        name: 'frame/zero-bomb-9MB',
        sends: 'GetBlockHeaders of 9 MiB of zeros, compressed',
        script: (peer) => peer.send(peer.ethCode(0x03), new Uint8Array(9 << 20)),
        expects: closes('disc 0x02'),
      },
      {
        name: 'frame/zero-bomb-11MB',
        sends: 'GetBlockHeaders of 11 MiB of zeros, compressed: more than eth takes',
        script: (peer) => peer.send(peer.ethCode(0x03), new Uint8Array(11 << 20)),
        expects: closes('disc 0x10'),
      },
    ],
  ),
]

const sized = (size: number, bytes: number) => concatBytes(Uint8Array.of(size >> 8, size & 0xff), randomBytes(bytes))

function authToAnotherKey(): Uint8Array {
  const [plain, size] = [new Uint8Array(300), 300 + 113]
  const prefix = Uint8Array.of(size >> 8, size & 0xff)
  const key = publicKeyOf(randomBytes(32))
  return concatBytes(prefix, eciesEncrypt(key, plain, prefix, { entropy: randomBytes, ciphers: nodeCiphers }))
}

/** Sends `bytes` one by one, until the node has had enough. */
async function drip(peer: ScriptedPeer, bytes: Uint8Array, pause: number): Promise<void> {
  for (const byte of bytes) {
    if (peer.isClosed) return
    peer.raw(Uint8Array.of(byte))
    await peer.listen(pause)
  }
}

/** A snappy block begins with the length that it inflates to, in 7 bits a byte. */
function claiming(length: number): Uint8Array {
  const varint: number[] = []
  let rest = length
  for (; rest >= 128; rest = Math.floor(rest / 128)) varint.push((rest % 128) | 0x80)
  return Uint8Array.from([...varint, rest, ...new Uint8Array(16)])
}
