/** Runs `visit` for every one of `items`, `maxAtOnce` of them at once. @throws what the first `visit` to fail throws */
export async function each<Item>(
  items: Iterable<Item>,
  visit: (item: Item) => Promise<unknown>,
  maxAtOnce = 32,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await visit(next.value)
  }
  await Promise.all(Array.from({ length: maxAtOnce }, worker))
}
