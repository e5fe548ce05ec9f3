/** Lists for the helper: no batch too long, hard links together, names untouched. */

import fc from 'fast-check'
import { extract } from 'tar-stream'
import { expect, test } from 'vitest'
import { batchCopies, batchPaths, packWork, relinked } from '../../../src/copy/worklist.ts'
import { directory, file, GNU } from '../../support/entries.ts'

const BUSYBOX = { ...GNU, linkedOthers: false }
const bytes = (batch: readonly string[]) => batch.reduce((sum, path) => sum + path.length + 3, 0)

test('every entry is copied once, hard links in the same batch, none too long for a process', () => {
  const entry = fc.record({ size: fc.integer({ min: 1, max: 4000 }), ino: fc.integer({ min: 1, max: 30 }) })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 200, size: 'max' }), (specs) => {
      const entries = specs.map(({ size, ino }, index) =>
        file(`${index}-${'x'.repeat(size)}`, { ino, nlink: specs.filter((other) => other.ino === ino).length }),
      )
      const { copies, links } = batchCopies(entries, GNU)
      expect([...copies.flat(), ...links.map(([, path]) => path)].sort()).toEqual(
        entries.map(({ path }) => path).sort(),
      )
      for (const batch of copies) expect(bytes(batch)).toBeLessThanOrEqual(100_000)
      const batchOf = new Map(copies.flatMap((batch, index) => batch.map((path) => [path, index])))
      const inodeOf = new Map(entries.map(({ path, ino }) => [path, ino]))
      for (const [first, path] of links) expect(inodeOf.get(first)).toBe(inodeOf.get(path))
      for (const ino of new Set(specs.map((spec) => spec.ino))) {
        const batches = entries.filter((each) => each.ino === ino).flatMap(({ path }) => batchOf.get(path) ?? [])
        expect(new Set(batches).size).toBeLessThanOrEqual(1)
      }
    }),
  )
})

test('what a cp does not keep hard-linked is linked anew', () => {
  const links = [file('a', { type: 'link', ino: 1, nlink: 2 }), file('b', { type: 'link', ino: 1, nlink: 2 })]
  const files = [file('c', { ino: 2, nlink: 2 }), file('d', { ino: 2, nlink: 2 })]
  expect(batchCopies([...links, ...files], GNU)).toEqual({ copies: [['a', 'b', 'c', 'd']], links: [] })
  expect(batchCopies([...links, ...files], BUSYBOX)).toEqual({ copies: [['a', 'b', 'c', 'd']], links: [['a', 'b']] })
  expect(relinked([...links, ...files, directory('e')])).toEqual([['a', 'b']])
})

test('directories are copied by nobody but their attributes', () => {
  expect(batchCopies([directory('d'), directory('e', { ino: 5, nlink: 9 })], GNU)).toEqual({ copies: [], links: [] })
})

test('paths in batches keep their order', () => {
  const paths = Array.from({ length: 3000 }, (_, index) => `${'p'.repeat(90)}${index}`)
  const batches = batchPaths(paths)
  expect(batches.flat()).toEqual(paths)
  expect(batches.length).toBeGreaterThan(1)
  expect(batchPaths([])).toEqual([])
})

test('the lists travel as NUL-separated bytes', async () => {
  const work = {
    remove: ['-rf', 'new\nline'],
    directories: ['.', 'bad\xff'],
    copies: [['a', 'b'], ['c']],
    links: [['a', 'l']] as [string, string][],
    renew: ['.'],
    attributes: ['.', 'd'],
  }
  const archive = extract()
  archive.end(await packWork(work))
  const found: Record<string, string> = {}
  for await (const entry of archive) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    found[entry.header.name] = Buffer.concat(chunks).toString('latin1')
  }
  expect(found).toEqual({
    remove: './-rf\0./new\nline\0',
    directories: '.\0./bad\xff\0',
    'copy.0000000': './a\0./b\0',
    'copy.0000001': './c\0',
    links: './a\0./l\0',
    renew: '.\0',
    'attributes.0000000': '.\0./d\0',
  })
})
