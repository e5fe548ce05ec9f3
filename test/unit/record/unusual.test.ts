import { expect, test } from 'vitest'
import type { PastRun } from '../../../src/outcome.ts'
import { unusual } from '../../../src/record/unusual.ts'

const run = (bytes: number | null, seconds: number, status = 'success') => ({ bytes, seconds, status }) as PastRun
/** The latest first, as the record has them. */
const usual = [run(1000, 10), run(1100, 11), run(900, 9), run(1000, 10)]

test.each([
  ['as usual', { bytes: 1000, seconds: 10 }, usual, []],
  ['at the limits', { bytes: 500, seconds: 20 }, usual, []],
  ['much smaller', { bytes: 499, seconds: 10 }, usual, [/^its data is 499 B, 50 % of 1\.0 kB, which is usual/]],
  ['much larger', { bytes: 2001, seconds: 10 }, usual, [/^its data is 2\.0 kB, 200 % of 1\.0 kB/]],
  ['empty', { bytes: 0, seconds: 10 }, usual, [/^its data is 0 B, 0 % of/]],
  ['much longer', { bytes: 1000, seconds: 21 }, usual, [/^it took 21 s, 210 % of 10 s/]],
  ['much shorter', { bytes: 1000, seconds: 4 }, usual, [/^it took 4\.0 s, 40 % of 10 s/]],
  ['longer by less than 5 s', { bytes: 1, seconds: 6 }, [run(1, 2), run(1, 2), run(1, 2)], []],
  ['both', { bytes: 9, seconds: 90 }, usual, [/^its data/, /^it took/]],
  ['too few earlier ones', { bytes: 1, seconds: 90 }, usual.slice(2), []],
  [
    'failed ones tell nothing',
    { bytes: 1, seconds: 90 },
    usual.map((one) => ({ ...one, status: 'failed' }) as PastRun),
    [],
  ],
  ['a size that is not known', { bytes: null, seconds: 10 }, usual, []],
  [
    'the last 7 alone count',
    { bytes: 10, seconds: 10 },
    [...Array(7).fill(run(10, 10)), ...Array(9).fill(run(9000, 10))],
    [],
  ],
])('a backup that is %s', (_, now, runs, expected) => {
  expect(unusual(now, runs)).toEqual(expected.map((one) => expect.stringMatching(one)))
})
