import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { databaseImage, startServer } from '../support/databases.ts'
import { DIRECTORY, dump, feed, OWNER, startBench, type TestBench } from '../support/dumping.ts'
import { attachEngine } from '../support/engine.ts'

const engine = attachEngine(inject('engine'))
const made: string[] = []
let bench: TestBench

const named = (what: string) => {
  const name = engine.name(`pg-${what}`)
  made.push(name)
  return name
}
const sql = (name: string, query: string, database = 'app') =>
  engine.ok(['exec', '-i', name, 'psql', '-U', 'app', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt'], {
    input: query,
  })

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
}, 600_000)

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

describe('a PostgreSQL server under write load', () => {
  let source: string

  beforeAll(async () => {
    source = named('source')
    await startServer(engine, 'postgres', source, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'first secret' } })
    await sql(
      source,
      `
      CREATE DATABASE other;
      CREATE TABLE a (n bigint PRIMARY KEY, body text);
      CREATE TABLE b (n bigint REFERENCES a);
      CREATE ROLE reader LOGIN PASSWORD 'x';
      INSERT INTO a SELECT i, md5(i::text) FROM generate_series(-20000, 0) i;`,
    )
    // every transaction writes the same number into both tables: a dump of one moment holds both or neither
    await engine.ok([
      'exec',
      '-d',
      source,
      'sh',
      '-c',
      `
      n=0; while n=$((n+1)); do
        echo "BEGIN; INSERT INTO a VALUES ($n, md5('$n')); INSERT INTO b VALUES ($n); COMMIT;"
      done | psql -U app -q app`,
    ])
  })

  test('is dumped by pg_dumpall, restored into an empty server, and has the same rows', async () => {
    const running = await dump(engine, bench, source)
    const report = await running.report
    expect(report).toMatchObject({ kind: 'postgres', tool: 'pg_dumpall', warnings: [], notices: [] })
    expect(report.toolVersion).toMatch(/^pg_dumpall \(PostgreSQL\) \d+/)
    const [file] = report.files
    expect(file).toMatchObject({ path: `${DIRECTORY}/${source}/dump.sql`, database: null })
    const path = file?.path ?? ''
    const [sha256] = (await engine.ok(['exec', bench.name, 'sha256sum', path])).split(' ')
    const bytes = Number(await engine.ok(['exec', bench.name, 'stat', '-c', '%s', path]))
    expect(file).toMatchObject({ bytes, sha256 })
    const owner = await engine.ok([
      'exec',
      bench.name,
      'stat',
      '-c',
      '%u:%g %a',
      file?.path ?? '',
      `${DIRECTORY}/${source}`,
      DIRECTORY,
    ])
    expect(owner).toBe(`${OWNER.uid}:${OWNER.gid} 600\n${OWNER.uid}:${OWNER.gid} 700\n${OWNER.uid}:${OWNER.gid} 755`)

    const target = named('target')
    await startServer(engine, 'postgres', target, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'other' } })
    await feed(engine, bench, path, [target, 'psql', '-U', 'app', '-q', 'postgres'])
    const last = Number(await sql(target, 'SELECT max(n) FROM a'))
    expect(last).toBeGreaterThan(0)
    expect(await sql(target, 'SELECT max(n), count(*) FROM b')).toBe(`${last}|${last}`)
    const rows = `SELECT count(*), md5(string_agg(n || body, ',' ORDER BY n)) FROM a WHERE n <= ${last}`
    expect(await sql(target, rows)).toBe(await sql(source, rows))
    expect(await sql(target, `SELECT datname FROM pg_database WHERE datname = 'other'`)).toBe('other')
    expect(await sql(target, `SELECT count(*) FROM pg_roles WHERE rolname = 'reader'`)).toBe('1')
  })
})
