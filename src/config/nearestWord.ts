/** Finds the known word that somebody meant. Pure. */
import { editDistance } from './values/editDistance.ts'

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
