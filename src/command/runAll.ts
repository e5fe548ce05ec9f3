/** Works through a list in its order, several items at a time if wanted, and begins no further item after a cancel. */

/**
 * Works through `items` in their order, at most `atOnce` at a time. After `cancel` no further item is begun, and `skip` makes its result.
 * Results are in the order of the items. If `work` throws, the other items are worked through all the same, and its first error is thrown
 * when all have ended: nothing of them goes on unseen.
 */
export async function runAll<Item, Result>(
  items: readonly Item[],
  { atOnce, cancel }: { readonly atOnce: number; readonly cancel: AbortSignal },
  work: (item: Item) => Promise<Result>,
  skip: (item: Item) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const errors: unknown[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) {
      try {
        results[index] = cancel.aborted ? skip(item) : await work(item)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, items.length)) }, worker))
  if (errors.length > 0) throw errors[0]
  return results
}
