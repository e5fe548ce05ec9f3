/** Measures how far two words are from each other. Pure. */

/** Returns the least number of insertions, deletions, changed letters and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j] as number, (beforeLast[j - 2] as number) + 1)
      }
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}
