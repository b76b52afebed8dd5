import fc from 'fast-check'
import { concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { DiscError } from '../../../protocols/p2p/disconnect-reasons.ts'
import { decodeDisconnect, decodeFirstMessage, decodeHello, HelloError } from '../../../protocols/p2p/messages.ts'
import { KeyLogError, parseKeyLog } from '../../../protocols/rlpx/key-log.ts'
import { RlpxError } from '../../../protocols/rlpx/rlpx-error.ts'
import { RlpxSession } from '../../../protocols/rlpx/session.ts'
import {
  ciphers,
  drain,
  entropyFrom,
  newInitiator,
  newResponder,
  secretsPair,
} from '../../protocols/rlpx/session-pair.ts'
import { disconnectReadings, helloVector } from '../../vectors/p2p-messages.ts'
import { mutatedBytes, mutatedRlp, mutatedText } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

const auth = newInitiator(entropyFrom(1)).packet
const acked = newResponder(entropyFrom(2))
acked.receive(auth)
const ack = acked.finish().reply!

/** Some of the bytes of a session, with what follows of them in pieces. */
const pieces = fc.tuple(
  mutatedBytes(
    fc
      .array(fc.tuple(fc.nat(0x30), fc.uint8Array({ maxLength: 300 })), { minLength: 1, maxLength: 3 })
      .map((messages) => sealed(messages)),
  ),
  fc.integer({ min: 1, max: 400 }),
)

function sealed(messages: readonly (readonly [code: number, payload: Uint8Array])[]): Uint8Array {
  const session = new RlpxSession(secretsPair()[0], ciphers)
  session.enableSnappy()
  for (const [code, payload] of messages) session.write(code, payload)
  const bytes = session.takeOutput()!.slice()
  session.free()
  return bytes
}

/** RLPx from auth on, and the base protocol. */
export const wireReaders: Readers = {
  auth: reader(mutatedBytes(fc.constant(auth)), (packet) => finish(newResponder(entropyFrom(2)), packet), RlpxError),
  ack: reader(mutatedBytes(fc.constant(ack)), (packet) => finish(newInitiator(entropyFrom(1)), packet), RlpxError),
  frames: reader(
    pieces,
    ([bytes, size]) => {
      const session = new RlpxSession(secretsPair()[1], ciphers)
      session.enableSnappy()
      try {
        for (let at = 0; at < bytes.length; at += size) {
          session.push(bytes.subarray(at, at + size))
          drain(session)
        }
      } finally {
        session.free()
      }
    },
    RlpxError,
  ),
  Hello: reader(mutatedRlp(fc.constant(hexToBytes(helloVector))), decodeHello, PeerError, DiscError),
  'first message': reader(
    fc.tuple(fc.nat(4), mutatedRlp(fc.constant(hexToBytes(helloVector)))),
    ([code, payload]) => decodeFirstMessage(code, payload),
    ...[HelloError, DiscError, PeerError],
  ),
  Disconnect: reader(
    mutatedBytes(fc.constantFrom(...disconnectReadings.map(([, payload]) => hexToBytes(payload)))),
    decodeDisconnect,
  ),
  'key log': reader(
    mutatedText(fc.constant(`# keys\nRLPX ${Array(5).fill('ab'.repeat(32)).join(' ')}\n\n`)),
    parseKeyLog,
    KeyLogError,
  ),
}

function finish(handshake: ReturnType<typeof newResponder>, packet: Uint8Array): void {
  if (handshake.receive(concatBytes(packet))) handshake.finish()
}
