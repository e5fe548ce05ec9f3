/**
 * Collects the bytes of lines in one buffer that is used again: a string or a buffer for each line would wait for the garbage collector,
 * and the heap would grow.
 */
import { isUtf8 } from 'node:buffer'

const LINE_FEED = 10

export interface LineMemory {
  readonly length: number
  add(bytes: Buffer, start?: number, end?: number): void
  /** Returns what was added, as UTF-8 (invalid bytes are replaced). Valid until something is added or dropped. */
  bytes(): Buffer
  clear(): void
  /** Drops everything but the last `lines` lines. */
  keepLast(lines: number): void
}

export function createLineMemory(): LineMemory {
  let memory = Buffer.alloc(16 * 1024)
  let length = 0
  return {
    get length() {
      return length
    },
    add(bytes, start = 0, end = bytes.length) {
      const wanted = length + end - start
      if (wanted > memory.length) {
        const larger = Buffer.alloc(2 * wanted)
        memory.copy(larger, 0, 0, length)
        memory = larger
      }
      bytes.copy(memory, length, start, end)
      length = wanted
    },
    bytes() {
      const bytes = memory.subarray(0, length)
      return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString())
    },
    clear() {
      length = 0
    },
    keepLast(lines) {
      const from = startOfLast(memory.subarray(0, length), lines)
      memory.copyWithin(0, from, length)
      length -= from
    },
  }
}

/** Returns the position at which the last `lines` lines begin; 0 if there are no more. Each line has its line end. */
export function startOfLast(bytes: Buffer, lines: number): number {
  let end = bytes.length - 1
  for (let left = lines; left > 0 && end > 0; left--) {
    end = bytes.lastIndexOf(LINE_FEED, end - 1)
    if (end < 0) return 0
  }
  return Math.max(0, end + 1)
}
