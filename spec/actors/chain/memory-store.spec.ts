import { expect } from 'chai'
import { MemoryStore } from '../../../actors/chain/memory-store.ts'

describe('a database in memory', () => {
  const key = (...bytes: number[]) => Uint8Array.from(bytes)

  it('gives what was written under the same bytes, whatever they are', async () => {
    const store = new MemoryStore()
    const keys = [key(), key(0), key(0, 0), key(0x7f), key(0x80), key(0xff), key(0xc3, 0xbf)]
    await store.write(keys.map((key, i) => ({ key, value: Uint8Array.of(i, i) })))
    for (const [i, key] of keys.entries()) expect(store.get(key)).to.deep.equal(Uint8Array.of(i, i))
    expect(store.get(key(1))).to.equal(undefined)
  })
  it('takes keys that are views, and copies before it returns', async () => {
    const store = new MemoryStore()
    const bytes = key(9, 1, 2, 9)
    const written = store.write([{ key: bytes.subarray(1, 3), value: bytes.subarray(1, 3) }])
    bytes.fill(0)
    await written
    expect(store.get(key(1, 2))).to.deep.equal(key(1, 2))
  })
  it('does what a batch says in its order', async () => {
    const store = new MemoryStore()
    await store.write([{ key: key(1), value: key(1) }, { key: key(1) }, { key: key(2), value: key(2) }])
    await store.write([{ key: key(2), value: key(3) }, { key: key(4) }])
    expect([store.get(key(1)), store.get(key(2))]).to.deep.equal([undefined, key(3)])
  })
  it('distinguishes an empty value from none', async () => {
    const store = new MemoryStore()
    await store.write([{ key: key(1), value: key() }])
    expect(store.get(key(1))).to.deep.equal(key())
  })
})
