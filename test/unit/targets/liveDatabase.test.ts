import { expect, test } from 'vitest'
import type { Target } from '../../../src/config/model.ts'
import type { Container } from '../../../src/docker/parseContainer.ts'
import { databaseOn, warnOfLiveDatabase } from '../../../src/targets/liveDatabase.ts'
import { container, has } from '../../support/containers.ts'

const postgres = (over: Partial<Container> = {}) =>
  container('shop-db-1', {
    image: 'postgres:16',
    command: ['docker-entrypoint.sh', 'postgres'],
    mounts: [{ ...has('pg'), target: '/var/lib/postgresql/data' }],
    ...over,
  })
const LIVE = { kind: 'postgres', container: 'shop-db-1' } as const

test.each<[string, Container[], object | null]>([
  ['a server that runs', [container('web', { mounts: [has('pg')] }), postgres()], LIVE],
  ['a server that is stopped', [postgres({ state: 'down' })], null],
  ['a server that is paused', [postgres({ state: 'paused' })], null],
  [
    'a server that only reads',
    [postgres({ mounts: [{ ...has('pg', false), target: '/var/lib/postgresql/data' }] })],
    null,
  ],
  ['a server that has it elsewhere', [postgres({ mounts: [{ ...has('pg'), target: '/backups' }] })], null],
  [
    'a server with another volume there',
    [postgres({ mounts: [{ ...has('other'), target: '/var/lib/postgresql/data' }] })],
    null,
  ],
  ['an application', [container('web', { mounts: [has('pg')] })], null],
  ['nobody', [], null],
])('the volume of %s', (_, users, live) => {
  expect(databaseOn('pg', users)).toEqual(live)
})

test('the warning names the dump in its place, or says that it is there', () => {
  const said = warnOfLiveDatabase('pg', LIVE, [])
  expect(said).toBe(
    'volume pg is the data directory of a running postgres server (container "shop-db-1"): files that are read while it writes may not fit together, and such a backup cannot be relied on. Back it up by its dump (db: shop-db-1 in place of this volume), or set stopAttached: true on it',
  )
  const dump = { kind: 'db', container: 'shop-db-1' } as Target
  expect(warnOfLiveDatabase('pg', LIVE, [dump])).toMatch(
    /Its dump is a target already \(db: shop-db-1\): take this volume out, or set stopAttached: true on it$/,
  )
})
