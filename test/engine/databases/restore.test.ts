/** The recipe for a database with its files, and every dump restored by the commands of docs/restore.md. */

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { IDLES, startApp, startOf } from '../../support/applications.ts'
import { backUp, follow, latestTime, neverRun, newReader, type Reader } from '../../support/cookbook.ts'
import { databaseImage, type ServerKind, startServer } from '../../support/databases.ts'
import { expectNoTrace, filledVolume, runJob, testEngine } from '../../support/run.ts'

const engine = testEngine()
const own = (what: string) => engine.name(`restore-${what}`)
const SERVERS = { postgres: own('pg'), app: own('pg-app'), mariadb: own('maria'), redis: own('redis') }
const OUT = { all: own('all'), one: own('one'), custom: own('custom') }
let image = ''
let disk = ''

beforeAll(async () => {
  image = await databaseImage(engine)
  disk = await mkdtemp(join(engine.folder ?? tmpdir(), 'disk-'))
  await startServer(engine, 'postgres', SERVERS.postgres, { env: { POSTGRES_PASSWORD: 'a b' } })
  await startServer(engine, 'postgres', SERVERS.app, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'a b' } })
  await startServer(engine, 'mariadb', SERVERS.mariadb, { env: { MARIADB_ROOT_PASSWORD: 'root secret' } })
  await startServer(engine, 'redis', SERVERS.redis)
  const rows = 'CREATE TABLE orders AS SELECT n, md5(n::text) AS body FROM generate_series(1, 5000) n;'
  await sql(SERVERS.postgres, 'postgres', "CREATE ROLE app LOGIN PASSWORD 'its own'; CREATE DATABASE shop OWNER app")
  await sql(SERVERS.postgres, 'shop', `SET ROLE app; ${rows}`)
  await sql(SERVERS.app, 'template1', 'DROP DATABASE app; CREATE DATABASE shop', 'app')
  await sql(SERVERS.app, 'shop', rows, 'app')
  await ask(
    SERVERS.mariadb,
    `CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop; CREATE TABLE orders (n bigint PRIMARY KEY, body text);
    INSERT INTO orders SELECT seq, CONCAT(MD5(seq), '🎈') FROM seq_1_to_5000; CREATE VIEW newest AS SELECT MAX(n) FROM orders;
    CREATE USER reader@'%' IDENTIFIED BY 'its own'; GRANT SELECT ON shop.* TO reader@'%'`,
    'root secret',
  )
  await engine.ok([
    'exec',
    SERVERS.redis,
    'sh',
    '-c',
    'redis-cli eval "for i = 1, 1000 do redis.call(\'set\', i, i) end" 0; redis-cli set last 🎈',
  ])
}, 900_000)

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...Object.values(SERVERS)])
  await engine.docker(['volume', 'rm', '-f', ...Object.values(OUT)])
  await engine.docker(['run', '--rm', '-v', `${disk}:/d`, engine.baseImage, 'sh', '-c', 'rm -rf /d/*'])
  await rm(disk, { recursive: true, force: true })
})

let reader: Reader

beforeEach(async () => {
  reader = await newReader(engine, {
    'debian:bookworm-slim': image,
    'debian:12-slim': image,
    '/srv/backups': disk,
    'postgres:17': `${image} postgres`,
    'mariadb:11.8': `${image} mariadbd`,
    'redis:8': image,
    '/mnt/backup': disk,
    'shop-db-1': SERVERS.postgres,
    'shop-redis-1': SERVERS.redis,
    shop_uploads: own('uploads'),
    'id: shop': `id: ${own('shop')}`,
    '/archive/documents': `/archive/${own('shop')}`,
    documents: own('uploads'),
    scratch: own('scratch'),
    'redis-new': own('redis-new'),
    'volume create restored': `volume create ${own('restored')}`,
    'volume rm restored': `volume rm ${own('restored')}`,
    '-v restored:': `-v ${own('restored')}:`,
  })
  onTestFinished(async () => {
    await engine.docker(['rm', '-fv', own('scratch')])
    await engine.docker(['volume', 'rm', '-f', own('restored'), own('redis-new'), own('uploads-new')])
  })
})

test('shop: a database and the files beside it, stored, checked, restored, and what was tried removed', async () => {
  const uploads = await filledVolume(
    engine,
    'restore-uploads',
    'mkdir a; echo 1 >a/1; chown -R 1000:1000 .; chmod 750 a',
  )
  const app = await startApp(engine, 'restore-app', { volumes: [uploads], script: IDLES })
  const started = await startOf(engine, app)
  await follow(reader, 'disk', 'before')
  const ran = await backUp(reader, 'shop', 'disk')
  expect(ran.code, ran.stdout).toBe(0)
  expectNoTrace(ran)
  expect(await startOf(engine, app)).not.toBe(started)
  const named = await backUp(reader, 'named', 'disk')
  expect(named.code, named.stdout).toBe(0)
  const first = await backUp(reader, 'start-shop', 'start')
  expect(first.code, first.stdout).toBe(0)

  reader.words['20261127-021700'] = latestTime((await readdir(disk, { recursive: true })).join('\n'))
  await follow(reader, 'disk', 'restore')
  expect(JSON.parse(await follow(reader, 'check'))).toMatchObject({ version: 1, failed: [], targets: [{}, {}] })
  const summed = (await follow(reader, 'checksums')).split('\n').filter((line) => line !== '')
  expect(summed.sort()).toEqual([`db/${SERVERS.postgres}/dump.sql: OK`, `listings/${uploads}.txt: OK`])
  await follow(reader, 'new-volume')
  const look = 'cd /v; stat -c "%u:%g %a %n" . a a/1; cat a/1'
  const looked = [uploads, own('uploads-new')].map((name) =>
    engine.ok(['run', '--rm', '-v', `${name}:/v`, image, 'sh', '-ec', look]),
  )
  const [before, after] = await Promise.all(looked)
  expect(after).toBe(before)
  expect(await follow(reader, 'postgres')).toContain('shop')
  await expectSameRows(SERVERS.postgres, own('scratch'))
  const passwords = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('app', 'postgres') ORDER BY 1"
  expect(await sql(own('scratch'), 'shop', passwords)).toBe(await sql(SERVERS.postgres, 'shop', passwords))

  await follow(reader, 'clean')
  expect(await engine.ok(['volume', 'ls', '-q', '--filter', `name=${own('restored')}`])).toBe('')
  expect(await engine.ok(['volume', 'ls', '-q', '--filter', `name=${own('uploads-new')}`])).toBe('')
  expect((await engine.docker(['container', 'inspect', own('scratch')])).code).toBe(1)
})

test('a dump that changed after it was made does not pass the check', async () => {
  await dumped()
  reader.words['-v restored:'] = `-v ${OUT.all}:`
  expect((await follow(reader, 'checksums')).match(/: OK$/gm)).toHaveLength(3)
  await engine.ok([
    'run',
    '--rm',
    '-v',
    `${OUT.one}:/v`,
    image,
    'sh',
    '-ec',
    'for dump in /v/db/*/shop.sql; do echo >>"$dump"; break; done',
  ])
  reader.words['-v restored:'] = `-v ${OUT.one}:`
  await expect(follow(reader, 'checksums')).rejects.toThrow(/shop\.sql: FAILED/)
})

test('PostgreSQL: a whole server with its own user and database, one database, the custom format', async () => {
  await dumped()
  reader.words['shop-db-1'] = SERVERS.app
  const scratch = own('scratch')
  await start('postgres', OUT.all, { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' })
  await sql(scratch, 'template1', 'DROP DATABASE app; CREATE DATABASE shop', 'app')
  await follow(reader, 'postgres-app')
  await expectSameRows(SERVERS.app, scratch, 'app')
  for (const [recipe, out] of [
    ['postgres-one', OUT.one],
    ['postgres-custom', OUT.custom],
  ] as const) {
    await engine.ok(['rm', '-fv', scratch])
    await start('postgres', out, { POSTGRES_PASSWORD: 'x' })
    await follow(reader, recipe)
    await expectSameRows(SERVERS.app, scratch, 'app')
  }
})

test('MariaDB: a whole server, and one database', async () => {
  await dumped()
  const scratch = own('scratch')
  const rows =
    'USE shop; SET group_concat_max_len = 1 << 30; SELECT COUNT(*), MD5(GROUP_CONCAT(n, body ORDER BY n)) FROM orders; SELECT * FROM newest'
  const wanted = await ask(SERVERS.mariadb, rows, 'root secret')
  reader.words['-v restored:'] = `-v ${OUT.all}:`
  reader.words['shop-db-1'] = SERVERS.mariadb
  expect(await follow(reader, 'mariadb')).toMatch(/^shop$/m)
  const login = [
    'exec',
    '-e',
    'MYSQL_PWD=its own',
    scratch,
    'mariadb',
    '-N',
    '-B',
    '-h',
    '127.0.0.1',
    '-ureader',
    'shop',
    '-e',
    'SELECT * FROM newest',
  ]
  expect(await engine.ok(login)).toBe('5000')
  expect(await ask(scratch, rows, 'root secret')).toBe(wanted)
  await engine.ok(['rm', '-fv', scratch])
  await start('mariadb', OUT.one, { MARIADB_ROOT_PASSWORD: own('scratch') })
  await follow(reader, 'mariadb-one')
  expect(await ask(scratch, rows, own('scratch'))).toBe(wanted)
})

test('Redis: without appendonly first, since a server with it starts empty', async () => {
  await dumped()
  reader.words['-v restored:'] = `-v ${OUT.all}:`
  const scratch = own('scratch')
  expect(await follow(reader, 'redis')).toMatch(/^1001$/m)
  expect(await follow(reader, 'redis-appendonly')).toMatch(/^aof_last_bgrewrite_status:ok/m)
  const restart = async (volume: string) => {
    await engine.docker(['rm', '-fv', scratch])
    await engine.ok([
      'run',
      '-d',
      '--name',
      scratch,
      '-v',
      `${volume}:/data`,
      image,
      'redis-server',
      '--dir',
      '/data',
      '--appendonly',
      'yes',
    ])
    await expect.poll(() => engine.docker(['exec', scratch, 'redis-cli', 'ping'])).toMatchObject({ stdout: 'PONG\n' })
    return engine.ok(['exec', scratch, 'redis-cli', 'dbsize'])
  }
  expect(await restart(own('redis-new'))).toBe('1001')
  expect(await engine.ok(['exec', scratch, 'redis-cli', 'get', 'last'])).toBe('🎈')
  // the trap that the page warns of
  const trap = await filledVolume(engine, 'restore-trap', '')
  const copy = `cp /from/db/${SERVERS.redis}/dump.rdb /data/`
  await engine.ok(['run', '--rm', '-v', `${OUT.all}:/from:ro`, '-v', `${trap}:/data`, image, 'sh', '-ec', copy])
  expect(await restart(trap)).toBe('0')
  await engine.ok(['rm', '-fv', scratch])
})

test('no block of these recipes was left out', async () => {
  expect(await neverRun('engine/databases/restore.test.ts')).toEqual([])
})

let backups: Promise<void> | undefined

/** All dumps, made once: of whole servers, of one database, and in the custom format, each in a volume of `OUT`. */
function dumped(): Promise<void> {
  backups ??= (async () => {
    for (const volume of Object.values(OUT)) await engine.ok(['volume', 'create', volume])
    const instance = (what: keyof typeof OUT, targets: readonly object[]) => ({
      id: own(what),
      customImage: image,
      script: 'keep.sh',
      mounts: [`${OUT[what]}:/out`],
      targets,
    })
    const [app, mariadb, redis] = [{ db: SERVERS.app }, { db: SERVERS.mariadb }, { db: SERVERS.redis }]
    const databases = ['shop']
    const instances = [
      instance('all', [app, mariadb, redis]),
      instance('one', [
        { ...app, databases },
        { ...mariadb, databases },
      ]),
      instance('custom', [{ ...app, databases, dumpArgs: ['-Fc'] }]),
    ]
    const files = { 'keep.sh': '#!/bin/sh\nset -eu\ncp -a "$MARINA_BACKUP_DIR/." /out\n' }
    const ran = await runJob(engine, { instances }, { files, inputs: { 'max-parallel': '3' } })
    expect(ran.code, ran.stdout).toBe(0)
  })()
  return backups
}

async function start(kind: ServerKind, out: string, env: Readonly<Record<string, string>>): Promise<void> {
  await startServer(engine, kind, own('scratch'), { env, run: ['-v', `${out}:/restored:ro`] })
}

async function expectSameRows(from: string, to: string, user = 'postgres'): Promise<void> {
  const rows =
    "SELECT count(*), md5(string_agg(n || body, ',' ORDER BY n)), (SELECT tableowner FROM pg_tables WHERE tablename = 'orders') FROM orders"
  const isOther = (await engine.docker(['exec', to, 'psql', '-U', user, '-d', 'shop', '-c', ''])).code !== 0
  expect(await sql(to, 'shop', rows, isOther ? 'postgres' : user)).toBe(await sql(from, 'shop', rows, user))
}

function sql(server: string, database: string, query: string, user = 'postgres'): Promise<string> {
  return engine.ok(['exec', '-i', server, 'psql', '-U', user, '-d', database, '-qAt', '-v', 'ON_ERROR_STOP=1'], {
    input: query,
  })
}

function ask(server: string, query: string, password: string): Promise<string> {
  return engine.ok(
    [
      'exec',
      '-i',
      '-e',
      `MYSQL_PWD=${password}`,
      server,
      'mariadb',
      '-uroot',
      '-N',
      '-B',
      '--default-character-set=utf8mb4',
    ],
    { input: query },
  )
}
