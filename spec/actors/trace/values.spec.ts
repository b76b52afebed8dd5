import { expect } from 'chai'
import fc from 'fast-check'
import { fromPlain, toPlain } from '../../../actors/trace/values.ts'
import { MalformedMessage } from '../../../protocols/eth/messages.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { RlpError } from '../../../protocols/lib/rlp.ts'
import { DiscError, DiscReason, reasonOf } from '../../../protocols/p2p/disconnect-reasons.ts'

describe('values of a recording', () => {
  const there = (value: unknown) => fromPlain(JSON.parse(JSON.stringify(toPlain(value))))

  it('come back as they were', () => {
    const leaf = fc.oneof(
      ...[
        fc.boolean(),
        fc.string(),
        fc.bigInt(),
        fc.double().map((number) => number || 0),
        fc.constant(null),
        fc.uint8Array({ maxLength: 64 }),
      ],
    )
    const key = fc.string().filter((name) => !name.startsWith('$') && name !== 'ports' && name !== '__proto__')
    const value = fc.oneof(leaf, fc.array(leaf), fc.dictionary(key, leaf, { noNullPrototype: true }))
    fc.assert(
      fc.property(value, (value) => {
        expect(there(value)).to.deep.equal(value)
      }),
    )
    const map = new Map([[1n, { want: 'BlockHeaders', ids: new Set(['a']) }]])
    expect(there(map)).to.deep.equal(map)
  })
  it('are written as their size when they are long', () => {
    expect(toPlain({ payload: new Uint8Array(2_000) })).to.deep.equal({ payload: { $size: 2_000 } })
    expect(there({ payload: Uint8Array.from({ length: 65 }, () => 7) })).to.deep.equal({ payload: new Uint8Array(65) })
  })
  it('leave out functions and ports, where keys are', () => {
    expect(toPlain({ ports: { key: 'secret' }, run: () => {}, id: 'ab' })).to.deep.equal({ id: 'ab' })
  })
  it('are cut where they are deep, and where they go round', () => {
    const ring: { next?: object } = {}
    ring.next = ring
    expect(JSON.stringify(toPlain(ring))).to.have.length.below(200)
  })
  for (const error of [
    new DiscError(DiscReason.TooManyPeers),
    new PeerError('invalid message', 'x'),
    new Error('lost'),
  ])
    it(`keep the reason that ${error.name} gives the remote`, () => {
      const back = there(error) as Error
      expect(back).to.be.instanceOf(error.constructor).with.property('message', error.message)
      expect(reasonOf(back)).to.equal(reasonOf(error))
    })
  it('keep the kind of an error that charts do not know by its own name', () => {
    const error = new MalformedMessage('BlockHeaders', 4, 1, new RlpError('eof'))
    expect(reasonOf(there(error))).to.equal(reasonOf(error))
    expect(there(error)).to.have.property('name', error.name)
  })
})
