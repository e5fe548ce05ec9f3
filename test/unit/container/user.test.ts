import { expect, test } from 'vitest'
import { needsFiles, numericUser } from '../../../src/container/user.ts'

const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\n# a comment\nbackup:x:34:35:backup:/var:/bin/sh\napp:x:1000:2000::/:/bin/sh\n'
const GROUP = 'root:x:0:\ntape:x:26:backup\n'

test.each`
  user             | uid           | gid     | files
  ${''}            | ${0}          | ${0}    | ${false}
  ${'0'}           | ${0}          | ${0}    | ${false}
  ${'root'}        | ${0}          | ${0}    | ${true}
  ${'root:root'}   | ${0}          | ${0}    | ${true}
  ${'backup'}      | ${34}         | ${35}   | ${true}
  ${'1000'}        | ${1000}       | ${2000} | ${true}
  ${'4711'}        | ${4711}       | ${0}    | ${true}
  ${'4711:'}       | ${4711}       | ${0}    | ${true}
  ${'12:13'}       | ${12}         | ${13}   | ${false}
  ${'backup:tape'} | ${34}         | ${26}   | ${true}
  ${'backup:7'}    | ${34}         | ${7}    | ${true}
  ${'4294967294'}  | ${4294967294} | ${0}    | ${true}
`('"$user" is $uid:$gid', ({ user, uid, gid, files }) => {
  expect(needsFiles(user)).toBe(files)
  const [passwd, group] = files ? [PASSWD, GROUP] : ['', ''] // as the caller reads them
  expect(numericUser(user, passwd, group)).toEqual({ uid, gid })
})

test.each(['nobody', 'backup:nogroup', '-1', '4294967296', '1x'])('"%s" has no numbers', (user) => {
  expect(numericUser(user, PASSWD, GROUP)).toBeNull()
})
