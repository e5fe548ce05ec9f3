/** Compares what a database answered with what a check wants. Pure. */

import { excerpt } from '../config/excerpt.ts'
import type { WantedAnswer } from '../config/model.ts'

/** Number of characters of an answer that a sentence quotes. */
const QUOTED = 200

/** Judges an answer. `words` quote it, and say where it is not what it must be. */
export function judgeAnswer(
  { equals, atLeast, atMost, matches }: Pick<WantedAnswer, 'equals' | 'atLeast' | 'atMost' | 'matches'>,
  answer: string,
): { readonly passed: boolean; readonly words: string } {
  const wrong: string[] = []
  const number = /^\s*-?[0-9]+(\.[0-9]+)?\s*$/.test(answer) ? Number(answer) : null
  if (equals !== null && answer !== equals) wrong.push(`must be ${quoted(equals)}`)
  if (number === null && (atLeast !== null || atMost !== null)) wrong.push('must be a number')
  if (number !== null && atLeast !== null && number < atLeast) wrong.push(`must be ${atLeast} at least`)
  if (number !== null && atMost !== null && number > atMost) wrong.push(`must be ${atMost} at most`)
  if (matches !== null && !new RegExp(matches, 'u').test(answer)) wrong.push(`must match ${matches}`)
  const said = answer === '' ? 'nothing' : quoted(answer)
  return { passed: wrong.length === 0, words: wrong.length === 0 ? said : `${said}, and ${wrong.join(', and ')}` }
}

function quoted(text: string): string {
  return `"${excerpt(text, QUOTED)}"`
}
