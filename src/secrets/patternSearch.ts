/**
 * Finds many byte patterns at once and puts `***` in their place. Knows bytes, not secrets.
 *
 * It is Wu and Manber's search: a table of byte pairs says how far the search window may jump, so that most bytes are never looked at.
 * Matches that overlap become one `***`. The outcome does not depend on how the bytes were cut into chunks: where the end of a chunk could
 * be the beginning of a pattern, it is kept back until that is decided.
 */

const STARS = Buffer.from('***')
const NOTHING = Buffer.alloc(0)
/** Longest search window, bytes. Jumps are stored in one byte each, and a longer window would gain nothing. */
const LONGEST_WINDOW = 64

/** Patterns prepared for searching, made by `patternTable`. */
interface PatternTable {
  /** Length of the search window, bytes: that of the shortest pattern, at most `LONGEST_WINDOW`; 0 if there is no pattern. */
  readonly window: number
  /** For each pair of bytes: how many bytes the window may jump if it ends with that pair. 0: patterns must be compared at this place. */
  readonly jump: Uint8Array
  /** For each pair of bytes: the patterns to compare if the window ends with that pair. */
  readonly atEnd: ReadonlyMap<number, readonly Buffer[]>
  readonly byFirstByte: ReadonlyMap<number, readonly Buffer[]>
}

/** Prepares the patterns (their UTF-8 bytes). One shorter than two bytes is left out: the search needs a pair of bytes. */
export function patternTable(texts: Iterable<string>): PatternTable {
  const patterns = [...new Set(texts)].map((text) => Buffer.from(text)).filter((pattern) => pattern.length >= 2)
  const window = patterns.length === 0 ? 0 : Math.min(LONGEST_WINDOW, ...patterns.map((p) => p.length))
  const jump = new Uint8Array(0x10000).fill(Math.max(1, window - 1))
  const atEnd = new Map<number, Buffer[]>()
  const byFirstByte = new Map<number, Buffer[]>()
  for (const pattern of patterns) {
    for (let i = 0; i + 1 < window; i++) {
      const pair = pairAt(pattern, i)
      jump[pair] = Math.min(jump[pair] as number, window - 2 - i)
    }
    addTo(atEnd, pairAt(pattern, window - 2), pattern)
    addTo(byFirstByte, pattern[0] as number, pattern)
  }
  return { window, jump, atEnd, byFirstByte }
}

/** Masks a stream of bytes. `write` returns what is decided so far, `end` the rest. What is kept back is shorter than the longest pattern. */
export interface MaskingStream {
  write(chunk: Buffer): Buffer
  end(): Buffer
}

/** Makes a masking stream. `currentTable` is called at each chunk, so that patterns can be added while the stream is open. */
export function maskingStream(currentTable: () => PatternTable): MaskingStream {
  let held: Buffer = NOTHING
  let covered = 0 // bytes at the beginning of `held` for which a `***` was already given out

  function step(chunk: Buffer, final: boolean): Buffer {
    const table = currentTable()
    const data = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const parts: Buffer[] = []
    let maskedTo = covered
    const keptFrom = search(table, data, final, (at, end) => {
      if (at >= maskedTo) parts.push(data.subarray(maskedTo, at), STARS)
      maskedTo = Math.max(maskedTo, end)
    })
    if (keptFrom > maskedTo) parts.push(data.subarray(maskedTo, keptFrom))
    held = keptFrom === data.length ? NOTHING : Buffer.from(data.subarray(keptFrom))
    covered = Math.max(0, maskedTo - keptFrom)
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  return {
    write: (chunk) =>
      chunk.length === 0 || (currentTable().window === 0 && held.length === 0) ? chunk : step(chunk, false),
    end: () => (held.length === 0 ? NOTHING : step(NOTHING, true)),
  }
}

/** Replaces every pattern in a text by `***`. Returns the text itself if there is none. */
export function maskText(table: PatternTable, text: string): string {
  if (table.window === 0 || text.length === 0) return text
  const data = Buffer.from(text)
  const masked = maskBytes(table, data)
  return masked === data ? text : masked.toString()
}

/** Replaces every pattern in the bytes by `***`. Returns the same buffer if there is none. */
export function maskBytes(table: PatternTable, data: Buffer): Buffer {
  if (table.window === 0) return data
  const parts: Buffer[] = []
  let maskedTo = 0
  search(table, data, true, (at, end) => {
    if (at >= maskedTo) parts.push(data.subarray(maskedTo, at), STARS)
    maskedTo = Math.max(maskedTo, end)
  })
  return parts.length === 0 ? data : Buffer.concat([...parts, data.subarray(maskedTo)])
}

/**
 * Calls `found` with beginning and end (exclusive) of the longest match at each place, from left to right; matches may overlap. `final`: no
 * more data follows. Returns the position from which on the data must be kept back: its length if everything is decided, which it always is
 * if `final`.
 */
function search(table: PatternTable, data: Buffer, final: boolean, found: (at: number, end: number) => void): number {
  const { window, jump, atEnd } = table
  const last = data.length - window
  let at = 0
  while (at <= last) {
    const pair = ((data[at + window - 2] as number) << 8) | (data[at + window - 1] as number)
    const far = jump[pair] as number
    if (far > 0) {
      at += far
      continue
    }
    const length = longestAt(atEnd.get(pair) ?? [], data, at, final)
    if (length === UNDECIDED) return at
    if (length > 0) found(at, at + length)
    at++
  }
  return final ? data.length : firstPossibleStart(table, data, Math.max(0, at))
}

const UNDECIDED = -1

/**
 * Returns the length of the longest pattern at `at`. 0: there is none. `UNDECIDED`: a longer one may become complete with more data (never
 * if `final`).
 */
function longestAt(patterns: readonly Buffer[], data: Buffer, at: number, final: boolean): number {
  const available = data.length - at
  let longest = 0
  for (const pattern of patterns) {
    if (pattern.length <= longest) continue
    const length = Math.min(pattern.length, available)
    if (!agree(pattern, data, at, length)) continue
    if (pattern.length <= available) longest = pattern.length
    else if (!final) return UNDECIDED
  }
  return longest
}

/** Returns the first place, not before `from`, at which the rest of the data is the beginning of a pattern; the data's length if there is none. */
function firstPossibleStart(table: PatternTable, data: Buffer, from: number): number {
  for (let at = from; at < data.length; at++) {
    const patterns = table.byFirstByte.get(data[at] as number) ?? []
    const rest = data.length - at
    if (patterns.some((pattern) => rest < pattern.length && agree(pattern, data, at, rest))) return at
  }
  return data.length
}

function agree(pattern: Buffer, data: Buffer, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (pattern[i] !== data[at + i]) return false
  return true
}

function pairAt(bytes: Buffer, index: number): number {
  return ((bytes[index] as number) << 8) | (bytes[index + 1] as number)
}

function addTo(map: Map<number, Buffer[]>, key: number, pattern: Buffer): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [pattern])
  else list.push(pattern)
}
