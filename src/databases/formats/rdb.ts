/**
 * Checks the beginning and the end of an RDB file (its first word; the byte 0xff and a checksum of everything before it), and counts its
 * keys on the way. What `redis-cli --rdb -` writes behind that is cut off.
 */

import type { DumpCheck } from '../engineContract.ts'
import { rdbRows } from '../rows/rdbRows.ts'
import { guardedCounter } from '../rows/tally.ts'
import { crc64, JONES } from './crc64.ts'

const END_OF_FILE = 0xff
const CHECKSUM_BYTES = 8
const END_BYTES = 1 + CHECKSUM_BYTES
/**
 * Length of the mark that ends a transfer, bytes. A server that replicates without a file ends it with 40 hex digits, which the tool
 * copies to stdout.
 */
const MARK_BYTES = 40
/** Length of the file's first word (`REDIS0011`, `VALKEY080`), bytes. */
const MAGIC_BYTES = 9
/** Number of first bytes among which the file names the server's version. */
const HEAD_BYTES = 256

/**
 * Makes a check that passes an RDB file on without the mark that ends a transfer. The last bytes are kept back until the end, where the
 * checksum tells which of them belong to the file. A server with `rdbchecksum no` writes eight zeros in place of the checksum.
 */
export function rdbFile(): DumpCheck {
  const sum = crc64(JONES)
  const rows = guardedCounter(rdbRows())
  let head = Buffer.alloc(0)
  let held = Buffer.alloc(0)
  let summed = 0
  return {
    pass(chunk) {
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES)
      const all = Buffer.concat([held, chunk])
      const sure = Math.max(0, all.length - END_BYTES - MARK_BYTES)
      held = all.subarray(sure)
      const passed = all.subarray(0, sure)
      sum.update(passed)
      rows.count(passed)
      return passed
    },
    async end() {
      if (!/^(REDIS|VALKEY)\d{3}/.test(head.toString('latin1', 0, MAGIC_BYTES)))
        return { rest: held, missing: 'it does not begin as an RDB file' }
      // the checksum runs on, so the shorter file is tried first
      for (const end of [held.length - MARK_BYTES, held.length]) {
        if (end < END_BYTES) continue
        sum.update(held.subarray(summed, end - CHECKSUM_BYTES))
        summed = end - CHECKSUM_BYTES
        const file = held.subarray(0, end)
        if (!endsWell(file, sum.digest())) continue
        rows.count(file)
        return { rest: file, missing: null, counted: rows.end(), ...versionIn(head) }
      }
      return { rest: held, missing: 'it does not end with the byte 0xff and the checksum of all before it' }
    },
  }
}

/** Finds the server's version in the first bytes of the file: a name, then a text with its length before it. */
function versionIn(head: Buffer): { readonly serverVersion?: string } {
  const [, length = '', text = ''] = /(?:redis|valkey)-ver(.)([\d.]+)/s.exec(head.toString('latin1')) ?? []
  return text === '' ? {} : { serverVersion: text.slice(0, length.charCodeAt(0)) }
}

function endsWell(file: Buffer, sum: Buffer): boolean {
  const written = file.subarray(file.length - CHECKSUM_BYTES)
  return file[file.length - END_BYTES] === END_OF_FILE && (written.equals(sum) || written.every((byte) => byte === 0))
}
