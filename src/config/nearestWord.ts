/** Finds the known word that somebody meant. Pure. */

/**
 * The known word that differs from `word` by a slip or two, or that `synonyms` names for it; `null` where none does. Case, `-`, `_`
 * and `.` do not count. Keys of `synonyms` are written in small letters alone.
 */
export function nearestWord(
  word: string,
  known: readonly string[],
  synonyms: Readonly<Record<string, string>> = {},
): string | null {
  const own = plain(word)
  const similar = known.filter((one) => Math.abs(plain(one).length - own.length) <= 2)
  const distances = similar.map((one) => ({ one, distance: editDistance(own, plain(one)) }))
  const best = distances.sort((a, b) => a.distance - b.distance)[0]
  if (best !== undefined && best.distance <= Math.min(2, Math.floor(own.length / 3))) return best.one
  const other = Object.hasOwn(synonyms, own) ? synonyms[own] : undefined
  return other !== undefined && known.includes(other) ? other : null
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_.]/g, '')
}

/** Insertions, deletions, changes and swaps of neighbours that make one word of the other. */
function editDistance(a: string, b: string): number {
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
