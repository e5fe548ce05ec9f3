import { expect, test } from 'vitest'
import { type ManifestTarget, manifest, parseManifest } from '../../../src/container/manifest.ts'
import { InstanceError } from '../../../src/errors.ts'
import { placementsOf } from '../../../src/restore/placements.ts'
import { readManifest } from '../../../src/restore/readManifest.ts'
import type { FilePlacement } from '../../../src/restore/serverFiles.ts'

const base = {
  staging: 'copy',
  exclude: [],
  files: 1,
  bytes: 1,
  driver: 'local',
  options: {},
  containers: [],
  warnings: [],
}
const volume = (name: string, more: object = {}) => ({
  kind: 'volume',
  name,
  path: `volume/${name}`,
  paths: [],
  ...base,
  ...more,
})
const db = (name: string, file = 'dump.sql') => ({
  kind: 'db',
  name,
  path: `db/${name}`,
  engine: 'postgres',
  tool: 'pg_dumpall',
  toolVersion: '17',
  files: [{ path: `db/${name}/${file}`, bytes: 1, sha256: '0'.repeat(64), database: null }],
  containers: [],
  warnings: [],
})
const text = (...targets: object[]) =>
  JSON.stringify({
    version: 1,
    instance: 'shop',
    host: 'nas',
    timestamp: '20261128-020000',
    layout: 'stable',
    runUrl: null,
    targets,
    failed: [],
  })
const targets = (...all: object[]): readonly ManifestTarget[] => parseManifest(text(...all)).targets
const request = {
  files: [],
  instance: 'shop',
  point: 'latest',
  timestamp: '20261128-020000',
  now: '20261128-093000',
  existing: new Set(['documents']),
}

test('into new volumes: named by the time of the backup or by the point, the dumps in one of their own', () => {
  const found = placementsOf(targets(volume('documents'), db('shop-db')), { ...request, into: 'new' })
  expect(found.map(({ volume: name, undo }) => [name, undo.into])).toEqual([
    ['documents-restored-20261128-020000', 'new'],
    ['shop-dumps-restored-20261128-020000', 'new'],
  ])
  const [one] = placementsOf(targets(volume('documents')), { ...request, into: 'new', point: 'host/a:3f+2' })
  expect(one?.volume).toBe('documents-restored-host-a-3f-2')
})

test('into place: the old data is kept, and a volume that the host has lost is made anew', () => {
  const found = placementsOf(targets(volume('documents', { paths: ['a'] }), volume('lost'), db('shop-db')), {
    ...request,
    into: 'place',
  })
  expect(found.map(({ undo }) => undo)).toEqual([
    { into: 'place', volume: 'documents', before: 'documents-before-20261128-093000' },
    { into: 'new', volume: 'lost', before: '' },
    { into: 'dumps', volume: 'shop-dumps-before-20261128-093000', before: '' },
  ])
  expect(found[0]?.paths).toEqual(['a'])
})

test('a volume of an earlier restore is in the way', () => {
  const existing = new Set(['documents-restored-20261128-020000'])
  expect(() => placementsOf(targets(volume('documents')), { ...request, into: 'new', existing })).toThrow(
    'documents-restored-20261128-020000 is there already, from an earlier restore',
  )
})

const long = 'v'.repeat(210)

test.each(['new', 'place'] as const)('two volumes never share one, into %s', (into) => {
  const existing = new Set(['app-dumps', `${long}1`, `${long}2`, 'redis', 'redis-before-20261128-093000'])
  const held = [volume('app-dumps'), volume('redis'), volume(`${long}1`), volume(`${long}2`), db('shop-db')]
  const file = {
    database: { source: { container: { name: 'redis' }, name: 'redis' }, entry: { name: 'redis', path: 'db/redis' } },
    mounted: { type: 'bind', source: '/srv/redis' },
  } as unknown as FilePlacement
  const of = (files: readonly FilePlacement[], more: object = {}) =>
    placementsOf(targets(...held, ...(files.length === 0 ? [] : [db('redis')])), {
      ...{ ...request, instance: 'app', into, files, existing: new Set([...existing].slice(0, 4)) },
      ...more,
    })
  const made = (found: ReturnType<typeof of>) =>
    found.map(({ undo }) => (undo.into === 'place' ? undo.before : undo.volume))
  for (const found of [of([]), ...(into === 'place' ? [of([file])] : [])]) {
    expect(new Set(made(found)).size).toBe(found.length)
    for (const { volume: name, undo } of found) {
      expect(undo.volume).toBe(name)
      expect(Math.max(name.length, undo.before.length)).toBeLessThan(255)
    }
  }
  expect(made(of([])).at(-1)).toBe(
    into === 'new' ? 'app-dumps-restored-20261128-020000-2' : 'app-dumps-before-20261128-093000-2',
  )
})

test('a lost volume keeps its name, whatever else is made', () => {
  const name = 'app-dumps-before-20261128-093000'
  const found = placementsOf(targets(volume(name), db('shop-db')), { ...request, instance: 'app', into: 'place' })
  expect(found.map((one) => one.volume)).toEqual([name, `${name}-2`])
})

test('points that begin alike have volumes of their own', () => {
  const of = (point: string) =>
    placementsOf(targets(volume('documents')), { ...request, into: 'new', point })[0]?.volume
  expect(of(`${'p'.repeat(190)}1`)).not.toBe(of(`${'p'.repeat(190)}2`))
})

test.each([
  ['a volume elsewhere', volume('a', { path: '../../etc' })],
  ['a volume with the path of another', volume('a', { path: 'volume/b' })],
  ['a name that is a path', volume('../a')],
  ['paths that lead out', volume('a', { paths: ['../b'] })],
  ['an absolute path', volume('a', { paths: ['/b'] })],
  ['a dump elsewhere', db('a', '../../../etc/shadow')],
])('a manifest that names %s is refused', (_, target) => {
  expect(() => readManifest(text(target))).toThrow(InstanceError)
})

test('what was written is read', () => {
  const { version: _, ...input } = parseManifest(text(volume('documents'), db('shop-db')))
  expect(readManifest(manifest(input).toString())).toEqual({ version: 1, ...input })
})
