import { expect, test } from 'vitest'
import { findOtherDevices } from '../../../src/container/devices.ts'
import { scriptedClient } from '../../support/scripted-client.ts'
import type { Rule } from '../../support/scripted-docker.ts'

const LINES = '1 0 8:1 / /backup rw\n2 1 8:1 / /backup/v rw\n3 2 8:2 / /backup/v/disk rw\n'
const MISSING = 'docker: Error response from daemon: exec: "cat": executable file not found in $PATH: unknown.\n'
const found = [{ mounted: '/backup/v', path: '/backup/v/disk' }]

test.each<[string, readonly Rule[], readonly object[] | null]>([
  ['cat', [{ on: /--entrypoint cat bare/, stdout: LINES }], found],
  [
    'the shell where there is no cat',
    [
      { on: /--entrypoint cat bare/, stderr: MISSING, code: 127 },
      { on: /--entrypoint sh bare/, stdout: LINES },
    ],
    found,
  ],
  [
    'the image of the helper where there is neither',
    [
      { on: /--entrypoint \w+ bare/, stderr: MISSING, code: 127 },
      { on: /--entrypoint cat helper/, stdout: LINES },
    ],
    found,
  ],
  ['nobody', [{ on: /^run /, stderr: MISSING, code: 127 }], null],
])('disks within volumes are seen by %s', async (_, rules, expected) => {
  const docker = await scriptedClient(...rules)
  const mount = { type: 'volume', source: 'v', target: '/backup/v', readonly: true } as const
  expect(
    await findOtherDevices(docker, { images: ['bare', 'helper'], job: 'j' }, [mount], new AbortController().signal),
  ).toEqual(expected)
})
