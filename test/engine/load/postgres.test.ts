/** Dumps of PostgreSQL, loaded back into the server that they came from after everything in it changed, and into an empty one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DumpToLoad } from '../../../src/load/loadDump.ts'
import { dropDatabase, isThere } from '../../../src/load/presence.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import { dockerOf, startBench, type TestBench } from '../../support/dumping.ts'
import { dumpFiles, load, presenceOf } from '../../support/loading.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
let bench: TestBench
let source: string

const named = (what: string) => {
  const name = engine.name(`load-pg-${what}`)
  made.push(name)
  return name
}
const sql = (query: string, database = 'app', server = source) =>
  engine.ok(['exec', '-i', server, 'psql', '-U', 'app', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt'], {
    input: query,
  })

/** Everything that a dump of the whole server brings back. */
const STATE = `SELECT datname, pg_get_userbyid(datdba), encoding, datcollate, ARRAY(SELECT unnest(datacl)::text ORDER BY 1), datconnlimit FROM pg_database ORDER BY 1;
  SELECT rolname, rolsuper, rolcanlogin, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1;
  SELECT roleid::regrole, member::regrole FROM pg_auth_members WHERE roleid >= 16384 ORDER BY 1;
  SELECT coalesce(d.datname, '-'), coalesce(r.rolname, '-'), setconfig FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole ORDER BY 1, 2`
const SHOP = `SELECT count(*), md5(string_agg(n || body, ',' ORDER BY n)) FROM orders;
  SELECT relname, pg_get_userbyid(relowner), relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1;
  SELECT sum(length(lo_get(oid))) FROM pg_largeobject_metadata`

const state = async () => [await sql(STATE), await sql(SHOP, 'shop'), await sql('SELECT * FROM note', 'postgres')]

async function change(): Promise<void> {
  await sql('DROP DATABASE "odd name"; CREATE DATABASE later; DROP ROLE reader_too; CREATE ROLE late LOGIN')
  await sql(
    'ALTER DATABASE shop OWNER TO app; ALTER ROLE app PASSWORD $$other$$; GRANT late TO owner; ALTER ROLE owner SET work_mem = 999',
  )
  await sql('DROP TABLE orders; CREATE TABLE extra AS SELECT 1; GRANT SELECT ON extra TO late', 'shop')
  await sql('DROP TABLE note; CREATE TABLE junk()', 'postgres')
  await sql('CREATE TABLE junk()', 'template1')
}

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
  source = named('source')
  await startServer(engine, 'postgres', source, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' } })
  await sql(`CREATE ROLE owner LOGIN PASSWORD 'o'; CREATE ROLE reader; CREATE ROLE reader_too; CREATE ROLE "odd role;";
    GRANT reader TO owner; GRANT reader TO reader_too; ALTER ROLE owner SET search_path = "$user", public`)
  await sql(
    `CREATE DATABASE shop OWNER owner ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0 CONNECTION LIMIT 77`,
  )
  await sql(`ALTER DATABASE shop SET search_path = public, "$user"; GRANT CONNECT ON DATABASE shop TO reader`)
  await sql(
    `ALTER ROLE owner IN DATABASE shop SET work_mem = '5MB'; COMMENT ON DATABASE shop IS 'it''s'; CREATE DATABASE "odd name"`,
  )
  await sql('CREATE TABLE note AS SELECT 42 AS n', 'postgres')
  await sql(
    `CREATE TABLE orders AS SELECT i AS n, md5(i::text) || E'\\n\\\\connect postgres\\nDROP ROLE owner;' AS body FROM generate_series(1, 5000) i;
     ALTER TABLE orders OWNER TO owner; GRANT SELECT ON orders TO reader, "odd role;";
     SELECT lo_from_bytea(0, decode(repeat('00ff', 100000), 'hex'))`,
    'shop',
  )
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

test.each`
  form         | dumpArgs
  ${'plain'}   | ${[]}
  ${'--clean'} | ${['--clean']}
`('a whole server, $form, in place: what it holds is there again, and nothing else', async ({ dumpArgs }) => {
  const before = await state()
  const files = await dumpFiles(engine, bench, source, { dumpArgs })
  await change()
  // somebody is at the database meanwhile
  const other = engine.docker(['exec', source, 'psql', '-U', 'app', '-d', 'shop', '-c', 'SELECT pg_sleep(100)'])
  await expect
    .poll(() => sql(`SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`), { timeout: 120_000 })
    .toBe('1')
  await load(engine, bench, source, files, { kind: 'postgres', purpose: 'replace' })
  expect(await state()).toEqual(before)
  expect((await other).code).not.toBe(0)
  expect(await sql('SELECT count(*) FROM pg_class WHERE relname = $$junk$$', 'template1')).toBe('0')
})

describe('one database, in place, keeps its owner, encoding, rights and settings', () => {
  test.each`
    form                  | dumpArgs
    ${'SQL'}              | ${[]}
    ${'SQL, compressed'}  | ${['-Z', '6']}
    ${'SQL, --clean'}     | ${['--clean']}
    ${'SQL, --create'}    | ${['-C']}
    ${'--clean --create'} | ${['-c', '-C']}
    ${'custom'}           | ${['-Fc']}
    ${'tar'}              | ${['-F', 'tar']}
  `('$form', async ({ dumpArgs }) => {
    const before = await state()
    const files = await dumpFiles(engine, bench, source, { databases: ['shop'], dumpArgs })
    await sql('DROP TABLE orders; CREATE TABLE extra AS SELECT 1; SELECT lo_from_bytea(0, $$x$$)', 'shop')
    await load(engine, bench, source, files, { kind: 'postgres', purpose: 'replace', dumpArgs })
    expect(await state()).toEqual(before)
  })

  test('one that was dropped is made again; dropped once more, it leaves the others alone', async () => {
    const files = await dumpFiles(engine, bench, source, { databases: ['odd name'], dumpArgs: ['-C'] })
    const before = await sql('SELECT datname FROM pg_database ORDER BY 1')
    const request = await presenceOf(engine, source, 'postgres', 'odd name')
    expect(await isThere(dockerOf(engine), request)).toBe(true)
    await dropDatabase(dockerOf(engine), request)
    expect(await isThere(dockerOf(engine), request)).toBe(false)
    await dropDatabase(dockerOf(engine), request)
    await load(engine, bench, source, files, { kind: 'postgres', purpose: 'replace', dumpArgs: ['-C'] })
    expect(await sql('SELECT datname FROM pg_database ORDER BY 1')).toBe(before)
  })

  test('the database "postgres" itself', async () => {
    const before = await state()
    const files = await dumpFiles(engine, bench, source, { databases: ['postgres'] })
    await sql('DROP TABLE note; CREATE TABLE junk()', 'postgres')
    await load(engine, bench, source, files, { kind: 'postgres', purpose: 'replace' })
    expect(await state()).toEqual(before)
  })
})

describe('a load that fails says why', () => {
  test('the file is not the one of the manifest: nothing ends well, and nothing of ours is left', async () => {
    const [file] = (await dumpFiles(engine, bench, source)) as [DumpToLoad]
    const damaged = { ...file, sha256: '0'.repeat(64) }
    await expect(load(engine, bench, source, [damaged], { kind: 'postgres', purpose: 'replace' })).rejects.toThrow(
      `the dump dump.sql was not loaded into database container "${source}": its SHA-256 is ${file.sha256}, and its manifest says 0000`,
    )
    expect(await sql("SELECT datname FROM pg_database WHERE datname LIKE 'marina%'")).toBe('')
    await load(engine, bench, source, [file], { kind: 'postgres', purpose: 'replace' })
    expect(await sql("SELECT datname FROM pg_database WHERE datname LIKE 'marina%'")).toBe('')
  })

  test('a role is not there', async () => {
    const scratch = named('roles')
    await startServer(engine, 'postgres', scratch, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' } })
    const files = await dumpFiles(engine, bench, source, { databases: ['shop'] })
    await expect(load(engine, bench, scratch, files, { kind: 'postgres', purpose: 'replace' })).rejects.toThrow(
      /the dump of database "shop" was not loaded into .*: psql ended with exit code 3: psql:<stdin>:\d+: ERROR: {2}role "owner" does not exist\. What helps: the role "owner" is not on the server/,
    )
  })
})
