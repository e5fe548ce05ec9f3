import { expect, test } from 'vitest'
import type { LoadFilter } from '../../../../src/databases/loadContract.ts'
import { clusterFilter, databaseFilter } from '../../../../src/databases/postgres/postgresLoadFilter.ts'

const facts = { me: 'app', roles: ['late', 'owner'], tablespaces: ['fast'], base: 'base', purpose: 'replace' as const }

function through(filter: LoadFilter, text: string, size: number): string {
  const bytes = Buffer.from(text)
  const passed: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) passed.push(filter.pass(bytes.subarray(at, at + size)))
  return Buffer.concat([...passed, filter.end()]).toString()
}

const CLUSTER = [
  "SET client_encoding = 'UTF8';",
  'DROP DATABASE shop;',
  'DROP ROLE IF EXISTS owner;',
  'DROP DATABASE template1;',
  'CREATE ROLE app;',
  "ALTER ROLE app WITH SUPERUSER PASSWORD 'x';",
  'CREATE ROLE owner;',
  'ALTER ROLE owner WITH LOGIN;',
  'CREATE ROLE "odd ""role;";',
  "CREATE TABLESPACE fast OWNER app LOCATION '/x';",
  '\\connect template1',
  'CREATE ROLE owner;',
  'DROP ROLE late;',
  'ALTER ROLE app WITH NOLOGIN;',
  '',
].join('\n')

test.each([1, 7, 4096])('a whole server, in chunks of %i bytes', (size) => {
  const out = through(clusterFilter(facts), CLUSTER, size)
  const [head = '', rest = ''] = out.split('\\connect template1\n')
  expect(head.split('\n')).toEqual([
    "SET client_encoding = 'UTF8';",
    'DROP DATABASE template1;',
    'DO $marina$ BEGIN CREATE ROLE app; EXCEPTION WHEN duplicate_object THEN NULL; END $marina$;',
    'DO $marina$ BEGIN CREATE ROLE owner; EXCEPTION WHEN duplicate_object THEN NULL; END $marina$;',
    'ALTER ROLE owner WITH LOGIN;',
    'DO $marina$ BEGIN CREATE ROLE "odd ""role;"; EXCEPTION WHEN duplicate_object THEN NULL; END $marina$;',
    '',
  ])
  // behind the first \connect it may be somebody's data: nothing is changed
  expect(rest).toContain('CREATE ROLE owner;\nDROP ROLE late;\nALTER ROLE app WITH NOLOGIN;\n')
  const last = rest.slice(rest.indexOf('RESET SESSION'))
  expect(last).toContain('DROP ROLE "late";')
  expect(last).not.toContain('DROP ROLE "owner";')
  expect(last.trimEnd().split('\n').slice(-3)).toEqual([
    'DROP DATABASE base;',
    "SET client_encoding = 'UTF8';",
    "ALTER ROLE app WITH SUPERUSER PASSWORD 'x';",
  ])
})

test('on a scratch server the account that loads keeps its password', () => {
  expect(through(clusterFilter({ ...facts, purpose: 'empty' }), CLUSTER, 100)).not.toContain(
    'ALTER ROLE app WITH SUPERUSER',
  )
})

test('a dump without roles drops none', () => {
  expect(through(clusterFilter(facts), '\\connect shop\n', 100)).not.toContain('DROP ROLE')
})

test.each([1, 4096])(
  'one database with --clean, in chunks of %i bytes: its drops are left out, its data are not',
  (size) => {
    const head = 'SET x = y;\n'
    const drops =
      "ALTER TABLE ONLY public.a DROP CONSTRAINT b;\nDROP TABLE public.a;\nSELECT pg_catalog.lo_unlink('1');\n"
    const rest = '-- Name: a; Type: TABLE;\nDROP TABLE public.a;\n'
    expect(through(databaseFilter(true), head + drops + rest, size)).toBe(head + rest)
    expect(through(databaseFilter(false), head + drops + rest, size)).toBe(head + drops + rest)
  },
)

test('a tablespace lies among the data of a scratch server, and where it did on a server with data', () => {
  const line = "CREATE TABLESPACE slow OWNER app LOCATION '/it''s';\n"
  const ofPurpose = (purpose: 'empty' | 'replace') =>
    through(clusterFilter({ ...facts, purpose }), line, 4096).split('\n')
  expect(ofPurpose('replace')[0]).toBe("CREATE TABLESPACE slow OWNER app LOCATION '/it''s';")
  expect(ofPurpose('empty').slice(0, 2)).toEqual([
    expect.stringContaining('allow_in_place_tablespaces'),
    "CREATE TABLESPACE slow OWNER app LOCATION '';",
  ])
})
