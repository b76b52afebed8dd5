// Kademlia's distance between two node ids: their XOR (geth p2p/enode, LogDist and DistCmp). Ids are 64 hex digits.

/** @returns the bit length of the distance: 0 for the same id, else 1 to 256 */
export function logDistance(a: string, b: string): number {
  for (let i = 0; i < idDigits; i++) {
    const difference = digit(a, i) ^ digit(b, i)
    if (difference !== 0) return (idDigits - i) * 4 - (Math.clz32(difference) - 28)
  }
  return 0
}

/** @returns less than zero when `a` is closer to `target` than `b` is; zero for the same id */
export function compareDistance(target: string, a: string, b: string): number {
  for (let i = 0; i < idDigits; i++)
    if (a.charCodeAt(i) !== b.charCodeAt(i)) {
      const at = digit(target, i)
      return (digit(a, i) ^ at) - (digit(b, i) ^ at)
    }
  return 0
}

/** @returns the `count` of `nodes` that are closest to `target`, the closest first */
export const closestTo = <Node extends { readonly id: string }>(
  target: string,
  nodes: Iterable<Node>,
  count: number,
): Node[] => [...nodes].sort((a, b) => compareDistance(target, a.id, b.id)).slice(0, count)

const idDigits = 64

function digit(id: string, i: number): number {
  const code = id.charCodeAt(i)
  return code < 58 ? code - 48 : code - 87
}
