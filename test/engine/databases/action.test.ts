/** Real servers under write load, dumped by the built action, restored into empty servers, and compared. */
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { databaseImage, type ServerKind, startServer } from '../../support/databases.ts'
import { filledVolume, runJob, testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []

const named = (what: string) => {
  const name = engine.name(`act-${what}`)
  made.push(name)
  return name
}

/** Feeds `query` to the client of a server. */
const CLIENT = {
  postgres: ['psql', '-U', 'app', '-qAt', '-v', 'ON_ERROR_STOP=1'],
  mariadb: ['mariadb', '-uroot', '-N', '-B'],
} as const
const ask = (kind: keyof typeof CLIENT, name: string, query: string) =>
  engine.ok(['exec', '-i', '-e', 'MYSQL_PWD=root secret', name, ...CLIENT[kind]], { input: query })

beforeAll(() => databaseImage(engine))

/** Every transaction writes the same number into two tables: a dump of one moment holds both or neither. */
const LOAD = `n=0; until [ -e /stop ]; do n=$((n+1))
  echo "BEGIN; INSERT INTO a VALUES ($n, 'row $n 🎈'); INSERT INTO b VALUES ($n); COMMIT;"
done | $CLIENT`

async function startLoaded(): Promise<Record<ServerKind, string>> {
  const names = { postgres: named('pg'), mariadb: named('maria'), redis: named('redis'), valkey: named('valkey') }
  const fast = ['--repl-diskless-sync-delay', '0']
  await startServer(engine, 'postgres', names.postgres, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'a b' } })
  await startServer(engine, 'mariadb', names.mariadb, { env: { MARIADB_ROOT_PASSWORD: 'root secret' } })
  await startServer(engine, 'redis', names.redis, { args: [...fast, '--requirepass', 'top secret'] })
  await startServer(engine, 'valkey', names.valkey, { args: fast })
  await ask(
    'postgres',
    names.postgres,
    `CREATE ROLE reader; CREATE DATABASE other; CREATE TABLE a (n bigint PRIMARY KEY, body text); CREATE TABLE b (n bigint);
    INSERT INTO a SELECT -i, md5(i::text) FROM generate_series(1, 20000) i;`,
  )
  await ask(
    'mariadb',
    names.mariadb,
    `CREATE DATABASE app CHARACTER SET utf8mb4; USE app; CREATE TABLE a (n bigint PRIMARY KEY, body text); CREATE TABLE b (n bigint);
    INSERT INTO a SELECT -seq, MD5(seq) FROM seq_1_to_20000;
    CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1;
    CREATE TRIGGER t AFTER DELETE ON a FOR EACH ROW DELETE FROM b;`,
  )
  const load = (name: string, client: string, script = LOAD) =>
    engine.ok([
      'exec',
      '-d',
      '-e',
      'MYSQL_PWD=root secret',
      '-e',
      'REDISCLI_AUTH=top secret',
      '-e',
      `CLIENT=${client}`,
      name,
      'sh',
      '-c',
      script,
    ])
  await load(names.postgres, 'psql -U app -q')
  await load(names.mariadb, 'mariadb -uroot --default-character-set=utf8mb4 app')
  const counting = `until [ -e /stop ]; do echo "eval \\"redis.call('incr', 'a') redis.call('incr', 'b')\\" 0"; done | $CLIENT >/dev/null`
  await load(names.redis, 'redis-cli', counting)
  await load(names.valkey, 'valkey-cli', counting)
  return names
}

test('four servers under write load are dumped, restored into empty servers, and hold the same rows', async () => {
  const from = await startLoaded()
  const out = await filledVolume(engine, 'out', 'chown 1000:1000 .')
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', ...made])))
  const id = engine.name('databases')
  const config = `instances:
  - id: ${id}
    customImage: ${engine.baseImage}
    pull: never
    script: backup.sh
    user: "1000:1000"
    mounts: ["type=volume,src=${out},dst=/out"]
    targets: [{ db: ${from.postgres} }, { db: ${from.mariadb} }, { db: ${from.redis} }, { db: ${from.valkey} }]
`
  const files = { 'backup.sh': '#!/bin/sh\ncp -r "$MARINA_BACKUP_DIR"/. /out\n' }
  const ran = await runJob(engine, config, { files, inputs: { 'upload-logs': 'false' } })
  for (const name of Object.values(from)) await engine.ok(['exec', name, 'touch', '/stop'])
  expect(ran.code, ran.stdout).toBe(0)
  expect(
    ran.report?.instances[0]?.targets.map(({ name, status, staging, warnings }) => ({
      name,
      status,
      staging,
      warnings,
    })),
  ).toEqual(Object.values(from).map((name) => ({ name, status: 'staged', staging: 'dump', warnings: [] })))

  const inOut = (script: string, ...args: string[]) =>
    engine.ok([
      'run',
      '--rm',
      '-v',
      `${out}:/out:ro`,
      '-w',
      '/out',
      engine.baseImage,
      'sh',
      '-euc',
      script,
      'sh',
      ...args,
    ])
  const manifest = JSON.parse(await inOut('cat manifest.json'))
  expect(manifest.targets.map(({ engine: kind, tool }: { engine: string; tool: string }) => [kind, tool])).toEqual([
    ['postgres', 'pg_dumpall'],
    ['mariadb', 'mariadb-dump'],
    ['redis', 'redis-cli'],
    ['valkey', 'valkey-cli'],
  ])
  for (const { files, toolVersion } of manifest.targets) {
    expect(toolVersion).toMatch(/\d+\.\d+/)
    for (const { path, bytes, sha256 } of files)
      expect(await inOut('sha256sum "$1"; stat -c %s "$1"', path)).toBe(`${sha256}  ${path}\n${bytes}`)
  }

  await restoreSql('postgres', from.postgres, out)
  await restoreSql('mariadb', from.mariadb, out)
  await restoreKeys('redis', from.redis, out)
  await restoreKeys('valkey', from.valkey, out)
})

async function restoreSql(kind: 'postgres' | 'mariadb', from: string, out: string): Promise<void> {
  const to = named(`new-${kind}`)
  const env = { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x', MARIADB_ROOT_PASSWORD: 'root secret' }
  await startServer(engine, kind, to, { env, run: ['-v', `${out}:/out:ro`] })
  const client = kind === 'postgres' ? 'psql -U app -q postgres' : 'mariadb -uroot'
  const dump = `/out/db/${from}/dump.sql`
  await engine.ok(['exec', '-e', 'MYSQL_PWD=root secret', to, 'sh', '-c', `${client} <"$1" >/dev/null`, 'sh', dump])
  const use = kind === 'postgres' ? '' : 'USE app; SET group_concat_max_len = 1 << 30; '
  const last = Number(await ask(kind, to, `${use}SELECT max(n) FROM a`))
  expect(last).toBeGreaterThan(0)
  expect((await ask(kind, to, `${use}SELECT max(n), count(*) FROM b`)).split(/[|\t]/)).toEqual([`${last}`, `${last}`])
  const all = kind === 'postgres' ? "string_agg(n || body, ',' ORDER BY n)" : 'GROUP_CONCAT(n, body ORDER BY n)'
  const rows = `${use}SELECT count(*), MD5(${all}) FROM a WHERE n <= ${last}`
  expect(await ask(kind, to, rows)).toBe(await ask(kind, from, rows))
  const others =
    kind === 'postgres'
      ? `SELECT datname FROM pg_database WHERE datname = 'other'; SELECT rolname FROM pg_roles WHERE rolname = 'reader'`
      : `SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'app';
         SELECT event_name FROM information_schema.events; SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'app'`
  expect(await ask(kind, to, others)).toBe(kind === 'postgres' ? 'other\nreader' : 'p\ne\nt')
}

async function restoreKeys(kind: 'redis' | 'valkey', from: string, out: string): Promise<void> {
  const to = named(`new-${kind}`)
  // the server's own user must be able to read it, and writes into that folder
  const run = ['-v', `${out}:/out:ro`, '--entrypoint', 'sh']
  const script = `mkdir /data && cp /out/db/${from}/dump.rdb /data && exec ${kind}-server --dir /data --save ''`
  await startServer(engine, kind, to, { run, command: ['-c', script] })
  const get = (key: string) => engine.ok(['exec', to, `${kind}-cli`, 'get', key])
  const [a, b] = [await get('a'), await get('b')]
  expect(Number(a)).toBeGreaterThan(0)
  expect(b).toBe(a)
}
