import { expect } from 'chai'
import { checkRelay, isUnicast } from '../../../protocols/enode/relay.ts'

describe('an address that a node names to another', () => {
  for (const [sender, ip, complaint] of [
    ['8.8.8.8', '9.9.9.9', undefined],
    ['8.8.8.8', '2a00::1', undefined],
    ['127.0.0.1', '127.0.0.2', undefined],
    ['127.0.0.1', '10.0.0.1', undefined],
    ['10.0.0.1', '192.168.0.1', undefined],
    ['::1', 'fe80::1', undefined],
    ['127.0.0.1', undefined, 'invalid IP'],
    ['127.0.0.1', 'host', 'invalid IP'],
    ['127.0.0.1', '0.0.0.0', 'zero address'],
    ['127.0.0.1', '::', 'zero address'],
    ['127.0.0.1', '0.1.2.3', 'special network'],
    ['127.0.0.1', '192.0.2.7', 'special network'],
    ['127.0.0.1', '224.0.0.1', 'special network'],
    ['127.0.0.1', '255.255.255.255', 'special network'],
    ['127.0.0.1', '2001:db8::1', 'special network'],
    ['127.0.0.1', 'ff02::1', 'special network'],
    ['8.8.8.8', '127.0.0.1', 'loopback address from non-loopback host'],
    ['10.0.0.1', '::1', 'loopback address from non-loopback host'],
    ['8.8.8.8', '10.0.0.1', 'LAN address from WAN host'],
    ['8.8.8.8', 'fd00::1', 'LAN address from WAN host'],
  ] as const)
    it(`${ip} by ${sender} is ${complaint ?? 'taken'}`, () => expect(checkRelay(sender, ip)).to.equal(complaint))

  it('can be reached when it is one machine’s', () => {
    for (const ip of ['127.0.0.1', '1.2.3.4', '::1', 'fe80::1']) expect(isUnicast(ip), ip).to.equal(true)
    for (const ip of ['0.0.0.0', '::', '224.0.0.1', '239.1.1.1', 'ff02::1', 'host'])
      expect(isUnicast(ip), ip).to.equal(false)
  })
})
