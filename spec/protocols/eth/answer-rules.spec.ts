import { expect } from 'chai'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { versionedHash } from '../../../protocols/chain/blob-sidecar.ts'
import { checkAnswer as checkAnswerSteps } from '../../../protocols/eth/answer-rules.ts'
import { decode, type EthAnswer, type MessageOf } from '../../../protocols/eth/messages.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'

describe('an answer that was asked for', () => {
  const checkAnswer = (answer: EthAnswer, version: EthVersion = 72) => atOnce(checkAnswerSteps(answer, version))
  const receipt = [0, 1, 21_000, []]
  const receipts = (isIncomplete: boolean, ...blocks: RlpInput[]) =>
    checkAnswer(decode(70, 'Receipts', encodeRlp([7, isIncomplete ? 1 : 0, blocks])))?.message

  it('may end with the receipts that it has', () => {
    for (const blocks of [[], [[]], [[receipt]], [[receipt], []]])
      expect(receipts(false, ...blocks)).to.equal(undefined)
  })
  it('may have a part of the last block', () => {
    for (const blocks of [[[receipt]], [[receipt], [receipt]], [[], []], [[receipt], []]])
      expect(receipts(true, ...blocks)).to.equal(undefined)
  })
  it('has receipts when it says that there are more', () => {
    expect(receipts(true)).to.equal('invalid empty receipt response with incomplete flag')
    expect(receipts(true, [])).to.equal('no receipt delivered in incomplete receipt response')
  })

  const hash = new Uint8Array(32).fill(3)
  const cell = new Uint8Array(2_048).fill(1)
  const mask = (...bytes: number[]) => concatBytes(Uint8Array.from(bytes), new Uint8Array(16 - bytes.length))
  const cells = (columns: Uint8Array, ...groups: RlpInput[][]) => {
    const hashes = groups.map(() => hash)
    return checkAnswer(decode(72, 'Cells', encodeRlp([7, hashes, groups, columns])))?.message
  }
  const times = (count: number) => Array<Uint8Array>(count).fill(cell)

  it('may have no cells, whatever was asked for', () => {
    expect(cells(mask())).to.equal(undefined)
    expect(cells(mask(), [], [])).to.equal(undefined)
    expect(cells(mask(5), [], times(2))).to.equal(undefined)
  })
  it('has cells of whole columns', () => {
    expect(cells(mask(0b101, 0x80), times(3), times(6))).to.equal(undefined)
    expect(cells(mask(0b101, 0x80), times(3), times(4))).to.equal('4 cells inconsistent with 3 custody indices')
    expect(cells(mask(0b101, 0x80), times(1))).to.equal('1 cells inconsistent with 3 custody indices')
  })
  it('has no cells of no column', () =>
    expect(cells(mask(), times(1))).to.equal('1 cells inconsistent with 0 custody indices'))
  it('has the cells of six blobs at most', () => {
    expect(cells(new Uint8Array(16).fill(0xff), times(768))).to.equal(undefined)
    expect(cells(new Uint8Array(16).fill(0xff), times(896))).to.equal('cells per tx exceeded the possible maximum')
  })
  it('has cells of 2,048 bytes, in lists', () => {
    expect(cells(mask(1), [cell.subarray(1)])).to.equal('item 0: expected a cell of 2048 bytes')
    expect(cells(mask(1), [[]])).to.equal('item 0: expected a cell of 2048 bytes')
    const strings = decode(72, 'Cells', encodeRlp([7, [hash], [cell], mask(1)]))
    expect(checkAnswer(strings)?.message).to.equal('item 0: expected a list, got a string')
  })
  it('has a group of cells for each hash', () => {
    const answer = decode(72, 'Cells', encodeRlp([7, [hash, hash], [times(1)], mask(1)]))
    expect(checkAnswer(answer)?.message).to.equal('cells reply length mismatch: 2 hashes, 1 cells')
  })
  const to = new Uint8Array(20).fill(2)
  const legacy = (r: bigint) => [1, 1, 21_000, to, 5, '', 27, r, 1]
  const point = new Uint8Array(48)
  const blob = [1, 0, 1, 1, 21_000, to, 0, '', [], 1, [versionedHash(point)], 0, 1, 1]
  const typed = (type: number, fields: RlpInput) => concatBytes(Uint8Array.of(type), encodeRlp(fields))
  const pooledAt = (version: EthVersion, ...items: RlpInput[]) =>
    checkAnswer(decode(version, 'PooledTransactions', encodeRlp([7, items])), version)?.message
  const pooled = (...items: RlpInput[]) => pooledAt(72, ...items)

  it('has transactions, with their blobs or without, each once', () => {
    const bare = typed(3, [blob, 1, [], [point], []])
    const whole = typed(3, [blob, 1, [new Uint8Array(131_072)], [point], []])
    expect(pooled(legacy(1n), legacy(2n), bare)).to.equal(undefined)
    expect(pooledAt(71, legacy(1n), legacy(2n), whole)).to.equal(undefined)
    expect(pooled(whole)).to.equal('received blob transaction with blob payload on eth72')
    expect(pooledAt(71, bare)).to.equal('incorrect number of blobs (len(blobs) != len(vhashes))')
    expect(pooled(typed(3, blob))).to.equal('received sidecar-less blob transaction')
    expect(pooled(typed(3, [blob, 1, [], [], []]))).to.match(/^invalid number of 0 blob commitments/)
    expect(pooled(typed(3, [blob, 1, [], [point.map(() => 1)], []]))).to.match(/^blob 0: computed hash /)
    expect(pooled(legacy(1n), legacy(2n), legacy(1n))).to.match(/^multiple copies of the same hash /)
    expect(pooled(bare, bare)).to.match(/^multiple copies of the same hash /)
  })
  it('has no transaction that is none, or of numbers wider than 256 bits', () => {
    expect(pooled(legacy(1n), [1])).to.equal('unexpected end of input')
    expect(pooled(legacy(2n ** 256n))).to.equal('r: integer wider than 32 bytes')
    expect(pooled(typed(3, [[2n ** 256n, ...blob.slice(1)], [], [], []]))).to.equal(
      'chainId: integer wider than 32 bytes',
    )
    expect(pooled('')).to.equal('typed transaction too short')
  })
  it('is looked at a transaction, and 64 KiB of one, at a time', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => legacy(BigInt(i + 1)))
    const long = typed(1, [1, 1, 1, 21_000, to, 0, '', [[to, Array<Uint8Array>(20_000).fill(hash)]], 0, 1, 1])
    const steps = (items: RlpInput[]) => [
      ...checkAnswerSteps(decode(72, 'PooledTransactions', encodeRlp([7, items])), 72),
    ]
    expect(steps(many).length).to.be.at.least(1_000)
    expect(steps([long]).length).to.be.at.least((2 * 20_000 * 33) / 2 ** 16 - 2) // it is checked, and it is hashed
  })
  it('has cells that are looked at a transaction at a time', () => {
    const groups = Array<RlpInput[]>(1_000).fill([])
    const answer = decode(72, 'Cells', encodeRlp([7, groups.map(() => hash), groups, mask(1)]))
    expect([...checkAnswerSteps(answer, 72)].length).to.be.at.least(1_000)
  })
  it('of any other kind has no rule of its own', () => {
    const none = encodeRlp([7, []])
    for (const kind of ['BlockHeaders', 'BlockBodies', 'BlockAccessLists'] as const)
      expect(checkAnswer(decode(72, kind, none) as MessageOf<typeof kind>)).to.equal(undefined)
  })
})
