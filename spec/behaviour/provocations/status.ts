import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import type { ForkId } from '../../../protocols/chain/fork-id.ts'
import type { BlockRange } from '../../../protocols/eth/block-range.ts'
import { decode } from '../../../protocols/eth/messages.ts'
import { encodeList, encodeRlp, RlpReader } from '../../../protocols/lib/rlp.ts'
import { closes, closesAfter, type Provocation, staysOpen, table } from '../provocation.ts'
import { getHeaders } from './requests.ts'

const modern = [69, 70, 71, 72] as const
const all = [68, ...modern] as const
const refused = closes('Status', 'disc 0x10')
const malformed = closes('Status', 'disc 0x02')

/** The eth handshake. */
export const status: readonly Provocation[] = [
  ...table('hello', all, [
    {
      name: 'nostatus/request-first',
      sends: 'GetBlockHeaders where the Status should be',
      script: async (peer) => {
        await peer.next('Status')
        peer.send(getHeaders())
      },
      expects: refused,
    },
    {
      name: 'nostatus/ping-first',
      sends: 'Ping where the Status should be, then a good Status',
      script: async (peer) => {
        const { payload } = await peer.next('Status')
        peer.send('Ping')
        await peer.next('Pong')
        peer.send(peer.ethCode(0), payload)
      },
      expects: staysOpen('Status', 'Pong'),
    },
    { name: 'nostatus/silence', sends: 'nothing', expects: closesAfter(5_000, 'Status', 'disc 0x0b') },
    {
      name: 'nostatus/status-garbage',
      sends: 'Status of a list of three numbers',
      script: async (peer) => {
        await peer.next('Status')
        peer.send(peer.ethCode(0), Uint8Array.of(0xc3, 1, 2, 3))
      },
      expects: malformed,
    },
    {
      name: 'status/extra-field',
      sends: 'a Status with one list item too many',
      script: async (peer) => {
        const { payload } = await peer.next('Status')
        const fields = Array.from(RlpReader.open(payload).rest(), ({ raw }) => raw)
        peer.send(peer.ethCode(0), encodeList([...fields, Uint8Array.of(1)]))
      },
      expects: malformed,
    },
    { name: 'status/ok', sends: 'a good Status', script: (peer) => peer.status(), expects: staysOpen('Status') },
    {
      name: 'status/twice',
      sends: 'a good Status, twice',
      script: async (peer) => peer.send(await peer.status()),
      expects: refused,
    },
    {
      name: 'status/network',
      sends: 'another network id',
      script: (peer) => peer.status({ networkId: 999n }),
      expects: refused,
    },
    {
      name: 'status/version-other',
      sends: 'another version than the one agreed on',
      script: (peer) => peer.status({ version: peer.version! + 1 }),
      expects: refused,
    },
    {
      name: 'status/genesis',
      sends: 'another genesis',
      script: (peer) => peer.status({ genesis: new Uint8Array(32).fill(0x11) }),
      expects: refused,
    },
    {
      name: 'status/fork-hash-unknown',
      sends: 'a fork hash that no one knows',
      script: (peer) => fork(peer, { hash: Uint8Array.of(1, 2, 3, 4) }),
      expects: refused,
    },
    {
      name: 'status/fork-next-future',
      sends: 'the right fork hash, and a next fork at 2^40',
      script: (peer) => fork(peer, { next: 1n << 40n }),
      expects: staysOpen('Status'),
    },
    {
      name: 'status/fork-next-past',
      sends: 'the right fork hash, and a next fork at 1, long passed',
      script: (peer) => fork(peer, { next: 1n }),
      expects: refused,
    },
  ]),
  ...table('hello', modern, [
    {
      name: 'status/earliest-above-latest',
      sends: 'a range that begins after its end',
      script: (peer) => range(peer, ({ latest }) => ({ earliest: latest + 1n })),
      expects: refused,
    },
    {
      name: 'status/latest-hash-zero',
      sends: 'a latest hash of zeros',
      script: (peer) => range(peer, () => ({ latestHash: new Uint8Array(32) })),
      expects: refused,
    },
    {
      name: 'status/latest-max',
      sends: 'a latest block of 2^64 − 1',
      script: (peer) => range(peer, () => ({ latest: 2n ** 64n - 1n })),
      expects: staysOpen('Status'),
    },
    {
      name: 'status/eth68-shape',
      sends: "eth/68's Status",
      script: async (peer) => {
        const { payload } = await peer.next('Status')
        const { version, networkId, genesis, forkId } = decode(peer.version!, 'Status', payload)
        peer.send(peer.ethCode(0), encodeRlp([version, networkId, 1, genesis, genesis, [forkId.hash, forkId.next]]))
      },
      expects: malformed,
    },
  ]),
]

const fork = (peer: ScriptedPeer, fields: Partial<ForkId>) =>
  peer.status(({ forkId }) => ({ forkId: { ...forkId, ...fields } }))

const range = (peer: ScriptedPeer, fields: (theirs: BlockRange) => Partial<BlockRange>) =>
  peer.status((theirs) => ('range' in theirs ? { range: { ...theirs.range, ...fields(theirs.range) } } : {}))
