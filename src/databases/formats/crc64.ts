/** Computes CRC-64 in two reflected forms: Jones, at the end of an RDB file, and ECMA, at the end of each collection in a mongodump archive. */

interface Crc64Kind {
  /** The polynomial with its bits in reverse order, in two halves. */
  readonly high: number
  readonly low: number
  /** True if all bits are inverted before the first byte and after the last one. */
  readonly isInverted: boolean
}

/** The polynomial of Redis, 0xad93d23594c935a9. */
export const JONES: Crc64Kind = { high: 0x95ac9329, low: 0xac4bc9b5, isInverted: false }
/** The polynomial of Go's `hash/crc64`, 0x42f0e1eba9ea3693. */
export const ECMA: Crc64Kind = { high: 0xc96c5795, low: 0xd7870f42, isInverted: true }

/** Eight tables for each polynomial, computed at its first use. */
const TABLES = new Map<Crc64Kind, Uint32Array[]>()

function tablesOf(kind: Crc64Kind): Uint32Array[] {
  const tables = TABLES.get(kind) ?? makeTables(kind)
  TABLES.set(kind, tables)
  return tables
}

/** Makes eight tables of pairs of low and high half. `tables[n]` moves a byte n bytes further on, so that eight bytes can be processed at once. */
function makeTables(kind: Crc64Kind): Uint32Array[] {
  const first = new Uint32Array(512)
  for (let byte = 0; byte < 256; byte++) {
    let low = byte
    let high = 0
    for (let bit = 0; bit < 8; bit++) {
      const odd = low & 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (odd) {
        low ^= kind.low
        high ^= kind.high
      }
    }
    first[2 * byte] = low
    first[2 * byte + 1] = high
  }
  const tables = [first]
  for (let n = 1; n < 8; n++) {
    const before = tables[n - 1] as Uint32Array
    const table = new Uint32Array(512)
    for (let byte = 0; byte < 256; byte++) {
      const low = before[2 * byte] as number
      const high = before[2 * byte + 1] as number
      const entry = 2 * (low & 255)
      table[2 * byte] = ((low >>> 8) | (high << 24)) ^ (first[entry] as number)
      table[2 * byte + 1] = (high >>> 8) ^ (first[entry + 1] as number)
    }
    tables.push(table)
  }
  return tables
}

/** Makes a checksum that takes its data piece by piece (`update`) and can be read at any time (`digest`). */
export function crc64(kind: Crc64Kind) {
  const tables = tablesOf(kind)
  const flip = kind.isInverted ? -1 : 0
  const state = { low: flip, high: flip }
  return {
    update: (data: Buffer) => advance(tables, state, data),
    /** Returns the checksum in eight bytes, little-endian. */
    digest(): Buffer {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32LE((state.low ^ flip) >>> 0, 0)
      bytes.writeUInt32LE((state.high ^ flip) >>> 0, 4)
      return bytes
    },
  }
}

interface State {
  low: number
  high: number
}

type Table = Uint32Array

/** Brings the checksum's state forward over the data: eight bytes at once, then the rest one by one. */
function advance(tables: readonly Table[], state: State, data: Buffer): void {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [Table, Table, Table, Table, Table, Table, Table, Table]
  let l = state.low
  let h = state.high
  const whole = data.length - (data.length % 8)
  for (let i = 0; i < whole; i += 8) {
    l ^=
      (data[i] as number) |
      ((data[i + 1] as number) << 8) |
      ((data[i + 2] as number) << 16) |
      ((data[i + 3] as number) << 24)
    h ^=
      (data[i + 4] as number) |
      ((data[i + 5] as number) << 8) |
      ((data[i + 6] as number) << 16) |
      ((data[i + 7] as number) << 24)
    const a = 2 * (l & 255)
    const b = 2 * ((l >>> 8) & 255)
    const c = 2 * ((l >>> 16) & 255)
    const d = 2 * (l >>> 24)
    const e = 2 * (h & 255)
    const f = 2 * ((h >>> 8) & 255)
    const g = 2 * ((h >>> 16) & 255)
    const k = 2 * (h >>> 24)
    l =
      (t7[a] as number) ^
      (t6[b] as number) ^
      (t5[c] as number) ^
      (t4[d] as number) ^
      (t3[e] as number) ^
      (t2[f] as number) ^
      (t1[g] as number) ^
      (t0[k] as number)
    h =
      (t7[a + 1] as number) ^
      (t6[b + 1] as number) ^
      (t5[c + 1] as number) ^
      (t4[d + 1] as number) ^
      (t3[e + 1] as number) ^
      (t2[f + 1] as number) ^
      (t1[g + 1] as number) ^
      (t0[k + 1] as number)
  }
  state.low = l
  state.high = h
  advanceByBytes(t0, state, data.subarray(whole))
}

function advanceByBytes(table: Table, state: State, data: Buffer): void {
  for (const byte of data) {
    const entry = 2 * ((state.low ^ byte) & 255)
    state.low = ((state.low >>> 8) | (state.high << 24)) ^ (table[entry] as number)
    state.high = (state.high >>> 8) ^ (table[entry + 1] as number)
  }
}
