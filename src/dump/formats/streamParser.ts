/** Walks through a binary dump while it streams by: the walker says what it wants next, the bytes come in any chunks. */
import type { DumpCheck } from '../engines/contract.ts'

/** The next `read` bytes as one buffer; the next `skip` bytes not at all; or whether there is anything more (`more`). */
export type ParserRequest = { readonly read: number } | { readonly skip: number } | { readonly more: true }

/**
 * Yields what it wants; gets a buffer for `read`, a boolean for `more`. Returns what the dump lacks to be whole, or `null`;
 * what comes after that is not looked at.
 */
export type Parser = Generator<ParserRequest, string | null, Buffer | boolean>

/** Nothing of what is read at once in a sound dump is larger: a single document, a name. */
const LONGEST_READ = 64 << 20
const NOTHING = Buffer.alloc(0)

/** The check that a walker makes. Every byte is passed on unchanged; memory is what the walker keeps, and one `read`. */
export function parseStream(walker: Parser): DumpCheck {
  let waiting: Buffer[] = []
  let available = 0
  let at = 0
  let step = walker.next()

  const take = (size: number): Buffer => {
    const all = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting)
    waiting = all.length > size ? [all.subarray(size)] : []
    available -= size
    at += size
    return all.subarray(0, size)
  }
  let toSkip = 0
  const advance = () => {
    while (!step.done) {
      const want = step.value
      if ('more' in want) {
        if (available === 0) return
        step = walker.next(true)
      } else if ('read' in want) {
        if (want.read < 0 || want.read > LONGEST_READ) {
          step = walker.return(`it is damaged at byte ${at} (a length of ${want.read})`)
          return
        }
        if (available < want.read) return
        step = walker.next(take(want.read))
      } else {
        if (toSkip === 0) toSkip = want.skip
        const now = Math.min(toSkip, available)
        take(now)
        toSkip -= now
        if (toSkip > 0) return
        step = walker.next(true)
      }
    }
    waiting = []
    available = 0
  }
  return {
    pass(chunk) {
      if (!step.done && chunk.length > 0) {
        waiting.push(chunk)
        available += chunk.length
        advance()
      }
      return chunk
    },
    async end() {
      if (!step.done && 'more' in step.value && available === 0) step = walker.next(false)
      return { rest: NOTHING, missing: step.done ? step.value : `it is cut off at byte ${at + available}` }
    },
  }
}
