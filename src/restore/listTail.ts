/** Keeps the end of the list of points that an image prints: the newest stands last. */

/** Most bytes of a list that are kept. */
const LIST_BYTES = 1 << 20

/** The kept end of a list. */
interface ListTail {
  readonly text: string
  /** True if the beginning of the list is not in it. */
  readonly isCut: boolean
}

/** Makes a collector of what an image prints. It holds at most `limit` bytes and the last chunk. */
export function listTail(limit = LIST_BYTES) {
  let kept: Buffer[] = []
  let length = 0
  let isCut = false
  const joined = () => {
    const all = Buffer.concat(kept)
    if (all.length > limit) isCut = true
    const end = all.subarray(Math.max(0, all.length - limit))
    kept = [end]
    length = end.length
    return end
  }
  return {
    add(chunk: Buffer): void {
      kept.push(Buffer.from(chunk))
      length += chunk.length
      if (length > 2 * limit) joined()
    },
    /** Returns the kept lines, without the one that is cut. */
    end(): ListTail {
      const text = joined().toString()
      return { text: isCut ? text.slice(text.indexOf('\n') + 1 || text.length) : text, isCut }
    },
  }
}
