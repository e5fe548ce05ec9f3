/** Parses a binary dump while it streams by, in chunks of any size: the parser says what it wants next, and gets it once it has come. */
import type { CheckedDump, DumpCheck } from '../engineContract.ts'

/** A wish of a parser: the next `read` bytes as one buffer, to jump over `skip` bytes, or to know whether `more` bytes follow. */
type Want = { readonly read: number } | { readonly skip: number } | { readonly more: true }

/** A part of a parser, with a result of type `T`. */
export type Parsing<T> = Generator<Want, T, Buffer | boolean>

/**
 * A parser of a whole dump. It yields what it wants, and gets a buffer for `read` and a boolean for `more`. It returns words that say what
 * the dump lacks to be complete (`null`: nothing). Bytes after its end are not looked at.
 */
export type Parser = Parsing<string | null>

/** Longest single `read`, bytes. In an undamaged dump no document or name is longer. */
const LONGEST_READ = 64 << 20
const NOTHING = Buffer.alloc(0)

/**
 * Makes a check from a parser; `found` is what it has found besides, asked for at the end. Every byte is passed on unchanged. Memory holds
 * what the parser keeps, one `read` and one chunk.
 */
export function parsedBy(parser: Parser, found: () => Omit<CheckedDump, 'rest' | 'missing'> = () => ({})): DumpCheck {
  const waiting = byteQueue()
  let toSkip = 0
  let step = parser.next()

  const isRefused = (size: number, most: number) => {
    if (size >= 0 && size <= most) return false
    step = parser.return(`it is damaged at byte ${waiting.at()} (a length of ${size})`)
    return true
  }
  /** Fulfils one wish of the parser. Returns false if bytes are lacking for it, or if its length is impossible, which ends the parser. */
  const answer = (want: Want): boolean => {
    if ('more' in want) {
      if (waiting.length() === 0) return false
      step = parser.next(true)
    } else if ('read' in want) {
      if (isRefused(want.read, LONGEST_READ) || waiting.length() < want.read) return false
      step = parser.next(waiting.take(want.read))
    } else {
      if (isRefused(want.skip, Number.MAX_SAFE_INTEGER)) return false
      if (toSkip === 0) toSkip = want.skip
      const now = Math.min(toSkip, waiting.length())
      waiting.take(now)
      toSkip -= now
      if (toSkip > 0) return false
      step = parser.next(true)
    }
    return true
  }
  return {
    pass(chunk) {
      if (!step.done && chunk.length > 0) {
        waiting.add(chunk)
        while (!step.done && answer(step.value)) {}
        if (step.done) waiting.clear()
      }
      return chunk
    },
    async end() {
      if (!step.done && 'more' in step.value && waiting.length() === 0) step = parser.next(false)
      const missing = step.done ? step.value : `it is cut off at byte ${waiting.at() + waiting.length()}`
      return { rest: NOTHING, missing, ...found() }
    },
  }
}

/** Makes a queue of the bytes that have come and are not parsed yet. */
function byteQueue() {
  let chunks: Buffer[] = []
  let available = 0
  let taken = 0
  return {
    add(chunk: Buffer) {
      chunks.push(chunk)
      available += chunk.length
    },
    take(size: number): Buffer {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      chunks = all.length > size ? [all.subarray(size)] : []
      available -= size
      taken += size
      return all.subarray(0, size)
    },
    clear() {
      chunks = []
      available = 0
    },
    length: () => available,
    /** Number of bytes that were taken since the beginning. */
    at: () => taken,
  }
}
