import { expect, test } from 'vitest'
import { lastRunOn, type ScheduledRun } from '../../../src/schedule/lastRun.ts'

const NAS = ['self-hosted', 'nas']
const PLAN = { labels: ['ubuntu-latest'], isGood: true }
const run = (createdAt: number, isGood: boolean, ...jobs: ScheduledRun['jobs']): ScheduledRun => ({
  createdAt,
  isGood,
  jobs: [PLAN, ...jobs],
})
const nas = (isGood: boolean) => ({ labels: ['NAS', 'self-hosted'], isGood })
const vps = { labels: ['self-hosted', 'vps'], isGood: true }

test.each<readonly [string, readonly ScheduledRun[], number | null]>([
  ['no runs', [], null],
  ['its job began', [run(3, true, nas(true)), run(2, true)], 3],
  ['its host was off, or its job failed', [run(3, false, nas(false)), run(2, true, nas(true))], 2],
  ['nothing was due there', [run(3, true, vps), run(2, true, nas(true))], 3],
  ['the plan failed', [{ createdAt: 3, isGood: false, jobs: [{ ...PLAN, isGood: false }] }, run(2, true)], 2],
  ['nobody knows', [run(3, false, nas(false))], null],
])('the last run that served a host: %s', (_, runs, at) => {
  expect(lastRunOn(NAS, runs)).toBe(at)
})

test('a host without labels of its own is any that is self-hosted', () => {
  expect(lastRunOn(['self-hosted'], [run(3, false, { labels: ['self-hosted', 'x'], isGood: true })])).toBe(3)
})
