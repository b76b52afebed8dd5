import fc, { type Arbitrary } from 'fast-check'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { encodeList, encodeRlp, RlpError, type RlpItem, RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import { changeTree, fraction, type TreeChange, type TreeKind, treeChange } from './change-tree.ts'

// Valid inputs with something wrong: in a byte, in a character, or in what the bytes and characters stand for.

type Sequence = { readonly length: number; slice(start?: number, end?: number): Sequence }
type Edit<S> = { readonly at: number; readonly until: number; readonly how: (typeof ways)[number]; readonly by: S }
const ways = ['put', 'put', 'put', 'insert', 'insert', 'cut off', 'take out', 'double'] as const

/** Some of `piece` put in the place of others, parts cut off, taken out, or doubled; sometimes nothing at all. */
function edited<S extends Sequence>(valid: Arbitrary<S>, piece: Arbitrary<S>, join: (...parts: S[]) => S) {
  const edit: Arbitrary<Edit<S>> = fc.record({
    at: fraction,
    until: fraction,
    how: fc.constantFrom(...ways),
    by: piece,
  })
  return fc.tuple(valid, fc.array(edit, { maxLength: 3 })).map(([whole, edits]) => {
    let value = whole
    for (const { at, until, how, by } of edits) {
      const start = Math.floor(at * value.length)
      const end = start + Math.floor(until * until * until * (value.length - start))
      const [before, middle, after] = [value.slice(0, start), value.slice(start, end), value.slice(end)] as [S, S, S]
      if (how === 'put') value = join(before, by, value.slice(start + by.length) as S)
      else if (how === 'insert') value = join(before, by, middle, after)
      else if (how === 'cut off') value = before
      else if (how === 'take out') value = join(before, after)
      else value = join(before, middle, middle, after)
    }
    return value
  })
}

const bytePiece = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
  fc
    .constantFrom('00', 'ff', '80', 'c0', 'b8', 'bf', 'f8', 'ff'.repeat(8), 'f9ffff', 'bbffffffff', '7f', '80000000')
    .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
)

export const mutatedBytes = (valid: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> =>
  edited<Uint8Array>(valid, bytePiece, concatBytes)

const textPiece = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
  fc.constantFrom('"', '\\', '\n', '\r\n', '\0', '\ud800', '{', '}', '[', ']', ',', ':', '=', '#', "'", '"""'),
  fc.constantFrom('null', 'true', '-0', '1e999', '0x', `${2n ** 64n}`, '9'.repeat(400), '__proto__', 'constructor'),
  fc.constantFrom(5_000, 50_000).map((depth) => '['.repeat(depth)),
  fc.constantFrom(5_000).map((depth) => '{"a":'.repeat(depth)),
)

export const mutatedText = (valid: Arbitrary<string>): Arbitrary<string> =>
  edited<string>(valid, textPiece, (...parts) => parts.join(''))

/** A payload whose items are not what they were, and then some of its bytes. */
export const mutatedRlp = (valid: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> => {
  const changed = fc
    .tuple(valid, fc.array(treeChange(rlpLeaf), { maxLength: 3 }))
    .map(([raw, changes]) => changedRlp(raw, changes))
  return fc.oneof({ weight: 4, arbitrary: changed }, mutatedBytes(changed), fc.uint8Array({ maxLength: 64 }))
}

export const changedRlp = (raw: Uint8Array, changes: readonly TreeChange<Uint8Array>[]): Uint8Array =>
  changes.reduce((tree, change) => changeTree(tree, change, rlpTree), raw)

/** What may stand in the place of an item. */
export const rlpLeaf: Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 70 }).map((bytes) => encodeRlp(bytes)),
  fc
    .constantFrom(0n, 1n, 127n, 128n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 256n)
    .map(encodeRlp),
  fc.constantFrom(20, 32, 64, 256, 70_000).map((size) => encodeRlp(new Uint8Array(size))),
  fc
    .constantFrom('00', '8100', 'c0', 'c1c0', 'b80100', 'f80100', 'bbffffffff', 'fbffffffff', '')
    .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
)

/** A tree of items, each the bytes that it came as: what is no RLP is a leaf. */
const rlpTree: TreeKind<Uint8Array> = {
  childrenOf(raw) {
    const item = itemOf(raw)
    if (!item?.isList) return undefined
    try {
      return Array.from(new RlpReader(item.content).rest(), ({ raw }) => raw)
    } catch (error) {
      if (error instanceof RlpError) return undefined
      throw error
    }
  },
  withChildren: (_, children) => encodeList(children),
  nest: (raw) => encodeList([raw]),
  weightOf: ({ length }) => length,
}

function itemOf(raw: Uint8Array): RlpItem | undefined {
  try {
    return readItem(raw)
  } catch (error) {
    if (error instanceof RlpError) return undefined
    throw error
  }
}

/** A value of JSON whose parts are not what they were, as text; and then some of its characters. */
export const mutatedJson = (valid: Arbitrary<unknown>): Arbitrary<string> => {
  const changed = changedJson(valid).map((value) => JSON.stringify(value) ?? '')
  return fc.oneof({ weight: 3, arbitrary: changed }, mutatedText(changed))
}

export const changedJson = (valid: Arbitrary<unknown>): Arbitrary<unknown> =>
  fc
    .tuple(valid, fc.array(treeChange<unknown>(jsonLeaf), { maxLength: 3 }))
    .map(([value, changes]) => changes.reduce((tree, change) => changeTree(tree, change, jsonTree), value))

const jsonLeaf = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, 2 ** 64, 1e308, '', '0x', '0x0', '0x00', '0xg', 'latest'),
  fc.constantFrom(32, 20, 8, 1, 33, 3_000).map((size) => `0x${'ff'.repeat(size)}`),
  fc.constantFrom<unknown>([], {}, [[]], [null], { toString: 1 }, { constructor: null }),
)

const jsonTree: TreeKind<unknown> = {
  childrenOf: (node) => (typeof node === 'object' && node !== null ? Object.values(node) : undefined),
  withChildren(node, children, indices) {
    if (Array.isArray(node)) return children
    const names = Object.keys(node as object)
    const entries = children.map((child, i): [string, unknown] => [
      indices.indexOf(indices[i]!) === i ? names[indices[i]!]! : names[indices[i]!]!.toUpperCase(),
      child,
    ])
    return Object.fromEntries(entries)
  },
  nest: (node) => [node],
  weightOf: (node) => JSON.stringify(node)?.length ?? 0,
}
