import { expect } from 'chai'
import { EnodeError, formatEnode, nodeIdOf, parseEnode } from '../../../protocols/enode/enode.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'

// The public key of geth's p2p/enode/urlv4_test.go.
const key =
  '1dd9d65c4552b5eb43d5ad55a2ee3f56c6cbc1c64a5c8d659f51fcd51bace24351232b8d7821617d2b29b54b81cdefb9b3e9c37d7fd5f63270bcc9e1a6f6a439'

describe('a node URL', () => {
  for (const [what, url, expected] of [
    ['an IPv4 address', `enode://${key}@127.0.0.1:52150`, { host: '127.0.0.1', tcp: 52150, udp: 52150 }],
    ['an IPv6 address', `enode://${key}@[::]:52150`, { host: '::', tcp: 52150, udp: 52150 }],
    [
      'a long IPv6 address',
      `enode://${key}@[2001:db8:3c4d:15::abcd:ef12]:52150`,
      { host: '2001:db8:3c4d:15::abcd:ef12', tcp: 52150, udp: 52150 },
    ],
    ['a name', `enode://${key}@valid.:3`, { host: 'valid.', tcp: 3, udp: 3 }],
    [
      'a discovery port',
      `enode://${key}@127.0.0.1:52150?discport=22334`,
      { host: '127.0.0.1', tcp: 52150, udp: 22334 },
    ],
    ['discovery off', `enode://${key}@127.0.0.1:30303?discport=0`, { host: '127.0.0.1', tcp: 30303, udp: 0 }],
    ['only a key', `enode://${key}`, { tcp: 0, udp: 0 }],
  ] as const)
    it(`with ${what} is read and written the same`, () => {
      const node = parseEnode(url)
      expect(node).to.deep.include(expected)
      expect(bytesToHex(node.publicKey)).to.equal(key)
      expect(node.id).to.equal(bytesToHex(nodeIdOf(hexToBytes(key))))
      expect(formatEnode(node)).to.equal(url)
    })

  for (const [what, url, written] of [
    ['capital letters', `enode://${key.toUpperCase()}@127.0.0.1:1`, `enode://${key}@127.0.0.1:1`],
    ['a mapped address', `enode://${key}@[::ffff:10.0.0.1]:1`, `enode://${key}@10.0.0.1:1`],
    ['a long spelling', `enode://${key}@[2001:0db8:0:0:1:0:0:0]:1`, `enode://${key}@[2001:db8:0:0:1::]:1`],
    ['an empty discovery port', `enode://${key}@127.0.0.1:1?discport=`, `enode://${key}@127.0.0.1:1`],
    ['a discovery port like the other', `enode://${key}@127.0.0.1:1?discport=1`, `enode://${key}@127.0.0.1:1`],
    ['other queries', `enode://${key}@127.0.0.1:1?a=b&discport=2#c`, `enode://${key}@127.0.0.1:1?discport=2`],
    ['a path', `enode://${key}@127.0.0.1:1/path`, `enode://${key}@127.0.0.1:1`],
    ['no host', `enode://${key}@:1`, `enode://${key}`],
  ] as const)
    it(`has one spelling for ${what}`, () => expect(formatEnode(parseEnode(url))).to.equal(written))

  const missingPrefix = "missing 'enr:' prefix for base64-encoded record"
  const shortKey = 'invalid public key (wrong length, want 128 hex chars)'
  for (const [url, fault] of [
    ['', missingPrefix],
    [key, missingPrefix],
    ['01010101', missingPrefix],
    ['http://foobar', missingPrefix],
    ['://foo', missingPrefix],
    ['enode://01010101', shortKey],
    ['enode://01010101@123.124.125.126:3', shortKey],
    [`enode://${key}00@127.0.0.1:3`, shortKey],
    ['enode://010@127.0.0.1:3', 'invalid public key (encoding/hex: odd length hex string)'],
    ['enode://zz@127.0.0.1:3', "invalid public key (encoding/hex: invalid byte: U+007A 'z')"],
    ['enode://@127.0.0.1:3', shortKey],
    [`enode://${'00'.repeat(64)}@127.0.0.1:3`, 'invalid public key (invalid secp256k1 public key)'],
    [`enode://${'ff'.repeat(64)}@127.0.0.1:3`, 'invalid public key (invalid secp256k1 public key)'],
    [`enode://${key.slice(0, -1)}8@127.0.0.1:3`, 'invalid public key (invalid secp256k1 public key)'],
    ['enode://127.0.0.1:30303', 'does not contain node ID'],
    ['enode://', 'does not contain node ID'],
    [`enode://${key}@127.0.0.1`, 'invalid port'],
    [`enode://${key}@127.0.0.1:`, 'invalid port'],
    [`enode://${key}@127.0.0.1:foo`, 'invalid port'],
    [`enode://${key}@127.0.0.1:65536`, 'invalid port'],
    [`enode://${key}@127.0.0.1:-1`, 'invalid port'],
    [`enode://${key}@::1:30303`, 'invalid port'],
    [`enode://${key}@127.0.0.1:3?discport=foo`, 'invalid discport in query'],
    [`enode://${key}@127.0.0.1:3?discport=65536`, 'invalid discport in query'],
  ] as const)
    it(`"${url.replace(key, '<key>').slice(0, 60)}" is refused: ${fault}`, () => {
      expect(() => parseEnode(url)).to.throw(EnodeError, fault)
    })
})
