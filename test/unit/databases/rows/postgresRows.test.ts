/** Rows of PostgreSQL's SQL, with all that could pass for rows and is none. `test/engine/databases/rows.test.ts` counts what real tools wrote. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { postgresRows } from '../../../../src/databases/rows/postgresRows.ts'
import { countIn, pieces } from './counting.ts'

const count = (sql: string | readonly Buffer[], isServer = false) => countIn(() => postgresRows(isServer), sql)

const COPY = 'CREATE TABLE public.a (n integer, b text);\n\nCOPY public.a (n, b) FROM stdin;\n'

describe('COPY', () => {
  test.each([
    ['no rows', `${COPY}\\.\n`, { 'public.a': 0 }],
    ['rows', `${COPY}1\tx\n2\t\\N\n\\.\n`, { 'public.a': 2 }],
    [
      'lines that are empty, or look like SQL',
      `${COPY}\n\nCOPY public.b FROM stdin;\nINSERT INTO c VALUES (1);\n\\.\n`,
      { 'public.a': 4 },
    ],
    ['a line that begins as the end mark', `${COPY}\\\\.\n\\.x\n\\N\n\\.\n`, { 'public.a': 3 }],
    [
      'quotes and dollars in the data',
      `${COPY}1\t'$$"/* -- \n\\.\nCREATE TABLE public.b (n integer);\n`,
      { 'public.a': 1, 'public.b': 0 },
    ],
    ['names in quotes', `COPY "My.Schema"."a""b;(" (n) FROM stdin;\n1\n\\.\n`, { '"My.Schema"."a""b;("': 1 }],
    ['no columns', 'COPY public.a  FROM stdin;\n\n\n\\.\n', { 'public.a': 2 }],
    ['another delimiter', "COPY public.a (n) FROM stdin WITH (DELIMITER ',');\n1,2\n\\.\n", { 'public.a': 1 }],
    ['a table without rows of data', 'CREATE UNLOGGED TABLE public.a (\n    n integer\n);\n', { 'public.a': 0 }],
  ])('%s', (_, sql, rows) => expect(count(sql)).toEqual({ rows, unknown: null }))
})

describe('INSERT', () => {
  const table = 'CREATE TABLE public.a (n integer);\n'
  test.each([
    ['a row each', `${table}INSERT INTO public.a VALUES (1);\nINSERT INTO public.a VALUES (2);\n`, 2],
    ['rows together', `${table}INSERT INTO public.a VALUES\n\t(1, 'x'),\n\t(2, 'y'),\n\t(3, NULL);\n`, 3],
    ['columns', `${table}INSERT INTO public.a (n, "values") VALUES (1, 2);\n`, 1],
    ['identity columns', `${table}INSERT INTO public.a (n) OVERRIDING SYSTEM VALUE VALUES (1), (2);\n`, 2],
    ['no columns', `${table}INSERT INTO public.a DEFAULT VALUES;\nINSERT INTO public.a DEFAULT VALUES;\n`, 2],
    ['conflicts', `${table}INSERT INTO public.a VALUES (1) ON CONFLICT DO NOTHING;\n`, 1],
    ['quotes', `${table}INSERT INTO public.a VALUES ('it''s; ('), ('),(''');\n`, 2],
    ['a backslash', `${table}INSERT INTO public.a VALUES ('\\'), ('),(');\n`, 2],
    ['a backslash in E', `${table}INSERT INTO public.a VALUES (E'\\'),('), (E'a''\\'),(');\n`, 2],
    ['lines', `${table}INSERT INTO public.a VALUES ('\nINSERT INTO public.b VALUES (1);\n');\n`, 1],
    ['a value per kind', `${table}INSERT INTO public.a VALUES (-1, true, B'101', '\\x00', 1.5e3, NULL);\n`, 1],
  ])('%s', (_, sql, rows) => expect(count(sql)).toEqual({ rows: { 'public.a': rows }, unknown: null }))

  test('a backslash escapes where the server is set so', () =>
    expect(count(`SET standard_conforming_strings = off;\n${table}INSERT INTO public.a VALUES ('\\'),(');\n`)).toEqual({
      rows: { 'public.a': 1 },
      unknown: null,
    }))
})

describe('what looks like rows and is none', () => {
  test.each([
    ['a comment', '-- COPY public.x (n) FROM stdin;\n'],
    ['a comment of several lines', '/* a /* b */\nCOPY public.x (n) FROM stdin;\n1\n*/\n'],
    ['a string', "COMMENT ON TABLE public.a IS 'it''s\nCOPY public.x FROM stdin;\n';\n"],
    ['a string with escapes', "COMMENT ON TABLE public.a IS E'\\';\nINSERT INTO public.x VALUES (1);\n';\n"],
    [
      'a function',
      'CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $_$\nBEGIN\nINSERT INTO public.x VALUES ($1);\nEND$_$;\n',
    ],
    [
      'a function of SQL',
      'CREATE FUNCTION public.f() RETURNS void\n    LANGUAGE sql\n    BEGIN ATOMIC\n INSERT INTO public.x (n)\n   VALUES (CASE WHEN true THEN 1 ELSE 2 END);\n INSERT INTO public.x VALUES (2);\nEND;\n',
    ],
    [
      'a rule',
      'CREATE RULE r AS ON INSERT TO public.v DO INSTEAD ( INSERT INTO public.x VALUES (1);\n INSERT INTO public.y VALUES (1);\n);\n',
    ],
    ['a view', 'CREATE VIEW public.v AS SELECT 1 AS n;\nCREATE MATERIALIZED VIEW public.m AS SELECT 1 AS n;\n'],
    ['a name', 'CREATE VIEW public."x; INSERT INTO public.x VALUES (1);" AS SELECT 1;\n'],
    ['a line of psql', "\\restrict it's\n"],
    ['a default', "ALTER TABLE ONLY public.a ALTER COLUMN n SET DEFAULT 'COPY x FROM stdin;'::text;\n"],
  ])('%s', (_, sql) =>
    expect(count(`${COPY}1\tx\n\\.\n${sql}${COPY}2\ty\n\\.\n`)).toEqual({ rows: { 'public.a': 2 }, unknown: null }),
  )
})

test('tables of a whole server have the names of their databases', () => {
  const table = 'CREATE TABLE public.a (n integer);\nCOPY public.a (n) FROM stdin;\n'
  const sql = `\\connect template1\n\\connect app\n\n${table}1\n\\.\n\\connect -reuse-previous=on "dbname='my db'"\n\n${table}1\n2\n\\.\n`
  expect(count(sql, true)).toEqual({ rows: { 'app.public.a': 1, 'my db.public.a': 2 }, unknown: null })
})

describe('tables whose rows the dump does not tell', () => {
  const rows = (table: string, ...data: readonly string[]) =>
    `COPY ${table} (n) FROM stdin;\n${data.map((one) => `${one}\n`).join('')}\\.\n`
  const parts =
    'CREATE TABLE public.p (n integer)\nPARTITION BY HASH (n);\nCREATE TABLE public.p1 (n integer);\nALTER TABLE ONLY public.p ATTACH PARTITION public.p1 FOR VALUES WITH (modulus 1, remainder 0);\n'

  test('a partitioned table has no rows of its own', () =>
    expect(count(parts + rows('public.p1', '1', '2'))).toEqual({ rows: { 'public.p1': 2 }, unknown: null }))

  test('rows that go through the partitioned table', () =>
    expect(count(parts + rows('public.p', '1', '2') + rows('public.p', '3'))).toEqual({
      rows: { 'public.p': 3 },
      unknown: 'not counted: public.p1 (a partition of public.p, through which its rows were dumped)',
    }))

  test('the table of an extension', () =>
    expect(
      count(`CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\n${COPY}1\tx\n\\.\n${rows('public.srs', '1')}`),
    ).toEqual({
      rows: { 'public.a': 1 },
      unknown: 'not counted: public.srs (it belongs to an extension)',
    }))

  test('data in a form of its own', () =>
    expect(count("COPY public.a FROM stdin WITH (FORMAT csv);\n'\n'\n\\.\n").rows).toBeNull())
})

const value = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("'", "''", '\\', '),(', ';', '\n', "E'", '$$', '--', '/*', '"', '\\.', 'COPY x FROM stdin;\n'),
)

test('any values, cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), pieces, (table, cuts) => {
      const line = (row: readonly string[]) =>
        row
          .map((one) => one.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t'))
          .join('\t')
      const tuple = (row: readonly string[]) =>
        `(${row.map((one) => (one.includes('\\') ? `E'${one.replace(/['\\]/g, '$&$&')}'` : `'${one.replaceAll("'", "''")}'`)).join(', ')})`
      const sql = [
        'COPY public.a (n) FROM stdin;\n',
        ...table.map((row) => `${line(row)}\n`),
        '\\.\n',
        ...table.map((row) => `INSERT INTO public.b VALUES ${tuple(row)};\n`),
        table.length === 0 ? '' : `INSERT INTO public.c VALUES\n\t${table.map(tuple).join(',\n\t')};\n`,
        'INSERT INTO public.d VALUES (1);\n',
      ].join('')
      const expected =
        table.length === 0
          ? { 'public.a': 0, 'public.d': 1 }
          : { 'public.a': table.length, 'public.b': table.length, 'public.c': table.length, 'public.d': 1 }
      expect(count(cuts(Buffer.from(sql)))).toEqual({ rows: expected, unknown: null })
    }),
  )
})

test('one byte at a time', () => {
  const sql = Buffer.from(
    `${COPY}1\tx\n\\.\nCREATE FUNCTION f() AS $a$ $ $a $a$;\nINSERT INTO public.a VALUES (E'\\'', '''');\n/* /* */ */ -- x\n${COPY}\\.\n`,
  )
  expect(count([...sql].map((byte) => Buffer.of(byte)))).toEqual({ rows: { 'public.a': 2 }, unknown: null })
})

test('a statement that begins as the one before counts for the database that is connected', () => {
  const insert = 'INSERT INTO public.a VALUES (1);\n'
  const table = 'CREATE TABLE public.a (n integer);\n'
  const sql = `\\connect one\n${table}${insert}${insert}\\connect two\n${insert}${insert}${insert}`
  expect(count(sql, true)).toEqual({ rows: { 'one.public.a': 2, 'two.public.a': 3 }, unknown: null })
})

test.each(["DELIMITER ','", "DELIMITER ';', NULL 'none'", "(DELIMITER '|', ENCODING 'UTF8')", "DELIMITERS E'\\\\t'"])(
  'a COPY with odd words behind it has a row for each line: %s',
  (words) => {
    const sql = `CREATE TABLE public.a (n int, t text);\nCOPY public.a (n, t) FROM stdin WITH ${words};\n1,;(\n2|x\\\n3\\,y\n\\.\nCOPY public.b (n) FROM stdin;\n1\n\\.\n`
    expect(count(sql)).toEqual({ rows: { 'public.a': 3, 'public.b': 1 }, unknown: null })
  },
)
