import { expect } from 'chai'
import { DownloadBuffer } from '../../../actors/eth/download-buffer.ts'
import { readLists } from '../../../actors/eth/fetched-lists.ts'
import { readBody } from '../../../protocols/chain/block.ts'
import { readHeader } from '../../../protocols/chain/header.ts'
import { decode, encode, type MessageOf } from '../../../protocols/eth/messages.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { asItem, LazyList } from '../../../protocols/lib/lazy-list.ts'
import { amsterdamAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'

describe('what a sync has fetched', () => {
  const genesis = genesisOf(amsterdamAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 3)
  /** As it comes: with a mebibyte behind it, which no message is refused for. */
  const received = <Name extends 'BlockHeaders' | 'BlockBodies' | 'BlockAccessLists'>(
    name: Name,
    message: MessageOf<Name>,
  ) => decode(71, name, concatBytes(encode(71, message), new Uint8Array(1 << 20)))
  const came = received('BlockHeaders', {
    ...{ kind: 'BlockHeaders', id: 1n },
    headers: LazyList.of(
      blocks.map(({ header }) => header.raw),
      readHeader,
    ),
  })
  const bodies = received('BlockBodies', {
    ...{ kind: 'BlockBodies', id: 1n },
    bodies: LazyList.of(
      blocks.map(({ body }) => body),
      readBody,
    ),
  })
  const lists = received('BlockAccessLists', {
    ...{ kind: 'BlockAccessLists', id: 1n },
    accessLists: LazyList.of([blocks[0]!.accessList!, Uint8Array.of(0x80), blocks[2]!.accessList!], asItem),
  })
  const finish = <T>(work: Generator<void, T>): T => {
    for (let step = work.next(); ; step = work.next()) if (step.done) return step.value
  }

  it('are blocks with the lists that came, and not the messages that they came in', () => {
    const buffer = new DownloadBuffer()
    buffer.addHeaders([...came.headers])
    const headers = buffer.headers(1n, 3n)
    finish(buffer.readBodies(headers, bodies.bodies))
    const fetched = finish(readLists(headers, lists.accessLists))
    expect(fetched).to.deep.include({ count: 3, lacked: [2n] })
    for (const list of fetched.lists) expect(buffer.addList(list)).to.equal(true)
    const taken = buffer.take(0n, 3n)
    expect(taken.blocks.map(({ header, ...rest }) => ({ hash: header.hash, ...rest }))).to.deep.equal(
      blocks.map(({ header: { hash }, body, accessList }, i) => {
        return { hash, body, accessList: i === 1 ? undefined : accessList }
      }),
    )
    expect(taken.bytes).to.equal(blocks.reduce((sum, { body }) => sum + body.length, 0))
    expect(taken.listBytes).to.equal(blocks[0]!.accessList!.length + blocks[2]!.accessList!.length)
    for (const { header, body, accessList } of taken.blocks)
      for (const bytes of [header.raw, body, accessList ?? body]) expect(bytes.buffer.byteLength).to.equal(bytes.length)
  })

  it('has no place for the list of a block that was taken', () => {
    const buffer = new DownloadBuffer()
    buffer.addHeaders([...came.headers])
    const headers = buffer.headers(1n, 3n)
    finish(buffer.readBodies(headers, bodies.bodies))
    buffer.take(0n, 1n)
    const [first, third] = finish(readLists(headers, lists.accessLists)).lists
    expect([buffer.addList(first!), buffer.addList(third!)]).to.deep.equal([false, true])
    expect(buffer.take(1n, 3n).blocks.map(({ accessList }) => accessList !== undefined)).to.deep.equal([false, true])
  })

  it('knows where it goes on, and nothing of what lies below: a sync without a skeleton has an anchor for each answer', () => {
    const buffer = new DownloadBuffer()
    const [first, , third] = blocks.map(({ header }) => header)
    for (const { number, hash } of [genesis.header, first!, third!]) buffer.anchorAt(number, () => hash)
    buffer.addHeaders([...came.headers])
    const headers = buffer.headers(1n, 3n)
    finish(buffer.readBodies(headers, bodies.bodies))
    expect([buffer.fits(headers), buffer.fits(headers.slice(1))]).to.deep.equal([true, true])
    buffer.take(0n, 1n)
    expect([buffer.fits(headers), buffer.fits(headers.slice(1))]).to.deep.equal([false, true])
  })
})
