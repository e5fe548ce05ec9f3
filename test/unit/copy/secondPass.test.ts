/** What the second pass does. The whole is tested against a real file system in test/engine/applications/presync.test.ts. */

import { describe, expect, test } from 'vitest'
import type { Entry, Listing } from '../../../src/copy/listing.ts'
import { isKnownFileSystem, planSecondPass, trustedBefore } from '../../../src/copy/secondPass.ts'
import { directory, file, GNU, listing } from '../../support/entries.ts'

const TRUSTED = 1000

const f = (over: Partial<Entry> = {}) => file('f', { ino: 7, ...over })
const copyOf = (entry: Entry, over: Partial<Entry> = {}) => ({
  ...entry,
  ino: Number(entry.ino) + 5000,
  ctime: 2000,
  ...over,
})

function pass(first: Listing, second: Listing, staged: Listing, attributed = false) {
  const work = planSecondPass({ first, second, staged, trusted: TRUSTED, attributed }, GNU)
  return { ...work, copies: work.copies.flat() }
}

/** A volume whose list was `first`, of which `copied` was copied, and whose list is now `second`. */
const one = (first: Entry | null, second: Entry | null, copied: Entry | null) =>
  pass(...([first, second, copied].map((entry) => listing(...(entry ? [entry] : []))) as [Listing, Listing, Listing]))

describe('one file', () => {
  test.each<[string, Entry | null, Entry | null, Entry | null, string[], string[]]>([
    ['untouched', f(), f(), copyOf(f()), [], []],
    ['rewritten, size and mtime set back', f(), f({ ctime: 1500 }), copyOf(f()), ['f'], ['f']],
    ['its ctime moved within one second', f(), f({ ctimeNs: 6 }), copyOf(f()), ['f'], ['f']],
    ['too young to tell', f({ ctime: 1000 }), f({ ctime: 1000 }), copyOf(f()), ['f'], ['f']],
    ['just old enough', f({ ctime: 999 }), f({ ctime: 999 }), copyOf(f()), [], []],
    ['replaced by another inode of the same looks', f(), f({ ino: 8 }), copyOf(f()), ['f'], ['f']],
    ['its name was given to a directory', f(), directory('f', { ctime: 1500 }), copyOf(f()), [], ['f']],
    ['new', null, f({ ctime: 1500 }), null, ['f'], []],
    ['new and copied by chance', null, f({ ctime: 1500 }), copyOf(f()), ['f'], ['f']],
    ['gone', f(), null, copyOf(f()), [], ['f']],
    ['gone before it was copied', f(), null, null, [], []],
    ['copied short', f(), f(), copyOf(f(), { size: 3 }), ['f'], ['f']],
    ['copied with another time', f(), f(), copyOf(f(), { mtimeNs: 9 }), ['f'], ['f']],
    ['not copied', f(), f(), null, ['f'], []],
    ['copied as a hard link of something', f(), f(), copyOf(f(), { nlink: 2 }), ['f'], ['f']],
  ])('%s', (_, first, second, copied, copies, remove) => {
    const work = one(first, second, copied)
    expect(work).toMatchObject({ copies, remove })
    // what was put in or taken out moved the directory's time
    expect(work.attributes.includes('.')).toBe(copies.length + remove.length > 0)
  })
})

describe('hard links', () => {
  const a = file('a', { ino: 7, nlink: 2 })
  const b = file('b', { ino: 7, nlink: 2 })
  const staged = (inoA: number, inoB: number, nlink = 2) =>
    listing(copyOf(a, { ino: inoA, nlink }), copyOf(b, { ino: inoB, nlink }))

  test('untouched', () => {
    expect(pass(listing(a, b), listing(a, b), staged(50, 50))).toMatchObject({ copies: [], remove: [] })
  })
  test('one that changed takes the group along', () => {
    const now = listing({ ...a, ctime: 1500 }, { ...b, ctime: 1500 })
    expect(pass(listing(a, b), now, staged(50, 50))).toMatchObject({ copies: ['a', 'b'], remove: ['a', 'b'] })
  })
  test('staged apart', () => {
    expect(pass(listing(a, b), listing(a, b), staged(50, 51, 1))).toMatchObject({
      copies: ['a', 'b'],
      remove: ['a', 'b'],
    })
  })
  test('staged across two groups', () => {
    const [c, d] = [file('c', { ino: 8, nlink: 2 }), file('d', { ino: 8, nlink: 2 })]
    const crossed = [a, b, c, d].map((entry, index) => copyOf(entry, { ino: 50 + (index % 2) }))
    expect(pass(listing(a, b, c, d), listing(a, b, c, d), listing(...crossed)).copies).toEqual(['a', 'b', 'c', 'd'])
  })
  test('a third one outside of what is selected does not count', () => {
    const [x, y] = [a, b].map((entry) => ({ ...entry, nlink: 3 })) as [Entry, Entry]
    expect(pass(listing(x, y), listing(x, y), staged(50, 50)).copies).toEqual([])
  })
})

describe('directories', () => {
  const d = directory('d', { ino: 9 })
  const inD = file('d/f', { ino: 7 })
  const moved = (entry: Entry) => ({ ...entry, ctime: 1500 })
  const root = listing().get('.') as Entry
  const tree = (...entries: Entry[]): Listing => new Map(entries.map((entry) => [entry.path, entry]))
  const staged = tree(copyOf(root), copyOf(d), copyOf(inD))

  test.each<[string, Entry, Entry, string[], string[]]>([
    ['untouched', root, d, [], []],
    ['something was made in it', root, moved(d), [], ['d']],
    ['something was made beside it', moved(root), d, [], ['.']],
    ['it may have been renamed, and back, while it was copied', moved(root), moved(d), ['d/f'], ['.', 'd']],
  ])('%s', (_, nowRoot, nowD, copies, attributes) => {
    const work = pass(tree(root, d, inD), tree(nowRoot, nowD, inD), staged)
    expect(work.copies).toEqual(copies)
    expect([...work.attributes].sort()).toEqual(attributes)
  })

  test('below one that may have been rebound, everything is copied again, however deep', () => {
    const deep = directory('d/e', { ino: 10 })
    const inDeep = file('d/e/g', { ino: 11 })
    const before = tree(root, d, deep, inDeep)
    const now = tree(moved(root), moved(d), deep, inDeep)
    const work = pass(before, now, tree(copyOf(root), copyOf(d), copyOf(deep), copyOf(inDeep)), true)
    expect(work.copies).toEqual(['d/e/g'])
    expect(work.renew).toEqual(['.', 'd', 'd/e'])
  })

  test('a directory that is gone is removed once, with all below', () => {
    const work = pass(tree(root, d, inD), tree(moved(root)), staged)
    expect(work).toMatchObject({ remove: ['d'], copies: [], attributes: ['.'] })
  })

  test('a directory that became a file, and a file that became a directory', () => {
    const now = tree(moved(root), file('d', { ctime: 1500 }))
    expect(pass(tree(root, d, inD), now, staged)).toMatchObject({ remove: ['d'], copies: ['d'], directories: [] })
    const back = pass(
      tree(root, file('d')),
      tree(moved(root), moved(d), moved(inD)),
      tree(copyOf(root), copyOf(file('d'))),
    )
    expect(back).toMatchObject({ remove: ['d'], directories: ['d'], copies: ['d/f'], attributes: ['.', 'd'] })
  })

  test('only where staged directories carry attributes are they made anew', () => {
    const now = tree(root, moved(d), inD)
    expect(pass(tree(root, d, inD), now, staged, false).renew).toEqual([])
    expect(pass(tree(root, d, inD), now, staged, true)).toMatchObject({ renew: ['d'], attributes: ['d', '.'] })
  })
})

test.each([
  ['an even clock', 1000, 50, 1010, 60, 998],
  ['cut-off seconds err to the safe side', 1000, 50, 1010, 60.9, 997],
  ['set back by an hour', 1000, 50, 1000 - 3590, 60, 998 - 3600],
  ['set forward', 1000, 50, 5000, 60, 998],
])('%s', (_, now, uptime, nowLater, uptimeLater, trusted) => {
  expect(trustedBefore({ now, uptime }, { now: nowLater, uptime: uptimeLater })).toBe(trusted)
})

test.each([
  ['ef53', true],
  ['58465342', true],
  ['9123683E', true],
  ['1021994', false],
  ['794c7630', false],
  ['6969', false],
])('file system %s: %s', (type, known) => expect(isKnownFileSystem(type)).toBe(known))
