/** Reads a binary dump while it streams by: the parser says what it wants next, the bytes come in any chunks. */
import type { DumpCheck } from '../engineContract.ts'

/** The next `read` bytes as one buffer; the next `skip` bytes not at all; or an answer whether there is anything more (`more`). */
type Want = { readonly read: number } | { readonly skip: number } | { readonly more: true }

/** A piece of a parser that comes to a result of type `T`. */
export type Parsing<T> = Generator<Want, T, Buffer | boolean>

/**
 * Yields what it wants; gets a buffer for `read`, a boolean for `more`. Returns what the dump lacks to be whole, or `null`;
 * what comes after that is not looked at.
 */
export type Parser = Parsing<string | null>

/** Nothing of what is read at once in a sound dump is larger: a single document, a name. */
const LONGEST_READ = 64 << 20
const NOTHING = Buffer.alloc(0)

/** The check that a parser makes. Every byte is passed on unchanged; memory is what the parser keeps, and one `read`. */
export function parsedBy(parser: Parser): DumpCheck {
  const waiting = byteQueue()
  let toSkip = 0
  let step = parser.next()

  const isRefused = (size: number, most: number) => {
    if (size >= 0 && size <= most) return false
    step = parser.return(`it is damaged at byte ${waiting.at()} (a length of ${size})`)
    return true
  }
  /** Answers one want. Returns false where bytes are lacking for it, or where it is refused. */
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
      return { rest: NOTHING, missing }
    },
  }
}

/** Bytes that came and were not yet taken. */
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
    /** How many bytes were taken since the beginning. */
    at: () => taken,
  }
}
