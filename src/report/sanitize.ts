/** Makes text from anywhere harmless to show: nothing that moves a cursor, colours, hides or turns text around. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const TERMINAL_SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above; all but tab and line feed
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
/** Invisible characters, and those that change the direction of what follows. */
const INVISIBLE = /[\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff]/g

/** The text without terminal sequences and invisible characters; other control characters become `U+FFFD`. */
export function harmless(text: string): string {
  return text.replace(TERMINAL_SEQUENCES, '').replace(INVISIBLE, '').replace(CONTROLS, '\ufffd')
}

/** As `harmless`, on one line and at most `limit` characters long; `…` tells what was cut. */
export function harmlessLine(text: string, limit: number): string {
  const line = harmless(text.length > limit * 4 ? text.slice(0, limit * 4) : text).replace(/[\n\t]/g, ' ')
  if (line.length <= limit) return line
  return `${line.slice(0, limit - 1)}…`
}
