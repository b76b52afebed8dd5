import { expect } from 'chai'
import {
  formatLink,
  formatRoot,
  linkOf,
  parseEntry,
  parseLink,
  parseRoot,
  signTree,
  TreeError,
  toTxt,
  treeOf,
} from '../../../protocols/dnsdisc/tree.ts'
import { parseRecord, signRecord } from '../../../protocols/enr/record.ts'
import { base32 } from '../../../protocols/lib/base-n.ts'
import { hexToBytes, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { keyOf } from '../../actors/discovery/some-nodes.ts'
import { exampleEntries, exampleKey, exampleLinks, exampleRecords, exampleRoot, exampleUrl } from './vectors.ts'

describe('a list of nodes as a tree (EIP-1459)', () => {
  const key = hexToBytes(exampleKey)
  const { domain, publicKey } = parseLink(exampleUrl)
  const example = { seq: 1n, records: exampleRecords.map(parseRecord), links: exampleLinks }
  const hashOf = (txt: string) => base32.encode(keccak256(utf8ToBytes(txt)).subarray(0, 16))
  const at = (txt: string) => () => parseEntry(txt, hashOf(txt))
  const record = (i: number, values: Record<string, number> = {}) => signRecord(1n, values, keyOf(i))

  it('is built and signed as in the EIP', () => {
    const tree = signTree(example, key)
    expect(formatRoot(tree.root)).to.equal(exampleRoot)
    expect(Object.fromEntries(tree.entries)).to.deep.equal(exampleEntries)
    expect(formatLink(linkOf(domain, key))).to.equal(exampleUrl)
  })
  it('does not depend on the order of its nodes', () => {
    const reversed = { ...example, records: [...example.records].reverse() }
    expect(signTree(reversed, key)).to.deep.equal(signTree(example, key))
  })
  it('has a signature that was made before', () => {
    const { root } = signTree(example, key)
    const signature = exampleRoot.replace(/^.* sig=/, '')
    expect(treeOf(example, { domain, publicKey }, signature).root).to.deep.equal(root)
    for (const [list, text] of [
      [{ ...example, seq: 2n }, signature],
      [example, 'AAAA'],
    ] as const)
      expect(() => treeOf(list, { domain, publicKey }, text)).to.throw(TreeError, /invalid signature on tree/)
  })
  it('has branches of 13 entries at most, down to one node', () => {
    const records = Array.from({ length: 200 }, (_, i) => record(i + 1))
    const { root, entries } = signTree({ seq: 1n, records, links: [] }, key)
    const seen: string[] = []
    const walk = (hash: string) => {
      const entry = parseEntry(entries.get(hash)!, hash)!
      if (entry.kind === 'node') seen.push(hash)
      if (entry.kind !== 'branch') return
      expect(entry.children.length).to.be.within(1, 13)
      for (const child of entry.children) walk(child)
    }
    walk(root.nodesRoot)
    expect(new Set(seen).size).to.equal(200)
    expect(entries.get(root.linksRoot)).to.equal('enrtree-branch:')
    expect(signTree({ seq: 1n, records: [record(1)], links: [] }, key).entries.size).to.equal(2)
  })
  it('gives its TXT records by name, sorted', () => {
    const names = [...toTxt(signTree(example, key), 'n').keys()]
    expect(names).to.deep.equal([...Object.keys(exampleEntries).map((hash) => `${hash}.n`), 'n'].sort())
    expect([...toTxt(signTree(example, key), '').keys()]).to.include('')
  })
  it('has no record whose port does not fit 16 bits, as geth', () => {
    for (const port of [70_000, 2 ** 32])
      expect(() => signTree({ seq: 1n, records: [record(1, { udp: port })], links: [] }, key)).to.throw(
        TreeError,
        /can't add node [0-9a-f]{64}: its udp is no port/,
      )
  })

  // geth p2p/dnsdisc/tree_test.go, TestParseRoot.
  it('reads a root that its key has signed, and no other', () => {
    expect(formatRoot(parseRoot(exampleRoot, publicKey))).to.equal(exampleRoot)
    const faults: [string, RegExp][] = [
      ['enrtree-root:v1 e=TO4Q75OQ2N7DX4EOOR7X66A6OM seq=3 sig=N-YY', /invalid syntax/],
      [exampleRoot.replace('seq=1', 'seq=99999999999999999999'), /invalid syntax/],
      [exampleRoot.replace('seq=1', 'seq=2'), /invalid base64 signature/],
      [exampleRoot.replace(/sig=.*/, 'sig=N-YY'), /invalid base64 signature/],
      [exampleRoot.replace(/e=\w+/, 'e=AAAA'), /invalid child hash/],
      [exampleRoot.replace(/l=\w+/, 'l=aaaaaaaaaaaaaaaaaaaa'), /invalid child hash/],
    ]
    for (const [txt, fault] of faults) expect(() => parseRoot(txt, publicKey), txt).to.throw(TreeError, fault)
    expect(() => parseRoot(exampleRoot, linkOf('', keyOf(1)).publicKey)).to.throw(TreeError, /signature/)
  })

  // TestParseEntry.
  it('reads entries', () => {
    expect(at('enrtree-branch:')()).to.deep.equal({ kind: 'branch', children: [] })
    const children = ['AAAAAAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBBBBBB']
    expect(at(`enrtree-branch:${children}`)()).to.deep.equal({ kind: 'branch', children })
    for (const branch of ['1,2', 'A'.repeat(53), 'AAAAAAAAAAAAAAAAAAAA,', 'AAAAAAAAAAAAAAAAAAA='])
      expect(at(`enrtree-branch:${branch}`), branch).to.throw(TreeError, /invalid branch entry: invalid child hash/)
    expect(at(exampleUrl)()).to.deep.equal({ kind: 'link', link: { domain, publicKey } })
    expect(at('enrtree://nodes.example.org')).to.throw(TreeError, /missing public key/)
    for (const bad of [
      'AP62DT7WOTEQZGQZOU474PP3KMEGVTTE7A7NPRXKX3DUD57',
      'AP62DT7WONEQZGQZOU474PP3KMEGVTTE7A7NPRXKX3DUD57TQHGIA',
    ])
      expect(at(`enrtree://${bad}@nodes.example.org`)).to.throw(TreeError, /invalid public key/)
    expect(at(exampleRecords[0]!)()).to.deep.equal({ kind: 'node', record: parseRecord(exampleRecords[0]!) })
    expect(at(`${exampleRecords[0]}=`)).to.throw(TreeError, /invalid enr entry/)
    for (const other of ['', 'foo', 'enrtree', 'enrtree-x=']) expect(at(other)()).to.equal(undefined)
  })
  it('takes no entry that is not what its hash says', () => {
    const hash = hashOf(exampleRecords[1]!)
    for (const wrong of [hash, 'AA', '', 'not base32', 'A'.repeat(80)])
      expect(() => parseEntry(exampleRecords[0]!, wrong), wrong).to.throw(TreeError, 'hash mismatch')
  })
  it('reads no link without its scheme', () =>
    expect(() => parseLink('enr:AAAA')).to.throw(TreeError, "wrong/missing scheme 'enrtree' in URL"))
})
