import { expect } from 'chai'
import { formatNat, NatError, parseNat } from '../../../protocols/enode/nat.ts'

describe("the texts of geth's --nat", () => {
  for (const [text, nat] of [
    ['', { kind: 'none' }],
    ['off', { kind: 'none' }],
    ['None', { kind: 'none' }],
    ['any', { kind: 'any' }],
    ['auto', { kind: 'any' }],
    ['on', { kind: 'any' }],
    ['extip:1.2.3.4', { kind: 'extip', ip: '1.2.3.4' }],
    ['IP:::ffff:1.2.3.4', { kind: 'extip', ip: '1.2.3.4' }],
    ['extip:2001:DB8::1', { kind: 'extip', ip: '2001:db8::1' }],
  ] as const)
    it(`are read: "${text}"`, () => {
      expect(parseNat(text)).to.deep.equal(nat)
      expect(parseNat(formatNat(nat))).to.deep.equal(nat)
    })
  for (const [text, message] of [
    ['extip', 'missing IP address'],
    ['extip:', 'invalid IP address'],
    ['any:there', 'invalid IP address'],
    ['upnp', 'upnp is not there: map the port in the router, and say extip:<IP> or any'],
    ['natpmp:10.0.0.1', 'natpmp is not there: map the port in the router, and say extip:<IP> or any'],
    ['stun:a.example:1', 'stun is not there: map the port in the router, and say extip:<IP> or any'],
    ['magic', 'unknown mechanism "magic"'],
  ] as const)
    it(`are refused: "${text}"`, () => expect(() => parseNat(text)).to.throw(NatError, message))
})
