import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { DumpPlan } from '../../../src/databases/contract.ts'
import { DATABASE_TOOLS, type DbKind, engineOf } from '../../../src/databases/index.ts'
import { extractedLine } from '../../../src/databases/secretArgs.ts'

interface Asked {
  databases?: string[]
  dumpArgs?: string[]
  command?: string[]
  tools?: string[]
  env?: string[]
}

function planFor(kind: DbKind, asked: Asked = {}): DumpPlan {
  const { databases = [], dumpArgs = [], command = [], tools = DATABASE_TOOLS, env = [] } = asked
  const engine = engineOf(kind)
  const given = engine.extractSecrets(dumpArgs)
  return engine.plan({ kind, tools: new Map(tools.map((tool) => [tool, '1'])), databases, given, command, env })
}

const folder = mkdtempSync(join(tmpdir(), 'marina-plans-'))
afterAll(() => rmSync(folder, { recursive: true }))
/** Programs that print their arguments, the variables that hold passwords, and what comes on stdin. */
for (const tool of DATABASE_TOOLS) {
  const script = `#!/bin/sh
printf '%s' "\${0##*/}"; printf ' <%s>' "$@"; echo
for name in PGUSER PGPASSWORD MYSQL_PWD REDISCLI_AUTH; do
  eval "[ -z \\"\\\${$name+x}\\" ] || printf '%s=%s\\n' $name \\"\\$$name\\""
done
if ! [ -t 0 ]; then sed 's/^/stdin: /'; fi`
  writeFileSync(join(folder, tool), script)
  chmodSync(join(folder, tool), 0o755)
}
writeFileSync(join(folder, 'secret'), 'of a file\n')
writeFileSync(join(folder, 'redis.conf'), '# requirepass no\nport 6379\nrequirepass "of the config"\n')

/** Runs the script of a plan's first file as the container's shell would, with the container's environment. */
function call(plan: DumpPlan, containerEnv: Record<string, string> = {}, which = 0): string[] {
  const file = plan.files[which]
  if (file === undefined) throw new Error('the plan has no such file')
  const ran = spawnSync('sh', ['-c', file.script, 'marina', ...file.args], {
    env: { PATH: `${folder}:${process.env.PATH}`, ...containerEnv, ...file.env },
    encoding: 'utf8',
    input: '',
  })
  expect(ran.stderr).toBe('')
  return ran.stdout.trimEnd().split('\n')
}

describe('the tool is called with the credentials of', () => {
  const file = join(folder, 'secret')
  test.each`
    what                              | kind          | env                                                                           | called
    ${'trust'}                        | ${'postgres'} | ${{}}                                                                         | ${['pg_dumpall <--no-password>', 'PGUSER=postgres']}
    ${'the official image'}           | ${'postgres'} | ${{ POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'p w' }}                         | ${['pg_dumpall <--no-password>', 'PGUSER=app', 'PGPASSWORD=p w']}
    ${'a file'}                       | ${'postgres'} | ${{ POSTGRES_PASSWORD_FILE: file }}                                           | ${['pg_dumpall <--no-password>', 'PGUSER=postgres', 'PGPASSWORD=of a file']}
    ${"the tool's own variables"}     | ${'postgres'} | ${{ PGUSER: 'me', PGPASSWORD: 'mine', POSTGRES_PASSWORD: 'other' }}           | ${['pg_dumpall <--no-password>', 'PGUSER=me', 'PGPASSWORD=mine']}
    ${"Bitnami's superuser"}          | ${'postgres'} | ${{ POSTGRESQL_USERNAME: 'app', POSTGRESQL_POSTGRES_PASSWORD: 'su' }}         | ${['pg_dumpall <--no-password>', 'PGUSER=postgres', 'PGPASSWORD=su']}
    ${'trust'}                        | ${'redis'}    | ${{}}                                                                         | ${['redis-cli <--rdb> <->']}
    ${'the environment'}              | ${'valkey'}   | ${{ VALKEY_PASSWORD: 'v' }}                                                   | ${['valkey-cli <--rdb> <->', 'REDISCLI_AUTH=v']}
    ${'the official image, on stdin'} | ${'mongo'}    | ${{ MONGO_INITDB_ROOT_USERNAME: 'r', MONGO_INITDB_ROOT_PASSWORD: '$p"\'\\' }} | ${['mongodump <--archive> <--username=r> <--authenticationDatabase=admin>', 'stdin: $p"\'\\']}
    ${'trust'}                        | ${'mongo'}    | ${{}}                                                                         | ${['mongodump <--archive>']}
  `('$what: $kind', ({ kind, env, called }) => {
    expect(call(planFor(kind), env)).toEqual(called)
  })

  test.each`
    what                             | env                                                                            | user      | password
    ${'root, by a variable'}         | ${{ MYSQL_ROOT_PASSWORD: 'r' }}                                                | ${'root'} | ${'r'}
    ${'root, by a file'}             | ${{ MARIADB_ROOT_PASSWORD_FILE: file }}                                        | ${'root'} | ${'of a file'}
    ${'root without a password'}     | ${{ MYSQL_ALLOW_EMPTY_PASSWORD: 'yes', MYSQL_USER: 'u', MYSQL_PASSWORD: 'p' }} | ${'root'} | ${null}
    ${"the image's user"}            | ${{ MYSQL_RANDOM_ROOT_PASSWORD: '1', MYSQL_USER: 'u', MYSQL_PASSWORD: 'p' }}   | ${'u'}    | ${'p'}
    ${'nobody: the socket is asked'} | ${{}}                                                                          | ${'root'} | ${null}
  `('$what: mysql', ({ env, user, password }) => {
    const options = '<--single-transaction> <--routines> <--events> <--triggers> <--default-character-set=utf8mb4>'
    expect(call(planFor('mysql'), env)).toEqual([
      `mysqldump <--user=${user}> ${options} <--all-databases>`,
      ...(password === null ? [] : [`MYSQL_PWD=${password}`]),
    ])
  })

  test.each`
    what                               | command                                                              | env                        | password
    ${'the command line'}              | ${['docker-entrypoint.sh', 'redis-server', '--requirepass', 'p w']}  | ${{}}                      | ${'p w'}
    ${'a line for a shell'}            | ${['sh', '-c', "exec redis-server --requirepass 'p w' --port 6379"]} | ${{}}                      | ${'p w'}
    ${'a variable in such a line'}     | ${['sh', '-c', 'redis-server --requirepass $THE_SECRET']}            | ${{ THE_SECRET: 'hid' }}   | ${'hid'}
    ${'the configuration file'}        | ${['redis-server', join(folder, 'redis.conf')]}                      | ${{}}                      | ${'of the config'}
    ${'the environment, before these'} | ${['redis-server', '--requirepass', 'x']}                            | ${{ REDIS_PASSWORD: 'e' }} | ${'e'}
  `('requirepass in $what', ({ command, env, password }) => {
    expect(call(planFor('redis', { command }), env)).toContain(`REDISCLI_AUTH=${password}`)
  })
})

describe('a password in dumpArgs is extracted, and the log says from where', () => {
  test.each`
    kind          | dumpArgs                                               | called
    ${'mysql'}    | ${['-uroot', '-pP w']}                                 | ${/<-uroot>.*\nMYSQL_PWD=P w$/}
    ${'mysql'}    | ${['--user=dump', '--password=P w']}                   | ${/<--user=dump>.*\nMYSQL_PWD=P w$/}
    ${'mysql'}    | ${['-u', 'dump', '--password', 'P w']}                 | ${/<-u> <dump>.*\nMYSQL_PWD=P w$/}
    ${'mysql'}    | ${['--pass=P w']}                                      | ${/\nMYSQL_PWD=P w$/}
    ${'mongo'}    | ${['-u', 'me', '-p', 'P w']}                           | ${/<-u> <me>\nstdin: P w$/}
    ${'mongo'}    | ${['--username=me', '--password=P w']}                 | ${/<--username=me>\nstdin: P w$/}
    ${'mongo'}    | ${['--uri=mongodb://me:P%20w@host/?authSource=admin']} | ${/<--uri=mongodb:\/\/me@host\/\?authSource=admin>\nstdin: P w$/}
    ${'mongo'}    | ${['--uri', 'mongodb://me:P%20w@host']}                | ${/<--uri> <mongodb:\/\/me@host>\nstdin: P w$/}
    ${'redis'}    | ${['-h', 'other', '-a', 'P w']}                        | ${/<-h> <other> <--rdb> <->\nREDISCLI_AUTH=P w$/}
    ${'redis'}    | ${['--user', 'me', '--pass', 'P w']}                   | ${/<--user> <me> <--rdb> <->\nREDISCLI_AUTH=P w$/}
    ${'redis'}    | ${['-u', 'redis://me:P%20w@host:1/0']}                 | ${/<-u> <redis:\/\/host:1\/0> <--user> <me> <--rdb> <->\nREDISCLI_AUTH=P w$/}
    ${'redis'}    | ${['-u', 'redis://P%20w@host']}                        | ${/<-u> <redis:\/\/host> <--rdb> <->\nREDISCLI_AUTH=P w$/}
    ${'mysql'}    | ${['-AvpP w']}                                         | ${/MYSQL_PWD=P w$/}
    ${'mysql'}    | ${['--loose-password=P w']}                            | ${/MYSQL_PWD=P w$/}
    ${'postgres'} | ${['-U', 'me', '--password=P w']}                      | ${/<--no-password> <-U> <me>\n.*\nPGPASSWORD=P w$/}
    ${'postgres'} | ${['-d', 'postgresql://h/?user=u&password=P%20w']}     | ${/<-d> <postgresql:\/\/h\/\?user=u>\n.*\nPGPASSWORD=P w$/}
    ${'postgres'} | ${['PGPASSWORD=P w', '--clean']}                       | ${/<--no-password> <--clean>\nPGUSER=postgres\nPGPASSWORD=P w$/}
    ${'postgres'} | ${['-d', 'postgres://me:P%20w@/app']}                  | ${/<-d> <postgres:\/\/me@\/app>\n.*\nPGPASSWORD=P w$/}
    ${'postgres'} | ${["--dbname=host=x password='P w' user=me"]}          | ${/<--dbname=host=x user=me>\n.*\nPGPASSWORD=P w$/}
  `('$kind $dumpArgs', ({ kind, dumpArgs, called }) => {
    const plan = planFor(kind, { dumpArgs })
    expect(call(plan).join('\n')).toMatch(called)
    const line = extractedLine(engineOf(kind).extractSecrets(dumpArgs), plan.tool) ?? ''
    expect(line).toMatch(/^the password of .* in dumpArgs is handed to .* by its environment/)
    expect([line, ...plan.notices].join()).not.toMatch(/P(%20| )w/)
  })
})

test.each(['postgres', 'mysql', 'mariadb', 'mongo', 'redis'] as const)(
  'no word of dumpArgs stands in an argument list of ours, and none passes through a shell: %s',
  (kind) => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1 }).filter((word) => !word.includes('\0')),
          { maxLength: 6 },
        ),
        (words) => {
          const dumpArgs = words.map((word) => `--x-${word.replaceAll('\n', '')}`)
          const plan = planFor(kind, { dumpArgs })
          for (const { script, args } of [...plan.files, ...(plan.rights ? [plan.rights] : [])])
            for (const arg of dumpArgs) expect([script, ...args].filter((one) => one === arg)).toEqual([])
          const line = call(plan)[0] ?? ''
          expect(line).toContain(dumpArgs.map((arg) => ` <${arg}>`).join(''))
        },
      ),
      { numRuns: 15 },
    )
  },
)

describe('databases', () => {
  test('of PostgreSQL are names, never connection strings', () => {
    const plan = planFor('postgres', { databases: ['app', 'dbname=x host=evil'] })
    expect(plan.files.map(({ name, database }) => [name, database])).toEqual([
      ['app.sql', 'app'],
      ['dbname=x host=evil.sql', 'dbname=x host=evil'],
    ])
    expect(call(plan, {}, 1)).toEqual([
      "pg_dump <--no-password> <--dbname=dbname='dbname=x host=evil'>",
      'PGUSER=postgres',
    ])
  })

  test.each([
    [['--dbname=postgresql://u@h/app'], '--dbname=postgresql://u@h/app'],
    [['-d', 'app'], 'app'],
    [['-dapp'], '-dapp'],
    [['-d', 'host=h dbname=app'], 'host=h dbname=app'],
    [['--clean', 'app'], 'app'],
    [['postgresql://h/?dbname=app'], 'postgresql://h/?dbname=app'],
  ])('of PostgreSQL: %j names another one, and is refused', (dumpArgs, named) => {
    expect(() => planFor('postgres', { databases: ['a'], dumpArgs })).toThrow(
      `dumpArgs has "${named}", which names a database`,
    )
    expect(planFor('postgres', { dumpArgs }).files).toHaveLength(1)
  })

  test.each([
    [['-n', 'public', '--table', 'a', '-Z', '9', '-Fc', '--clean', '-h', 'db', '-U', 'me']],
    [['-d', 'host=h user=u']],
    [['--dbname=postgresql://u@h/']],
    [['--dbname=postgresql://u@h/a']],
    [['-d', "password=x dbname='a'"]],
    [['--clean', 'a']],
  ])('of PostgreSQL: %j names none', (dumpArgs) => {
    expect(planFor('postgres', { databases: ['a'], dumpArgs }).files).toHaveLength(1)
  })

  test('of MySQL and MongoDB come last, one a file', () => {
    expect(call(planFor('mariadb', { databases: ['a', '-b'], dumpArgs: ['--hex-blob'] }), {}, 1)[0]).toMatch(
      /^mariadb-dump .* <--hex-blob> <--databases> <--> <-b>$/,
    )
    expect(call(planFor('mongo', { databases: ['a'], dumpArgs: ['--gzip'] }))).toEqual([
      'mongodump <--archive> <--gzip> <--db=a>',
    ])
    expect(planFor('mongo', { databases: ['a'] }).files[0]?.name).toBe('a.archive')
  })

  test.each(['postgres', 'mysql', 'mongo'] as const)('whose name cannot be a file name are refused: %s', (kind) => {
    for (const database of ['../x', 'a/b', '', 'a\nb', 'x'.repeat(251)])
      expect(() => planFor(kind, { databases: [database] })).toThrow('cannot be dumped to a file of its name')
  })

  test('of Redis are refused', () => {
    expect(() => planFor('redis', { databases: ['0'] })).toThrow(
      'a Redis server is dumped as a whole: leave databases out',
    )
  })
})

test('options files come first, and their account is theirs', () => {
  const line = call(planFor('mysql', { dumpArgs: ['--hex-blob', '--defaults-extra-file=/etc/dump.cnf'] }), {
    MYSQL_ROOT_PASSWORD: 'r',
  })
  expect(line[0]).toMatch(
    /^mysqldump <--defaults-extra-file=\/etc\/dump.cnf> <--single-transaction> .* <--hex-blob> <--all-databases>$/,
  )
})

test('the question for rights goes to the same server as the dump', () => {
  const plan = planFor('mysql', {
    dumpArgs: ['-h', 'db', '--port=3307', '--ssl-mode=DISABLED', '-uroot', '--where', 'x', '--hex-blob'],
  })
  const { rights } = plan
  const ran = spawnSync('sh', ['-c', rights?.script ?? '', 'marina', ...(rights?.args ?? [])], {
    env: { PATH: `${folder}:${process.env.PATH}`, ...rights?.env },
    encoding: 'utf8',
    input: '',
  })
  expect(ran.stdout).toMatch(/^mysql <-h> <db> <--port=3307> <--ssl-mode=DISABLED> <-uroot> <--batch> /)
})

test('a Redis on another port is asked there', () => {
  const command = ['redis-server', '--port', '7777']
  expect(call(planFor('redis', { command }))).toEqual(['redis-cli <-p> <7777> <--rdb> <->'])
  expect(call(planFor('redis', { command, dumpArgs: ['-s', '/run/redis.sock'] }))[0]).not.toMatch('7777')
})

test.each`
  kind          | dumpArgs                          | message
  ${'postgres'} | ${['-f', 'x.sql']}                | ${'dumpArgs has "-f", which makes pg_dumpall write elsewhere than into the backup'}
  ${'postgres'} | ${['--format', 'directory']}      | ${'dumpArgs has "--format", which makes'}
  ${'postgres'} | ${['--fi=x']}                     | ${'dumpArgs has "--fi=x", which makes'}
  ${'postgres'} | ${['-vf', 'x']}                   | ${'dumpArgs has "-vf", which makes'}
  ${'mysql'}    | ${['--res=x']}                    | ${'dumpArgs has "--res=x", which makes'}
  ${'mysql'}    | ${['-vr', 'x']}                   | ${'dumpArgs has "-vr", which makes'}
  ${'mysql'}    | ${['--result-file=x']}            | ${'dumpArgs has "--result-file=x", which makes'}
  ${'mysql'}    | ${['--tab', '/x']}                | ${'dumpArgs has "--tab", which makes'}
  ${'mysql'}    | ${['--skip-comments']}            | ${'leaves out the comment that ends a whole dump'}
  ${'mongo'}    | ${['--archive=/x']}               | ${'dumpArgs has "--archive=/x", which makes'}
  ${'mongo'}    | ${['--sslPEMKeyPassword=hidden']} | ${'dumpArgs has "--sslPEMKeyPassword", a secret that mongodump would show'}
  ${'redis'}    | ${['--rdb', '/x']}                | ${'dumpArgs has "--rdb", which makes'}
`('$kind $dumpArgs is refused', ({ kind, dumpArgs, message }) => {
  expect(() => planFor(kind, { dumpArgs })).toThrow(message)
})

test.each`
  kind          | tools          | message
  ${'postgres'} | ${['pg_dump']} | ${'pg_dumpall is not found in the container'}
  ${'mariadb'}  | ${['mysql']}   | ${'neither mariadb-dump nor mysqldump is found in the container'}
  ${'mongo'}    | ${[]}          | ${'mongodump is not found in the container'}
  ${'valkey'}   | ${[]}          | ${'neither valkey-cli nor redis-cli is found in the container'}
`('$kind without its tool is refused', ({ kind, tools, message }) => {
  expect(() => planFor(kind, { tools })).toThrow(message)
})

test('a tool of the same family serves', () => {
  expect(planFor('mysql', { tools: ['mariadb-dump'] }).tool).toBe('mariadb-dump')
  expect(planFor('redis', { tools: ['valkey-cli'] }).tool).toBe('valkey-cli')
})

test.each`
  kind          | line                                                                             | warns
  ${'postgres'} | ${'pg_dump: warning: there are circular foreign-key constraints on this table:'} | ${true}
  ${'postgres'} | ${'pg_dump: reading extensions'}                                                 | ${false}
  ${'mysql'}    | ${'-- Warning: column statistics not supported by the server.'}                  | ${true}
  ${'mongo'}    | ${'2026-11-24T18:42:53.185+0000\twriting `app.errors` to `archive on stdout`'}   | ${false}
  ${'mongo'}    | ${'2026-11-24T18:42:53.185+0000\twarning: collection is not there any more'}     | ${true}
  ${'redis'}    | ${"SYNC sent to master, writing 182 bytes to '-'"}                               | ${false}
`('whether a line on stderr is a warning: $line', ({ kind, line, warns }) => {
  expect(planFor(kind).isWarning(line)).toBe(warns)
})
