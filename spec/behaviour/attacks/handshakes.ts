import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { openTcp, tcpOnly } from '../../support/stages.ts'
import type { Subject } from '../../support/subject.ts'
import type { Attack } from '../attack.ts'
import { each } from './crowd.ts'
import { auth, badKeys, sealed, sealedShort, sized } from './packets.ts'

/** Whatever is wrong with an auth or ack, all that its sender learns is the end of the connection. */
export const handshakes: readonly Attack[] = [
  {
    name: 'auths whose ephemeral key is no point of the curve',
    run: (subject) =>
      each(Object.values(badKeys), (key) =>
        refused(subject, sized(307, concatBytes(Uint8Array.of(4), key, randomBytes(242)))),
      ),
  },
  {
    name: 'auths that decrypt, whose node key is no point of the curve',
    run: (subject) =>
      each(Object.values(badKeys), (key) =>
        refused(subject, auth(subject.enode, [randomBytes(65), key, randomBytes(32), 4])),
      ),
  },
  {
    name: 'auths that decrypt, with a signature that no one made',
    run: (subject) =>
      each([new Uint8Array(65), new Uint8Array(65).fill(0xff), concatBytes(randomBytes(64), Uint8Array.of(7))], (sig) =>
        refused(subject, auth(subject.enode, [sig, publicKeyOf(randomBytes(32)), randomBytes(32), 4])),
      ),
  },
  {
    name: 'auths that decrypt to no RLP, to nothing and to lists of the wrong things',
    run: async (subject) => {
      const key = publicKeyOf(subject.nodeKey)
      await each([0, 1, 16, 100, 300], (size) => refused(subject, sealed(key, randomBytes(size).fill(0xff))))
      await each([[], [1, 2, 3], [[[]]], 7], (fields) => refused(subject, auth(subject.enode, fields)))
    },
  },
  {
    name: 'auths with a MAC that is right over fewer bytes than an iv has',
    run: (subject) => each([...Array(16).keys()], (length) => refused(subject, sealedShort(subject.enode, length))),
  },
  {
    name: 'auths of every length from 0 to 600',
    timeout: 30_000,
    run: (subject) => each([...Array(601).keys()], (size) => refused(subject, sized(size, randomBytes(size)))),
  },
  {
    name: 'auths of the sizes that end in trouble: 2,048, 2,049, 65,535',
    run: (subject) => each([2_048, 2_049, 0xffff], (size) => refused(subject, sized(size, randomBytes(2_048)))),
  },
  {
    name: 'acks whose ephemeral key is no point of the curve',
    timeout: 20_000,
    run: (subject) =>
      each(Object.values(badKeys), (key) =>
        dialed(subject, async (peer) => {
          await peer.listen(100) // its auth
          peer.raw(sealed(publicKeyOf(subject.nodeKey), encodeRlp([key, randomBytes(32), 4])))
          await peer.closed()
          expect(peer.log.map(({ label }) => label)).to.deep.equal(['closed'])
        }),
      ),
  },
  {
    name: 'a second auth where the first frame should be',
    run: async (subject) => {
      const peer = await openTcp(subject.enode)
      await peer.rlpx()
      await peer.next('Hello')
      peer.raw(auth(subject.enode, [randomBytes(65), publicKeyOf(randomBytes(32)), randomBytes(32), 4]))
      await peer.closed()
      expect(peer.log.map(({ label }) => label)).to.deep.equal(['Hello', 'closed'])
    },
  },
]

/** Sends `packet` on a fresh connection, which ends without a word. */
async function refused({ enode }: Subject, packet: Uint8Array): Promise<void> {
  const peer = await openTcp(enode)
  peer.raw(packet)
  await peer.closed({ timeout: 6_000 })
  expect(peer.log.map(({ label }) => label)).to.deep.equal(['closed'])
}

/** Has the node dial a script. */
async function dialed(subject: Subject, script: (peer: ScriptedPeer) => Promise<void>): Promise<void> {
  const listener = await listen(tcpOnly)
  await subject.addPeer(listener.enode)
  try {
    await script(await listener.accept().until('securing'))
  } finally {
    await subject.removePeer(listener.enode)
    await listener.close()
  }
}
