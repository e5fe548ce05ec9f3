/** Drills of databases through the built action: dumps are loaded into scratch servers of the source's image, and their rows are counted there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { databaseImage, startServer } from '../../support/databases.ts'
import { drilled, type Lies } from '../../support/drilling.ts'
import { drillProblems } from '../../support/drillSchema.ts'
import { filledVolume, startJob, testEngine } from '../../support/run.ts'

const engine = testEngine()
const postgres = engine.name('drilled-pg')
const mariadb = engine.name('drilled-maria')
const valkey = engine.name('drilled-valkey')

beforeAll(async () => {
  await databaseImage(engine)
  await startServer(engine, 'postgres', postgres, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' } })
  await engine.ok(['exec', postgres, 'install', '-d', '-o', 'postgres', '/fast'])
  await engine.ok(['exec', '-i', postgres, 'psql', '-U', 'app', '-q', '-v', 'ON_ERROR_STOP=1'], {
    input: `CREATE ROLE owner; CREATE DATABASE shop OWNER owner;
      CREATE TABLESPACE fast LOCATION '/fast'; CREATE TABLE placed TABLESPACE fast AS SELECT 1 AS n;
      \\connect shop
      CREATE TABLE orders AS SELECT n, 'order ' || n AS body FROM generate_series(1, 1234) n; ALTER TABLE orders OWNER TO owner;
      CREATE TABLE people AS SELECT 'ann' AS name; CREATE TABLE none (n int);
      CREATE TABLE parts (n int) PARTITION BY RANGE (n); CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (2);
      CREATE TABLE high PARTITION OF parts FOR VALUES FROM (2) TO (9); INSERT INTO parts VALUES (1), (2), (3)`,
  })
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', postgres, mariadb, valkey])
})

const SHOP = 'db/*/shop.sql'

/** Changes the manifest so that it says nothing of rows, as those of earlier releases. */
const OLD = `sed -i '/"rows": {/,/}/c"rows": null,' manifest.json`
const shop = (more: object) => ({ db: postgres, database: 'shop', ...more })

test('a volume and servers of each kind in one instance are proven: their rows are counted in servers that are gone afterwards', async () => {
  await startServer(engine, 'mariadb', mariadb, { env: { MARIADB_ROOT_PASSWORD: 'x' } })
  await engine.ok(['exec', '-i', mariadb, 'mariadb', '-uroot', '-px'], {
    input:
      'CREATE DATABASE stock; USE stock; CREATE TABLE parts AS SELECT seq FROM seq_1_to_321; CREATE USER app; CREATE TABLE past (n int) WITH SYSTEM VERSIONING; INSERT INTO past VALUES (1), (2); DELETE FROM past WHERE n = 1',
  })
  await startServer(engine, 'valkey', valkey)
  await engine.ok(['exec', valkey, 'valkey-cli', 'MSET', 'a', '1', 'b', '2'])
  const volume = await filledVolume(engine, 'drilled-files', 'echo one >one')
  const checks = [
    shop({ sql: 'SELECT count(*) FROM orders', equals: 1234, atLeast: 1234, atMost: 1234 }),
    { db: mariadb, sql: 'SELECT max(seq) FROM parts', matches: '^3[0-9]1$' },
    { db: valkey, sql: 'GET b', equals: '2' },
  ]
  const { backUp, drill } = await drilled(
    engine,
    'databases',
    [{ volume, staging: 'copy' }, { db: postgres }, { db: mariadb }, { db: valkey }],
    { drill: { maxDuration: '1h', checks } },
  )
  await backUp()
  const mine = () => engine.ok(['ps', '-a', '--format', '{{.ID}} {{.Names}}', '--filter', `name=${engine.prefix}`])
  const before = await mine()
  const ran = await drill()
  expect(ran.outputs.result, ran.stdout).toBe('proven')
  const seenOf = (kind: string) => ran.one.checks.filter((one: { kind: string }) => one.kind === kind)
  expect(seenOf('rows')).toMatchObject([
    { target: postgres, passed: true, looked: true, seen: expect.stringContaining('1239 rows in 6 tables') },
    { target: mariadb, passed: true, looked: true, seen: expect.stringContaining('322 rows in 2 tables') },
    { target: valkey, passed: true, looked: true, seen: expect.stringContaining('2 rows in 1 table') },
  ])
  expect(seenOf('sql').map(({ passed, seen }: { passed: boolean; seen: string }) => [passed, seen])).toEqual([
    [true, expect.stringContaining('was answered (in database "shop"): "1234"')],
    [true, expect.stringContaining('was answered (in database "stock"): "321"')],
    [true, expect.stringContaining('was answered: "2"')],
  ])
  expect(ran.one.rows).toContainEqual(
    expect.objectContaining({ target: postgres, table: 'shop.public.orders', expected: 1234, found: 1234 }),
  )
  expect(drillProblems(ran.report)).toEqual([])
  expect(ran.one.images.map(({ use, name }: { use: string; name: string }) => [use, name])).toEqual([
    ['backup', engine.name('databases')],
    ...[postgres, mariadb, valkey].map((name) => ['server', name]),
  ])
  const names = ran.one.phases.map(({ phase }: { phase: string }) => phase)
  expect(names).toEqual(expect.arrayContaining(['scratch', 'load', 'count']))
  expect(ran.one).toMatchObject({ rtoMet: true, restoreSeconds: expect.any(Number) })
  expect(await mine()).toBe(before)
})

test('a dump that lacks something is failed, though its manifest was changed with it, and what it lacks is named; what the surroundings lack is inconclusive', async () => {
  const dumpArgs = ['--load-via-partition-root']
  const { id, backUp, drill } = await drilled(engine, 'short', [{ db: postgres, databases: ['shop'], dumpArgs }])
  await backUp()
  const wrong = {
    checks: [shop({ sql: 'SELECT count(*) FROM orders', equals: 1 }), shop({ sql: 'SELECT * FROM gone', equals: 1 })],
  }
  const failed: readonly [Lies, object, readonly string[]][] = [
    [
      { lie: `tamper ${SHOP} "sed '/^77.order 77/d'"` },
      wrong,
      [
        'table "public.orders" has 1233 rows, and had 1234',
        'was answered (in database "shop"): "1233", and must be "1"',
        'relation "gone" does not exist',
      ],
    ],
    [
      {
        lie: `tamper ${SHOP} "sed -e '/^CREATE TABLE public.people/,/^);/d' -e '/^ALTER TABLE public.people/d' -e '/^COPY public.people/,/^..$/d'"`,
      },
      {},
      ['table "public.people" is missing (it had 1 row)'],
    ],
    [{ lie: `tamper ${SHOP} "sed 's/^CREATE TABLE/CREATE TABEL/'"` }, {}, ['syntax error at or near "TABEL"']],
    [{ lie: `tamper ${SHOP} "sed '/^CREATE TABLE/,$ d'"; ${OLD}` }, {}, ['the server counts no row (0 tables)']],
  ]
  for (const [lies, keys, words] of failed) {
    const ran = await drill(lies, { drill: keys })
    expect(ran, ran.stdout).toMatchObject({ code: 1, outputs: { result: 'failed', failed: `["${id}"]`, proven: '[]' } })
    for (const one of words) expect(ran.one.error).toContain(one)
    expect(ran.one).toMatchObject({ tries: 1 })
  }
  const other = `sed -i 's/"imageId": "sha256:[0-9a-f]*"/"imageId": "sha256:${'0'.repeat(64)}"/' manifest.json`
  const add = (sql: string) => `tamper ${SHOP} "sed '$ a ${sql}'"`
  const inconclusive: readonly [Lies, string][] = [
    [
      { lie: other },
      'is not on this host any more, and it was in no registry: name one that takes its dump (drill.image)',
    ],
    [
      {
        lie: add(
          'SELECT length(a), length(b) FROM (SELECT repeat(chr(120), 600000000) a, repeat(chr(121), 600000000) b OFFSET 0) t;',
        ),
      },
      'ran out of memory',
    ],
    [
      { lie: add('CREATE EXTENSION no_such_extension;') },
      'the extension "no_such_extension" is not in the image of the server',
    ],
    [{ lie: add('ALTER TABLE public.people OWNER TO nobody_knows;') }, 'the role "nobody_knows" is missing'],
  ]
  for (const [lies, words] of inconclusive) {
    const ran = await drill(lies)
    expect(ran, ran.stdout).toMatchObject({
      code: 0,
      outputs: { result: 'inconclusive', inconclusive: `["${id}"]`, failed: '[]' },
    })
    expect(ran.one.error).toContain(words)
  }
  const proven = await drill(
    { lie: `${other}; ${OLD}` },
    { drill: { image: { [postgres]: await databaseImage(engine) } } },
  )
  expect(proven.outputs.result, proven.stdout).toBe('proven')
  expect(proven.one.checks.at(-1).seen).toContain('1238 rows in 5 tables. How many it must have is not known')
})

test('a drill that is killed while it loads leaves a server, which the next drill removes', async () => {
  const { backUp, drill, configOf, options } = await drilled(engine, 'killed', [{ db: postgres, databases: ['shop'] }])
  await backUp()
  const sleeping = configOf({ lie: `tamper ${SHOP} "sed '$ a SELECT pg_sleep(600);'"` }, {})
  const running = await startJob(engine, sleeping, options())
  await running.says(/scratch \d/)
  const server = await engine.ok(['ps', '-q', '--no-trunc', '--filter', 'name=marina-look-'])
  running.killGroup()
  await running.done
  expect(await engine.ok(['ps', '-q', '--no-trunc', '--filter', `id=${server}`])).toBe(server)
  expect((await drill()).outputs.result).toBe('proven')
  expect(await engine.ok(['ps', '-aq', '--filter', `id=${server}`])).toBe('')
})
