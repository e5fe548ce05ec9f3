/** Passwords in dumpArgs: what is taken out is what is hidden, in its raw and its decoded form, and nothing of it stays in the arguments. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DB_KINDS, type DbKind, engineOf, secretsInDumpArgs } from '../../../src/databases/engines.ts'
import { joinedArgument } from '../../../src/databases/secretArgs.ts'

const S = 'hunter2 & co'
const E = 'hunter2%20%26%20co'

describe('every form in which a tool, or a person, writes a password is taken out and hidden', () => {
  test.each`
    kind          | dumpArgs
    ${'postgres'} | ${['-d', `host=h password='${S}' user=u`]}
    ${'postgres'} | ${[`--dbname=host=h password = '${S}'`]}
    ${'postgres'} | ${[`-dhost=h password='${S}'`]}
    ${'postgres'} | ${[`--dbname=postgresql://u:${E}@h/app`]}
    ${'postgres'} | ${[`postgresql://h/app?user=u&password=${E}`]}
    ${'postgres'} | ${[`postgresql://h/app?password=${E}&sslmode=require`]}
    ${'postgres'} | ${[`PGPASSWORD=${S}`]}
    ${'postgres'} | ${[`--password=${S}`]}
    ${'postgres'} | ${[`--password ${S}`]}
    ${'postgres'} | ${['--password', S]}
    ${'postgres'} | ${['-W', S]}
    ${'postgres'} | ${['-d', `host=h sslpassword='${S}'`]}
    ${'postgres'} | ${[`postgresql://h/app?sslpassword=${E}`]}
    ${'mysql'}    | ${[`-p${S}`]}
    ${'mysql'}    | ${[`-AvpX${S}`]}
    ${'mysql'}    | ${['-p', S]}
    ${'mysql'}    | ${[`-p=${S}`]}
    ${'mysql'}    | ${[`--password=${S}`]}
    ${'mysql'}    | ${['--password', S]}
    ${'mysql'}    | ${[`--password ${S}`]}
    ${'mysql'}    | ${[`--loose-password=${S}`]}
    ${'mysql'}    | ${[`--loose_password=${S}`]}
    ${'mysql'}    | ${[`--passw=${S}`]}
    ${'mysql'}    | ${[`--password1=${S}`]}
    ${'mysql'}    | ${[`--password2=${S}`]}
    ${'mysql'}    | ${['--password3', S]}
    ${'mysql'}    | ${[`MYSQL_PWD=${S}`]}
    ${'mariadb'}  | ${[`--password=${S}`]}
    ${'mongo'}    | ${['-u', 'me', '-p', S]}
    ${'mongo'}    | ${[`-p${S}`]}
    ${'mongo'}    | ${[`-p=${S}`]}
    ${'mongo'}    | ${[`--password=${S}`]}
    ${'mongo'}    | ${[`--password ${S}`]}
    ${'mongo'}    | ${[`--uri=mongodb://me:${E}@h/?authSource=admin`]}
    ${'mongo'}    | ${['--uri', `mongodb+srv://me:${E}@h`]}
    ${'mongo'}    | ${[`mongodb://me:${E}@h`]}
    ${'mongo'}    | ${[`mongodb://h/?authMechanism=MONGODB-AWS&authMechanismProperties=A:b,AWS_SESSION_TOKEN:${E}`]}
    ${'mongo'}    | ${[`mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN%3A${E}`]}
    ${'mongo'}    | ${[`mongodb://h/?tlsCertificateKeyFilePassword=${E}`]}
    ${'mongo'}    | ${[`--sslPEMKeyPassword=${S}`]}
    ${'mongo'}    | ${['--awsSessionToken', S]}
    ${'redis'}    | ${['-a', S]}
    ${'redis'}    | ${[`-a${S}`]}
    ${'redis'}    | ${[`-a=${S}`]}
    ${'redis'}    | ${['--pass', S]}
    ${'redis'}    | ${[`--pass=${S}`]}
    ${'redis'}    | ${['-u', `redis://me:${E}@h:1/0`]}
    ${'redis'}    | ${['-u', `rediss://${E}@h`]}
    ${'redis'}    | ${[`REDISCLI_AUTH=${S}`]}
    ${'valkey'}   | ${['-u', `valkey://me:${E}@h`]}
  `('$kind: $dumpArgs', ({ kind, dumpArgs }: { kind: DbKind; dumpArgs: string[] }) => {
    const { args, secrets, exposed, places } = engineOf(kind).extractSecrets(dumpArgs)
    const isEncoded = dumpArgs.some((arg) => arg.includes(E))
    expect(secrets.some((secret) => secret.endsWith(S))).toBe(true)
    if (isEncoded) expect(secrets.some((secret) => secret.endsWith(E))).toBe(true)
    if (exposed === null) expect(args.join('\n')).not.toMatch(/hunter2/)
    else expect(exposed).not.toMatch(/hunter2/)
    expect(places.join()).not.toMatch(/hunter2/)
  })

  /** Forms in which a tool, or a person without a shell, leaves quotes or several words; each is taken out, or refused. */
  const P = 'hunter2secret'
  test.each<[DbKind, string[]]>([
    ['postgres', [`--dbname="postgresql://u:${P}@h"`]],
    ['postgres', [`-d"postgresql://u:${P}@h"`]],
    ['postgres', ['-d', `"postgresql://u:${P}@h/app"`]],
    ['postgres', [`-d "postgresql://u:${P}@h/app"`]],
    ['postgres', [`'postgresql://u:${P}@h/app'`]],
    ['postgres', [`"postgresql://h/app?password=${P}`]],
    ['postgres', ['-d', `'host=h password=${P}'`]],
    ['postgres', [`-d 'host=h password=${P}'`]],
    ['postgres', [`"PGPASSWORD=${P}"`]],
    ['postgres', [`-W${P}`]],
    ['postgres', [`-vW${P}`]],
    ['postgres', [`-W=${P}`]],
    ['postgres', ['-password', P]],
    ['postgres', [`--username=u --password=${P}`]],
    ['postgres', [`mysql://u:${P}@h`]],
    ['mysql', [`"-p${P}"`]],
    ['mysql', [`-p"${P}"`]],
    ['mysql', [`'--password=${P}'`]],
    ['mysql', [`--password="${P}"`]],
    ['mysql', [`\\"-p${P}\\"`]],
    ['mysql', [`“-p${P}”`]],
    ['mysql', [`"--user=root --password=${P}"`]],
    ['mysql', [`--user=root --password=${P}`]],
    ['mysql', [`--user=root -p${P}`]],
    ['mysql', [`-uroot -p${P}`]],
    ['mysql', [`-u root -p"${P}"`]],
    ['mysql', [`--user=root "--password=${P}"`]],
    ['mysql', ['-pass', P]],
    ['mysql', [`-pass=${P}`]],
    ['mysql', ['-password', P]],
    ['mysql', ['--pass', P]],
    ['mysql', ['"--password"', P]],
    ['mysql', [`mysql://root:${P}@h/app`]],
    ['mysql', [`"mysql://root:${P}@h/app"`]],
    ['mysql', ['--host', `jdbc:mysql://root:${P}@h/app`]],
    ['mysql', [`--ssl-passphrase=${P}`]],
    ['mysql', ['--ssl-passphrase', P]],
    ['mariadb', [`--ssl_passphrase="${P}"`]],
    ['mariadb', [`"--ssl-passphrase=${P}"`]],
    ['mongo', [`'mongodb://u:${P}@h'`]],
    ['mongo', [`--uri="mongodb+srv://u:${P}@h"`]],
    ['mongo', [`--uri "mongodb://u:${P}@h"`]],
    ['mongo', ['"--uri"', `"mongodb://u:${P}@h"`]],
    ['mongo', [`"-p${P}"`]],
    ['mongo', ['-pass', P]],
    ['mongo', ['--pass', P]],
    ['mongo', [`--username=u --password ${P}`]],
    ['mongo', [`http://u:${P}@h`]],
    ['redis', ['-u', `"redis://u:${P}@h"`]],
    ['redis', [`-u "redis://u:${P}@h"`]],
    ['redis', [`-u'redis://u:${P}@h'`]],
    ['redis', [`-uredis://u:${P}@h`]],
    ['redis', [`"-a${P}"`]],
    ['redis', [`"-a" "${P}"`]],
    ['redis', [`-h h -a ${P}`]],
    ['redis', ['-pass', P]],
    ['redis', [`--password=${P}`]],
    ['valkey', [`'valkey://u:${P}@h'`]],
    ['mysql', [`-Np${P}`]],
    ['mysql', [`-dp${P}`]],
    ['mysql', [`-vdp${P}`]],
    ['mysql', ['-vdp', P]],
    ['mariadb', [`--pas=${P}`]],
    ['mariadb', [`--pa=${P}`]],
    ['mariadb', [`--loose-pas=${P}`]],
    ['mongo', [`-vp${P}`]],
    ['mongo', ['-vvp', P]],
    ['postgres', [`jdbc:postgresql://h/d?user=u&password=${P}`]],
    ['postgres', [`postgresql://h/d?PASSWORD=${P}`]],
    ['postgres', [`--dbname=host=h PASSWORD=${P} user=u`]],
    ['postgres', ['-U', `u:${P}`]],
    ['postgres', [`-Uu:${P}`]],
    ['postgres', [`--username=u:${P}`]],
    ['mysql', [`--user=app:${P}`]],
    ['mysql', ['-u', `root:${P}`]],
    ['mysql', [`-uroot:${P}`]],
    ['redis', ['--auth', P]],
    ['redis', ['--requirepass', P]],
    ['redis', [`--requirepass ${P}`]],
    ['redis', [`REDIS_PASSWORD=${P}`]],
    ['redis', ['AUTH', P]],
    ['redis', [`AUTH ${P}`]],
    ['redis', [`--askpass=${P}`]],
  ])('%s: %j', (kind, dumpArgs) => {
    const { args, secrets, refusal, exposed, places } = engineOf(kind).extractSecrets(dumpArgs)
    expect(secrets).toContain(P)
    if (refusal === null && exposed === null) expect(args.join('\n')).not.toContain(P)
    expect(`${refusal}${exposed}${places}`).not.toContain('hunter2')
    for (const secret of secrets) expect(secret, 'no everyday word, no option').toMatch(/hunter2secret/)
  })

  test.each(
    DB_KINDS.flatMap((kind) =>
      [
        [`--pwd=${P}`],
        ['--pwd', P],
        ['--pwd', '=', P],
        ['--pwd=', P],
        ['-auth', P],
        [`-requirepass=${P}`],
        [`MYSQL_ROOT_PASSWORD: ${P}`],
        [`--PASSWORD=${P}`],
        ['--PASSWORD', P],
        [`--password:${P}`],
        [`--password = ${P}`],
        [`--password =${P}`],
        ['--password', '=', P],
        ['--password=', P],
        [`–password=${P}`],
        [`—password ${P}`],
        ['–password', P],
        [`MARIADB_ROOT_PASSWORD=${P}`],
        [`PASSWORD=${P}`],
        [`"MY_TOKEN=${P}"`],
        [`--client-secret=${P}`],
        [`--user=u --pwd=${P}`],
        [`--user=app:${P}`],
      ].map((dumpArgs) => [kind, dumpArgs] as const),
    ),
  )('of any engine, %s: %j', (kind, dumpArgs) => {
    const { args, secrets, refusal, places } = engineOf(kind).extractSecrets(dumpArgs)
    expect(secrets).toContain(P)
    if (refusal === null) expect(args.join('\n')).not.toContain(P)
    expect(`${refusal}${places}`).not.toContain('hunter2')
    for (const secret of secrets) expect(secret, 'no everyday word, no option').toMatch(/hunter2secret/)
    expect(secretsInDumpArgs(null, dumpArgs)).toContain(P)
  })

  test('the letters before -p stay: without -d the dump would hold the data', () => {
    expect(engineOf('mysql').extractSecrets(['-vdpX1234'])).toMatchObject({ args: ['-vd'], password: 'X1234' })
    expect(engineOf('mongo').extractSecrets(['-vpX1234'])).toMatchObject({ args: ['-v'], password: 'X1234' })
    expect(engineOf('mysql').extractSecrets(['-T/path'])).toMatchObject({ args: ['-T/path'], secrets: [] })
  })

  test.each<[DbKind, string[]]>([
    ['mysql', ['--default-auth=mysql_native_password']],
    ['mysql', ['--default_auth', 'mysql_native_password', '--user=app', '-u', 'app', '--host=h']],
    ['mysql', ['--skip-password', '--ignore-table=app.auth_tokens', '--tables', 'app', 'passwords', 'auth']],
    ['mysql', ['--plugin-authentication-kerberos-client-mode=SSPI', '--enable-cleartext-plugin']],
    ['mysql', ['--where', 'token = "abcdefg"', "--where=password='abcdefg'", '-wsecret=5']],
    ['postgres', ['--no-password', '-w', '--no-role-passwords', '-U', 'app', '--username=app', '-n', 'auth']],
    ['postgres', ['-d', 'host=h passfile=/x/pass require_auth=scram-sha-256', '--exclude-schema=auth']],
    ['postgres', ['postgresql://u@h:5432/app?require_auth=none&passfile=/p', '-t', 'authors', '-t', 'auth.users']],
    ['mongo', ['--authenticationDatabase', 'admin', '--authenticationDatabase=admin', '-u', 'app']],
    ['mongo', ['--authenticationMechanism=SCRAM-SHA-256', '--collection=tokens', '-c', 'passwords']],
    ['mongo', ['--uri=mongodb://u@h:27017/?authSource=admin&authMechanism=PLAIN']],
    ['redis', ['--no-auth-warning', '--user', 'app', '-h', 'auth.example.org', '-p', '6380']],
  ])('names that tell of no secret are left alone: %s %j', (kind, dumpArgs) => {
    expect(engineOf(kind).extractSecrets(dumpArgs)).toMatchObject({ args: dumpArgs, secrets: [], refusal: null })
  })

  test.each<[DbKind, string[]]>([
    ['mysql', ["--where=url='ftp://a:bcde@c'"]],
    ['mysql', ['--where', "url='ftp://a:bcde@c'"]],
    ['mongo', ['--query={"u":"http://a:bcde@h/"}']],
    ['mongo', ['-q', '{"u":"http://a:bcde@h/"}']],
  ])('a URL in free text is passed on, and its password hidden: %s %j', (kind, dumpArgs) => {
    expect(engineOf(kind).extractSecrets(dumpArgs)).toMatchObject({ args: dumpArgs, secrets: ['bcde'], refusal: null })
  })

  test('quotes around what is no secret stay, and free text is no argument', () => {
    for (const args of [
      ['--where=a = "x" and b > 1'],
      ["--where=name like '-p%'"],
      ['-wa = 1 -b'],
      ['--hex-blob', '"my db"'],
      ['mongodb://u@h1:27017,h2:27017/?x=a@b'],
    ])
      expect(engineOf('mysql').extractSecrets(args)).toMatchObject({ args, secrets: [], refusal: null })
    const query = ['-q', '{"password": {"$exists": true}, "u": "-p x"}']
    expect(engineOf('mongo').extractSecrets(query)).toMatchObject({ args: query, secrets: [], refusal: null })
    const pair = ['-d', 'host=h user=u dbname=a', '-Z', '9']
    expect(engineOf('postgres').extractSecrets(pair)).toMatchObject({ args: pair, secrets: [], refusal: null })
  })

  test('--askpass alone is dropped, and the option behind it stays', () => {
    expect(engineOf('redis').extractSecrets(['--askpass', '-h', 'db2'])).toMatchObject({
      args: ['-h', 'db2'],
      password: null,
      secrets: [],
    })
    expect(engineOf('redis').extractSecrets(['--askpass', '-a', '-x'])).toMatchObject({ args: [], password: '-x' })
    expect(engineOf('redis').extractSecrets(['-h', 'db', '--askpass'])).toMatchObject({ args: ['-h', 'db'] })
    expect(engineOf('redis').extractSecrets(['--askpass', P])).toMatchObject({ args: [], password: P })
  })

  test('mysqldump takes -p=X for a password "=X": both are hidden', () => {
    expect(engineOf('mysql').extractSecrets(['-p=hunter2'])).toMatchObject({
      password: '=hunter2',
      secrets: ['=hunter2', 'hunter2'],
    })
  })

  test('a URL whose password was not encoded as it must be is hidden all the same', () => {
    expect(engineOf('postgres').extractSecrets(['postgresql://u:hun/ter2@h/app']).secrets).toContain('hun/ter2')
    expect(engineOf('mongo').extractSecrets(['mongodb://u:hun?ter2@h']).secrets).toContain('hun?ter2')
  })

  test('what is no password stays', () => {
    const kept = ['-p', '5433', '-h', 'db', '--no-owner', '-d', 'host=h user=u dbname=a', '-Z', '9']
    expect(engineOf('postgres').extractSecrets(kept)).toMatchObject({ args: kept, secrets: [] })
    const mysql = ['-P', '3307', '-hdb', '--plugin-dir=/p', '--hex-blob', '--where', 'a > 1']
    expect(engineOf('mysql').extractSecrets(mysql)).toMatchObject({ args: mysql, secrets: [] })
  })
})

test.each(DB_KINDS)('any arguments of %s: a password that is handed on is hidden', (kind) => {
  const word = fc.oneof(
    fc.constantFrom('-p', '--password', '-a', '-u', '-d', '--uri', '--', 'x'),
    fc.string({ minLength: 1 }).map((text) => `--password=${text}`),
    fc.string({ minLength: 1 }).map((text) => `-p${text}`),
    fc.string({ minLength: 1 }).map((text) => `mongodb://u:${encodeURIComponent(text)}@h`),
    fc.string({ minLength: 1 }).map((text) => `postgresql://u:${encodeURIComponent(text)}@h/?password=${text}`),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (dumpArgs) => {
      const { password, secrets } = engineOf(kind).extractSecrets(dumpArgs)
      if (password !== null && password !== '') expect(secrets).toContain(password)
    }),
  )
})

describe('where dbKind is left out', () => {
  test.each`
    dumpArgs                           | secrets
    ${['--password=hunter2']}          | ${['hunter2']}
    ${['--password', 'hunter2']}       | ${['hunter2']}
    ${['-d', 'password=hunter2']}      | ${['hunter2']}
    ${['-phunter2']}                   | ${['hunter2']}
    ${['postgresql://u:hunter2@h/db']} | ${['hunter2']}
    ${['-pass', 'hunter2']}            | ${['hunter2']}
    ${['"-phunter2"']}                 | ${['hunter2']}
    ${['-u', '"redis://:hunter2@h"']}  | ${['hunter2']}
    ${['-p', '5433', '-a', 'app']}     | ${[]}
    ${['-p5433']}                      | ${[]}
    ${['--data-only', '-t', 'users']}  | ${[]}
    ${['--tables', 'auth', 'token']}   | ${[]}
    ${['-n', 'auth', '-t', 'tokens']}  | ${[]}
  `('$dumpArgs hides $secrets', ({ dumpArgs, secrets }) => {
    expect(secretsInDumpArgs(null, dumpArgs)).toEqual(secrets)
  })
})

test.each`
  args                                          | joined
  ${['--clean --if-exists']}                    | ${'--clean --if-exists'}
  ${['--clean', '--host db']}                   | ${'--host db'}
  ${['-h db']}                                  | ${'-h db'}
  ${['--host=db --clean']}                      | ${'--host=db --clean'}
  ${['-c -O']}                                  | ${'-c -O'}
  ${['-Fc -Z9']}                                | ${'-Fc -Z9'}
  ${['--where=a > 1']}                          | ${null}
  ${['-wa > 1']}                                | ${null}
  ${['--dbname=host=h user=u', 'a table name']} | ${null}
  ${['--table=a b']}                            | ${null}
`('several words in one argument: $args', ({ args, joined }) => {
  expect(joinedArgument(args)).toBe(joined)
})
