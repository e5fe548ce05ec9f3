import { describe, expect, test } from 'vitest'
import { type DbKind, engineOf } from '../../../src/databases/engines.ts'

/** Judges what a person wrote: in words, the last of them may hold quotes. */
function judged(kind: DbKind, dumpArgs: readonly string[], isServer = true) {
  const engine = engineOf(kind)
  return engine.judgeOptions(engine.extractSecrets(dumpArgs).args, isServer)
}

describe('options that leave something out', () => {
  test.each`
    kind          | text                                           | isServer | leftOutBy
    ${'postgres'} | ${'--no-owner --no-acl'}                       | ${true}  | ${'--no-owner'}
    ${'postgres'} | ${'-O'}                                        | ${false} | ${'-O'}
    ${'postgres'} | ${'-vx'}                                       | ${false} | ${'-x'}
    ${'postgres'} | ${'--no-privileges'}                           | ${false} | ${'--no-privileges'}
    ${'postgres'} | ${'-B'}                                        | ${false} | ${'-B'}
    ${'postgres'} | ${'--no-blobs'}                                | ${false} | ${'--no-blobs'}
    ${'postgres'} | ${'--no-large-objects'}                        | ${false} | ${'--no-large-objects'}
    ${'postgres'} | ${'--enable-row-security'}                     | ${false} | ${'--enable-row-security'}
    ${'postgres'} | ${'--no-publications'}                         | ${false} | ${'--no-publications'}
    ${'postgres'} | ${'--no-subscriptions'}                        | ${false} | ${'--no-subscriptions'}
    ${'postgres'} | ${'--no-comments'}                             | ${false} | ${'--no-comments'}
    ${'postgres'} | ${'--no-security-labels'}                      | ${false} | ${'--no-security-labels'}
    ${'postgres'} | ${'--no-policies'}                             | ${false} | ${'--no-policies'}
    ${'postgres'} | ${'--no-unlogged-table-data'}                  | ${true}  | ${'--no-unlogged-table-data'}
    ${'postgres'} | ${'--include-foreign-data=far'}                | ${false} | ${'--include-foreign-data'}
    ${'postgres'} | ${'-t orders'}                                 | ${false} | ${'-t'}
    ${'postgres'} | ${'--tab=orders'}                              | ${false} | ${'--tab'}
    ${'postgres'} | ${'-Uapp -Fc -norders'}                        | ${false} | ${'-n'}
    ${'postgres'} | ${'--exclude-database=x'}                      | ${true}  | ${'--exclude-database'}
    ${'postgres'} | ${'-g'}                                        | ${true}  | ${'-g'}
    ${'postgres'} | ${'-Fc -x'}                                    | ${false} | ${'-x'}
    ${'postgres'} | ${'--an-option-of-tomorrow'}                   | ${true}  | ${'--an-option-of-tomorrow'}
    ${'mysql'}    | ${'--routines=0'}                              | ${true}  | ${'--routines'}
    ${'mysql'}    | ${'--events=OFF'}                              | ${true}  | ${'--events'}
    ${'mariadb'}  | ${'--skip-routines'}                           | ${true}  | ${'--skip-routines'}
    ${'mariadb'}  | ${'--disable_triggers'}                        | ${true}  | ${'--disable_triggers'}
    ${'mariadb'}  | ${'--loose-skip-events'}                       | ${true}  | ${'--loose-skip-events'}
    ${'mariadb'}  | ${'--trig=0'}                                  | ${true}  | ${'--trig'}
    ${'mariadb'}  | ${'--skip-opt'}                                | ${true}  | ${'--skip-opt'}
    ${'mariadb'}  | ${'--create-options=false'}                    | ${true}  | ${'--create-options'}
    ${'mariadb'}  | ${'--where n>1'}                               | ${true}  | ${'--where'}
    ${'mariadb'}  | ${'-wn>1'}                                     | ${true}  | ${'-w'}
    ${'mariadb'}  | ${'--ignore-table app.log'}                    | ${true}  | ${'--ignore-table'}
    ${'mariadb'}  | ${'--ignore_table=app.log'}                    | ${true}  | ${'--ignore_table'}
    ${'mariadb'}  | ${'-qd'}                                       | ${true}  | ${'-d'}
    ${'mariadb'}  | ${'app'}                                       | ${false} | ${'app'}
    ${'mariadb'}  | ${'--default-character-set=latin1'}            | ${true}  | ${'--default-character-set'}
    ${'mariadb'}  | ${'--compatible=ansi'}                         | ${true}  | ${'--compatible'}
    ${'mongo'}    | ${'--db=app'}                                  | ${true}  | ${'--db'}
    ${'mongo'}    | ${'--db app'}                                  | ${true}  | ${'--db'}
    ${'mongo'}    | ${'-d app'}                                    | ${true}  | ${'--db'}
    ${'mongo'}    | ${'-dapp'}                                     | ${true}  | ${'--db'}
    ${'mongo'}    | ${'-vd app'}                                   | ${true}  | ${'--db'}
    ${'mongo'}    | ${'--uri=mongodb://h/app'}                     | ${true}  | ${'a database in the connection URI'}
    ${'mongo'}    | ${'--uri mongodb+srv://x:pw@h,i/app?tls=true'} | ${true}  | ${'a database in the connection URI'}
    ${'mongo'}    | ${'mongodb://x:pw@h/app'}                      | ${true}  | ${'a database in the connection URI'}
    ${'mongo'}    | ${'--viewsAsCollections'}                      | ${true}  | ${'--viewsAsCollections'}
    ${'mongo'}    | ${'--collection orders'}                       | ${false} | ${'--collection'}
    ${'mongo'}    | ${'-q {}'}                                     | ${false} | ${'-q'}
    ${'mongo'}    | ${'--excludeCollectionsWithPrefix=x'}          | ${false} | ${'--excludeCollectionsWithPrefix'}
  `('$kind: $text', ({ kind, text, isServer, leftOutBy }) => {
    expect(judged(kind, text.split(' '), isServer).leftOutBy).toBe(leftOutBy)
  })
})

describe('options that leave nothing out', () => {
  test.each`
    kind          | text                                                                                       | isServer
    ${'postgres'} | ${'-h 127.0.0.1 -p5433 -U app --password=x'}                                               | ${true}
    ${'postgres'} | ${'--host=h --port 1 --user=app -w --clean --if-exists'}                                   | ${true}
    ${'postgres'} | ${'-l template1 --no-role-passwords -v'}                                                   | ${true}
    ${'postgres'} | ${'-d postgres://app@h/postgres --lock-wait-timeout 5s'}                                   | ${true}
    ${'postgres'} | ${'-vcC -Z 6 --inserts'}                                                                   | ${false}
    ${'postgres'} | ${'-Fc -O'}                                                                                | ${false}
    ${'postgres'} | ${'--format=tar --no-owner'}                                                               | ${false}
    ${'postgres'} | ${'-vF custom --no-owner'}                                                                 | ${false}
    ${'mysql'}    | ${'-uroot -px --single-transaction --quick --set-gtid-purged=OFF --column-statistics=0'}   | ${true}
    ${'mariadb'}  | ${'-h 127.0.0.1 -P 3307 --user root --skip-lock-tables --hex-blob --routines --events -R'} | ${true}
    ${'mariadb'}  | ${'--defaults-extra-file=/f --max_allowed_packet=1G --skip-extended-insert --skip-ssl -n'} | ${true}
    ${'mariadb'}  | ${'--skip-triggers=0 --default-character-set utf8mb4 --no-tablespaces --skip-dump-date'}   | ${true}
    ${'mongo'}    | ${'-u x -p y --authenticationDatabase=admin --gzip --oplog -vv'}                           | ${true}
    ${'mongo'}    | ${'--uri=mongodb://x:y@h:1,i:2/?replicaSet=r --readPreference secondary -j 2'}             | ${true}
    ${'mongo'}    | ${'mongodb://h --dumpDbUsersAndRoles'}                                                     | ${false}
    ${'mongo'}    | ${'--uri=mongodb://x:y@h/app?authSource=app'}                                              | ${false}
    ${'redis'}    | ${'-p 6380 -a x'}                                                                          | ${true}
  `('$kind: $text', ({ kind, text, isServer }) => {
    const { kept, leftOutBy } = judged(kind, text.split(' '), isServer)
    expect(leftOutBy).toBeNull()
    expect(kept).toEqual(engineOf(kind).extractSecrets(text.split(' ')).args)
  })
})

test.each`
  kind          | text                                                    | kept
  ${'postgres'} | ${'-vOx -t orders --table log -xUapp --no-acl -h here'} | ${['-v', '-Uapp', '-h', 'here']}
  ${'mariadb'}  | ${'--skip-opt -dq --where n>1 -wn>1 -u root app'}       | ${['-q', '-u', 'root']}
  ${'mongo'}    | ${'-c orders --query={} -u x --db=app'}                 | ${['-u', 'x', '--db=app']}
`('the dump of what is there is made without them: $kind, $text', ({ kind, text, kept }) => {
  expect(judged(kind, text.split(' ')).kept).toEqual(kept)
})
