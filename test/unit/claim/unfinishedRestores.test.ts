/** What an unfinished restore left half changed is told, with what to do; everything else may be backed up. */
import { expect, test } from 'vitest'
import { saysHalfRestored } from '../../../src/claim/unfinishedRestores.ts'
import type { HelperClaim } from '../../../src/docker/labels.ts'
import { container } from '../../support/containers.ts'

const RESTORE: HelperClaim = {
  kind: 'helper',
  container: container('marina-sweep-1-left'),
  instance: 'shop',
  self: 'marina-place-shop',
  owner: { repository: 'o/r', server: '', runId: '1', attempt: 1, job: 'j', process: '' },
  deadline: 0,
  restart: [{ wave: 0, id: 'redis id', name: 'redis' }],
  dumps: ['postgres id'],
  hooks: [],
  undo: [
    { into: 'place', volume: 'data', before: 'data-before' },
    { into: 'new', volume: 'lost', before: '' },
    { into: 'dumps', volume: 'shop-dumps-before', before: '' },
  ],
}

const volume = (name: string) => ({ kind: 'volume' as const, name })
const db = (id: string, name = id) => ({ kind: 'db' as const, id, name })

test.each([volume('data'), volume('lost'), db('postgres id'), db('redis id'), db('made anew', 'redis')])(
  'half restored: %j',
  (thing) => {
    const said = saysHalfRestored([RESTORE], thing)
    expect(said).toContain('may hold half of a restore of instance shop')
    expect(said).toContain('the old data is in data-before, shop-dumps-before')
    expect(said).toContain('docker rm -fv marina-sweep-1-left')
  },
)

test.each([volume('other'), volume('shop-dumps-before'), volume('data-before'), db('other')])('whole: %j', (thing) => {
  expect(saysHalfRestored([RESTORE], thing)).toBeNull()
})
