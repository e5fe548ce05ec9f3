/** How an RDB file ends: the byte 0xff and a checksum of all before it. What `redis-cli --rdb -` writes behind that is taken off. */

import type { DumpCheck } from '../engines/contract.ts'
import { crc64 } from './crc64.ts'

const END = 0xff
const CHECKSUM = 8
const TAIL = 1 + CHECKSUM
/** A server that replicates without a file ends the transfer with a mark of 40 hex digits, which the tool copies to stdout too. */
const MARK = 40

/**
 * Passes an RDB file on without the transfer's mark: the last bytes are held back until the end, where the checksum says
 * which of them belong to the file. A server with `rdbchecksum no` writes eight zeros.
 */
export function rdbCheck(): DumpCheck {
  const sum = crc64()
  let head = Buffer.alloc(0)
  let held = Buffer.alloc(0)
  let summed = 0
  return {
    pass(chunk) {
      if (head.length < 9) head = Buffer.concat([head, chunk]).subarray(0, 9)
      const all = Buffer.concat([held, chunk])
      const sure = Math.max(0, all.length - TAIL - MARK)
      held = all.subarray(sure)
      const passed = all.subarray(0, sure)
      sum.update(passed)
      return passed
    },
    async end() {
      if (!/^(REDIS|VALKEY)\d{3}/.test(head.toString('latin1')))
        return { rest: held, missing: 'it does not begin as an RDB file' }
      // the checksum runs on, so the shorter file is tried first
      for (const end of [held.length - MARK, held.length]) {
        if (end < TAIL) continue
        sum.update(held.subarray(summed, end - CHECKSUM))
        summed = end - CHECKSUM
        const file = held.subarray(0, end)
        if (endsWell(file, sum.digest())) return { rest: file, missing: null }
      }
      return { rest: held, missing: 'it does not end with the byte 0xff and the checksum of all before it' }
    },
  }
}

function endsWell(file: Buffer, sum: Buffer): boolean {
  const written = file.subarray(file.length - CHECKSUM)
  return file[file.length - TAIL] === END && (written.equals(sum) || written.every((byte) => byte === 0))
}
