import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseImage, startServer } from '../../support/databases.ts'
import { DIRECTORY, dump, feed, OWNER, startBench, type TestBench } from '../../support/dumping.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
let bench: TestBench
let source: string

const named = (what: string) => {
  const name = engine.name(`pg-${what}`)
  made.push(name)
  return name
}
const sql = (query: string, database = 'app') =>
  engine.ok(['exec', '-i', source, 'psql', '-U', 'app', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt'], {
    input: query,
  })

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
  source = named('source')
  await startServer(engine, 'postgres', source, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' } })
  await sql(`CREATE TABLE a AS SELECT i AS n, md5(i::text) AS body FROM generate_series(1, 20000) i;
    SELECT lo_from_bytea(0, decode(repeat('00ff', 100000), 'hex'));
    CREATE TABLE loop (id int PRIMARY KEY, other int REFERENCES loop);`)
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

const ROWS = `SELECT count(*), md5(string_agg(n || body, ',' ORDER BY n)) FROM a; SELECT sum(length(lo_get(oid))) FROM pg_largeobject_metadata`

describe('databases of PostgreSQL in every form that pg_dump streams', () => {
  test.each`
    form                 | dumpArgs                        | restore
    ${'SQL'}             | ${[]}                           | ${'psql -q -v ON_ERROR_STOP=1 -d "$1"'}
    ${'SQL, compressed'} | ${['-Z', '6']}                  | ${'gunzip | psql -q -v ON_ERROR_STOP=1 -d "$1"'}
    ${'custom'}          | ${['--format=custom']}          | ${'pg_restore -d "$1"'}
    ${'custom, bare'}    | ${['-Fc', '-Z0', '--no-owner']} | ${'pg_restore -d "$1"'}
    ${'tar'}             | ${['-F', 'tar']}                | ${'pg_restore -d "$1"'}
  `('$form: is whole, and holds the same rows when restored', async ({ form, dumpArgs, restore }) => {
    const { report } = await dump(engine, bench, source, { databases: ['app'], dumpArgs })
    const { files, tool } = await report
    expect({ tool, files }).toMatchObject({
      tool: 'pg_dump',
      files: [{ path: `${DIRECTORY}/${source}/app.sql`, database: 'app' }],
    })
    const target = `restored ${form}`
    await sql(`CREATE DATABASE "${target}"`)
    await feed(engine, bench, files[0]?.path ?? '', ['-e', 'PGUSER=app', source, 'sh', '-c', restore, 'sh', target])
    expect(await sql(ROWS, target)).toBe(await sql(ROWS))
  })
})

test('the dump, its directory and the one above belong to the owner, and nobody else reads the dump', async () => {
  const { report } = await dump(engine, bench, source)
  const paths = [(await report).files[0]?.path ?? '', `${DIRECTORY}/${source}`, DIRECTORY]
  const { uid, gid } = OWNER
  expect((await engine.ok(['exec', bench.name, 'stat', '-c', '%u:%g %a', ...paths])).split('\n')).toEqual([
    `${uid}:${gid} 600`,
    `${uid}:${gid} 700`,
    `${uid}:${gid} 755`,
  ])
})

test('a warning of the tool is shown, on the target and in the log, and is no failure', async () => {
  const { report, log } = await dump(engine, bench, source, { databases: ['app'], dumpArgs: ['--data-only'] })
  const { warnings } = await report
  const first = 'pg_dump: warning: there are circular foreign-key constraints on this table:'
  expect(warnings).toEqual([expect.stringMatching(/: pg_dump: detail: loop pg_dump: hint: .*disable-triggers/)])
  expect(warnings[0]?.startsWith(first)).toBe(true)
  expect(log).toEqual(expect.arrayContaining([first, 'pg_dump: detail: loop']))
})

describe('a tool that ends well is not believed', () => {
  /** A container whose pg_dumpall is a script of ours. */
  async function lying(script: string) {
    const name = named(`liar-${made.length}`)
    await engine.ok(['run', '-d', '--name', name, '--network', 'none', engine.baseImage, 'sleep', '3600'])
    const program = `#!/bin/sh\n[ "$1" != --version ] || exit 0\n${script}\n`
    await engine.ok(['exec', '-i', name, 'sh', '-c', 'cat >/bin/pg_dumpall && chmod 755 /bin/pg_dumpall'], {
      input: program,
    })
    return dump(engine, bench, name, { dbKind: 'postgres' })
  }
  const whole = "printf '%s\\n' 'CREATE TABLE a;' '--' '-- PostgreSQL database cluster dump complete' '--'"

  test.each`
    what                                | script                                                                   | message
    ${'when it wrote nothing'}          | ${':'}                                                                   | ${'the tool ended well but wrote nothing'}
    ${'when the end is missing'}        | ${'echo "CREATE TABLE a;"'}                                              | ${'its dump is not whole: its last line is not "-- PostgreSQL database cluster dump complete"'}
    ${'when it says an error after it'} | ${`${whole}; echo oh no >&2; exit 3`}                                    | ${'exit code 3: oh no'}
    ${'when its gzip is damaged'}       | ${String.raw`printf '\037\213\010\000\000\000\000\000\000\003%0900d' 1`} | ${'its dump is not whole: its gzip stream is cut or damaged'}
  `('$what', async ({ script, message }) => {
    const { report } = await lying(script)
    await expect(report).rejects.toThrow(message)
  })

  test('and is, when all is there', async () => {
    const { report } = await lying(whole)
    expect((await report).files).toMatchObject([{ bytes: 67 }])
  })
})
