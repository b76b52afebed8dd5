import { expect } from 'chai'
import { compress } from 'snappyjs'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { baseCodes } from '../../../protocols/p2p/messages.ts'
import { openTcp } from '../../support/stages.ts'
import type { Attack } from '../attack.ts'
import { getHeaders, unknownHash } from '../provocations/requests.ts'
import { heard, session } from './framing.ts'

/** Little on the wire, much when taken apart. */
export const bombs: readonly Attack[] = [
  bomb('9 MiB of zeros in Disconnect', baseCodes.Disconnect, new Uint8Array(9 << 20), ['disc 0xff', 'closed']),
  bomb('9 MiB of zeros in Ping', baseCodes.Ping, new Uint8Array(9 << 20), ['Pong']),
  bomb('9 MiB of zeros in Pong', baseCodes.Pong, new Uint8Array(9 << 20), []),
  bomb('9 MiB of zeros in a code that means nothing', 5, new Uint8Array(9 << 20), []),
  bomb('2^24 − 1 bytes in a code that means nothing', 5, new Uint8Array((1 << 24) - 1), []),
  bomb('9 MiB of zeros in a second Hello', baseCodes.Hello, new Uint8Array(9 << 20), []),
  bomb('9 MiB of zeros in a second Status', 16, new Uint8Array(9 << 20), ['disc 0x10', 'closed']),
  bomb('a request of lists 100,000 deep', 16 + 3, nested(100_000), ['disc 0x02', 'closed']),
  bomb('a request whose hashes are lists 100,000 deep', 16 + 5, listOf(Uint8Array.of(7), nested(100_000)), [
    'disc 0x02',
    'closed',
  ]),
  bomb(
    'a request of 1,000,000 empty items',
    16 + 5,
    listOf(Uint8Array.of(7), listOf(new Uint8Array(1_000_000).fill(0x80))),
    ['disc 0x02', 'closed'],
  ),
  bomb('a request for 300,000 bodies that no one has', 16 + 5, listOf(Uint8Array.of(7), hashes(300_000)), [
    'BlockBodies 0',
  ]),
  bomb('a request for 300,000 transactions that no one has', 16 + 9, listOf(Uint8Array.of(7), hashes(300_000)), [
    'PooledTransactions 0',
  ]),
  bomb('a request for 300,000 receipts that no one has', 16 + 15, listOf(Uint8Array.of(7), hashes(300_000)), [
    'Receipts 0',
  ]),
  bomb(
    'an answer of 1,000,000 empty items that no one asked for',
    16 + 4,
    listOf(Uint8Array.of(7), listOf(new Uint8Array(1_000_000).fill(0xc0))),
    ['disc 0x10', 'closed'],
  ),
  bomb('Transactions of 1,000,000 empty items', 16 + 2, listOf(new Uint8Array(1_000_000).fill(0xc0)), []),
  bomb('announcements of 5,001 hashes', 16 + 8, announcements(5_001), []),
  bomb('a list that claims 2^40 bytes', 16 + 3, Uint8Array.of(0xfd, 1, 0, 0, 0, 0, 0, 7), ['disc 0x02', 'closed']),
  bomb('a list that claims 2^64 − 1 bytes', 16 + 3, Uint8Array.of(0xff, ...new Uint8Array(8).fill(0xff), 7), [
    'disc 0x02',
    'closed',
  ]),
  bomb('a list in a Disconnect that is 100,000 deep', baseCodes.Disconnect, nested(100_000), ['disc 0xff', 'closed']),
  {
    name: 'a Hello of lists 2,000 deep',
    run: ({ enode }) => first(enode, nested(2_000)),
  },
  {
    name: 'a compressed Hello, which no Hello is',
    run: ({ enode }) => first(enode, compress(new Uint8Array(1_000_000))),
  },
  {
    name: 'a Hello of 1,000 capabilities, which is above 2 KiB',
    run: async ({ enode }) => {
      const caps = Array.from({ length: 1_000 }, (_, i) => ({ name: 'eth', version: i }))
      const peer = await openTcp(enode)
      await peer.rlpx()
      peer.sendHello({ caps })
      await peer.closed()
      expect(peer.log.map(({ label }) => label)).to.deep.equal(['Hello', 'closed'])
    },
  },
]

/** Five peers send `payload`, one after another; each hears what geth says. @param code with eth at 16 */
function bomb(name: string, code: number, payload: Uint8Array, hears: readonly string[]): Attack {
  return {
    name,
    timeout: 20_000,
    run: async ({ enode }) => {
      for (let i = 0; i < 5; i++) {
        const peer = await session(enode)
        peer.send(code, payload)
        if (hears.includes('closed')) await peer.closed()
        else await answers(peer, hears)
        expect(heard(peer).filter((word) => word !== 'BlockHeaders 1')).to.deep.equal(hears)
        peer.close()
      }
    },
  }
}

/** Reads `hears`, and proves that the peer goes on. */
async function answers(peer: ScriptedPeer, hears: readonly string[]): Promise<void> {
  for (const name of hears) await peer.next(({ label }) => label === name)
  await peer.request(getHeaders())
}

async function first(enode: string, hello: Uint8Array): Promise<void> {
  const peer = await openTcp(enode)
  await peer.rlpx()
  peer.raw({ code: baseCodes.Hello, payload: hello })
  await peer.closed()
  expect(peer.log.map(({ label }) => label)).to.deep.equal(['Hello', 'closed'])
}

/** @returns a list in a list in a list …, `depth` of them */
function nested(depth: number): Uint8Array {
  const reversed: number[] = []
  for (let i = 0; i < depth; i++) reversed.push(...prefix(reversed.length).reverse())
  return Uint8Array.from(reversed.reverse())
}

/** @returns a list of `items`, which are RLP or claim to be */
function listOf(...items: Uint8Array[]): Uint8Array {
  const content = concatBytes(...items)
  return concatBytes(Uint8Array.from(prefix(content.length)), content)
}

function prefix(length: number): number[] {
  if (length < 56) return [0xc0 + length]
  const bytes = [length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
  const significant = bytes.slice(bytes.findIndex((byte) => byte > 0))
  return [0xf7 + significant.length, ...significant]
}

function hashes(count: number): Uint8Array {
  return HashList.of(Array<Uint8Array>(count).fill(unknownHash)).raw
}

function announcements(count: number): Uint8Array {
  const sizes = new Uint8Array(count).fill(100)
  return listOf(encodeRlp(new Uint8Array(count).fill(2)), listOf(sizes), hashes(count))
}
