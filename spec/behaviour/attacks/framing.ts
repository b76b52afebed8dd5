import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { compress } from 'snappyjs'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { encode } from '../../../protocols/eth/messages.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { baseCodes } from '../../../protocols/p2p/messages.ts'
import { meet, openTcp } from '../../support/stages.ts'
import type { Attack } from '../attack.ts'
import { getHeaders } from '../provocations/requests.ts'
import { each } from './crowd.ts'

/** Right bytes in wrong pieces, and frames that promise more than they bring. */
export const framing: readonly Attack[] = [
  {
    name: 'a request split in two at every byte',
    run: async ({ enode }) => {
      const peer = await session(enode)
      const request = () => peer.frames.message(peer.ethCode(3), compress(encode(69, getHeaders())))
      for (let at = 1, size = 2; at < size; at++) {
        const frame = request()
        size = frame.length
        peer.raw(frame.subarray(0, at))
        await setImmediate()
        peer.raw(frame.subarray(at))
        await peer.next('BlockHeaders')
      }
      peer.close()
    },
  },
  {
    name: 'a session in writes of one byte, from its auth on',
    run: async ({ enode }) => {
      const peer = await meet(enode, { cut: (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)) })
      await peer.status()
      const { headers } = await peer.request(getHeaders(), { timeout: 10_000 })
      expect(headers.count).to.equal(1)
      peer.close()
    },
    timeout: 20_000,
  },
  {
    name: 'a session whose every packet is split in two, at another byte of its auth each time',
    run: ({ enode }) =>
      each(
        Array.from({ length: 28 }, (_, i) => 1 + 16 * i),
        async (at) => {
          const peer = await meet(enode, { cut: (bytes) => [bytes.subarray(0, at), bytes.subarray(at)] })
          await peer.status()
          await peer.request(getHeaders())
          peer.close()
        },
      ),
  },
  {
    name: 'frames that claim 2^24 − 1 bytes and bring 64 KiB, from 20 peers that then stall',
    run: ({ enode }) =>
      each(Array(20).keys(), async () => {
        const peer = await session(enode)
        peer.raw(peer.frames.frame(randomBytes(65_536), (1 << 24) - 1))
        await peer.listen(500)
        expect(peer.isClosed).to.equal(false)
        peer.close()
      }),
  },
  {
    name: 'a frame that claims 2^24 − 1 bytes where the Hello should be',
    run: async ({ enode }) => {
      const peer = await openTcp(enode)
      await peer.rlpx()
      peer.raw(peer.frames.frame(randomBytes(1_024), (1 << 24) - 1))
      await peer.listen(500)
      peer.close()
    },
  },
  {
    name: 'bytes changed one by one: header, header MAC, body, body MAC',
    run: ({ enode }) =>
      each([0, 3, 15, 16, 31, 32, 47, 48, 63], async (at) => {
        const peer = await session(enode)
        const frame = peer.frames.message(baseCodes.Ping, compress(Uint8Array.of(0xc0)))
        frame[at]! ^= 0x80
        peer.raw(frame)
        await peer.closed()
        expect(heard(peer)).to.deep.equal(['closed'])
      }),
  },
  {
    name: 'message codes that are no RLP integer, or none that fits',
    run: ({ enode }) =>
      each(
        [
          [0xc0],
          [0x00],
          [0x81, 0x05],
          [0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
          [0x88, 255, 255, 255, 255, 255, 255, 255, 255],
        ],
        async (code) => {
          const peer = await session(enode)
          peer.raw(peer.frames.frame(concatBytes(Uint8Array.from(code), compress(Uint8Array.of(0xc0)))))
          await peer.closed()
          expect(heard(peer)).to.deep.equal(['closed'])
        },
      ),
  },
]

/** A peer whose session runs. */
export async function session(enode: string, version = 69): Promise<ScriptedPeer> {
  const peer = await meet(enode, { caps: [{ name: 'eth', version }] })
  await peer.status()
  return peer
}

/** What was heard since both Statuses. */
export const heard = (peer: ScriptedPeer): string[] => peer.log.slice(2).map(({ label }) => label)
