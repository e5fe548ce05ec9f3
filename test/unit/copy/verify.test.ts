/** Whether a copy is what its source's list says, what the tools said, and whether there is room. */

import { describe, expect, test } from 'vitest'
import { refuseWithoutSpace, spaceNeeded } from '../../../src/copy/freeSpace.ts'
import type { Entry } from '../../../src/copy/listing.ts'
import { collectToolErrors } from '../../../src/copy/toolErrors.ts'
import { verifier } from '../../../src/copy/verify.ts'
import { directory, file, GNU, listing } from '../../support/entries.ts'

const COARSE = { ...GNU, nanoseconds: false, linkTimes: false }

function compare(source: readonly Entry[], copy: readonly Entry[], tools = GNU) {
  const verified = verifier(listing(...source), tools)
  for (const entry of listing(...copy).values()) verified.staged(entry)
  return verified.end()
}

describe('one entry', () => {
  const a = file('a', { ino: 7 })
  const l = file('l', { type: 'link', ino: 8 })
  test.each<[string, Entry, Entry | null, string | null, string | null]>([
    ['the same', a, { ...a, ino: 99, ctime: 999, blocks: 0 }, null, null],
    ['missing', a, null, 'is missing in the copy', 'is missing in the copy'],
    ['short', a, { ...a, size: 3 }, 'has 3 bytes where its original has 10', 'has 3 bytes where its original has 10'],
    ['another type', a, directory('a'), 'is a directory where', 'is a directory where'],
    [
      'without setuid',
      file('a', { mode: 0o104755 }),
      { ...a, mode: 0o100755 },
      'has mode 0755 where its original has 4755',
      'has mode',
    ],
    ['another owner', a, { ...a, gid: 5 }, 'belongs to 0:5', 'belongs to 0:5'],
    ['another second', a, { ...a, mtime: 101 }, 'has another modification time', 'has another modification time'],
    ['another nanosecond', a, { ...a, mtimeNs: 0 }, 'has another modification time', null],
    ['a link of another time', l, { ...l, mtime: 3 }, 'has another modification time', null],
    ['a directory of another size', directory('d', { size: 99 }), directory('d'), null, null],
    [
      'another device node',
      file('n', { type: 'block', device: '1:2' }),
      file('n', { type: 'block', device: '1:3' }),
      'is another device node',
      'is another',
    ],
  ])('%s', (_, original, copy, precise, coarse) => {
    for (const [tools, what] of [
      [GNU, precise],
      [COARSE, coarse],
    ] as const) {
      const { differences } = compare([original], copy ? [copy] : [], tools)
      expect(differences.map((difference) => difference.what)).toEqual(
        what === null ? [] : [expect.stringContaining(what)],
      )
    }
  })
})

test('what is in the copy only', () => {
  expect(compare([], [file('x')]).differences).toEqual([{ path: 'x', what: 'is in the copy only' }])
})

describe('hard links', () => {
  const pair = (inoA: number, inoB: number, nlink: number) => [
    file('a', { ino: inoA, nlink }),
    file('b', { ino: inoB, nlink }),
  ]
  test.each<[string, Entry[], Entry[], string[]]>([
    ['kept', pair(1, 1, 2), pair(9, 9, 2), []],
    ['copied apart', pair(1, 1, 2), pair(8, 9, 1), ['b']],
    ['made where there was none', pair(1, 2, 1), pair(9, 9, 2), ['b']],
    ['with others outside of the copy', pair(1, 2, 5), pair(8, 9, 1), []],
  ])('%s', (_, source, copy, wrong) => {
    expect(compare(source, copy).differences.map(({ path }) => path)).toEqual(wrong)
  })
})

test('files and bytes are counted, hard links once', () => {
  const entries = [
    ...[file('a', { ino: 1, nlink: 2 }), file('b', { ino: 1, nlink: 2 }), file('c'), directory('d')],
    file('p', { type: 'fifo', size: 0 }),
  ]
  expect(compare(entries, entries)).toEqual({ differences: [], files: 4, bytes: 20 })
})

describe('what the tools say', () => {
  test.each<[string, boolean, boolean]>([
    ["stat: cannot statx './a': No such file or directory", false, false],
    ["cp: can't stat './a': No such file or directory", false, false],
    ["find: './a': No such file or directory", false, false],
    ["cp: skipping file './a', as it was replaced while being copied", true, false],
    ["cp: './a': Permission denied", true, false],
    ["cp: cannot stat './new\nline': No such file or directory", false, false],
    ["cp: error writing '/backup/a': No space left on device", true, true],
    ["cp: error reading './a': Input/output error", true, true],
    ["find: './a': Permission denied", true, false],
    ["stat: './a\nfind: b: No such file or directory': Input/output error", true, true],
    ['sh: cp was ended (137)', true, true],
    ['something unheard of', true, false],
  ])('%j', (message, isSerious, isFatal) => {
    const complaints = collectToolErrors()
    complaints.add("cp: cannot stat './before': No such file or directory")
    for (const line of message.split('\n')) complaints.add(line)
    expect(complaints.serious() !== null).toBe(isSerious)
    expect(complaints.fatal() !== null).toBe(isFatal)
    expect(complaints.first()).toContain('before')
  })
})

test.each([
  [
    'the reader has no room',
    [
      'tar: -: Wrote only 4096 of 10240 bytes',
      'tar: Error is not recoverable: exiting now',
      'tar: ./a: Cannot open: No space left on device',
    ],
    'tar: ./a: Cannot open: No space left on device',
  ],
  [
    'a broken pipe comes first',
    ['tar: write error: Broken pipe', 'tar: ./a: Cannot mkdir: Permission denied'],
    'tar: ./a: Cannot mkdir: Permission denied',
  ],
  [
    'nothing else is said',
    ['tar: -: Wrote only 4096 of 10240 bytes', 'tar: Error is not recoverable: exiting now'],
    'tar: -: Wrote only 4096 of 10240 bytes',
  ],
])('of several messages the cause is told: %s', (_, lines, cause) => {
  const complaints = collectToolErrors()
  for (const line of lines) complaints.add(line)
  expect(complaints.first()).toBe(cause)
})

describe('room', () => {
  const entries = listing(
    ...[
      file('a', { size: 5000, blocks: 16, ino: 1, nlink: 2 }),
      file('b', { size: 5000, blocks: 16, ino: 1, nlink: 2 }),
    ],
    ...[file('sparse', { size: 1_000_000, blocks: 8 }), file('l', { type: 'link', size: 9 })],
  )
  test('holes count where they are filled, hard links once', () => {
    // the root, a with b, sparse, l
    expect(spaceNeeded(entries, 4096, GNU)).toEqual({ bytes: 4096 + 8192 + 4096, inodes: 4 })
    expect(spaceNeeded(entries, 4096, { ...GNU, holes: false }).bytes).toBe(4096 + 8192 + 1_003_520)
  })
  test.each([
    [
      { bytes: 2000, inodes: 5 },
      'no room to copy volume data: it takes 2.0 kB and the disk of its copy has 1.0 kB free',
    ],
    [{ bytes: 10, inodes: 50 }, 'it holds 50 files and the disk of its copy has 7 inodes free'],
  ])('%j is refused', (need, message) => {
    const of = { name: 'data', canLeaveOut: true }
    const small = { bytes: 1000, block: 1, inodes: 7, device: '' }
    expect(() => refuseWithoutSpace(need, small, of)).toThrow(message)
    expect(() => refuseWithoutSpace(need, small, of)).toThrow('or leave something out with "exclude"')
    // a restore leaves nothing out
    expect(() => refuseWithoutSpace(need, small, { ...of, canLeaveOut: false })).toThrow(/Docker host$/)
    expect(() => refuseWithoutSpace(need, { bytes: 1e6, block: 1, inodes: null, device: '' }, of)).not.toThrow()
  })
})
