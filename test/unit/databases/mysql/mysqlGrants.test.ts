import { expect, test } from 'vitest'
import { isSwitchedOn, judgeGrants } from '../../../../src/databases/mysql/mysqlGrants.ts'

const ROOT = 'GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA unix_socket WITH GRANT OPTION'
const NONE = 'GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD'
const APP = 'GRANT ALL PRIVILEGES ON `app`.* TO `app`@`%`'
const VISIBLE = ['information_schema', 'app', 'shop', 'sys']

test.each`
  what                                         | grants                                                                                 | databases    | triggers | error                                                    | warning
  ${'root'}                                    | ${[ROOT]}                                                                              | ${[]}        | ${true}  | ${null}                                                  | ${null}
  ${"a dumper's usual rights"}                 | ${['GRANT SELECT, PROCESS, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER ON *.* TO `d`@`%`']} | ${[]}        | ${true}  | ${null}                                                  | ${null}
  ${'SELECT alone, where triggers are wanted'} | ${['GRANT SELECT ON *.* TO `d`@`%`']}                                                  | ${['app']}   | ${true}  | ${/no TRIGGER privilege on the whole of database "app"/} | ${null}
  ${'SELECT alone, without triggers'}          | ${['GRANT SELECT ON *.* TO `d`@`%`']}                                                  | ${[]}        | ${false} | ${null}                                                  | ${null}
  ${'one database of two, all asked for'}      | ${[NONE, APP]}                                                                         | ${[]}        | ${true}  | ${/the whole of database "shop"/}                        | ${null}
  ${'one database, which is asked for'}        | ${[NONE, APP]}                                                                         | ${['app']}   | ${true}  | ${null}                                                  | ${null}
  ${'a pattern that fits'}                     | ${[NONE, 'GRANT ALL PRIVILEGES ON `ap\\_p%`.* TO `a`@`%`']}                            | ${['ap_p1']} | ${true}  | ${null}                                                  | ${null}
  ${'a pattern whose _ is escaped'}            | ${[NONE, 'GRANT ALL PRIVILEGES ON `a\\_p`.* TO `a`@`%`']}                              | ${['app']}   | ${true}  | ${/database "app"/}                                      | ${null}
  ${'both, database by database'}              | ${[NONE, APP, 'GRANT SELECT, TRIGGER ON `shop`.* TO `app`@`%`']}                       | ${[]}        | ${true}  | ${null}                                                  | ${/may not see the whole server: the dump holds app, shop/}
  ${'a table'}                                 | ${[NONE, 'GRANT ALL PRIVILEGES ON `app`.`a` TO `app`@`%`']}                            | ${['app']}   | ${true}  | ${/no SELECT and TRIGGER privilege/}                     | ${null}
  ${'a column'}                                | ${[NONE, 'GRANT SELECT (`a`, `b`), TRIGGER ON `app`.* TO `app`@`%`']}                  | ${['app']}   | ${true}  | ${/no SELECT privilege/}                                 | ${null}
  ${'a role, whose rights are not told'}       | ${[NONE, 'GRANT `dumper`@`%` TO `app`@`%`']}                                           | ${['app']}   | ${true}  | ${null}                                                  | ${/as far as it can be told/}
  ${'a part taken back'}                       | ${[ROOT, 'REVOKE SELECT ON `shop`.* FROM `root`@`localhost`']}                         | ${['app']}   | ${true}  | ${null}                                                  | ${null}
`('an account with $what', ({ grants, databases, triggers, error, warning }) => {
  const judged = judgeGrants({ grants, visible: VISIBLE, databases, triggers, routines: false })
  expect(judged).toEqual({
    error: error === null ? null : expect.stringMatching(error),
    warning: warning === null ? null : expect.stringMatching(warning),
  })
})

test('an account that sees nothing cannot dump a server', () => {
  const judged = judgeGrants({
    grants: [NONE],
    visible: ['information_schema'],
    databases: [],
    triggers: true,
    routines: true,
  })
  expect(judged.error).toMatch(/sees no database/)
})

// MariaDB 10.11 left a function out and ended with 0 for the first of these
test.each`
  grants                                                                                  | lacks
  ${'GRANT SELECT, TRIGGER, EVENT, LOCK TABLES, SHOW VIEW ON `app`.* TO `d`@`%`'}         | ${true}
  ${'GRANT SELECT, TRIGGER, EXECUTE ON `app`.* TO `d`@`%`'}                               | ${false}
  ${'GRANT SELECT, TRIGGER, SHOW CREATE ROUTINE ON `app`.* TO `d`@`%`'}                   | ${false}
  ${'GRANT SELECT, TRIGGER ON `app`.* TO `d`; GRANT SHOW CREATE ROUTINE ON *.* TO `d`'}   | ${false}
  ${'GRANT SELECT, TRIGGER ON `app`.* TO `d`; GRANT SHOW CREATE ROUTINE ON `b`.* TO `d`'} | ${true}
  ${'GRANT ALL PRIVILEGES ON `app`.* TO `d`@`%`'}                                         | ${false}
  ${'GRANT SELECT, TRIGGER ON `app`.* TO `d`; GRANT SELECT ON `mysql`.* TO `d`'}          | ${false}
  ${'GRANT SELECT, TRIGGER ON `app`.* TO `d`; GRANT SELECT ON `mysql`.`proc` TO `d`'}     | ${false}
  ${'GRANT SELECT, TRIGGER ON `app`.* TO `d`; GRANT SHOW_ROUTINE ON *.* TO `d`'}          | ${false}
`('routines are seen with $grants: lacks $lacks', ({ grants, lacks }) => {
  const question = { grants: [NONE, ...grants.split('; ')], visible: VISIBLE, databases: ['app'], triggers: true }
  expect(judgeGrants({ ...question, routines: true }).error).toEqual(
    lacks ? expect.stringMatching(/SHOW_ROUTINE.*, or leave them out: dumpArgs: \["--skip-routines"\]$/) : null,
  )
  expect(judgeGrants({ ...question, routines: false }).error).toBeNull()
})

test.each([
  ['GRANT ALL PRIVILEGES ON "app".* TO "app"@"%"', 'app'],
  ['GRANT ALL PRIVILEGES ON "a""p`p".* TO "app"@"%"', 'a"p`p'],
  ['GRANT ALL PRIVILEGES ON `a``p"p`.* TO `app`@`%`', 'a`p"p'],
  ['GRANT ALL PRIVILEGES ON app.* TO app@%', 'app'],
])('names are read as the server quotes them in any of its modes: %s', (grant, database) => {
  const judged = judgeGrants({
    grants: [grant],
    visible: [database],
    databases: [database],
    triggers: true,
    routines: true,
  })
  expect(judged).toEqual({ error: null, warning: null })
})

test.each([
  [[], true],
  [['--skip-triggers'], false],
  [['--skip_triggers'], false],
  [['--disable-triggers'], false],
  [['--disable_triggers'], false],
  [['--loose-skip-triggers'], false],
  [['--triggers=0'], false],
  [['--triggers=OFF'], false],
  [['--triggers=false'], false],
  [['--loose_triggers=0'], false],
  [['--triggers=1'], true],
  [['--skip-triggers=0'], true],
  [['--skip-triggers', '--triggers'], true],
  [['--triggers', '--skip-triggers'], false],
  [['--skip-triggers', '--enable-triggers'], true],
  [['--skip-routines', '--triggers-x=0'], true],
  [['--ignore-table=app.--skip-triggers'], true],
])('with %j triggers are dumped: %j', (args, expected) => {
  expect(isSwitchedOn('triggers', args)).toBe(expected)
})

test('-R asks for routines, also among other letters', () => {
  expect(isSwitchedOn('routines', ['--skip-routines', '-vR'])).toBe(true)
  expect(isSwitchedOn('routines', ['-R', '--routines=0'])).toBe(false)
})
