import { expect, test } from 'vitest'
import { processGone, staleBecause } from '../../../src/claim/stale.ts'
import { type Claim, claimLabels, type JournalEntry, parseClaim, sweepName } from '../../../src/docker/labels.ts'
import type { Container } from '../../../src/docker/parseContainer.ts'
import { container as build } from '../../support/containers.ts'

const NOW = Date.parse('2026-11-24T04:00:00Z')
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const ID = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2'

function container(over: Partial<Container> = {}, createdAgo = 3600, labels: Record<string, string> = {}): Container {
  const times = { createdAt: ago(createdAgo), startedAt: ago(3500), finishedAt: ago(3500) }
  return build('marina-run-a', { id: ID, labels, ...times, ...over })
}

const base = (of: Container) => ({
  container: of,
  instance: 'a',
  self: of.name,
  owner: {
    repository: 'octo/backups',
    server: 'https://github.com',
    runId: '7',
    attempt: 2,
    job: 'j',
    process: 'boot pid:[1] 42 99',
  },
  deadline: NOW + 1000,
})
const restart: readonly JournalEntry[] = [
  { wave: 0, id: 'id1', name: 'db', healthyFirst: true },
  { wave: 0, id: 'id3', name: 'cache', healthyFirst: true, before: 'unhealthy' },
  { wave: 1, id: 'id2', name: 'app', before: 'restarting' },
]
function claim(kind: Claim['kind'], of: Container): Claim {
  switch (kind) {
    case 'backup':
      return { ...base(of), kind }
    case 'helper':
      return { ...base(of), kind, restart, dumps: ['d'.repeat(64)], hooks: ['shop'] }
    case 'image':
      return { ...base(of), kind, helper: ID }
    case 'journal':
      return { ...base(of), kind, restart }
  }
}

const RESTORE = { ...claim('helper', container()), undo: [{ into: 'place', volume: 'data', before: 'data-before' }] }

const created = { status: 'created', state: 'down' as const, startedAt: '0001-01-01T00:00:00Z' }
const exited = (secondsAgo: number) => ({ status: 'exited', state: 'down' as const, finishedAt: ago(secondsAgo) })
const nothing = { engineNow: NOW, runCompleted: null, orphaned: false, ownerGone: null }

test.each`
  what                                   | given                                      | known                                                             | because
  ${'a backup that runs'}                | ${claim('backup', container())}            | ${{}}                                                             | ${null}
  ${'its deadline has passed'}           | ${claim('backup', container())}            | ${{ engineNow: NOW + 2000 }}                                      | ${/deadline/}
  ${'the API says that its run is over'} | ${claim('backup', container())}            | ${{ runCompleted: true }}                                         | ${/run is completed/}
  ${'the API says that its run goes on'} | ${claim('backup', container())}            | ${{ runCompleted: false }}                                        | ${null}
  ${'its process is gone'}               | ${claim('backup', container())}            | ${{ ownerGone: true }}                                            | ${/process is gone/}
  ${'just created'}                      | ${claim('backup', container(created, 59))} | ${{}}                                                             | ${null}
  ${'created and never started'}         | ${claim('backup', container(created, 61))} | ${{}}                                                             | ${/never started/}
  ${'just ended'}                        | ${claim('backup', container(exited(59)))}  | ${{}}                                                             | ${null}
  ${'ended and nobody removed it'}       | ${claim('backup', container(exited(61)))}  | ${{}}                                                             | ${/ended/}
  ${'a helper that holds'}               | ${claim('helper', container())}            | ${{}}                                                             | ${null}
  ${'a helper whose lease is broken'}    | ${claim('helper', container())}            | ${{ orphaned: true }}                                             | ${/action died/}
  ${'a helper that is down'}             | ${claim('helper', container(exited(5)))}   | ${{}}                                                             | ${/not running/}
  ${'a journal, whoever left it'}        | ${claim('journal', container())}           | ${{ runCompleted: false }}                                        | ${/journal/}
  ${'a helper that is about to start'}   | ${claim('helper', container(created, 5))}  | ${{}}                                                             | ${null}
  ${'a restore whose process is there'}  | ${RESTORE}                                 | ${{ ownerGone: false, engineNow: NOW + 9e8, runCompleted: true }} | ${null}
  ${'the same, and its lease is broken'} | ${RESTORE}                                 | ${{ ownerGone: false, orphaned: true }}                           | ${/action died/}
  ${'a restore of which nobody knows'}   | ${RESTORE}                                 | ${{ engineNow: NOW + 2000 }}                                      | ${/deadline/}
  ${'a restore whose process is gone'}   | ${RESTORE}                                 | ${{ ownerGone: true }}                                            | ${/process is gone/}
`('$what', ({ given, known, because }) => {
  const said = staleBecause(given, { ...nothing, ...known })
  if (because === null) expect(said).toBeNull()
  else expect(said).toMatch(because)
})

test.each(['backup', 'helper', 'image', 'journal'] as const)('what the labels of a %s say comes back whole', (kind) => {
  const whole = claim(kind, container())
  const labels = claimLabels(whole)
  const of = container({}, 3600, labels)
  expect(parseClaim(of)).toEqual({ ...whole, container: of })
})

test.each`
  what                                          | change
  ${'labels of an image, on another container'} | ${(of: Container) => ({ ...of, name: 'postgres' })}
  ${'another version'}                          | ${(of: Container) => ({ ...of, labels: { ...of.labels, 'dev.polarfox.marina-action.version': '2' } })}
  ${'no labels'}                                | ${(of: Container) => ({ ...of, labels: {} })}
  ${'a sweep of another container'}             | ${(of: Container) => ({ ...of, name: 'marina-sweep-000000000000' })}
  ${'a kind that is not known'}                 | ${(of: Container) => ({ ...of, labels: { ...of.labels, 'dev.polarfox.marina-action.kind': 'x' } })}
`('not ours: $what', ({ change }) => {
  const of = container({}, 3600, claimLabels(claim('helper', container())))
  expect(parseClaim(of)).not.toBeNull()
  expect(parseClaim(change(of))).toBeNull()
})

test.each([1, 2, 3])('ours still, after sweeper %i took it over', (generation) => {
  const of = container({}, 3600, claimLabels(claim('helper', container())))
  expect(parseClaim({ ...of, name: sweepName(ID, generation) })?.instance).toBe('a')
})

test.each`
  theirs                   | started  | gone
  ${'boot pid:[1] 42 99'}  | ${'99'}  | ${false}
  ${'boot pid:[1] 42 99'}  | ${'100'} | ${true}
  ${'boot pid:[1] 42 99'}  | ${''}    | ${true}
  ${'boot pid:[1] 42 99'}  | ${null}  | ${null}
  ${'boot pid:[1] 42 -'}   | ${'99'}  | ${null}
  ${'boot pid:[1] 42 -'}   | ${''}    | ${true}
  ${'other pid:[1] 42 99'} | ${null}  | ${null}
  ${'boot pid:[2] 42 99'}  | ${null}  | ${null}
  ${'- - 42 -'}            | ${null}  | ${null}
  ${''}                    | ${null}  | ${null}
`('process "$theirs", there since $started: gone $gone', ({ theirs, started, gone }) => {
  expect(processGone(theirs, 'boot pid:[1] 1 1', () => started)).toBe(gone)
})
