/** Splits output that arrives in chunks into lines. The lines do not depend on where the chunks were cut. */

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const NOTHING = Buffer.alloc(0)

/** Properties of a line, or of a piece of a line that was too long. */
export interface LineKind {
  /** True if this piece continues the one before it. */
  readonly continued: boolean
  /** True if it ended with a bare carriage return: on a terminal the next line would overwrite it. */
  readonly progress: boolean
}

/** Takes a line: its bytes stand in `data` from `start` to `end`, and only until this returns. */
export type TakeLine = (data: Buffer, start: number, end: number, kind: LineKind) => void

export interface LineSplitter {
  write(chunk: Buffer, take: TakeLine): void
  /** Gives the last line to `take`, if the output did not end with a line end. */
  end(take: TakeLine): void
}

const WHOLE: LineKind = { continued: false, progress: false }
const CONTINUED: LineKind = { continued: true, progress: false }
const PROGRESS: LineKind = { continued: false, progress: true }
const CONTINUED_PROGRESS: LineKind = { continued: true, progress: true }

function kindOf(continued: boolean, progress: boolean): LineKind {
  if (progress) return continued ? CONTINUED_PROGRESS : PROGRESS
  return continued ? CONTINUED : WHOLE
}

/**
 * Makes a splitter at `\n`, `\r\n` and `\r`. A line longer than `limitBytes` is broken into pieces, between characters if it is UTF-8, so
 * that never more than that is kept. Empty lines stay, except those between bare `\r`.
 */
export function splitLines(limitBytes: number): LineSplitter {
  const begun = createKept() // the line whose end has not been seen
  let continued = false // it continues a piece that was given out
  let returned = false // it ended with a carriage return; the next byte tells which kind

  function finish(take: TakeLine, data: Buffer, start: number, end: number): void {
    take(data, start, end, kindOf(continued, false))
    continued = false
  }

  function finishProgress(take: TakeLine, data: Buffer, start: number, end: number): void {
    if (end > start) take(data, start, end, kindOf(continued, true))
    continued = false
  }

  function write(chunk: Buffer, take: TakeLine): void {
    if (chunk.length === 0) return
    let start = 0
    if (returned) {
      const feed = chunk[0] === LINE_FEED
      const line = begun.bytes()
      if (feed) finish(take, line, 0, line.length)
      else finishProgress(take, line, 0, line.length)
      begun.keep(NOTHING)
      returned = false
      start = feed ? 1 : 0
    }
    const data = begun.with(chunk)
    let feedAt = indexOf(data, LINE_FEED, start)
    let returnAt = indexOf(data, CARRIAGE_RETURN, start)
    for (;;) {
      if (feedAt < start) feedAt = indexOf(data, LINE_FEED, start)
      if (returnAt < start) returnAt = indexOf(data, CARRIAGE_RETURN, start)
      const end = Math.min(feedAt, returnAt)
      while (end - start > limitBytes) {
        const cut = cutBetweenCharacters(data, start, limitBytes)
        take(data, start, cut, kindOf(continued, false))
        continued = true
        start = cut
      }
      if (end === data.length || (end === returnAt && end === data.length - 1)) {
        returned = end === returnAt && end < data.length
        begun.keep(data.subarray(start, end))
        return
      }
      const bare = end === returnAt && data[end + 1] !== LINE_FEED
      if (bare) finishProgress(take, data, start, end)
      else finish(take, data, start, end)
      start = end === returnAt && !bare ? end + 2 : end + 1
    }
  }

  function end(take: TakeLine): void {
    const line = begun.bytes()
    if (returned) finishProgress(take, line, 0, line.length)
    else if (continued || line.length > 0) finish(take, line, 0, line.length)
    begun.keep(NOTHING)
    returned = false
  }

  return { write, end }
}

/** Keeps bytes between two chunks in one buffer that is used again: a buffer for each would wait for the garbage collector. */
function createKept() {
  let memory: Buffer = NOTHING
  let length = 0

  function makeRoom(wanted: number): void {
    if (memory.length >= wanted) return
    const larger = Buffer.alloc(wanted * 2)
    memory.copy(larger, 0, 0, length)
    memory = larger
  }

  return {
    bytes: (): Buffer => memory.subarray(0, length),
    /** Returns the kept bytes followed by the chunk. Valid until the next `keep`. */
    with(chunk: Buffer): Buffer {
      if (length === 0) return chunk
      makeRoom(length + chunk.length)
      chunk.copy(memory, length)
      return memory.subarray(0, length + chunk.length)
    },
    keep(bytes: Buffer): void {
      makeRoom(bytes.length)
      bytes.copy(memory) // right also where both are the same memory
      length = bytes.length
    },
  }
}

/** Returns the position of the byte; the data's length if it does not occur. */
function indexOf(data: Buffer, byte: number, from: number): number {
  const at = data.indexOf(byte, from)
  return at < 0 ? data.length : at
}

/** Returns the last place at or before `start + limit` that is not inside a character; `start + limit` if the bytes are not UTF-8. */
function cutBetweenCharacters(data: Buffer, start: number, limit: number): number {
  const furthest = start + limit
  for (let cut = furthest; cut > start && cut > furthest - 4; cut--) {
    if (((data[cut] as number) & 0xc0) !== 0x80) return cut
  }
  return furthest
}
