import { describe, expect, test } from 'vitest'
import type { VolumeTarget } from '../../../src/config/model.ts'
import { layoutOf, ownDirectories } from '../../../src/container/layout.ts'
import { decideStaging } from '../../../src/targets/chooseStaging.ts'

const TARGET: VolumeTarget = {
  kind: 'volume',
  name: 'data',
  paths: [],
  exclude: [],
  stopAttached: false,
  staging: null,
  allowEmpty: false,
  verify: null,
  preHook: null,
  postHook: null,
  line: 3,
}
const VOLUME = { name: 'data', driver: 'local', mountpoint: '/m', createdAt: '', labels: {}, options: {} }
const NEW = { apiVersion: '1.45', version: '26.1.5', remapped: false }
const OLD = { apiVersion: '1.41', version: '20.10.24', remapped: false }

test.each`
  target                                     | volume                            | engine                        | kind         | why
  ${{}}                                      | ${{}}                             | ${OLD}                        | ${'mount'}   | ${null}
  ${{ paths: ['a'] }}                        | ${{}}                             | ${NEW}                        | ${'mount'}   | ${null}
  ${{ paths: ['a'] }}                        | ${{}}                             | ${OLD}                        | ${'copy'}    | ${/paths cannot be mounted/}
  ${{ exclude: ['*.tmp'] }}                  | ${{}}                             | ${NEW}                        | ${'copy'}    | ${/exclude/}
  ${{ preHook: 'x' }}                        | ${{}}                             | ${NEW}                        | ${'copy'}    | ${/hooks/}
  ${{ postHook: 'x' }}                       | ${{}}                             | ${NEW}                        | ${'copy'}    | ${/hooks/}
  ${{ stopAttached: true }}                  | ${{}}                             | ${NEW}                        | ${'presync'} | ${null}
  ${{ stopAttached: true, staging: 'copy' }} | ${{}}                             | ${NEW}                        | ${'copy'}    | ${/staging: copy/}
  ${{}}                                      | ${{ driver: 'nfs' }}              | ${NEW}                        | ${'copy'}    | ${/driver is nfs/}
  ${{}}                                      | ${{ options: { type: 'tmpfs' } }} | ${NEW}                        | ${'copy'}    | ${/device of its own/}
  ${{}}                                      | ${{}}                             | ${{ ...NEW, remapped: true }} | ${'copy'}    | ${/remapped/}
  ${{ staging: 'mount' }}                    | ${{ driver: 'nfs' }}              | ${NEW}                        | ${'mount'}   | ${null}
  ${{ staging: 'mount', paths: ['a'] }}      | ${{}}                             | ${OLD}                        | ${'refused'} | ${/needs Docker Engine and CLI 26\.0 \(API 1\.45\)/}
`('$target on $volume: $kind', ({ target, volume, engine, kind, why }) => {
  const decided = decideStaging({ ...TARGET, ...target }, { ...VOLUME, ...volume }, engine, null)
  expect(decided.kind === 'chosen' ? decided.strategy.name : decided.kind).toBe(kind)
  if (why !== null) expect(decided.why).toMatch(why)
})

test('a volume on a disk of its own', () => {
  const disk = '/var/lib/docker/volumes/data/_data'
  const decide = (over: Partial<VolumeTarget>) => decideStaging({ ...TARGET, ...over }, VOLUME, NEW, disk)
  expect(decide({})).toMatchObject({
    strategy: { name: 'copy' },
    why: `it lies on a disk of its own, mounted at ${disk}`,
  })
  expect(decide({ staging: 'mount' })).toMatchObject({ strategy: { name: 'mount' } })
})

describe('layout', () => {
  const at = new Date('2026-11-24T04:05:06.789Z')
  test('timestamp is in UTC', () => {
    expect(layoutOf('timestamp', at)).toEqual({ timestamp: '20261124-040506', directory: '/backup/20261124-040506' })
    expect(layoutOf('stable', at)).toEqual({ timestamp: '20261124-040506', directory: '/backup' })
  })
  test("the image's own directories", () => {
    expect(ownDirectories(layoutOf('timestamp', at), { volumes: true, listings: false, databases: true })).toEqual([
      '/backup',
      '/backup/20261124-040506',
      '/backup/20261124-040506/volume',
      '/backup/20261124-040506/db',
    ])
    expect(ownDirectories(layoutOf('stable', at), { volumes: true, listings: true, databases: false })).toEqual([
      '/backup',
      '/backup/volume',
      '/backup/listings',
    ])
  })
})
