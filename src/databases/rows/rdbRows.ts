/**
 * Counts the keys in an RDB file, database by database. Every value is passed over by its lengths. A table says what a value of each type
 * consists of, so a type that is not in it ends the count. Pure.
 */
import { type RowCounter, tally } from './tally.ts'

/** A part of a value: a string, a number, the float of an old sorted set, what a module wrote, or this many bytes. */
type Part = 'string' | 'number' | 'float' | 'module' | number | Repeated
/** A list of parts that is repeated. A number before it says how often. */
interface Repeated {
  readonly each: readonly Part[]
}

const each = (...parts: readonly Part[]): Repeated => ({ each: parts })

/** Stream: its blocks, its numbers, and its groups, each with its pending entries and its consumers. */
const stream = (numbers: number, ofGroup: number, ofConsumer: number): readonly Part[] => [
  each('string', 'string'),
  ...Array<Part>(numbers).fill('number'),
  each('string', ...Array<Part>(ofGroup).fill('number'), each(24, 'number'), each('string', ofConsumer, each(16))),
]

/** The parts of a value by the number of its type. */
const VALUES: Readonly<Record<number, readonly Part[]>> = {
  0: ['string'],
  1: [each('string')],
  2: [each('string')],
  3: [each('string', 'float')],
  4: [each('string', 'string')],
  5: [each('string', 8)],
  7: ['number', 'module'],
  9: ['string'],
  10: ['string'],
  11: ['string'],
  12: ['string'],
  13: ['string'],
  14: [each('string')],
  15: stream(3, 2, 8),
  16: ['string'],
  17: ['string'],
  18: [each('number', 'string')],
  19: stream(8, 3, 8),
  20: ['string'],
  21: stream(8, 3, 16),
}
/** Types that Redis has and Valkey has not, and the other way round. */
const OF_REDIS: Readonly<Record<number, readonly Part[]>> = {
  24: [8, each('number', 'string', 'string')],
  25: [8, 'string'],
}
const OF_VALKEY: Readonly<Record<number, readonly Part[]>> = { 22: [each('string', 'string', 8)] }

/** The parts behind a byte that begins no key: settings, sizes, times, functions. */
const MARKS: Readonly<Record<number, readonly Part[]>> = {
  244: ['number', 'number', 'number'],
  245: ['string'],
  247: ['number', 'number', 'number', 'module'],
  248: ['number'],
  249: [1],
  250: ['string', 'string'],
  252: [8],
  253: [4],
}
const SELECT = 0xfe
const SIZE = 0xfb
const END = 0xff
/** Smallest number that is a mark; what is below is a type. */
const FIRST_MARK = 0xf3

/** Parts of a value of a module by the number before each. */
const OF_MODULE: Readonly<Record<number, Part>> = { 1: 'number', 2: 'number', 3: 4, 4: 8, 5: 'string' }

const KEY: readonly Part[] = ['string']
const MAGIC_BYTES = 9
/** The version from which on a server writes all keys that it says it has; an older one leaves those out whose time is over. */
const WRITES_ALL = 9
/** Number of bytes that any number or head of a string needs at most. */
const HEAD_BYTES = 20
const NOTHING: Buffer = Buffer.alloc(0)

interface Frame {
  readonly parts: readonly Part[]
  at: number
  left: number
}

/** Makes a counter for an RDB file. The keys of database 0 are listed as `db0`. */
export function rdbRows(): RowCounter {
  const counts = tally()
  const frames: Frame[] = []
  let rest: Buffer = NOTHING
  let toSkip = 0
  let isBegun = false
  let isEnded = false
  let values = VALUES
  let version = 0
  let database = 'db0'
  let keys = 0
  /** Number of keys that the file says the database has; `null` if it does not say. */
  let promised: number | null = null
  let chunk: Buffer = NOTHING
  let at = 0

  const stop = (why: string) => {
    counts.giveUp(why)
    isEnded = true
  }
  const endDatabase = () => {
    if (keys > 0) counts.add(database, keys)
    if (promised !== null && promised !== keys && version >= WRITES_ALL)
      stop(`${database} holds ${keys} keys where the file says ${promised}`)
    keys = 0
    promised = null
  }

  /** Reads a number; -1 if its byte marks a string in a form of its own, whose kind is then in `kind`. */
  let kind = 0
  const number = (): number => {
    const first = chunk[at] as number
    at++
    switch (first >> 6) {
      case 0:
        return first & 0x3f
      case 1:
        return ((first & 0x3f) << 8) | (chunk[at++] as number)
      case 2:
        if (first === 0x80) {
          at += 4
          return chunk.readUInt32BE(at - 4)
        }
        if (first === 0x81) {
          at += 8
          return Number(chunk.readBigUInt64BE(at - 8))
        }
        throw new Error(`a length of kind ${first}`)
      default:
        kind = first & 0x3f
        return -1
    }
  }
  const skipString = () => {
    const length = number()
    if (length >= 0) toSkip = length
    else if (kind <= 2) toSkip = 1 << kind
    else if (kind === 3) {
      toSkip = number()
      number()
    } else throw new Error(`a string of kind ${kind}`)
  }
  const skipFloat = () => {
    const length = chunk[at++] as number
    toSkip = length >= 253 ? 0 : length
  }
  const push = (parts: readonly Part[], left: number) => {
    if (left > 0) frames.push({ parts, at: 0, left })
  }

  /** Reads the next part of the value that is being read. */
  const readPart = (frame: Frame) => {
    const part = frame.parts[frame.at] as Part
    if (part === 'module') {
      const next = number()
      if (next !== 0) {
        const inner = OF_MODULE[next]
        if (inner === undefined) throw new Error(`a part ${next} of a module`)
        push([inner], 1)
        return
      }
    } else if (part === 'string') skipString()
    else if (part === 'number') number()
    else if (part === 'float') skipFloat()
    else if (typeof part === 'number') toSkip = part
    else push(part.each, number())
    if (++frame.at < frame.parts.length) return
    frame.at = 0
    // what was pushed lies above
    if (--frame.left === 0) frames.splice(frames.indexOf(frame), 1)
  }

  /** Reads what begins between two keys. */
  const readNext = () => {
    const byte = chunk[at] as number
    at++
    if (byte === END) {
      endDatabase()
      isEnded = true
    } else if (byte === SELECT) {
      endDatabase()
      database = `db${number()}`
    } else if (byte === SIZE) {
      promised = number()
      number()
    } else {
      const parts = byte >= FIRST_MARK ? MARKS[byte] : values[byte]
      if (parts === undefined)
        return stop(`the file has a ${byte >= FIRST_MARK ? 'mark' : 'type'} ${byte} that is not known`)
      push(parts, 1)
      if (byte >= FIRST_MARK) return
      keys++
      push(KEY, 1)
    }
  }
  const begin = () => {
    const magic = chunk.toString('latin1', 0, MAGIC_BYTES)
    version = Number(magic.replace(/^\D+/, ''))
    values = { ...VALUES, ...(magic.startsWith('VALKEY') ? OF_VALKEY : OF_REDIS) }
    at = MAGIC_BYTES
    isBegun = true
  }

  return {
    count(next) {
      if (isEnded) return
      const from = Math.min(toSkip, next.length)
      toSkip -= from
      chunk = rest.length === 0 ? next.subarray(from) : Buffer.concat([rest, next])
      rest = NOTHING
      at = 0
      if (!isBegun && chunk.length >= MAGIC_BYTES) begin()
      // each head is whole in the chunk: what is too near to its end waits for the next one
      while (!isEnded && isBegun && chunk.length - at >= HEAD_BYTES) {
        const frame = frames.at(-1)
        if (frame) readPart(frame)
        else readNext()
        const skipped = Math.min(toSkip, chunk.length - at)
        at += skipped
        toSkip -= skipped
      }
      rest = Buffer.from(chunk.subarray(at))
    },
    end() {
      // nothing is nearer to the end of a file than its mark and its checksum: 9 bytes
      while (!isEnded && isBegun && at < chunk.length) {
        const frame = frames.at(-1)
        if (frame) readPart(frame)
        else readNext()
        at += toSkip
        toSkip = 0
      }
      if (!isEnded) counts.giveUp('the file has no end mark')
      return counts.end()
    },
  }
}
