/** Who is in whose way: a backup and a restore of the same volume or server wait for each other, two backups do not. */
import { expect, test } from 'vitest'
import { whyInTheWay } from '../../../src/claim/waitForOthers.ts'
import type { Claim, HelperClaim } from '../../../src/docker/labels.ts'
import { container, has } from '../../support/containers.ts'

const base = (mounts: readonly string[] = []) => ({
  container: container('marina-run-b', { mounts: mounts.map((name) => has(name)) }),
  instance: 'b',
  self: 'marina-run-b',
  owner: { repository: 'o/r', server: '', runId: '1', attempt: 1, job: 'j', process: '' },
  deadline: 0,
})
const helper = (more: Partial<HelperClaim> = {}, mounts: readonly string[] = []): Claim => ({
  ...{ ...base(mounts), kind: 'helper', restart: [], dumps: [], hooks: [] },
  ...more,
})
const restores = (volume: string, more: Partial<HelperClaim> = {}) =>
  helper({ undo: [{ into: 'place', volume, before: `${volume}-before` }], ...more }, [volume])

test.each`
  what                                                 | ours                                    | holder                                                    | why
  ${'both back up the same volume'}                    | ${{ reads: ['data'] }}                  | ${helper({}, ['data'])}                                   | ${null}
  ${'both dump the same server'}                       | ${{ dumps: ['db'] }}                    | ${helper({ dumps: ['db'] })}                              | ${null}
  ${'a backup meets a restore of its volume'}          | ${{ reads: ['data'] }}                  | ${restores('data')}                                       | ${/restores volume data/}
  ${'a backup meets a restore of another volume'}      | ${{ reads: ['data'] }}                  | ${restores('other')}                                      | ${null}
  ${'a backup meets a restore of its server'}          | ${{ dumps: ['db'] }}                    | ${restores('other', { dumps: ['db'] })}                   | ${/restores a database/}
  ${'a restore meets a helper that copies its volume'} | ${{ replaces: ['data'] }}               | ${helper({}, ['data'])}                                   | ${/backs up volume data/}
  ${'a restore meets an image that reads its volume'}  | ${{ replaces: ['data'] }}               | ${{ ...base(['data']), kind: 'image', helper: 'x' }}      | ${/backs up volume data/}
  ${'a restore meets a mounting backup'}               | ${{ replaces: ['data'] }}               | ${{ ...base(['data']), kind: 'backup' }}                  | ${/backs up volume data/}
  ${'a restore meets a dump of its server'}            | ${{ replaces: [], dumps: ['db'] }}      | ${helper({ dumps: ['db'] })}                              | ${/dumps a database that this one restores/}
  ${'two restores into one volume'}                    | ${{ replaces: ['data'] }}               | ${restores('data')}                                       | ${/restores volume data/}
  ${'a journal'}                                       | ${{ replaces: ['data'], stops: ['a'] }} | ${{ ...base(['data']), kind: 'journal', restart: [] }}    | ${null}
  ${'one that stops what we need'}                     | ${{ dumps: ['a'] }}                     | ${helper({ restart: [{ wave: 0, id: 'a', name: 'a' }] })} | ${/stops an application/}
`('$what', ({ ours, holder, why }) => {
  const said = whyInTheWay({ stops: [], dumps: [], ...ours }, holder)
  if (why === null) expect(said).toBeNull()
  else expect(said).toMatch(why)
})
