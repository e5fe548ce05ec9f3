import { describe, expect, test } from 'vitest'
import type { PastRun } from '../../../src/outcome.ts'
import {
  decideDue,
  dependsOnEarlierRun,
  earlierAttempt,
  lastStartOf,
  previousTickOf,
  tickOf,
} from '../../../src/schedule/due.ts'

const HOUR = 3_600_000
const ms = (text: string) => Date.parse(text)
const cron = (text: string, timezone = 'UTC') => ({ cron: text, timezone, line: 1 })

describe('one decision', () => {
  const base = {
    schedule: cron('0 3 * * *'),
    catchUp: true as boolean | number,
    last: { at: ms('2026-11-27T03:07Z'), source: 'record' as const },
    previousTick: ms('2026-11-28T02:07Z'),
    now: ms('2026-11-28T03:09Z'),
  }
  test.each([
    [
      'the slot is new',
      {},
      true,
      'its slot of 2026-11-28 03:00 UTC is later than its last start by schedule, of 2026-11-27 03:07 UTC (record of this host)',
    ],
    [
      'it was served',
      { last: { at: ms('2026-11-28T03:02Z'), source: 'record' } },
      false,
      'was served by the start of 2026-11-28 03:02 UTC (record of this host)',
    ],
    [
      'a start at the slot itself serves it',
      { last: { at: ms('2026-11-28T03:00Z'), source: 'record' } },
      false,
      'was served',
    ],
    [
      'three were missed',
      { last: { at: ms('2026-11-24T03:07Z'), source: 'record' } },
      true,
      '; 3 before it were missed, and one run serves all',
    ],
    [
      'one was missed',
      { last: { at: ms('2026-11-26T03:07Z'), source: 'record' } },
      true,
      '; 1 before it was missed, and one run serves all',
    ],
    [
      'a year was missed',
      { last: { at: ms('2025-11-24T03:07Z'), source: 'record' } },
      true,
      '; more than 20 before it were missed',
    ],
    [
      'late, and catchUp bounds it',
      { now: ms('2026-11-28T06:00Z'), catchUp: 2 * HOUR },
      false,
      'was missed, and `catchUp` (2 h) leaves it out',
    ],
    ['late within catchUp', { now: ms('2026-11-28T04:59Z'), catchUp: 2 * HOUR }, true, 'is later than'],
    ['no catchUp, in time', { catchUp: false }, true, 'is later than'],
    [
      'no catchUp, and a tick has passed',
      { catchUp: false, previousTick: ms('2026-11-28T03:07Z'), now: ms('2026-11-28T04:08Z') },
      false,
      '`catchUp: false` leaves it out',
    ],
    [
      'no catchUp, no tick known, later than a tick can be',
      { catchUp: false, previousTick: null, now: ms('2026-11-28T09:00Z') },
      false,
      '`catchUp: false` leaves it out',
    ],
    [
      'no catchUp, no tick known, as late as a tick can be',
      { catchUp: false, previousTick: null, now: ms('2026-11-28T08:59Z') },
      true,
      'is later than',
    ],
    ['by hand only', { schedule: null }, false, 'it has no schedule, and is started by hand only'],
    [
      'another zone',
      { schedule: cron('0 3 * * *', 'Europe/Berlin') },
      true,
      'its slot of 2026-11-28 02:00 UTC (28 Nov, 03:00 Europe/Berlin)',
    ],
    [
      'the API',
      { last: { at: ms('2026-11-28T02:09Z'), source: 'runs' } },
      true,
      "is later than the workflow's last run by schedule, of 2026-11-28 02:09 UTC (this host has no record)",
    ],
    [
      'the tick',
      { last: { at: ms('2026-11-28T02:07Z'), source: 'tick' } },
      true,
      'is later than the tick of 2026-11-28 02:07 UTC',
    ],
    ['nothing', { last: { at: ms('2026-11-27T03:09Z'), source: 'none' } }, true, 'is less than a day old'],
  ] as const)('%s', (_, change, isDue, why) => {
    const decision = decideDue({ ...base, ...(change as Partial<typeof base>) })
    expect(decision).toMatchObject({ isDue })
    expect(decision.why).toContain(why)
  })

  test('the next slot is told', () => {
    expect(decideDue(base).next?.toISOString()).toBe('2026-11-29T03:00:00.000Z')
  })
})

test('what remembers best is believed', () => {
  const now = ms('2026-11-28T03:09Z')
  expect(lastStartOf({ record: 1, runs: 2, previousTick: 3, now })).toEqual({ at: 1, source: 'record' })
  expect(lastStartOf({ record: null, runs: 2, previousTick: 3, now })).toEqual({ at: 2, source: 'runs' })
  expect(lastStartOf({ record: null, runs: null, previousTick: 3, now })).toEqual({ at: 3, source: 'tick' })
  expect(lastStartOf({ record: null, runs: null, previousTick: null, now })).toEqual({
    at: now - 24 * HOUR,
    source: 'none',
  })
})

test('the tick before this one', () => {
  const tick = (crons: readonly string[], createdAt: string, earlierRun: string | null = null) =>
    previousTickOf(
      { fired: crons.map((one) => cron(one)), createdAt: ms(createdAt) },
      earlierRun === null ? null : ms(earlierRun),
    )
  // the run before this one was that of 02:07, so this is that of 03:07
  expect(tick(['7 * * * *'], '2026-11-28T03:09Z', '2026-11-28T02:10Z')).toBe(ms('2026-11-28T02:07Z'))
  expect(tick(['7 * * * *'], '2026-11-28T03:07Z', '2026-11-28T02:07Z')).toBe(ms('2026-11-28T02:07Z'))
  // two ticks were dropped or are late
  expect(tick(['7 * * * *'], '2026-11-28T05:09Z', '2026-11-28T02:10Z')).toBe(ms('2026-11-28T02:07Z'))
  // the run before this one was a late tick of another cron, or the same tick
  expect(tick(['7 * * * *'], '2026-11-28T03:09Z', '2026-11-28T03:08Z')).toBe(ms('2026-11-28T02:07Z'))
  // nobody knows: it may be late by six hours, and by no more
  expect(tick(['7 * * * *'], '2026-11-28T09:09Z')).toBe(ms('2026-11-28T03:07Z'))
  expect(tick(['7 * * * *'], '2026-11-28T09:09Z', '2026-11-27T02:10Z')).toBe(ms('2026-11-28T03:07Z'))
  expect(tick(['*/5 * * * *'], '2026-11-28T09:09Z')).toBe(ms('2026-11-28T03:05Z'))
  expect(tick(['0 3 * * *'], '2026-11-28T03:00Z')).toBe(ms('2026-11-27T03:00Z'))
  expect(tick(['0 3 * * *'], '2026-11-28T05:00Z')).toBe(ms('2026-11-27T03:00Z'))
  expect(tick(['0 3 * * *', '0 4 * * *'], '2026-11-28T05:00Z')).toBe(ms('2026-11-27T04:00Z'))
  expect(tick([], '2026-11-28T05:00Z')).toBeNull()
})

test('an earlier attempt of the same run', () => {
  const past = (runId: string, attempt: number, status: PastRun['status']): PastRun => ({
    startedAt: '2026-11-28T03:09:00.000Z',
    status,
    isScheduled: true,
    seconds: 1,
    bytes: null,
    runId,
    attempt,
  })
  const ask = (runs: readonly PastRun[], attempt = 2) => earlierAttempt(runs, { runId: '7', attempt })
  expect(ask([])).toBeNull()
  expect(ask([past('6', 1, 'failed')])).toBeNull()
  expect(ask([past('7', 1, 'failed')], 1)).toBeNull()
  expect(ask([past('7', 1, 'failed')])).toBe('again')
  expect(ask([past('7', 1, 'died')])).toBe('again')
  expect(ask([past('7', 1, 'partial')])).toBe('again')
  expect(ask([past('7', 1, 'success')])).toBe('done')
  expect(ask([past('7', 2, 'success'), past('7', 1, 'failed')], 3)).toBe('done')
  expect(ask([past('', 1, 'failed')])).toBeNull()
})

test('the tick of this run', () => {
  expect(tickOf({ fired: [cron('7 * * * *'), cron('0 3 * * *')], createdAt: ms('2026-11-28T03:09Z') })).toBe(
    ms('2026-11-28T03:07Z'),
  )
  expect(tickOf({ fired: [], createdAt: 0 })).toBeNull()
})

test('an hourly tick that comes hours late loses no slot: neither with `catchUp: false`, nor in a first run that nobody remembers', () => {
  const now = ms('2026-11-28T05:30Z') // the tick of 03:07
  const previousTick = previousTickOf({ fired: [cron('7 * * * *')], createdAt: now }, null)
  const request = { schedule: cron('0 3 * * *'), catchUp: false, previousTick, now }
  const record = { at: ms('2026-11-27T03:09Z'), source: 'record' as const }
  expect(decideDue({ ...request, last: record }).isDue).toBe(true)
  const last = lastStartOf({ record: null, runs: null, previousTick, now })
  expect(decideDue({ ...request, last }).isDue).toBe(true)
  // the API knows a run in between: that was the slot's tick
  const known = previousTickOf({ fired: [cron('7 * * * *')], createdAt: now }, ms('2026-11-28T04:10Z'))
  expect(decideDue({ ...request, previousTick: known, last: record }).isDue).toBe(false)
  // the job waited for its runner: its run was created in time
  const queued = previousTickOf(
    { fired: [cron('7 * * * *')], createdAt: ms('2026-11-28T03:08Z') },
    ms('2026-11-28T02:09Z'),
  )
  expect(decideDue({ ...request, previousTick: queued, last: record, now: ms('2026-11-28T20:00Z') }).isDue).toBe(true)
})

test('the runs before this one are asked for only where they decide', () => {
  const now = ms('2026-11-28T05:30Z')
  const schedule = cron('0 3 * * *')
  expect(dependsOnEarlierRun({ schedule, catchUp: false }, ms('2026-11-27T03:09Z'), now)).toBe(true)
  expect(dependsOnEarlierRun({ schedule, catchUp: false }, ms('2026-11-28T03:09Z'), now)).toBe(false)
  expect(dependsOnEarlierRun({ schedule, catchUp: true }, ms('2026-11-27T03:09Z'), now)).toBe(false)
  expect(dependsOnEarlierRun({ schedule: null, catchUp: false }, null, now)).toBe(false)
})
