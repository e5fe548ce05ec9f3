/** The backup container's environment: the contract's variables, and none that no process could be started with. */

import { expect, test } from 'vitest'
import type { Instance } from '../../../src/config/model.ts'
import { backupEnvironment } from '../../../src/container/environment.ts'

const FACTS = {
  hostName: 'nas',
  runUrl: null,
  layout: { timestamp: '20261124-040506', directory: '/backup/20261124-040506' },
  failedTargets: [],
}
const environment = (env: Record<string, string>, failedTargets: readonly string[] = []) =>
  backupEnvironment({ id: 'a', retention: '7d', env } as unknown as Instance, { ...FACTS, failedTargets })

test('the contract, then the instance’s own', () => {
  expect(environment({ A: 'b' }, ['x', 'y'])).toMatchObject({
    MARINA_CONTRACT: '1',
    MARINA_PARTIAL: '1',
    MARINA_FAILED_TARGETS: 'x,y',
    A: 'b',
  })
  expect(environment({})).not.toHaveProperty('MARINA_PARTIAL')
  expect(environment({}).MARINA_RESULT).toBe('/backup/20261124-040506/result.json')
})

test('the longest value that a process can be given passes, one byte more is refused by name', () => {
  const longest = 'x'.repeat(128 * 1024 - 1 - 'KEY='.length)
  expect(environment({ KEY: longest }).KEY).toBe(longest)
  expect(() => environment({ KEY: `${longest}x` })).toThrow(
    /^variable KEY of the backup container is 131 kB long, .* put the value into a file, and name that in mounts$/,
  )
  expect(() =>
    environment(
      {},
      Array.from({ length: 3000 }, () => 'v'.repeat(60)),
    ),
  ).toThrow(/MARINA_FAILED_TARGETS/)
})
