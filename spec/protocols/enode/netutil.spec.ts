import { isIPv4, isIPv6 } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { formatIp, isLan, isLoopback, parseIp } from '../../../protocols/enode/netutil.ts'

describe('an IP address', () => {
  const lan = [
    ...['127.0.0.1', '127.255.255.255', '10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255'],
    ...['192.168.0.0', '192.168.255.255', '169.254.0.1', '::1', 'fc00::', 'fdff::1', 'fe80::1', 'febf::1'],
    ...['::ffff:127.0.0.1', '::ffff:10.1.2.3', '::ffff:c0a8:1', 'fe80::1%eth0'],
  ]
  const wan = [
    ...['0.0.0.0', '1.1.1.1', '9.255.255.255', '11.0.0.0', '126.0.0.1', '128.0.0.1', '172.15.255.255', '172.32.0.0'],
    ...[
      '192.167.0.1',
      '192.169.0.1',
      '169.253.0.1',
      '255.255.255.255',
      '::',
      '::2',
      'fb00::1',
      'fec0::1',
      '2001:db8::1',
    ],
    ...['::ffff:8.8.8.8', '::127.0.0.1'],
  ]
  const none = [
    ...[
      '',
      'localhost',
      '127.1',
      '256.0.0.1',
      '01.2.3.4',
      '1.2.3.4.5',
      ':',
      ':::',
      '1::2::3',
      '12345::',
      '1:2:3:4:5:6:7',
    ],
    ...['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', 'g::', '::1.2.3', '1.2.3.4::'],
  ]
  for (const ip of lan) it(`${ip} is of the LAN`, () => expect(isLan(ip)).to.equal(true))
  for (const ip of wan) it(`${ip} is not of the LAN`, () => expect(isLan(ip)).to.equal(false))
  for (const ip of none)
    it(`"${ip}" is none`, () => {
      expect(parseIp(ip)).to.equal(undefined)
      expect(isLan(ip)).to.equal(false)
      expect(isLoopback(ip)).to.equal(false)
    })

  it('is loopback from 127.0.0.0 to 127.255.255.255, and ::1', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].every(isLoopback)).to.equal(true)
    expect(['128.0.0.1', '10.0.0.1', '::2', '::', '100::1'].some(isLoopback)).to.equal(false)
  })
  it('comes back from its one spelling', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
        const bytes = parseIp(ip)!
        const spelling = formatIp(bytes)
        expect(bytes.length === 4 ? isIPv4(spelling) : isIPv6(spelling)).to.equal(true)
        expect(parseIp(spelling)).to.deep.equal(bytes)
      }),
    )
  })
  it('is what node:net takes for one', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '::', '.', '255'), maxLength: 12 })
    fc.assert(
      fc.property(text, (ip) => {
        expect(parseIp(ip) !== undefined).to.equal(isIPv4(ip) || isIPv6(ip))
      }),
      { numRuns: 5000 },
    )
  })
})
