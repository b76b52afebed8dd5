import fc, { type Arbitrary } from 'fast-check'

/** A change to one node of a tree, found by its place among all nodes, as a part of 1. */
export type TreeChange<Leaf> = {
  readonly at: number
  readonly how: 'replace' | 'drop' | 'double' | 'nest'
  readonly by: Leaf
  /** How often a doubled node stands there, or how deep a nested one. */
  readonly times: number
}

/** From 0 on, below 1: no place more often than another, as fast-check's bias would have it. */
export const fraction: Arbitrary<number> = fc.noBias(fc.nat(2 ** 30 - 1)).map((n) => n / 2 ** 30)

export const treeChange = <Leaf>(leaf: Arbitrary<Leaf>): Arbitrary<TreeChange<Leaf>> =>
  fc.record({
    at: fraction,
    how: fc.constantFrom('replace', 'replace', 'replace', 'drop', 'double', 'nest'),
    by: leaf,
    times: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 2, max: 4 }) }, fc.constantFrom(300, 3_000)),
  })

/** How a kind of tree is walked: `undefined` children are a leaf. */
export type TreeKind<Tree> = {
  childrenOf(node: Tree): readonly Tree[] | undefined
  /** @param indices of each child among those of `node` */
  withChildren(node: Tree, children: readonly Tree[], indices: readonly number[]): Tree
  nest(node: Tree): Tree
  /** In bytes, as it is sent. */
  weightOf(node: Tree): number
}

/** What a node may weigh when it stands there many times, in bytes: the sizes that hurt are small, or have cases of their own. */
const mostWeight = 1 << 18

/** @returns `tree` with one node changed */
export function changeTree<Tree>(tree: Tree, { at, how, by, times }: TreeChange<Tree>, kind: TreeKind<Tree>): Tree {
  let left = Math.floor(at * sizeOf(tree, kind))
  const visit = (node: Tree, depth = 0): readonly Tree[] => {
    if (left-- === 0) return changed(node)
    const children = left < 0 || depth > deepest ? undefined : kind.childrenOf(node)
    if (!children) return [node]
    const [next, indices]: [Tree[], number[]] = [[], []]
    for (const [i, child] of children.entries())
      for (const one of left < 0 ? [child] : visit(child, depth + 1)) {
        next.push(one)
        indices.push(i)
      }
    return [kind.withChildren(node, next, indices)]
  }
  const changed = (node: Tree): readonly Tree[] => {
    if (how === 'replace') return [by]
    if (how === 'drop') return []
    const often = Math.min(times, Math.ceil(mostWeight / Math.max(1, kind.weightOf(node))))
    if (how === 'double') return Array.from({ length: often }, () => node)
    let nested = node
    for (let depth = 0; depth < often; depth++) nested = kind.nest(nested)
    return [nested]
  }
  return visit(tree)[0] ?? by
}

function sizeOf<Tree>(tree: Tree, kind: TreeKind<Tree>, depth = 0): number {
  const children = depth > deepest ? [] : (kind.childrenOf(tree) ?? [])
  return children.reduce((sum, child) => sum + sizeOf(child, kind, depth + 1), 1)
}

/** What lies deeper is not walked: it was nested by another change. */
const deepest = 40
