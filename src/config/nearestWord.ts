/** Finds the known word that a misspelt one was meant to be. Pure. */
import { editDistance } from './values/editDistance.ts'

/**
 * Returns the known word that differs from `word` by the fewest slips: two at most, and one at most for each three letters of `word`. Else
 * returns the one that `synonyms` gives for it; `null` if there is none. Capitals and the signs `-`, `_` and `.` do not count. The keys of
 * `synonyms` are in small letters without these signs.
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
