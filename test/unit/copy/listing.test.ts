/** Listings: whatever the names and however the bytes are cut, each entry comes out as it went in. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Entry, listingParser, parentOf, withAbove } from '../../../src/copy/listing.ts'

/** What stat prints for an entry, in latin1. */
function printed(path: string, size: number): string {
  const time = '2026-11-24 18:13:56.000000042 +0000'
  return `//2049|12|81a4|${size}|8|1|0|33|${time}|${time}|1795544036|1795544037|0|0|${path}\n`
}

function parse(text: string, cuts: readonly number[] = []): { entries: Entry[]; end: string } {
  const entries: Entry[] = []
  const parser = listingParser((entry) => entries.push(entry))
  const bytes = Buffer.from(text, 'latin1')
  const at = [0, ...[...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b), bytes.length]
  for (const [index, start] of at.slice(0, -1).entries()) parser.write(bytes.subarray(start, at[index + 1]))
  return { entries, end: parser.end() }
}

/** A file name: any bytes but NUL and `/`, among them those that look like a record. */
const name = fc
  .oneof(
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), minLength: 1 }),
    fc
      .array(fc.constantFrom('\n', '|', 'end', ' ', '-', '1', '\\', 'ÿ', '0|0|'), { minLength: 1 })
      .map((all) => all.join('')),
  )
  .map((text) => text.replaceAll('/', '_'))
  .filter((text) => text !== '.' && text !== '..')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))

test('names of any bytes, cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(path), fc.array(fc.nat()), (paths, cuts) => {
      const text = paths.map((each, index) => printed(`./${each}`, index)).join('')
      const { entries, end } = parse(`${text}//end find=0 stat=0\n`, cuts)
      expect(entries.map((entry) => entry.path)).toEqual(paths)
      expect(entries.map((entry) => entry.size)).toEqual(paths.map((_, index) => index))
      expect(end).toBe(' find=0 stat=0')
    }),
  )
})

test('every field', () => {
  const line =
    '//2049|18446744073709551615|61b0|0|0|2|7|8|2026-11-24 18:13:56.660720283 +0000|2026-11-24 18:13:57.5 +0000|1795544036|1795544037|fd|1f|.\n'
  expect(parse(line).entries).toEqual([
    {
      path: '.',
      type: 'block',
      mode: 0o60660,
      dev: 2049,
      ino: '18446744073709551615',
      size: 0,
      blocks: 0,
      nlink: 2,
      uid: 7,
      gid: 8,
      mtime: 1795544036,
      mtimeNs: 660720283,
      ctime: 1795544037,
      ctimeNs: 500000000,
      device: 'fd:1f',
    },
  ])
})

test('a listing that was cut off has no end', () => {
  expect(parse(printed('./a', 1) + printed('./b', 1).slice(0, 40)).end).toBe('')
})

test('what stat does not print is an error', () => {
  expect(() => parse('//1|2|3\n')).toThrow('what stat does not print')
})

describe('paths', () => {
  test.each([
    [
      ['a/b/c', 'a/d'],
      ['.', 'a', 'a/b', 'a/b/c', 'a/d'],
    ],
    [['.'], ['.']],
    [[], ['.']],
  ])('above %j', (paths, above) => expect(withAbove(paths)).toEqual(above))

  test.each([
    ['a/b', 'a'],
    ['a', '.'],
    ['.', '.'],
  ])('the parent of %s is %s', (child, parent) => expect(parentOf(child)).toBe(parent))
})
