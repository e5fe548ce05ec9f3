/** Several instances: their order, and how many at a time. One's failure never stops the others. */

/**
 * Works through `items` in their order, at most `atOnce` at a time. After a cancel no further one is begun: `skip` says what becomes of it.
 * Results come in the order of the items.
 */
export async function runAll<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  cancel: AbortSignal,
  work: (item: Item) => Promise<Result>,
  skip: (item: Item) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) results[index] = cancel.aborted ? skip(item) : await work(item)
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, items.length)) }, worker))
  return results
}
