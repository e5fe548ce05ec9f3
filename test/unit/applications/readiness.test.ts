import { describe, expect, test } from 'vitest'
import {
  GRACE_MS,
  judgeReadiness,
  RESTARTS_MS,
  STEADY_MS,
  type StartedContainer,
} from '../../../src/applications/readiness.ts'
import type { Container, HealthCheck } from '../../../src/docker/parseContainer.ts'
import { container, idOf } from '../../support/containers.ts'

const T1 = '2026-11-02T04:00:10.123456789Z'
const T2 = '2026-11-02T04:00:11.5Z'
const check: HealthCheck = {
  intervalMs: 1_000,
  timeoutMs: 2_000,
  retries: 3,
  startPeriodMs: 4_000,
  startIntervalMs: null,
}
const DEADLINE = 4_000 + 3 * 3_000 + 10_000

function watched(over: Partial<StartedContainer> = {}): StartedContainer {
  return { expected: { id: idOf('app'), name: 'app' }, since: 0, startedAt: T1, seenAt: 0, ...over }
}
/** With all the time of the world. */
const at = (now: number) => ({ now, until: Number.POSITIVE_INFINITY })
const app = (over: Partial<Container> = {}) => container('app', { startedAt: T1, ...over })
const health = (status: 'starting' | 'healthy' | 'unhealthy', lastProbeAt: string | null) => ({
  healthCheck: check,
  health: { status, lastProbeAt },
})
/** Begun after T1; the second as an engine in another time zone writes it. */
const FRESH = '2026-11-02T04:00:11.2Z'
const FRESH_LOCAL = '2026-11-02T05:00:11.200000001+01:00'
const STALE_LOCAL = '2026-11-02T05:00:09.2+01:00'

describe('without a health check', () => {
  test.each<[string, Container | undefined, number, string | RegExp]>([
    ['just started', app(), 0, 'waiting'],
    ['nearly steady', app(), STEADY_MS - 1, 'waiting'],
    ['steady', app(), STEADY_MS, 'ready'],
    ['ended', app({ state: 'down', exitCode: 3 }), 100, /"app".*did not keep running: exit code 3/],
    ['ended, out of memory', app({ state: 'down', exitCode: 137, oomKilled: true }), 100, /out of memory/],
    ['gone', undefined, 100, /was removed/],
    ['being restarted by its policy', app({ state: 'restarting', exitCode: 1 }), STEADY_MS, 'waiting'],
    ['restarted since', app({ startedAt: T2 }), STEADY_MS, 'waiting'],
    ['still restarted at the end', app({ startedAt: T2, exitCode: 1 }), RESTARTS_MS, /over and over: exit code 1/],
    ['paused by somebody', app({ state: 'paused' }), 100, 'ready, with a warning'],
    ['a check that was switched off', app({ healthCheck: check, health: null }), STEADY_MS, 'ready'],
  ])('%s', (_, now, ms, expected) => {
    says(judgeReadiness(watched(), now, at(ms)), expected)
  })

  test('the two seconds begin anew with each restart', () => {
    const first = judgeReadiness(watched(), app({ startedAt: T2 }), at(1_900))
    const after = first.kind === 'waiting' ? first.watched : expect.fail()
    says(judgeReadiness(after, app({ startedAt: T2 }), at(1_900 + STEADY_MS - 1)), 'waiting')
    says(judgeReadiness(after, app({ startedAt: T2 }), at(1_900 + STEADY_MS)), 'ready')
  })
})

describe('with a health check', () => {
  test.each<[string, Container, number, string | RegExp]>([
    ['no probe yet, though long steady', app(health('starting', null)), DEADLINE - 1, 'waiting'],
    ['healthy', app(health('healthy', FRESH)), 100, 'ready'],
    ['healthy, another time zone', app(health('healthy', FRESH_LOCAL)), 100, 'ready'],
    ['healthy before the stop', app(health('healthy', '2026-11-02T04:00:09.9Z')), 100, 'waiting'],
    ['healthy before the stop, another time zone', app(health('healthy', STALE_LOCAL)), 100, 'waiting'],
    ['unhealthy before the stop', app(health('unhealthy', STALE_LOCAL)), 100, 'waiting'],
    ['unhealthy', app(health('unhealthy', FRESH)), 100, /"app".*health check fails/],
    ['never says anything', app(health('starting', null)), DEADLINE, /not healthy within 23 s/],
    ['healthy, but being restarted', app({ ...health('healthy', FRESH), state: 'restarting' }), 100, 'waiting'],
    ['ended', app({ ...health('healthy', FRESH), state: 'down', exitCode: 1 }), 100, /exit code 1/],
  ])('%s', (_, now, ms, expected) => {
    says(judgeReadiness(watched(), now, at(ms)), expected)
  })
})

describe('what was unwell before it was stopped fails nobody', () => {
  const was = (before: 'unhealthy' | 'restarting') => watched({ expected: { id: idOf('app'), name: 'app', before } })
  test.each<[string, StartedContainer, Container, number, string | RegExp]>([
    ['unhealthy, as before', was('unhealthy'), app(health('unhealthy', FRESH)), STEADY_MS, 'ready, with a warning'],
    ['unhealthy, not steady yet', was('unhealthy'), app(health('starting', null)), 100, 'waiting'],
    ['unhealthy before, and now it ended', was('unhealthy'), app({ state: 'down' }), 100, /did not keep running/],
    ['restarting, as before', was('restarting'), app({ state: 'restarting' }), 0, 'ready, with a warning'],
  ])('%s', (_, before, now, ms, expected) => {
    says(judgeReadiness(before, now, at(ms)), expected)
  })
})

describe('the time to wait is over', () => {
  const HOUR = 3_600_000
  const slow = (over: Partial<HealthCheck>): Partial<Container> => ({
    healthCheck: { intervalMs: HOUR, timeoutMs: 30_000, retries: 3, startPeriodMs: 0, startIntervalMs: null, ...over },
    health: { status: 'starting', lastProbeAt: null },
  })
  const mute = /nobody waited for its health check, whose first result comes 3600 s after the start: too late/
  test.each<[string, Container, number, number, string | RegExp]>([
    // now, until
    ['a check that speaks too late: not steady yet', app(slow({})), 1_000, 40_000, 'waiting'],
    ['a check that speaks too late: steady', app(slow({})), STEADY_MS, 40_000, mute],
    ['a check that speaks in time', app(slow({ intervalMs: 30_000 })), 10_000, 40_000, 'waiting'],
    [
      'a check that is late because of its interval alone',
      app(slow({ intervalMs: 41_000 })),
      STEADY_MS,
      40_000,
      /41 s/,
    ],
    ['a start period: newer engines probe at once', app(slow({ startPeriodMs: 9_000 })), STEADY_MS, 40_000, 'waiting'],
    ['a start period: an older engine does not', app(slow({ startPeriodMs: 9_000 })), 15_000, 40_000, mute],
    ['a start interval', app(slow({ startPeriodMs: 9_000, startIntervalMs: 39_000 })), 30_000, 40_000, 'waiting'],
    [
      'a start interval that is too long',
      app(slow({ startPeriodMs: 9_000, startIntervalMs: 41_000 })),
      3_000,
      40_000,
      /41 s/,
    ],
    ['probed, and still starting', app(health('starting', FRESH)), 20_000, 20_000, /had not said "healthy"/],
    ['probed, and still starting, not steady yet', app(health('starting', FRESH)), 1_000, 500, 'waiting'],
    ['healthy after all', app(health('healthy', FRESH)), 20_000, 10_000, 'ready'],
    ['unhealthy', app(health('unhealthy', FRESH)), 20_000, 10_000, 'failed'],
    ['without a check, not steady yet', app(), 1_000, 500, 'waiting'],
    ['without a check, steady', app(), STEADY_MS, 500, 'ready'],
    ['restarted by its policy, within the grace', app({ state: 'restarting' }), GRACE_MS - 1, 500, 'waiting'],
    ['restarted by its policy, after it', app({ state: 'restarting' }), GRACE_MS, 500, 'failed'],
    ['ended', app({ state: 'down', exitCode: 3 }), 1_000, 500, 'failed'],
  ])('%s', (_, now, ms, until, expected) => {
    const verdict = judgeReadiness(watched(), now, { now: ms, until })
    if (expected instanceof RegExp) expect(verdict).toEqual({ kind: 'ready', warning: expect.stringMatching(expected) })
    else expect(verdict.kind).toBe(expected)
  })
})

test('a crash loop whose check never speaks, seen running each time, ends with the time', () => {
  const hourly: HealthCheck = { ...check, intervalMs: 3_600_000, startPeriodMs: 0 }
  const up = (startedAt: string) =>
    app({ startedAt, exitCode: 1, healthCheck: hourly, health: { status: 'starting', lastProbeAt: null } })
  for (const everyMs of [1_000, 5_000, 20_000]) {
    let last = watched()
    let end: ReturnType<typeof judgeReadiness> | null = null
    let now = 0
    for (; end === null && now < 200_000; now += 500) {
      const startedAt = new Date(Date.parse(T1) + Math.floor((now + 1_000) / everyMs) * everyMs).toISOString()
      const verdict = judgeReadiness(last, up(startedAt), { now, until: 60_000 })
      if (verdict.kind === 'waiting') last = verdict.watched
      else end = verdict
    }
    if (everyMs < STEADY_MS)
      expect(end).toEqual({ kind: 'failed', error: expect.stringMatching(/over and over: exit code 1/), isDown: true })
    expect(now, `restarted every ${everyMs} ms`).toBeLessThanOrEqual(61_000)
  }
})

test.each<[string, Container | undefined, boolean]>([
  ['ended', app({ state: 'down' }), true],
  ['started over and over', app({ state: 'restarting' }), true],
  ['unhealthy, but running', app(health('unhealthy', FRESH)), false],
  ['not healthy in time, but running', app(health('starting', FRESH)), false],
  ['removed: nothing is there to start', undefined, false],
])('what is %s has failed; it is down: %s', (_, now, isDown) => {
  expect(judgeReadiness(watched(), now, at(10 * RESTARTS_MS))).toMatchObject({ kind: 'failed', isDown })
})

function says(verdict: ReturnType<typeof judgeReadiness>, expected: string | RegExp): void {
  const warned = verdict.kind === 'ready' && verdict.warning !== null
  if (typeof expected === 'string') expect(warned ? 'ready, with a warning' : verdict.kind).toBe(expected)
  else expect(verdict).toMatchObject({ kind: 'failed', error: expect.stringMatching(expected) })
}
