import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { DumpPlan } from '../../../src/databases/engineContract.ts'
import { DATABASE_TOOLS, type DbKind, engineOf } from '../../../src/databases/engines.ts'
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
/**
 * Programs that print their arguments, the variables that hold passwords and places, and what comes on stdin or by the options
 * file. A server that `PING` asks has the password `SERVER_PASSWORD`, where that is set; empty: none.
 */
for (const tool of DATABASE_TOOLS) {
  const script = `#!/bin/sh
case "$*" in *PING)
  if [ -n "\${REDISCLI_AUTH-}" ] && [ "\${SERVER_PASSWORD-any}" = "" ]; then echo 'AUTH failed: ERR AUTH <password> called without any password configured'
  elif [ "\${SERVER_PASSWORD-\${REDISCLI_AUTH-}}" != "\${REDISCLI_AUTH-}" ]; then echo 'NOAUTH Authentication required.'
  else echo PONG; fi
  exit ;;
esac
printf '%s' "\${0##*/}"; printf ' <%s>' "$@"; echo
for name in PGUSER PGPASSWORD PGPORT PGHOST MYSQL_PWD MYSQL_HOST REDISCLI_AUTH; do
  eval "[ -z \\"\\\${$name+x}\\" ] || printf '%s=%s\\n' $name \\"\\$$name\\""
done
if [ "$1" = --defaults-file=/dev/fd/3 ]; then sed 's/^/file: /' <&3; fi
if ! [ -t 0 ]; then sed 's/^/stdin: /'; fi`
  writeFileSync(join(folder, tool), script)
  chmodSync(join(folder, tool), 0o755)
}
/** In front of the PATH: options files that give an account, and options of the client alone. */
const withFiles = join(folder, 'with-files')
mkdirSync(withFiles)
writeFileSync(
  join(withFiles, 'my_print_defaults'),
  `#!/bin/sh
case "$1" in --version) echo MariaDB; exit ;; esac
printf '%s\\n' "--asked=$*" --quick --user=filed '--password=p#w"x\\z' --host=there`,
)
chmodSync(join(withFiles, 'my_print_defaults'), 0o755)
writeFileSync(join(folder, 'secret'), 'of a file\n')
writeFileSync(join(folder, 'redis.conf'), '# requirepass no\nport 7005\nrequirepass "of the config"\n')
writeFileSync(join(folder, 'users.acl'), 'user bk on >bkpw ~* +sync\nuser default on >aclpw ~* +@all\n')

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

describe('a server is asked where its own command line says', () => {
  const conf = join(folder, 'redis.conf')
  test.each`
    kind          | command                                                                               | dumpArgs                 | called
    ${'redis'}    | ${['redis-server', '--port', '7777']}                                                 | ${[]}                    | ${/^redis-cli <-p> <7777> <--rdb>/}
    ${'redis'}    | ${['redis-server', '--port', '7777']}                                                 | ${['-s', '/run/r.sock']} | ${/^redis-cli <-s> <\/run\/r.sock> <--rdb>/}
    ${'redis'}    | ${['redis-server', '--port', '0', '--unixsocket', '/r.sock']}                         | ${[]}                    | ${/^redis-cli <-s> <\/r.sock> <--rdb>/}
    ${'redis'}    | ${['redis-server', '--port', '0', '--tls-port', '6379']}                              | ${[]}                    | ${/^redis-cli <-p> <6379> <--tls> <--insecure> <--rdb>/}
    ${'redis'}    | ${['redis-server', '--port', '0', '--tls-port', '6379', '--tls-ca-cert-file', '/ca']} | ${[]}                    | ${/^redis-cli <-p> <6379> <--tls> <--cacert> <\/ca> <--rdb>/}
    ${'redis'}    | ${['docker-entrypoint.sh', conf]}                                                     | ${[]}                    | ${/^redis-cli <-p> <7005> <--rdb>/}
    ${'postgres'} | ${['docker-entrypoint.sh', 'postgres', '-p', '5433']}                                 | ${[]}                    | ${/PGPORT=5433$/}
    ${'postgres'} | ${['sh', '-c', 'mkdir -p /x && exec postgres -c fsync=off; rm -p 1']}                 | ${[]}                    | ${/^(?!.*PGPORT)/s}
    ${'postgres'} | ${['postgres', '-p5433']}                                                             | ${[]}                    | ${/PGPORT=5433$/}
    ${'postgres'} | ${['postgres', '-c', 'port=5433', '-c', 'fsync=off']}                                 | ${[]}                    | ${/PGPORT=5433$/}
    ${'postgres'} | ${['sh', '-c', 'exec postgres --port=5433']}                                          | ${[]}                    | ${/PGPORT=5433$/}
    ${'postgres'} | ${['postgres', '-k', '/sock']}                                                        | ${[]}                    | ${/PGHOST=\/sock$/}
    ${'mysql'}    | ${['mysqld', '--socket=/s.sock']}                                                     | ${[]}                    | ${/^mysqldump <--user=root> <--socket=\/s.sock> /}
    ${'mysql'}    | ${['mysqld', '--socket=/s.sock']}                                                     | ${['-h', 'db']}          | ${/^(?!.*s\.sock)/}
    ${'mongo'}    | ${['mongod', '--port', '27018']}                                                      | ${[]}                    | ${/^mongodump <--archive> <--port=27018>/}
    ${'mongo'}    | ${['mongod', '--port', '27018']}                                                      | ${['--uri=mongodb://h']} | ${/^(?!.*27018)/}
  `('$kind $command $dumpArgs', ({ kind, command, dumpArgs, called }) => {
    expect(call(planFor(kind, { command, dumpArgs })).join('\n')).toMatch(called)
  })

  test('the port of the command line goes before PGPORT, which is the server’s too', () => {
    const plan = planFor('postgres', { command: ['postgres', '-p', '5433'] })
    expect(call(plan, { PGPORT: '1' })).toContain('PGPORT=5433')
    expect(call(planFor('postgres'), { PGPORT: '1' })).toContain('PGPORT=1')
    expect(call(plan, { PGHOST: 'other', PGPORT: '1' })).toContain('PGPORT=1')
  })
})

describe('a password of Redis is tried before it is used', () => {
  const conf = join(folder, 'redis.conf')
  const line = (word: string) => ['sh', '-c', `exec redis-server --requirepass ${word}`]
  test.each`
    what                                | server             | command                                   | env                                            | auth
    ${'one that the server never got'}  | ${''}              | ${['redis-server']}                       | ${{ REDIS_PASSWORD: 'x' }}                     | ${undefined}
    ${'the right one of several'}       | ${'of the config'} | ${['redis-server', conf]}                 | ${{ REDIS_PASSWORD: 'x', REDISCLI_AUTH: 'y' }} | ${'of the config'}
    ${'none is right: the first one'}   | ${'other'}         | ${['redis-server', conf]}                 | ${{ REDIS_PASSWORD: 'x' }}                     | ${'x'}
    ${'a file that a shell would read'} | ${'of a file'}     | ${line(`"$(cat ${folder}/secret)"`)}      | ${{}}                                          | ${'of a file'}
    ${'a file, in backquotes'}          | ${'of a file'}     | ${line(`\`cat ${folder}/secret\``)}       | ${{}}                                          | ${'of a file'}
    ${'a variable that must be set'}    | ${'v'}             | ${line(['"$', '{X:?missing}"'].join(''))} | ${{ X: 'v' }}                                  | ${'v'}
    ${'REDIS_ARGS'}                     | ${'flagged'}       | ${['redis-server']}                       | ${{ REDIS_ARGS: '--requirepass "flagged"' }}   | ${'flagged'}
  `('$what', ({ server, command, env, auth }) => {
    const called = call(planFor('redis', { command }), { SERVER_PASSWORD: server, ...env })
    expect(called.find((one) => one.startsWith('REDISCLI_AUTH='))).toBe(auth && `REDISCLI_AUTH=${auth}`)
  })

  test('the default user’s password of an ACL file', () => {
    const command = ['redis-server', '--aclfile', join(folder, 'users.acl')]
    expect(call(planFor('redis', { command }), { SERVER_PASSWORD: 'aclpw' })).toContain('REDISCLI_AUTH=aclpw')
  })

  test('dumpArgs go before all, untried', () => {
    const plan = planFor('redis', { dumpArgs: ['-a', 'mine'] })
    expect(call(plan, { SERVER_PASSWORD: 'other', REDIS_PASSWORD: 'other' })).toContain('REDISCLI_AUTH=mine')
    expect(plan.notices).toEqual([])
  })
})

describe('options files of MySQL', () => {
  const path = { PATH: `${withFiles}:${folder}:${process.env.PATH}` }
  const ask = (dumpArgs: string[], env: Record<string, string> = {}) => {
    const { rights } = planFor('mariadb', { dumpArgs })
    const ran = spawnSync('sh', ['-c', rights?.script ?? '', 'marina', ...(rights?.args ?? [])], {
      env: { ...path, ...env, ...rights?.env },
      encoding: 'utf8',
      input: '',
    })
    expect(ran.stderr).toBe('')
    return ran.stdout.trimEnd().split('\n')
  }

  test('name the account, where dumpArgs do not', () => {
    const plan = planFor('mariadb')
    expect(call(plan, { ...path, MARIADB_ROOT_PASSWORD: 'r', MYSQL_HOST: 'client.only' })[0]).toMatch(
      /^mariadb-dump <--single-transaction>/,
    )
    expect(call(plan, { ...path, MYSQL_HOST: 'x' }).join()).not.toMatch(/MYSQL_(PWD|HOST)/)
    expect(call(planFor('mariadb', { dumpArgs: ['-uroot'] }), { ...path, MARIADB_ROOT_PASSWORD: 'r' })).toEqual([
      expect.stringMatching(/<-uroot>/),
      'MYSQL_PWD=r',
    ])
  })

  test('are asked for the connection only, by the question: the way of the dump', () => {
    const [called, ...lines] = ask([], { MYSQL_HOST: 'client.only' })
    expect(called).toMatch(/^mariadb <--defaults-file=\/dev\/fd\/3> <--batch> <--raw> <--skip-column-names> /)
    expect(lines).toEqual([
      'file: [client]',
      'file: user="filed"',
      'file: password="p#w\\"x\\\\z"',
      'file: host="there"',
    ])
  })

  test('do not go before the password of dumpArgs', () => {
    expect(ask(['-ume', '-pmine']).filter((line) => line.includes('password'))).toEqual([
      'file: password="p#w\\"x\\\\z"',
      'file: password="mine"',
    ])
    const called = call(planFor('mariadb', { dumpArgs: ['--defaults-extra-file=/e', '-ume', '-pmine'] }), path)
    expect(called[0]).toMatch(
      /^mariadb-dump <--defaults-file=\/dev\/fd\/3> <--single-transaction> .*<-ume> <--all-databases>$/,
    )
    expect(called).toContain(
      'file: asked="--defaults-extra-file=/e client client-server client-mariadb mysqldump mariadb-dump"',
    )
    expect(called.at(-1)).toBe('file: password="mine"')
  })

  test('options that must stand first stay there, whoever the account is', () => {
    expect(call(planFor('mysql', { dumpArgs: ['--no-defaults', '--hex-blob'] }))[0]).toMatch(
      /^mysqldump <--no-defaults> <--user=root> <--single-transaction> .*<--hex-blob> <--all-databases>$/,
    )
  })
})

test('a named database goes before what a service file says, in every form of connection', () => {
  const called = (dumpArgs: string[]) => call(planFor('postgres', { databases: [`o'b\\c`], dumpArgs }))[0]
  const pair = `dbname='o\\'b\\\\c'`
  expect(called([])).toBe(`pg_dump <--no-password> <--dbname=${pair}>`)
  expect(called(['-d', 'service=s'])).toBe(`pg_dump <--no-password> <-d> <service=s ${pair}>`)
  expect(called(['--dbname=host=h', '-Fc'])).toBe(`pg_dump <--no-password> <--dbname=host=h ${pair}> <-Fc>`)
  expect(called(['postgresql://h/?a=b'])).toBe(`pg_dump <--no-password> <postgresql://h/?a=b&dbname=o'b%5Cc>`)
})

describe('a failure names what to write', () => {
  const kinds: Record<string, string[]> = {}
  test.each`
    kind          | asked                                      | words                                                                                                                                    | hint
    ${'postgres'} | ${kinds}                                   | ${'FATAL:  Peer authentication failed for user "app"'}                                                                                   | ${/dumpArgs: \["--host=127.0.0.1", "--username=NAME", "--password=\$\{DB_PASSWORD\}"\]/}
    ${'postgres'} | ${kinds}                                   | ${'ERROR:  permission denied for table pg_authid'}                                                                                       | ${/dumpArgs: \["--no-role-passwords"\], or name "databases"/}
    ${'postgres'} | ${kinds}                                   | ${'FATAL:  password authentication failed for user "postgres"'}                                                                          | ${/sets only the first one.*--password=/}
    ${'postgres'} | ${{ dumpArgs: ['--password=x'] }}          | ${'FATAL:  password authentication failed for user "postgres"'}                                                                          | ${/^look at the user and the password in dumpArgs$/}
    ${'postgres'} | ${kinds}                                   | ${'connection to server on socket "/x/.s.PGSQL.5432" failed: No such file or directory'}                                                 | ${/--port=5433/}
    ${'postgres'} | ${kinds}                                   | ${'FATAL:  role "postgres" does not exist'}                                                                                              | ${/--username=NAME/}
    ${'postgres'} | ${kinds}                                   | ${'connection to server on socket "/x/.s.PGSQL.5432" failed: FATAL:  Passwort-Authentifizierung für Benutzer »postgres« fehlgeschlagen'} | ${/refused the connection. If that is for the login, write dumpArgs:.*--password=/}
    ${'postgres'} | ${kinds}                                   | ${'connection to server at "h", port 5432 failed: ВАЖНО:  в pg_hba.conf нет записи для компьютера "h"'}                                  | ${/lets nobody in that way/}
    ${'postgres'} | ${kinds}                                   | ${'connection to server on socket "/x/.s.PGSQL.5432" failed: FATAL:  sorry, too many clients already'}                                   | ${null}
    ${'postgres'} | ${kinds}                                   | ${'permission denied for table a'}                                                                                                       | ${null}
    ${'mariadb'}  | ${{ env: ['MARIADB_ROOT_PASSWORD_HASH'] }} | ${"ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: NO)"}                                                  | ${/holds no password \(MARIADB_ROOT_PASSWORD_HASH tells none\).*--user=NAME/}
    ${'mysql'}    | ${{ env: ['MYSQL_RANDOM_ROOT_PASSWORD'] }} | ${'Got error: 1045: "Zugriff verweigert"'}                                                                                               | ${/MYSQL_RANDOM_ROOT_PASSWORD tells none/}
    ${'mysql'}    | ${{ env: ['MYSQL_ROOT_PASSWORD'] }}        | ${'Got error: 1045: "Access denied" when trying to connect'}                                                                             | ${/\(MYSQL_ROOT_PASSWORD\) is not the server's: it sets only the first one/}
    ${'mysql'}    | ${{ dumpArgs: ['-px'] }}                   | ${'Got error: 1045: "Access denied" when trying to connect'}                                                                             | ${/^look at the user and the password in dumpArgs$/}
    ${'mysql'}    | ${kinds}                                   | ${'Access denied; you need (at least one of) the PROCESS privilege(s) (1227)'}                                                           | ${/--no-tablespaces/}
    ${'mysql'}    | ${kinds}                                   | ${"ERROR 2002 (HY000): Can't connect to local server through socket"}                                                                    | ${/--socket=/}
    ${'redis'}    | ${kinds}                                   | ${'NOAUTH Authentication required.'}                                                                                                     | ${/dumpArgs: \["--user", "NAME", "--pass", "\$\{REDIS_PASSWORD\}"\]/}
    ${'redis'}    | ${{ dumpArgs: ['-a', 'x'] }}               | ${'AUTH failed: WRONGPASS invalid username-password pair'}                                                                               | ${/^look at/}
    ${'redis'}    | ${kinds}                                   | ${"NOPERM User bk has no permissions to run the 'sync' command"}                                                                         | ${/\+sync/}
    ${'redis'}    | ${kinds}                                   | ${'Could not connect to Redis at 127.0.0.1:6379: Connection refused'}                                                                    | ${/"--tls"/}
    ${'mongo'}    | ${kinds}                                   | ${'connection() error occurred during connection handshake: auth error'}                                                                 | ${/--authenticationDatabase=admin/}
    ${'mongo'}    | ${kinds}                                   | ${'server selection error: connection refused'}                                                                                          | ${/--port=27018/}
  `('$kind: $words', ({ kind, asked, words, hint }) => {
    const said = planFor(kind, asked).hint(words)
    if (hint === null) expect(said).toBeNull()
    else expect(said).toMatch(hint)
  })
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
