import { expect } from 'chai'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import {
  asItem,
  HashList,
  LazyList,
  MalformedItem,
  type ReadItem,
  Uint32List,
} from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, RlpError, readItem, toUint } from '../../../protocols/lib/rlp.ts'
import { repeat } from '../../vectors/eth-messages.ts'

const item = (hex: string) => readItem(hexToBytes(hex))
const readUint: ReadItem<bigint> = ({ content }) => toUint(content)

describe('a lazy list', () => {
  it('counts its items and opens them one by one', () => {
    const list = new LazyList(item('c50102820100'), readUint)
    expect(list.count).to.equal(3)
    expect([...list]).to.deep.equal([1n, 2n, 256n])
    expect([...list]).to.deep.equal([1n, 2n, 256n])
  })
  it('opens none that is not asked for', () => {
    const [first] = new LazyList(item('c20100'), readUint)
    expect(first).to.equal(1n)
  })
  it('says which item is malformed', () => {
    expect(() => [...new LazyList(item('c3010200'), readUint)])
      .to.throw(MalformedItem, 'item 2: integer with a leading zero')
      .with.property('index', 2)
  })
  it('lets our own errors through', () => {
    const readBadly = () => {
      throw new TypeError('ours')
    }
    expect(() => [...new LazyList(item('c101'), readBadly)]).to.throw(TypeError, 'ours')
  })
  it('wraps the malformed item of a list within', () => {
    const lists = new LazyList(item('c3c20100'), (inner) => [...new LazyList(inner, readUint)])
    expect(() => [...lists]).to.throw(MalformedItem, 'item 0: item 1: integer with a leading zero')
  })
  it('does not begin when an item reaches past the end', () => {
    expect(() => new LazyList(item('c20183'), asItem)).to.throw(RlpError, 'larger than the input')
  })
  it('is no string', () => expect(() => new LazyList(item('820101'), asItem)).to.throw(RlpError, 'expected a list'))
  it('holds 10^6 empty items in the bytes they came in', () => {
    const bytes = Uint8Array.of(0xfa, 0x0f, 0x42, 0x40, ...[])
    const payload = new Uint8Array(4 + 1_000_000).fill(0xc0)
    payload.set(bytes)
    const before = process.memoryUsage().heapUsed
    const list = new LazyList(readItem(payload), asItem)
    expect(list.count).to.equal(1_000_000)
    expect(process.memoryUsage().heapUsed - before).to.be.below(20_000_000)
    expect(list.raw.buffer).to.equal(payload.buffer)
  })
  it('is made of items that are RLP already, however many', () => {
    const list = LazyList.of(new Array<Uint8Array>(200_000).fill(Uint8Array.of(1)), readUint)
    expect(list.count).to.equal(200_000)
  })
})

describe('a list of hashes', () => {
  const hashes = [repeat(1, 32), repeat(2, 32), repeat(0, 32)]

  it('comes back as it was made', () => {
    const list = HashList.of(hashes)
    expect(list.count).to.equal(3)
    expect([...list]).to.deep.equal(hashes)
    expect([list.at(-1), list.at(1), list.at(3)]).to.deep.equal([undefined, hashes[1], undefined])
    expect([...HashList.of([])]).to.deep.equal([])
  })
  for (const [what, hex] of [
    ['a hash of 31 bytes', `e09f${'11'.repeat(31)}`],
    ['a hash of 33 bytes', `e2a1${'11'.repeat(33)}`],
    ['a list for a hash', `e1e0${'c0'.repeat(32)}`],
    ['an item short of its bytes', `e0a0${'11'.repeat(31)}`],
    ['a string', `a0${'11'.repeat(32)}`],
  ] as const)
    it(`is none with ${what}`, () => expect(() => new HashList(item(hex))).to.throw(RlpError))
  it('takes no hash of ours that is none', () => expect(() => HashList.of([repeat(1, 31)])).to.throw(RangeError))
})

describe('a list of uint32', () => {
  const values = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffff, 0x1000000, 2 ** 31, 2 ** 32 - 1]

  it('comes back as it was made', () => {
    const list = Uint32List.of(values)
    expect(list.count).to.equal(values.length)
    expect([...list]).to.deep.equal(values)
  })
  for (const [what, hex] of [
    ['five bytes', 'c6850100000000'],
    ['a zero byte', 'c100'],
    ['a leading zero', 'c3820001'],
    ['a byte with a prefix', 'c28101'],
    ['a number cut off', 'c28201'],
    ['a list', 'c1c0'],
    ['a string in its place', '820101'],
  ] as const)
    it(`is none with ${what}`, () => expect(() => new Uint32List(item(hex))).to.throw(RlpError))
  it('takes no number of ours that is none', () => {
    for (const value of [-1, 1.5, 2 ** 32, Number.NaN]) expect(() => Uint32List.of([value])).to.throw(RangeError)
  })
})

describe('a list of a message', () => {
  const raw = (byte: string, count: number) =>
    hexToBytes(`fa${count.toString(16).padStart(6, '0')}${byte.repeat(count)}`)
  const million = 2 ** 20
  const steps = (list: { countSteps(): Generator<void, void> }) => [...list.countSteps()].length

  it('is counted 64 KiB at a time', () => {
    const lazy = LazyList.uncounted(readItem(raw('c0', million)), asItem)
    expect(steps(lazy)).to.equal(15)
    expect(lazy.count).to.equal(million)
    const numbers = Uint32List.uncounted(readItem(raw('01', million)))
    expect(steps(numbers)).to.equal(15)
    expect(numbers.count).to.equal(million)
    const hashes = HashList.uncounted(readItem(encodeRlp(Array(32_768).fill(new Uint8Array(32)))))
    expect(steps(hashes)).to.equal(16)
    expect(hashes.count).to.equal(32_768)
  })
  it('is refused for what is no item of it, wherever that is', () => {
    const last = (bytes: Uint8Array, byte: number) => readItem(bytes.fill(byte, bytes.length - 1))
    expect(() => steps(LazyList.uncounted(last(raw('c0', million), 0xc1), asItem))).to.throw(RlpError)
    expect(() => steps(Uint32List.uncounted(last(raw('01', million), 0xc0)))).to.throw(RlpError)
  })
  it('says nothing before it is counted', () =>
    expect(() => LazyList.uncounted(item('c20100'), asItem).count).to.throw('read before it was counted'))
  it('of few bytes is refused for more items than it can hold, before they are counted', () => {
    const content = new Uint8Array(million).fill(0xc0)
    content[content.length - 1] = 0xc1 // never reached
    const list = { isList: true, content, raw: content }
    expect(() => new LazyList(list, asItem, 500)).to.throw(RlpError, `65536 items in ${million} bytes`)
  })
})
