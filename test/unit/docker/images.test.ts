import { expect, test } from 'vitest'
import { compareVersions } from '../../../src/docker/engine.ts'
import { dropsItsCommand } from '../../../src/docker/images.ts'

test.each`
  entrypoint                                       | drops
  ${[]}                                            | ${false}
  ${['/bin/sh', '-c', 'exec restic']}              | ${true}
  ${['/bin/bash', '-c', 'run']}                    | ${true}
  ${['/bin/sh', '-e', '-c', 'run']}                | ${true}
  ${['/bin/bash', '-eo', 'pipefail', '-c', 'run']} | ${true}
  ${['/bin/bash', '-o', 'pipefail', '-ec', 'run']} | ${true}
  ${['/bin/sh', 'run.sh', '-c', 'x']}              | ${false}
  ${['/bin/sh', '-c']}                             | ${false}
  ${['/bin/sh', '-c', 'exec "$0" "$@"']}           | ${false}
  ${['/bin/sh', '-c', 'exec "$1"']}                | ${false}
  ${['/entrypoint.sh']}                            | ${false}
  ${['tini', '--']}                                | ${false}
  ${['/sbin/tini', '--', 'sh', '-c', 'start']}     | ${true}
  ${['/usr/bin/env', 'sh', '-c', 'exec "$@"']}     | ${false}
  ${['/bin/sh', '-c', "ls | awk '{print $9}'"]}    | ${true}
`('$entrypoint drops /backup.sh: $drops', ({ entrypoint, drops }) => {
  expect(dropsItsCommand(entrypoint)).toBe(drops)
})

test.each`
  a         | b         | sign
  ${'1.41'} | ${'1.41'} | ${0}
  ${'1.9'}  | ${'1.41'} | ${-1}
  ${'1.45'} | ${'1.41'} | ${1}
  ${'2.0'}  | ${'1.99'} | ${1}
`('version $a against $b', ({ a, b, sign }) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})
