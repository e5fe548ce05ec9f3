import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DumpCheck } from '../../../src/databases/engineContract.ts'
import { engineOf } from '../../../src/databases/engines.ts'

const TOOLS = new Map(['pg_dumpall', 'pg_dump', 'mysqldump', 'mongodump', 'redis-cli'].map((tool) => [tool, '1']))
type Kind = 'postgres' | 'mysql' | 'mongo' | 'redis'

/** The check of a named database's dump, or of the whole server's. */
const check = (kind: Kind, all = kind === 'redis'): DumpCheck => {
  const engine = engineOf(kind)
  const given = engine.extractSecrets([])
  return engine.plan({ kind, tools: TOOLS, databases: all ? [] : ['app'], given, command: [], env: [] }).check()
}

/** What a tool of the engine really wrote, by its name in the fixtures. */
const real = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))

async function pass(wholeness: DumpCheck, chunks: readonly Buffer[]) {
  const passed: Buffer[] = []
  for (const chunk of chunks) passed.push(await wholeness.pass(chunk))
  const { rest, missing } = await wholeness.end()
  return { file: Buffer.concat([...passed, rest]), missing }
}

function cut(dump: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...[...at].map((place) => place % (dump.length + 1)).sort((a, b) => a - b), dump.length]
  return places.slice(1).map((place, i) => dump.subarray(places[i], place))
}

const MARK = 40
const PG = `--
-- PostgreSQL database dump
--

\\restrict abc

COPY public.a (n) FROM stdin;
1
\\.

--
-- PostgreSQL database dump complete
--

`
const MYSQL =
  '-- MariaDB dump\nINSERT INTO `a` VALUES (1);\n/*M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY */;\n\n-- Dump completed on 2026-11-24 18:00:00\n'

const whole: { what: string; kind: Kind; all?: boolean; dump: Buffer; file?: Buffer; marker?: string }[] = [
  { what: 'a pg_dump in SQL', kind: 'postgres', dump: Buffer.from(PG), marker: 'complete' },
  {
    what: 'a pg_dump in SQL since August 2025',
    kind: 'postgres',
    dump: Buffer.from(`${PG}\\unrestrict abc\n\n`),
    marker: 'complete',
  },
  {
    what: 'a pg_dumpall',
    kind: 'postgres',
    all: true,
    dump: Buffer.from(`${PG}${PG.replace('dump complete', 'cluster dump complete')}`),
    marker: 'complete',
  },
  { what: 'a pg_dump in SQL, compressed', kind: 'postgres', dump: gzipSync(PG) },
  { what: 'a custom archive of pg_dump 17', kind: 'postgres', dump: real('postgres-17.dump') },
  { what: 'a custom archive of pg_dump 17, compressed', kind: 'postgres', dump: real('postgres-17-gzip.dump') },
  { what: 'a custom archive of a schema', kind: 'postgres', dump: real('postgres-17-schema.dump') },
  { what: 'a custom archive of pg_dump 15', kind: 'postgres', dump: real('postgres-15.dump') },
  { what: 'a mysqldump', kind: 'mysql', dump: Buffer.from(MYSQL), marker: 'completed' },
  {
    what: 'a mysqldump without a date',
    kind: 'mysql',
    dump: Buffer.from(MYSQL.replace(/ on .*/, '')),
    marker: 'completed',
  },
  {
    what: 'a mysqldump in XML',
    kind: 'mysql',
    dump: Buffer.from('<?xml version="1.0"?>\n<mysqldump>\n</mysqldump>\n'),
    marker: '</mysqldump>',
  },
  { what: 'an archive of mongodump', kind: 'mongo', dump: real('mongo.archive') },
  { what: 'an archive of mongodump, compressed', kind: 'mongo', dump: real('mongo.archive.gz') },
  { what: 'an RDB file of Valkey', kind: 'redis', dump: real('valkey-8.rdb') },
  {
    what: 'an RDB file of Redis with the mark of its transfer',
    kind: 'redis',
    dump: real('redis-8-marked.rdb'),
    file: real('redis-8-marked.rdb').subarray(0, -MARK),
  },
]

describe.each(whole)('$what', ({ kind, all, dump, file = dump, marker }) => {
  test('is whole, and passes unchanged in whatever chunks it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: dump.length }), { maxLength: 20 }), async (at) => {
        expect(await pass(check(kind, all), cut(dump, at))).toEqual({ file: Buffer.from(file), missing: null })
      }),
      { numRuns: 50 },
    )
  })

  test('is not whole, wherever it is cut', async () => {
    // line ends and comments behind the marker may be cut: all that the dump is for is there
    const end = marker === undefined ? file.length : dump.lastIndexOf(marker) + marker.length
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: end - 1 }), async (length) => {
        const { missing } = await pass(check(kind, all), [dump.subarray(0, length)])
        expect(missing).toEqual(expect.any(String))
      }),
      { numRuns: 200 },
    )
  })
})

test.each`
  what                                   | kind          | dump                                                                         | missing
  ${'a dump that ended within its data'} | ${'postgres'} | ${PG.slice(0, 80)}                                                           | ${'its last line is not "-- PostgreSQL database dump complete"'}
  ${'a marker that the data holds'}      | ${'postgres'} | ${PG.replace('1\n', '-- PostgreSQL database dump complete\n').slice(0, 120)} | ${'its last line is not "-- PostgreSQL database dump complete"'}
  ${'lines behind the marker'}           | ${'mysql'}    | ${`${MYSQL}mysqldump: Got error: 2013`}                                      | ${'its last line is not "-- Dump completed"'}
  ${'what is no archive'}                | ${'mongo'}    | ${'Failed: error connecting'}                                                | ${'it is not a mongodump archive'}
  ${'what is no RDB file'}               | ${'redis'}    | ${'NOAUTH Authentication required.'}                                         | ${'it does not begin as an RDB file'}
`('$what is not whole', async ({ kind, dump, missing }) => {
  expect((await pass(check(kind), [Buffer.from(dump)])).missing).toBe(missing)
})

test('an RDB file with one bit turned is not whole; one without a checksum is judged by its end', async () => {
  const turned = Buffer.from(real('valkey-8.rdb'))
  turned[100] = (turned[100] ?? 0) ^ 1
  expect((await pass(check('redis'), [turned])).missing).toMatch(/the checksum/)
  const without = Buffer.concat([turned.subarray(0, -8), Buffer.alloc(8)])
  expect((await pass(check('redis'), [without])).missing).toBe(null)
})

test('a custom archive that lost whole blocks of data says how many', async () => {
  const dump = real('postgres-15.dump')
  const missing = new Set<string>()
  for (let length = 0; length < dump.length; length++) {
    const judged = await pass(check('postgres'), [dump.subarray(0, length)])
    missing.add(judged.missing?.replace(/byte \d+/, 'byte N') ?? 'whole')
  }
  expect([...missing].filter((one) => one.startsWith('it '))).toEqual([
    'it is cut off at byte N',
    'it holds 0 of the 3 blocks of data that its table of contents names',
    'it holds 1 of the 3 blocks of data that its table of contents names',
    'it holds 2 of the 3 blocks of data that its table of contents names',
  ])
  expect(missing).not.toContain('whole')
})

test('a mongodump archive in which a collection does not end names it', async () => {
  const dump = real('mongo.archive')
  // the last of the blocks is a header that ends a collection, and four bytes
  const last = dump.lastIndexOf(Buffer.from('\x02db\0', 'latin1')) - 4
  expect((await pass(check('mongo'), [dump.subarray(0, last)])).missing).toMatch(
    /^collection app\.\w+ does not come to its end$/,
  )
})

test('nothing is kept of a dump that streams by: 64 MB in chunks of one block', async () => {
  const wholeness = check('postgres')
  const line = Buffer.alloc(65_536, 'x\n')
  for (let i = 0; i < 1000; i++) expect((await wholeness.pass(line)).length).toBe(line.length)
  expect((await wholeness.end()).rest.length).toBe(0)
})
