import { expect } from 'chai'
import { ForkIdError } from '../../../protocols/chain/fork-id.ts'
import { decode, encode, MalformedMessage } from '../../../protocols/eth/messages.ts'
import { checkStatus, type Status68, type Status69, StatusError } from '../../../protocols/eth/status.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { repeat } from '../../vectors/eth-messages.ts'

const ours = { networkId: 1n, genesis: repeat(0x11, 32) }
const forkId = { hash: repeat(7, 4), next: 0n }
const status: Status69 = {
  kind: 'Status',
  version: 69,
  ...ours,
  forkId,
  range: { earliest: 0n, latest: 100n, latestHash: repeat(0x22, 32) },
}
const status68: Status68 = { kind: 'Status', version: 68, ...ours, forkId, td: 2n ** 200n, head: repeat(0x22, 32) }

describe('a Status', () => {
  const accept = () => undefined
  const reject = () => new ForkIdError('remote needs update')
  const wrongRange = { ...status.range, earliest: 101n }

  it('that agrees begins the session', () => {
    expect(checkStatus(69, ours, status, accept)).to.equal(undefined)
    expect(checkStatus(68, ours, status68, accept)).to.equal(undefined)
  })

  // Each case is wrong in everything that is checked after it, too.
  const range = { ...status, range: wrongRange }
  const genesis = { ...range, genesis: repeat(0x12, 32) }
  const version = { ...genesis, version: 10 }
  const network = { ...version, networkId: 999n }
  for (const [theirs, filter, fault, text] of [
    [network, reject, 'network', 'network ID mismatch: 999 (!= 1)'],
    [version, reject, 'version', 'protocol version mismatch: 10 (!= 69)'],
    [genesis, reject, 'genesis', `genesis mismatch: ${'12'.repeat(32)} (!= ${'11'.repeat(32)})`],
    [range, reject, 'forkid', 'fork ID rejected: remote needs update'],
    [range, accept, 'range', 'invalid block range in status: earliest > latest'],
    [
      { ...status, range: { ...status.range, latestHash: new Uint8Array(32) } },
      accept,
      'range',
      'invalid block range in status: zero latest hash',
    ],
  ] as const)
    it(`fails with: ${text.slice(0, 60)}`, () => {
      const error = checkStatus(69, ours, theirs, filter)
      expect(error).to.be.instanceOf(StatusError)
      expect(error).to.include({ fault, message: text })
    })

  it('comes back in its own version only', () => {
    expect(decode(68, 'Status', encode(68, status68))).to.deep.equal(status68)
    expect(decode(72, 'Status', encode(72, status))).to.deep.equal(status)
    expect(() => decode(69, 'Status', encode(68, status68))).to.throw(MalformedMessage)
    expect(() => decode(68, 'Status', encode(69, status))).to.throw(MalformedMessage)
    expect(() => encode(69, status68)).to.throw(RangeError)
    expect(() => encode(68, status)).to.throw(RangeError)
  })
  it('has a version of at most a uint32', () => {
    const fields = (version: bigint) =>
      encodeRlp([version, 1n, ours.genesis, [forkId.hash, 0n], 0n, 100n, repeat(0x22, 32)])
    expect(decode(69, 'Status', fields(2n ** 32n - 1n)).version).to.equal(2 ** 32 - 1)
    expect(() => decode(69, 'Status', fields(2n ** 32n))).to.throw(MalformedMessage, 'integer wider than 4 bytes')
  })
})
