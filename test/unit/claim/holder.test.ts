import { expect, test } from 'vitest'
import { describeHolder, whyNotOurs } from '../../../src/claim/holder.ts'
import type { Claim, Owner } from '../../../src/docker/labels.ts'
import { VERSION_LABEL } from '../../../src/docker/labels.ts'
import { container } from '../../support/containers.ts'

test("a container of Marina's is never called a stranger's", () => {
  const theirs = container('marina-run-a')
  expect(whyNotOurs(theirs)).toBe(
    "a container named marina-run-a is on this host, and it is not Marina's: rename or remove it (docker rm marina-run-a), or choose another id",
  )
  for (const version of ['1', '2'])
    expect(whyNotOurs({ ...theirs, labels: { [VERSION_LABEL]: version } })).toMatch(
      /^container marina-run-a is Marina's, but of another version, or somebody renamed it/,
    )
})

const NOW = Date.parse('2026-11-24T04:00:00Z')
const OWNER: Owner = {
  repository: 'octo/backups',
  server: 'https://github.com',
  runId: '7',
  attempt: 2,
  job: 'j',
  process: '',
}
const held = (seconds: number, owner: Partial<Owner> = {}): Claim => ({
  kind: 'backup',
  container: container('marina-run-a', { createdAt: new Date(NOW - seconds * 1000).toISOString() }),
  instance: 'a',
  self: 'marina-run-a',
  owner: { ...OWNER, ...owner },
  deadline: NOW,
})

test.each`
  what                                   | given                                     | says
  ${'just now'}                          | ${held(0)}                                | ${/already, for less than a minute by run 7 \(attempt 2\) of octo\/backups: https:\/\/github.com\/octo\/backups\/actions\/runs\/7 \(container marina-run-a\)\. Wait/}
  ${'below a minute'}                    | ${held(29)}                               | ${/for less than a minute by/}
  ${'some minutes'}                      | ${held(150)}                              | ${/for 2 min 30 s by/}
  ${'hours'}                             | ${held(2 * 3600 + 5 * 60)}                | ${/for 2 h 5 min by/}
  ${'the clocks of engine and us apart'} | ${held(-5)}                               | ${/for less than a minute by/}
  ${'no server'}                         | ${held(9, { server: '' })}                | ${/of octo\/backups \(container/}
  ${'no run'}                            | ${held(9, { runId: '' })}                 | ${/by a run outside a forge \(container/}
  ${'no repository'}                     | ${held(9, { repository: '', runId: '' })} | ${/by a run outside a forge \(container/}
`('who holds the lock: $what', ({ given, says }) => {
  expect(describeHolder(given, NOW)).toMatch(says)
})

test.each([
  [{ start: { at: NOW, isScheduled: true } }, 'the instance is being backed up already, for'],
  [{}, 'the instance is being restored or drilled already, for'],
])('what is done with it: %j', (more, says) => {
  expect(describeHolder({ ...held(9), ...more } as Claim, NOW)).toContain(says)
})
