import { expect, test } from 'vitest'
import type { ServerRows } from '../../../src/databases/countContract.ts'
import { judgeRows, rowsOf } from '../../../src/drill/judgeRows.ts'

type Rows = Readonly<Record<string, number>>

interface Told {
  readonly rows: Rows | null
  readonly rowsUnknown?: string | null
  readonly database?: string | null
}

const dump = ({ rows, rowsUnknown = null, database = null }: Told, counted: Partial<ServerRows>) => ({
  target: 'pg',
  file: { path: 'db/pg/dump.sql', bytes: 1, sha256: '0'.repeat(64), database, rows, rowsUnknown },
  counted: { rows: {}, exempt: [], ...counted },
  isOwn: (table: string) => table.startsWith('own.'),
})

const OLD = { rows: null, rowsUnknown: 'it was made by a release that counts no rows' }

test.each<{ what: string; told: Told; counted: Partial<ServerRows>; passed: boolean; looked: boolean; seen: string }>([
  {
    what: 'the same rows',
    told: { rows: { a: 2, b: 0 } },
    counted: { rows: { a: 2, b: 0 } },
    passed: true,
    looked: true,
    seen: 'the dump of pg was loaded, and the server counts the 2 rows in 2 tables that it must have',
  },
  {
    what: 'of one database',
    told: { rows: { a: 2 }, database: 'shop' },
    counted: { rows: { a: 2 } },
    passed: true,
    looked: true,
    seen: 'the dump of database "shop" of pg was loaded',
  },
  {
    what: 'a row short',
    told: { rows: { a: 2 } },
    counted: { rows: { a: 1 } },
    passed: false,
    looked: true,
    seen: 'does not hold what was backed up: table "a" has 1 row, and had 2',
  },
  {
    what: 'a row too many',
    told: { rows: { a: 2 } },
    counted: { rows: { a: 3 } },
    passed: false,
    looked: true,
    seen: 'table "a" has 3 rows, and had 2',
  },
  {
    what: 'a table missing',
    told: { rows: { a: 2, b: 0 } },
    counted: { rows: { a: 2 } },
    passed: false,
    looked: true,
    seen: 'table "b" is missing (it had 0 rows)',
  },
  {
    what: 'a table too many',
    told: { rows: { a: 2 } },
    counted: { rows: { a: 2, b: 1 } },
    passed: false,
    looked: true,
    seen: 'table "b" is there with 1 row, and was not backed up',
  },
  {
    what: 'all rows gone',
    told: { rows: { a: 2 } },
    counted: { rows: {} },
    passed: false,
    looked: true,
    seen: 'table "a" is missing',
  },
  {
    what: 'an empty table that a dump without its data does not list',
    told: { rows: { a: 2 } },
    counted: { rows: { a: 2, b: 0 } },
    passed: true,
    looked: true,
    seen: '2 rows',
  },
  {
    what: 'a table that the manifest says it does not list',
    told: { rows: { a: 2 }, rowsUnknown: 'not counted: b (it belongs to an extension)' },
    counted: { rows: { a: 2, b: 9 } },
    passed: true,
    looked: true,
    seen: 'was loaded',
  },
  {
    what: 'a listed table is short where others are not listed',
    told: { rows: { a: 2 }, rowsUnknown: 'not counted: b (…)' },
    counted: { rows: { a: 1, b: 9 } },
    passed: false,
    looked: true,
    seen: 'table "a" has 1 row',
  },
  {
    what: 'rows of an extension',
    told: { rows: { a: 2 } },
    counted: { rows: { a: 2, e: 8 }, exempt: ['e'] },
    passed: true,
    looked: true,
    seen: 'was loaded',
  },
  {
    what: "the server's own tables",
    told: { rows: { a: 2, 'own.x': 7 } },
    counted: { rows: { a: 2, 'own.y': 8 } },
    passed: true,
    looked: true,
    seen: '2 rows in 1 table ',
  },
  {
    what: 'an empty server, known to be empty',
    told: { rows: {} },
    counted: {},
    passed: true,
    looked: false,
    seen: '0 rows in 0 tables',
  },
  {
    what: 'an old dump with rows',
    told: OLD,
    counted: { rows: { a: 2 } },
    passed: true,
    looked: true,
    seen: 'How many it must have is not known: it was made by a release that counts no rows',
  },
  {
    what: 'an old dump without a table',
    told: OLD,
    counted: {},
    passed: false,
    looked: true,
    seen: 'the server counts no row (0 tables)',
  },
  {
    what: 'an old dump of empty tables',
    told: OLD,
    counted: { rows: { a: 0 } },
    passed: false,
    looked: true,
    seen: 'nothing shows that data is in it',
  },
  {
    what: "an old dump of the server's own tables alone",
    told: OLD,
    counted: { rows: { 'own.x': 3 } },
    passed: false,
    looked: true,
    seen: 'no row (0 tables)',
  },
])('$what', ({ told, counted, passed, looked, seen }) => {
  expect(judgeRows(dump(told, counted))).toEqual({
    kind: 'rows',
    target: 'pg',
    passed,
    looked,
    seen: expect.stringContaining(seen),
  })
})

test('rows that a dump holds through a partitioned table are those of its partitions', () => {
  const told = { rows: { p: 5 }, rowsUnknown: 'not counted: p1 (a partition of p, through which its rows were dumped)' }
  const counted = (p1: number) => ({ rows: { p1, p2: 3 }, partitioned: { p: p1 + 3 } })
  expect(judgeRows(dump(told, counted(2)))).toMatchObject({ passed: true, looked: true })
  expect(judgeRows(dump(told, counted(1)))).toMatchObject({
    passed: false,
    seen: expect.stringContaining('table "p" has 4 rows, and had 5'),
  })
  expect(rowsOf(dump(told, counted(2)))[0]).toMatchObject({ table: 'p', expected: 5, found: 5 })
})

test('a name is quoted, whatever stands in it', () => {
  const { seen } = judgeRows(dump({ rows: { 'public."odd.na\nme"': 1 } }, {}))
  expect(seen).toContain('table "public.\\"odd.na\\nme\\"" is missing')
})

test('a sentence names five differences, and says how many more there are', () => {
  const rows = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`t${n}`, n]))
  const { seen } = judgeRows(dump({ rows }, {}))
  expect(seen).toContain('table "t5" is missing (it had 5 rows); and 2 more differ')
  expect(seen).not.toContain('t6')
})

test('the report gets the rows of every table of either side, without those of the server itself', () => {
  expect(rowsOf(dump({ rows: { a: 2, b: 1 } }, { rows: { a: 1, c: 5, 'own.x': 1 } }))).toEqual([
    { target: 'pg', path: 'db/pg/dump.sql', table: 'a', expected: 2, found: 1 },
    { target: 'pg', path: 'db/pg/dump.sql', table: 'b', expected: 1, found: null },
    { target: 'pg', path: 'db/pg/dump.sql', table: 'c', expected: null, found: 5 },
  ])
})
