/** Which entries are copied. */

import { describe, expect, test } from 'vitest'
import { bytesOf } from '../../../src/copy/listing.ts'
import { select } from '../../../src/copy/selection.ts'
import { directory, file, listing } from '../../support/entries.ts'

const VOLUME = listing(
  directory('a'),
  file('a/one'),
  directory('a/cache'),
  file('a/cache/junk'),
  directory('a/cache/keep'),
  file('a/cache/keep/x.txt'),
  file('b'),
  file(bytesOf('grüße.log')),
  file('bad\xff.log'),
  file('new\nline.log'),
  file('Upper.LOG'),
  directory('empty'),
  file('link', { type: 'link' }),
)

const take = (over: { paths?: string[]; exclude?: string[] }) =>
  select(VOLUME, { name: 'data', paths: [], exclude: [], ...over })
const paths = (over: { paths?: string[]; exclude?: string[] }) => [...take(over).entries.keys()]

describe('exclude', () => {
  test.each([
    ['*.log', ['bad\xff.log', bytesOf('grüße.log'), 'new\nline.log']],
    ['grüße.*', [bytesOf('grüße.log')]],
    ['/a/cache', ['a/cache', 'a/cache/junk', 'a/cache/keep', 'a/cache/keep/x.txt']],
    ['cache/', ['a/cache', 'a/cache/junk', 'a/cache/keep', 'a/cache/keep/x.txt']],
    ['b/', []],
    ['/one', []],
    ['a/**/x.txt', ['a/cache/keep/x.txt']],
    ['# b', []],
    ['', []],
    ['UPPER.LOG', []],
  ])('%j', (pattern, gone) => {
    const kept = paths({ exclude: [pattern] })
    expect([...VOLUME.keys()].filter((path) => !kept.includes(path)).sort()).toEqual(gone.sort())
  })

  test('a later rule takes back, but not into an excluded directory', () => {
    expect(paths({ exclude: ['*.log', '!bad*'] })).toContain('bad\xff.log')
    expect(paths({ exclude: ['cache/', '!x.txt'] })).not.toContain('a/cache/keep/x.txt')
    expect(paths({ exclude: ['cache/*', '!cache/keep'] })).toContain('a/cache/keep/x.txt')
  })

  test('a list is needed only where something was taken out', () => {
    expect(take({}).trees).toEqual(['.'])
    expect(take({ exclude: ['*.nothing'] }).trees).toEqual(['.'])
    expect(take({ exclude: ['*.log'] }).trees).toBeNull()
  })

  test('all of it: nothing is left', () => {
    expect(take({ exclude: ['*'] })).toMatchObject({ empty: true })
    expect(select(listing(), { name: 'data', paths: [], exclude: [] })).toMatchObject({ empty: true })
    expect(take({}).empty).toBe(false)
  })
})

describe('paths', () => {
  // the listing of paths holds what is above and below them only
  const listed = listing(directory('a'), directory('a/cache'), file('a/cache/junk'), file('b'))
  const chosen = (over: Partial<Parameters<typeof select>[1]>) =>
    select(listed, { name: 'data', paths: ['a/cache', 'b'], exclude: [], ...over })

  test('with the directories above', () => {
    expect([...chosen({}).entries.keys()]).toEqual(['.', 'a', 'a/cache', 'a/cache/junk', 'b'])
    expect(chosen({})).toMatchObject({ trees: ['a/cache', 'b'], empty: false })
  })

  test.each([
    ['missing', 'path "missing" does not exist in volume data'],
    ['a/missing', 'path "a/missing" does not exist in volume data'],
    ['link', 'path "link" of volume data is a symbolic link: name what it points to'],
    ['link/a', 'path "link/a" of volume data leads through the symbolic link "link": name the real path'],
    ['b/a', 'path "b/a" does not exist in volume data'],
  ])('%s', (path, message) => expect(() => take({ paths: [path] })).toThrow(message))

  test('one that exclude takes out is a contradiction', () => {
    expect(() => chosen({ exclude: ['/b'] })).toThrow('path "b" of volume data is taken out')
  })

  test('an empty directory is nothing to back up', () => {
    const empty = listing(directory('a'), directory('a/cache'))
    expect(select(empty, { name: 'data', paths: ['a/cache'], exclude: [] }).empty).toBe(true)
  })
})

test('another device within is refused, unless it is excluded', () => {
  const mounted = listing(directory('a'), directory('a/m', { dev: 2 }), file('a/m/x', { dev: 2 }))
  const choose = (exclude: string[]) => select(mounted, { name: 'data', paths: [], exclude })
  expect(() => choose([])).toThrow('"a/m" in volume data lies on another device')
  expect([...choose(['/a/m']).entries.keys()]).toEqual(['.', 'a'])
})
