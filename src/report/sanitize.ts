/** Makes any text harmless to show: without characters that move a cursor, colour, hide or turn text around. */

/** Matches terminal sequences that contain a text, up to ST or BEL: OSC (titles, links), DCS, SOS, PM, APC, and screen's title. */
const STRINGS = String.raw`(?:\x1b[\]PX^_k]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)`
/** Matches CSI sequences: colours, cursor. The last byte is missing if a line was cut. */
const CONTROL_SEQUENCES = String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?`
/** Matches ESC with bytes in between (`ESC ( B` chooses a character set), and ESC with one byte (`ESC 7`, `ESC c`). */
const ESCAPES = String.raw`\x1b[ -/]*[0-~]`
/** Matches shifts between character sets: `tput sgr0` of linux, screen and vt100 ends with one. */
const SHIFTS = String.raw`[\x0e\x0f]`
const TERMINAL_SEQUENCES = new RegExp(`${STRINGS}|${CONTROL_SEQUENCES}|${ESCAPES}|${SHIFTS}`, 'g')
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about; all but tab and line feed
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
/** Matches invisible characters, and those that change the direction of what follows. */
const INVISIBLE = /[\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff]/g

/** Removes terminal sequences and invisible characters; other control characters but tab and line feed become `U+FFFD`. */
export function harmless(text: string): string {
  return text.replace(TERMINAL_SEQUENCES, '').replace(INVISIBLE, '').replace(CONTROLS, '\ufffd')
}

/** Returns the `harmless` text on one line, at most `limit` characters long; `…` stands for an end that was cut off. */
export function harmlessLine(text: string, limit: number): string {
  const line = harmless(text.length > limit * 4 ? text.slice(0, limit * 4) : text).replace(/[\n\t]/g, ' ')
  if (line.length <= limit) return line
  return `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
