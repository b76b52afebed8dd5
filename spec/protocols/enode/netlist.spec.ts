import { expect } from 'chai'
import { isInNetlist, NetlistError, parseNetlist } from '../../../protocols/enode/netlist.ts'

describe('a list of networks', () => {
  const list = parseNetlist(' 10.0.0.0/8, 192.168.1.0/25 ,fd00:aa::/33')

  for (const ip of ['10.255.0.1', '::ffff:10.0.0.1', '192.168.1.127', 'fd00:aa::1', 'fd00:aa:7fff::'])
    it(`holds ${ip}`, () => expect(isInNetlist(list, ip)).to.equal(true))
  for (const ip of ['11.0.0.1', '192.168.1.128', 'fd00:aa:8000::', 'fd00:ab::1', '::a00:1', 'node.example', ''])
    it(`does not hold ${ip || 'nothing'}`, () => expect(isInNetlist(list, ip)).to.equal(false))
  it('may hold everything, or nothing', () => {
    expect(isInNetlist(parseNetlist('0.0.0.0/0'), '8.8.8.8')).to.equal(true)
    expect(isInNetlist(parseNetlist('8.8.8.8/32'), '8.8.8.9')).to.equal(false)
    expect(isInNetlist(parseNetlist(''), '8.8.8.8')).to.equal(false)
  })
  for (const text of [
    '10.0.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    'example/8',
    '10.0.0.0/-1',
    '10.0.0.0/8;1.1.1.1/32',
  ])
    it(`is not ${text}`, () => expect(() => parseNetlist(text)).to.throw(NetlistError, `invalid CIDR address: ${text}`))
})
