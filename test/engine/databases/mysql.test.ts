import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseImage, startServer } from '../../support/databases.ts'
import { dump, restInBench, startBench, type TestBench } from '../../support/dumping.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
let bench: TestBench
let source: string

const named = (what: string) => {
  const name = engine.name(`my-${what}`)
  made.push(name)
  return name
}
const ROOT = 'it is "root\'s" $ecret'
const sql = (name: string, query: string, password = ROOT) =>
  engine.ok(['exec', '-i', '-e', `MYSQL_PWD=${password}`, name, 'mariadb', '--no-defaults', '-uroot', '-N', '-B'], {
    input: query,
  })

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
  source = named('source')
  await startServer(engine, 'mariadb', source, {
    env: { MARIADB_ROOT_PASSWORD: ROOT, MYSQL_DATABASE: 'app', MYSQL_USER: 'app', MYSQL_PASSWORD: 'app secret' },
  })
  await sql(
    source,
    `USE app;
    CREATE TABLE a (n bigint PRIMARY KEY, body varchar(64) CHARACTER SET utf8mb4, raw varbinary(64));
    CREATE TABLE b (n bigint REFERENCES a(n));
    INSERT INTO a SELECT -seq, CONCAT('🎈', MD5(seq)), UNHEX(MD5(seq)) FROM seq_1_to_5000;
    CREATE PROCEDURE p() SELECT 1;
    CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1;
    CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.raw = UNHEX(MD5(NEW.n));
    CREATE DATABASE \`other-db\`; CREATE TABLE \`other-db\`.c (x int); INSERT INTO \`other-db\`.c VALUES (42);
    CREATE USER part IDENTIFIED BY 'part'; GRANT SELECT ON app.a TO part;
    CREATE USER half IDENTIFIED BY 'half'; GRANT SELECT, TRIGGER, SHOW VIEW, EVENT, LOCK TABLES ON app.* TO half; GRANT SELECT ON \`other-db\`.c TO half;
    SET GLOBAL sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES';`,
  )
  // the question before the dump is asked by another client: what it reads alone must not count
  await engine.ok(['exec', '-i', source, 'sh', '-c', 'cat >/root/.my.cnf'], {
    input: '[mysql]\nhtml\nvertical\npager=false\nhost=192.0.2.1\nuser=nobody\n',
  })
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

describe('a MariaDB server', () => {
  test('gives one file for each of databases', async () => {
    const { report } = await dump(engine, bench, source, { databases: ['app', 'other-db'] })
    const { files } = await report
    expect(files.map(({ path, database }) => [path.replace(/.*\//, ''), database])).toEqual([
      ['app.sql', 'app'],
      ['other-db.sql', 'other-db'],
    ])
    expect(await engine.ok(['exec', bench.name, 'cat', files[1]?.path ?? ''])).toMatch(
      /CREATE DATABASE .*`other-db`[\s\S]*VALUES\s*\(42\)[\s\S]*-- Dump completed on /,
    )
  })

  test("takes Marina's dumpArgs with their password, which stands in no process list", async () => {
    const running = await dump(engine, bench, source, { dumpArgs: ['-uroot', `-p${ROOT}`] })
    const seen = new Set<string>()
    let done = false
    const ended = running.report.finally(() => {
      done = true
    })
    while (!done) for (const line of (await engine.ok(['top', source, '-eo', 'pid,args'])).split('\n')) seen.add(line)
    // a line of the log, not a warning each night
    expect((await ended).notices).toEqual([])
    expect(running.log).toEqual([expect.stringContaining('the password of -p in dumpArgs')])
    expect([...seen].filter((line) => line.includes('mariadb-dump'))).not.toEqual([])
    expect([...seen].filter((line) => line.includes(ROOT))).toEqual([])
  })
})

describe('is a failure in plain words', () => {
  test.each`
    what                                           | options                                | words
    ${'a wrong password'}                          | ${{ dumpArgs: ['-uroot', '-pwrong'] }} | ${/Access denied for user 'root'@'localhost'/}
    ${'a database that is not there'}              | ${{ databases: ['nowhere'] }}          | ${/database "nowhere": .*Unknown database 'nowhere'/}
    ${'an account that sees one of two tables'}    | ${{ dumpArgs: ['-upart', '-ppart'] }}  | ${/no SELECT and TRIGGER and .* privilege on the whole of database "app"/}
    ${'an account that sees one database in part'} | ${{ dumpArgs: ['-uhalf', '-phalf'] }}  | ${/no .* privilege on the whole of database "(app|other-db)"/}
    ${'an unknown option'}                         | ${{ dumpArgs: ['--no-such-option'] }}  | ${/unknown option '--no-such-option'/}
    ${'an option that leaves out the end marker'}  | ${{ dumpArgs: ['--compact'] }}         | ${/leaves out the comment that ends a whole dump/}
  `('$what', async ({ options, words }) => {
    const { report } = await dump(engine, bench, source, options)
    await expect(report).rejects.toThrow(words)
    await expect(report).rejects.toMatchObject({ name: 'InstanceError' })
    expect(await restInBench(engine, bench, source)).toBe('')
  })

  test('an account that sees one of several databases dumps that one, with a warning', async () => {
    const { report } = await dump(engine, bench, source, { dumpArgs: ['-uapp', '-papp secret'] })
    const { warnings, files } = await report
    expect(warnings).toEqual(['the account may not see the whole server: the dump holds app'])
    expect(files[0]?.bytes).toBeGreaterThan(100_000)
  })
})
