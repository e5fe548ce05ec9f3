/** What the tests of row counters share. */
import fc from 'fast-check'
import type { CountedRows, RowCounter } from '../../../../src/databases/rows/tally.ts'

/** The rows of a dump that comes as a whole, or in these pieces. */
export function countIn(make: () => RowCounter, dump: string | readonly Buffer[]): CountedRows {
  const counter = make()
  for (const chunk of typeof dump === 'string' ? [Buffer.from(dump)] : dump) counter.count(chunk)
  return counter.end()
}

/** Cuts a dump into pieces, some of them very small. */
export const pieces: fc.Arbitrary<(dump: Buffer) => Buffer[]> = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 40 })
  .map((sizes) => (dump) => {
    const cut: Buffer[] = []
    for (let at = 0, i = 0; at < dump.length; i++) {
      const size = sizes[i % sizes.length] ?? 1
      cut.push(dump.subarray(at, at + size))
      at += size
    }
    return cut
  })
