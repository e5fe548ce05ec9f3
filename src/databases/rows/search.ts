/** Searches bytes that come in chunks: a text that may lie across the border of two chunks, and the number of line ends. Pure. */

const LINE_END = 10
const NOTHING = Buffer.alloc(0)

/**
 * Makes a search for a text. `find` returns the index in the chunk behind the text's first occurrence at or after `from`, or -1; then it
 * remembers the chunk's end, so that an occurrence across the border is found in the next chunk. `before` is what stood before the first
 * chunk.
 */
export function searchAcross(text: Buffer, before: Buffer = NOTHING) {
  const kept = text.length - 1
  let tail = before.subarray(Math.max(0, before.length - kept))
  return {
    find(chunk: Buffer, from: number): number {
      const border = Buffer.concat([tail, chunk.subarray(from, from + kept)])
      const across = border.indexOf(text)
      if (across >= 0) return from + across + text.length - tail.length
      const at = chunk.indexOf(text, from)
      if (at >= 0) return at + text.length
      const rest = chunk.length - from
      tail = rest >= kept ? Buffer.from(chunk.subarray(chunk.length - kept)) : border.subarray(-kept)
      return -1
    },
  }
}

/** Number of bytes to look at before the way of counting is chosen. */
const SAMPLE_BYTES = 4096
/** Mean length of a line from which on a native search for each line end is faster than a look at each byte. */
const LONG_LINE = 96

/** Counts the line ends from `from` to `to`. */
export function countLines(chunk: Buffer, from: number, to: number): number {
  const sampled = Math.min(to, from + SAMPLE_BYTES)
  const lines = linesByBytes(chunk, from, sampled)
  if (sampled === to) return lines
  const isLong = sampled - from >= lines * LONG_LINE
  return lines + (isLong ? linesBySearch : linesByBytes)(chunk, sampled, to)
}

function linesByBytes(chunk: Buffer, from: number, to: number): number {
  let lines = 0
  for (let i = from; i < to; i++) if (chunk[i] === LINE_END) lines++
  return lines
}

function linesBySearch(chunk: Buffer, from: number, to: number): number {
  let lines = 0
  for (let at = chunk.indexOf(LINE_END, from); at >= 0 && at < to; at = chunk.indexOf(LINE_END, at + 1)) lines++
  return lines
}
