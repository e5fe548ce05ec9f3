import { describe, expect, test } from 'vitest'
import type { PastRun } from '../../../src/outcome.ts'
import { type Candidate, type PlanRequest, planRun } from '../../../src/schedule/planRun.ts'

const NOW = Date.parse('2026-11-28T03:09Z')
const DAILY = { cron: '0 3 * * *', timezone: 'UTC', line: 1 }
const candidate = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  schedule: DAILY,
  isOpen: false,
  catchUp: true,
  isNamed: false,
  ...more,
})
const run = (status: PastRun['status'], runId = '7'): PastRun => ({
  startedAt: '2026-11-28T03:01:00.000Z',
  status,
  isScheduled: true,
  seconds: 1,
  bytes: null,
  runId,
  attempt: 1,
})

function taken(
  candidates: readonly Candidate[],
  more: Partial<PlanRequest> & { readonly runs?: Record<string, PastRun[]> } = {},
) {
  const { runs = {}, ...request } = more
  const items = planRun({
    candidates,
    mode: 'due',
    past: (id) => ({
      last: { at: Date.parse(runs[id] === undefined ? '2026-11-27T03:01Z' : '2026-11-28T03:01Z'), source: 'record' },
      runs: runs[id] ?? [],
    }),
    previousTick: null,
    tick: null,
    attempt: { runId: '7', attempt: 1 },
    now: NOW,
    ...request,
  })
  return items.flatMap(({ id, isTaken }) => (isTaken ? [id] : []))
}

describe('a run by schedule', () => {
  const byHand = candidate('by-hand', { schedule: null })
  test('takes what is due, and what only its host can decide', () => {
    const open = candidate('open', { schedule: null, isOpen: true })
    expect(
      taken([candidate('due'), candidate('served'), byHand, open], { runs: { served: [run('success', '6')] } }),
    ).toEqual(['due', 'open'])
  })
  test('takes one without a schedule if it is named: then the workflow is its schedule', () => {
    expect(taken([byHand, candidate('named', { schedule: null, isNamed: true })])).toEqual(['named'])
  })
  test('a name does not make one due that has a schedule', () => {
    expect(taken([candidate('served', { isNamed: true })], { runs: { served: [run('success', '6')] } })).toEqual([])
  })
})

test('a start by hand takes all', () => {
  expect(taken([candidate('a'), candidate('b', { schedule: null })], { mode: 'all' })).toEqual(['a', 'b'])
})

describe('a further attempt', () => {
  const all = ['good', 'bad', 'new'].map((id) => candidate(id))
  const attempt = { runId: '7', attempt: 2 }
  const runs = { good: [run('success')], bad: [run('failed')] }
  test.each(['due', 'all'] as const)('takes what failed, and what the earlier one did not begin (%s)', (mode) => {
    expect(taken(all, { mode, attempt, runs })).toEqual(['bad', 'new'])
  })
  test('takes everything if it is told to', () => {
    expect(taken(all, { mode: 'every', attempt, runs })).toEqual(['good', 'bad', 'new'])
  })
  test('takes all again if all succeeded', () => {
    expect(taken(all.slice(0, 1), { attempt, runs })).toEqual(['good'])
  })
})

describe('a tick that GitHub delivers twice', () => {
  const last = (at: string, source: 'record' | 'runs' = 'record') => ({
    last: { at: Date.parse(at), source },
    runs: [],
  })
  const tick = Date.parse('2026-11-28T03:07Z')
  const ask = (past: ReturnType<PlanRequest['past']>, more: Partial<PlanRequest> = {}) =>
    planRun({
      candidates: [candidate('a', { schedule: null, isNamed: true })],
      mode: 'every',
      past: () => past,
      previousTick: null,
      tick,
      attempt: { runId: '7', attempt: 1 },
      now: NOW,
      ...more,
    })[0]
  test.each(['every', 'due'] as const)('is served once (%s)', (mode) => {
    expect(ask(last('2026-11-28T03:08Z'), { mode })).toMatchObject({
      isTaken: false,
      slot: new Date(tick),
      why: 'the tick of 2026-11-28 03:07 UTC was served by the start of 2026-11-28 03:08 UTC (record of this host)',
    })
    expect(ask(last('2026-11-28T02:08Z'), { mode })).toMatchObject({ isTaken: true, slot: new Date(tick) })
  })
  test('is not taken for one where nobody remembers, by hand, in a further attempt, and in a second step of the run', () => {
    expect(ask(last('2026-11-28T03:08Z', 'runs'))).toMatchObject({ isTaken: true })
    expect(ask(last('2026-11-28T03:08Z'), { tick: null })).toMatchObject({ isTaken: true, slot: null })
    expect(ask(last('2026-11-28T03:08Z'), { attempt: { runId: '7', attempt: 2 } })).toMatchObject({
      isTaken: true,
      slot: null,
    })
    expect(ask({ ...last('2026-11-28T03:08Z'), runs: [run('failed')] })).toMatchObject({ isTaken: true, slot: null })
  })
})
