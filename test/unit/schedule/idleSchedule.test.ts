import { expect, test } from 'vitest'
import { judgeIdle } from '../../../src/schedule/idleSchedule.ts'
import { isJobFor, waitingJobs } from '../../../src/schedule/waitingJobs.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 28)
const MINUTE = 60_000

test.each`
  days    | isPublic | state                    | kind          | words
  ${44}   | ${true}  | ${'active'}              | ${'enabled'}  | ${/^$/}
  ${45}   | ${true}  | ${'active'}              | ${'soon'}     | ${/in 15 days: the last commit on main is 45 days old/}
  ${59}   | ${true}  | ${'active'}              | ${'soon'}     | ${/in 1 day:/}
  ${61}   | ${true}  | ${'active'}              | ${'soon'}     | ${/at any time now/}
  ${400}  | ${false} | ${'active'}              | ${'enabled'}  | ${/^$/}
  ${null} | ${true}  | ${'active'}              | ${'enabled'}  | ${/^$/}
  ${1}    | ${false} | ${'disabled_manually'}   | ${'disabled'} | ${/^Somebody has disabled b.yml.* gh workflow enable b.yml --repo o\/r$/}
  ${1}    | ${true}  | ${'disabled_inactivity'} | ${'disabled'} | ${/^GitHub has disabled b.yml, because the repository had no commit for 60 days/}
  ${1}    | ${true}  | ${'disabled_fork'}       | ${'disabled'} | ${/is a fork/}
  ${1}    | ${true}  | ${'deleted'}             | ${'disabled'} | ${/calls the state of b.yml "deleted"/}
`('$days days without a commit, public $isPublic, $state: $kind', ({ days, isPublic, state, kind, words }) => {
  const facts = {
    workflow: 'b.yml',
    state,
    isPublic,
    defaultBranch: 'main',
    lastCommitAt: days === null ? null : NOW - days * DAY,
  }
  const verdict = judgeIdle(facts, NOW, 'o/r')
  expect(verdict.kind).toBe(kind)
  expect(verdict.message).toMatch(words)
})

const job = (status: string, minutes: number, labels: readonly string[] = ['self-hosted', 'nas']) => ({
  ...{ name: 'backup', status, conclusion: null, labels, url: null },
  ...{ createdAt: NOW - minutes * MINUTE, startedAt: status === 'in_progress' ? NOW : null },
})

test('a job waits after half an hour; its runner may be busy if it runs another job', () => {
  expect(waitingJobs([job('queued', 30), job('pending', 99), job('waiting', 99), job('completed', 99)], NOW)).toEqual(
    [],
  )
  expect(waitingJobs([job('queued', 31)], NOW)).toMatchObject([{ mayBeBusy: false }])
  const busy = job('in_progress', 99, ['NAS', 'self-hosted'])
  expect(waitingJobs([job('queued', 31), busy], NOW)).toMatchObject([{ mayBeBusy: true }])
  expect(waitingJobs([job('queued', 31), job('in_progress', 99, ['self-hosted', 'cloud'])], NOW)).toMatchObject([
    { mayBeBusy: false },
  ])
})

test.each([
  [['self-hosted', 'nas'], ['nas'], true],
  [['self-hosted', 'NAS'], ['self-hosted', 'nas'], true],
  [['nas'], ['self-hosted', 'nas'], true],
  [['self-hosted', 'cloud'], ['nas'], false],
  [['self-hosted', 'cloud'], [], true],
  [['ubuntu-latest'], [], false],
  [['ubuntu-24.04'], ['nas'], false],
  [[], [], false],
])('a job with the labels %j is for runsOn %j: %s', (labels, runsOn, is) => {
  expect(isJobFor(labels, runsOn)).toBe(is)
})
