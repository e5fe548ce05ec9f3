/** Drills of databases through the built action: dumps are loaded into scratch servers of the source's image, and their rows are counted there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { databaseImage, startServer } from '../../support/databases.ts'
import { drilled, type Lies } from '../../support/drilling.ts'
import { drillProblems } from '../../support/drillSchema.ts'
import { filledVolume, testEngine } from '../../support/run.ts'

const engine = testEngine()
const postgres = engine.name('drilled-pg')
const mariadb = engine.name('drilled-maria')

beforeAll(async () => {
  await databaseImage(engine)
  await startServer(engine, 'postgres', postgres, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' } })
  await engine.ok(['exec', '-i', postgres, 'psql', '-U', 'app', '-q', '-v', 'ON_ERROR_STOP=1'], {
    input: `CREATE ROLE owner; CREATE DATABASE shop OWNER owner;
      \\connect shop
      CREATE TABLE orders AS SELECT n, 'order ' || n AS body FROM generate_series(1, 1234) n; ALTER TABLE orders OWNER TO owner;
      CREATE TABLE people AS SELECT 'ann' AS name; CREATE TABLE none (n int)`,
  })
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', postgres, mariadb])
})

const SHOP = 'db/*/shop.sql'

test('a volume, PostgreSQL and MariaDB in one instance are proven: their rows are counted in servers that are gone afterwards', async () => {
  await startServer(engine, 'mariadb', mariadb, { env: { MARIADB_ROOT_PASSWORD: 'x' } })
  await engine.ok(['exec', '-i', mariadb, 'mariadb', '-uroot', '-px'], {
    input:
      'CREATE DATABASE stock; USE stock; CREATE TABLE stock.parts AS SELECT seq FROM seq_1_to_321; CREATE USER app',
  })
  const volume = await filledVolume(engine, 'drilled-files', 'echo one >one')
  const { backUp, drill } = await drilled(engine, 'databases', [
    { volume, staging: 'copy' },
    { db: postgres },
    { db: mariadb },
  ])
  await backUp()
  const before = await engine.ok(['ps', '-a', '--format', '{{.ID}} {{.Names}}', '--filter', `name=${engine.prefix}`])
  const ran = await drill()
  expect(ran.outputs.result, ran.stdout).toBe('proven')
  const { checks, images, phases, restoreSeconds } = ran.one
  const rows = checks.filter(({ kind }: { kind: string }) => kind === 'rows')
  expect(rows).toMatchObject([
    { target: postgres, passed: true, looked: true, seen: expect.stringContaining('1235 rows in 3 tables') },
    { target: mariadb, passed: true, looked: true, seen: expect.stringContaining('321 rows in 1 table') },
  ])
  expect(ran.one.rows).toContainEqual({
    target: postgres,
    path: expect.any(String),
    table: 'shop.public.orders',
    expected: 1234,
    found: 1234,
  })
  expect(drillProblems(ran.report)).toEqual([])
  expect(images.map(({ use, name }: { use: string; name: string }) => [use, name])).toEqual([
    ['backup', engine.name('databases')],
    ['server', postgres],
    ['server', mariadb],
  ])
  const names = phases.map(({ phase }: { phase: string }) => phase)
  expect(names).toEqual(expect.arrayContaining(['scratch', 'load', 'count']))
  expect(restoreSeconds).toBeGreaterThan(0)
  expect(await engine.ok(['ps', '-a', '--format', '{{.ID}} {{.Names}}', '--filter', `name=${engine.prefix}`])).toBe(
    before,
  )
})

test('a dump that lacks something is failed, though its manifest was changed with it, and what it lacks is named', async () => {
  const { id, backUp, drill } = await drilled(engine, 'short', [{ db: postgres, databases: ['shop'] }])
  await backUp()
  const cases: readonly [Lies, string][] = [
    [{ lie: `tamper ${SHOP} "sed '/^77.order 77/d'"` }, 'table public.orders has 1233 rows, and had 1234'],
    [
      {
        lie: `tamper ${SHOP} "sed -e '/^CREATE TABLE public.people/,/^);/d' -e '/^ALTER TABLE public.people/d' -e '/^COPY public.people/,/^..$/d'"`,
      },
      'table public.people is missing (it had 1 row)',
    ],
    [{ lie: `tamper ${SHOP} "sed 's/^CREATE TABLE/CREATE TABEL/'"` }, 'syntax error at or near "TABEL"'],
  ]
  for (const [lies, words] of cases) {
    const ran = await drill(lies)
    expect(ran, ran.stdout).toMatchObject({ code: 1, outputs: { result: 'failed', failed: `["${id}"]` } })
    expect(ran.one.error).toContain(words)
    expect(ran.one).toMatchObject({ tries: 1 })
  }
})
