/**
 * Makes names and tools' messages fit for a sentence: one line, not too long, without characters that move a cursor, are invisible or
 * turn text around. Pure.
 */
import { type ExecResult, execReason } from '../docker/exec.ts'

/** A path or message of at most this many characters is shown whole. */
const LIMIT = 400
/** Number of characters that are shown of each end of a text longer than `LIMIT`. */
const SHOWN_END = 160

/** Matches control characters, invisible ones, and those that change the direction of what follows. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff]/g

/**
 * Quotes a path of a listing (latin1). Its UTF-8 is shown as it is, control characters as escapes, and a byte that is not UTF-8 as
 * `\xNN`. Of a long path the first and last directories are shown, and its length.
 */
export function shownPath(path: string): string {
  const text = withEscapes(decodedPath(path).replace(/["\\]/g, '\\$&')).replaceAll(INVALID, (mark) => byteOf(mark))
  if (text.length <= LIMIT) return `"${text}"`
  return `"${shortened(text)}" (${path.length} bytes long)`
}

/** Puts a tool's message on one line, and cuts out the middle if it is long: the reason stands at its end. */
export function shownWords(words: string): string {
  const text = withEscapes(words.trim())
  return text.length <= LIMIT ? text : shortened(text)
}

/** Says why a script in the helper failed, as a part of a sentence. */
export function shownReason(result: ExecResult): string {
  return shownWords(execReason(result))
}

/** Keeps the two ends of a text, cut between directories if there are any: half a name would be misleading. */
function shortened(text: string): string {
  const head = text.slice(0, SHOWN_END)
  const tail = text.slice(-SHOWN_END)
  const headEnd = head.lastIndexOf('/')
  const tailStart = tail.indexOf('/')
  return [
    withoutHalf(headEnd > 0 ? head.slice(0, headEnd + 1) : head),
    withoutHalf(tailStart >= 0 ? tail.slice(tailStart) : tail),
  ].join('…')
}

/** Drops half a surrogate pair that the cut left at either end, and half an escape that it left at the end. */
function withoutHalf(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '').replace(/\\(x[0-9a-f]?|u[0-9a-f]{0,3})?$/, '')
}

function withEscapes(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const known = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[character]
    const code = character.charCodeAt(0)
    if (known !== undefined) return known
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
  })
}

/**
 * Matches the lone half of a surrogate pair by which `decodedPath` writes a byte that is not UTF-8. Text that was decoded from UTF-8 never
 * holds one.
 */
const INVALID = /[\udc80-\udcff](?<![\ud800-\udbff].)/g

function byteOf(mark: string): string {
  return `\\x${hex(mark.charCodeAt(0) & 0xff, 2)}`
}

/** Decodes a path; a byte that is not UTF-8 becomes `U+DC00` plus the byte, as with Python's `surrogateescape`. */
function decodedPath(path: string): string {
  const bytes = Buffer.from(path, 'latin1')
  const whole = bytes.toString('utf8')
  if (!whole.includes('\ufffd')) return whole
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOf(bytes, at)
    text += length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] as number)) : bytes.toString('utf8', at, at + length)
    at += Math.max(length, 1)
  }
  return text
}

/** Returns the length in bytes of the character at `at`; 0 if the bytes there are not UTF-8. */
function lengthOf(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const character = bytes.subarray(at, at + length)
  return Buffer.from(character.toString('utf8')).equals(character) ? length : 0
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
