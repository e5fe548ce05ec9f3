/** Dumps of MariaDB, loaded back into the server that they came from after everything in it changed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  const name = engine.name(`load-my-${what}`)
  made.push(name)
  return name
}
const sql = (query: string, password = 'secret') =>
  engine.ok(
    [
      ...['exec', '-i', '-e', `MYSQL_PWD=${password}`, source, 'mariadb', '-uroot', '-N', '-B', '--raw'],
      ...['--default-character-set=utf8mb4'],
    ],
    { input: query },
  )

const STATE = `SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata ORDER BY 1;
  SELECT user, host, JSON_VALUE(priv, '$.authentication_string') FROM mysql.global_priv ORDER BY 1, 2;
  SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1, 2;
  SELECT COUNT(*), MD5(GROUP_CONCAT(n, HEX(body) ORDER BY n)) FROM shop.orders; SHOW CREATE PROCEDURE shop.hello; SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = 'shop'; SHOW GRANTS FOR app`

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
  source = named('source')
  await startServer(engine, 'mariadb', source, { env: { MARIADB_ROOT_PASSWORD: 'secret' } })
  await sql(`CREATE DATABASE shop CHARACTER SET latin1; CREATE DATABASE \`odd \`\`name\`; CREATE USER app IDENTIFIED BY 'a'; GRANT ALL ON shop.* TO app;
    USE shop; CREATE TABLE orders (n int PRIMARY KEY, body longblob); SET max_recursive_iterations = 10000;
    INSERT INTO orders SELECT seq, UNHEX(MD5(seq)) FROM seq_1_to_3000; INSERT INTO orders VALUES (0, UNHEX('00275C0A2D2D0D0A1A'));
    CREATE TABLE parts (n int REFERENCES orders (n)) ENGINE=InnoDB; CREATE VIEW v AS SELECT * FROM orders;
    CREATE TRIGGER t BEFORE INSERT ON parts FOR EACH ROW SET NEW.n = 1;`)
  await sql('DELIMITER //\nCREATE PROCEDURE shop.hello() BEGIN SELECT 1; SELECT 2; END //\n')
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

test('a whole server in place: what it holds is there again, and nothing else', async () => {
  const before = await sql(STATE)
  const files = await dumpFiles(engine, bench, source)
  await sql(`DROP DATABASE \`odd \`\`name\`; CREATE DATABASE later; CREATE TABLE later.t (n int); DROP PROCEDURE shop.hello; DELETE FROM shop.orders;
    CREATE TABLE shop.extra (n int); CREATE USER late; DROP USER app; ALTER DATABASE shop CHARACTER SET utf8mb4;
    SET PASSWORD FOR root@localhost = PASSWORD('other')`)
  // somebody holds a lock meanwhile
  const other = engine.docker(['exec', '-i', '-e', 'MYSQL_PWD=other', source, 'mariadb', '-uroot', 'later'], {
    input: 'BEGIN; SELECT * FROM t; SELECT SLEEP(100);',
  })
  await expect
    .poll(() => sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'", 'other'))
    .toBe('1')
  const dumpArgs = ['--user=root', '--password=other']
  await load(engine, bench, source, files, { kind: 'mariadb', purpose: 'replace', dumpArgs })
  expect(await sql(STATE)).toBe(before)
  expect((await other).code).not.toBe(0)
})

test.each`
  form              | dumpArgs
  ${'SQL'}          | ${[]}
  ${'no-create-db'} | ${['--no-create-db']}
`('one database in place, $form', async ({ dumpArgs }) => {
  const before = await sql(STATE)
  const files = await dumpFiles(engine, bench, source, { databases: ['shop'], dumpArgs })
  await sql('SET foreign_key_checks = 0; USE shop; DROP PROCEDURE hello; DROP TABLE orders; CREATE TABLE extra (n int)')
  await load(engine, bench, source, files, { kind: 'mariadb', purpose: 'replace', dumpArgs })
  expect(await sql(STATE)).toBe(before)
})

test('one database that was dropped is made again; dropped once more, it leaves the others alone', async () => {
  const files = await dumpFiles(engine, bench, source, { databases: ['odd `name'] })
  const before = await sql('SHOW DATABASES')
  const request = await presenceOf(engine, source, 'mariadb', 'odd `name')
  expect(await isThere(dockerOf(engine), request)).toBe(true)
  await dropDatabase(dockerOf(engine), request)
  expect(await isThere(dockerOf(engine), request)).toBe(false)
  await dropDatabase(dockerOf(engine), request)
  await load(engine, bench, source, files, { kind: 'mariadb', purpose: 'replace' })
  expect(await sql('SHOW DATABASES')).toBe(before)
})

test('a load that fails says why', async () => {
  const files = await dumpFiles(engine, bench, source, { databases: ['shop'] })
  await engine.ok([
    'exec',
    bench.name,
    'sh',
    '-c',
    `sed -i 's/latin1_swedish_ci/utf8mb4_unheard_ci/' ${files[0]?.path}`,
  ])
  const changed = await engine.ok([
    'exec',
    bench.name,
    'sh',
    '-c',
    `sha256sum ${files[0]?.path}; wc -c <${files[0]?.path}`,
  ])
  const [sha256 = '', bytes] = [changed.slice(0, 64), Number(changed.split('\n')[1])]
  await expect(
    load(engine, bench, source, [{ path: files[0]?.path ?? '', database: 'shop', sha256, bytes }], {
      kind: 'mariadb',
      purpose: 'replace',
    }),
  ).rejects.toThrow(
    /mariadb ended with exit code 1: ERROR 1273 .*utf8mb4_unheard_ci.* What helps: the server does not know/,
  )
})
