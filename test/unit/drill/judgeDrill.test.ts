import { describe, expect, test } from 'vitest'
import type { Drill } from '../../../src/config/model.ts'
import {
  judgeAge,
  judgeDrill,
  judgeDuration,
  judgeNoPoint,
  judgePoint,
  judgeTargets,
  timeOfBackup,
} from '../../../src/drill/judgeDrill.ts'
import { check } from '../report/drills.ts'

const good = check()
const bad = check({ passed: false, seen: 'a file is missing' })
const fact = check({ kind: 'dump', looked: false })

describe('the verdict', () => {
  test.each([
    ['data was looked at, and is right', [good, fact], [], null, 'proven', null],
    ['nothing was looked at', [fact], [], null, 'inconclusive', 'nothing that was compared is data'],
    ['no check at all', [], [], null, 'inconclusive', 'nothing that was compared is data'],
    ['one check failed', [good, bad], [], null, 'failed', 'a file is missing'],
    ['a check failed, then the disk was full', [bad], ['disk full'], null, 'failed', 'a file is missing'],
    [
      'all that was looked at is right, then the disk was full',
      [good],
      ['disk full'],
      null,
      'inconclusive',
      'disk full',
    ],
    ['nothing was backed up yet', [], [], 'no backup yet', 'nothing-to-drill', 'no backup yet'],
    ['nothing was backed up, and the engine broke', [], ['engine'], 'no backup yet', 'inconclusive', 'engine'],
    [
      'a fact that failed',
      [good, check({ looked: false, passed: false, seen: 'RPO missed' })],
      [],
      null,
      'failed',
      'RPO',
    ],
  ] as const)('%s', (_, checks, surroundings, nothing, verdict, error) => {
    const judged = judgeDrill({ checks, surroundings, nothing })
    expect(judged.verdict).toBe(verdict)
    if (error === null) expect(judged.error).toBeNull()
    else expect(judged.error).toContain(error)
  })

  test('all that failed is named', () => {
    const { error } = judgeDrill({
      checks: [bad, check({ passed: false, seen: 'a mode is wrong' })],
      surroundings: [],
      nothing: null,
    })
    expect(error).toBe('a file is missing; a mode is wrong')
  })
})

test.each([
  ['20261128-020000', '2026-11-28T02:00:00.000Z'],
  ['20260229-020000', null],
  ['20261128', null],
  ['20261128-256000', null],
  ['', null],
  ['2026-11-28T02:00:00Z', null],
])('the time of the manifest %s', (timestamp, expected) => {
  const at = timeOfBackup(timestamp)
  expect(at === null ? null : new Date(at).toISOString()).toBe(expected)
})

describe('the point', () => {
  const NOW = Date.parse('2026-11-28T04:00:00Z')
  const point = (day: number, time: string | null = `2026-11-${day}T02:00:30Z`) => ({ id: `p${day}`, time, text: '' })
  const run = (day: number, status: 'success' | 'partial' | 'failed' = 'success') => ({
    startedAt: `2026-11-${day}T02:00:00.000Z`,
    status,
  })
  const MANIFEST = { timestamp: '20261128-020000' }

  test.each([
    ['the newest of three', [point(26), point(27), point(28)], [], true, 'came back as point p28'],
    ['no list', [], [], true, 'came back'],
    ['a list without times', [point(27, null), point(28, null)], [], true, 'came back'],
    ['one whose list is not in order', [point(28), point(26), point(27)], [], true, 'point p28'],
    ["yesterday's data as today's", [point(28), point(29)], [], false, 'the data is older than it is said to be'],
    ['the newest whole one', [point(28), { ...point(29), text: 'partial host nas' }], [], true, 'point p28'],
    ['a good backup that the host remembers', [point(28)], [run(28)], true, ''],
    ['a later good backup is not in the store', [point(28)], [run(29)], false, 'remembers as good'],
    ['a later backup failed', [point(28)], [run(29, 'failed'), run(28)], true, ''],
    ['a later backup was partial', [point(28)], [run(29, 'partial')], true, ''],
  ])('%s', (_, points, runs, passed, words) => {
    const now = NOW + 48 * 3_600_000
    const judged = judgePoint({ manifest: MANIFEST, points, runs, now })
    expect(judged).toMatchObject({ kind: 'point', passed, looked: false })
    expect(judged.seen).toContain(words)
  })

  test('one in the future, and one without a time, are refused; a clock may differ by minutes', () => {
    const at = (timestamp: string) => judgePoint({ manifest: { timestamp }, points: [], runs: [], now: NOW })
    expect(at('20261128-050000')).toMatchObject({ passed: false, seen: expect.stringContaining('in the future') })
    expect(at('20261128-040500')).toMatchObject({ passed: true })
    expect(at('never')).toMatchObject({ passed: false, seen: expect.stringContaining('which is no time') })
  })

  test('without any point there is nothing to drill, unless a good backup is remembered', () => {
    expect(judgeNoPoint([])).toBeNull()
    expect(judgeNoPoint([run(28, 'failed'), run(27, 'partial')])).toBeNull()
    expect(judgeNoPoint([run(28, 'failed'), run(27), run(26)])).toMatchObject({
      passed: false,
      seen: expect.stringContaining('2 good backups, the last of 2026-11-27 02:00 UTC'),
    })
  })
})

describe('RPO and RTO', () => {
  const drill = (changes: Partial<Drill>): Drill => ({
    schedule: null,
    maxAgeMs: null,
    maxDurationMs: null,
    controls: [],
    image: null,
    checks: [],
    ...changes,
  })
  const HOUR = 3_600_000

  test.each([
    [null, 0, null],
    [drill({}), 999 * HOUR, null],
    [drill({ maxAgeMs: HOUR }), HOUR, true],
    [drill({ maxAgeMs: HOUR }), HOUR + 1, false],
    [drill({ maxAgeMs: HOUR }), -5, true],
  ])('%j, a backup %d ms old', (given, age, expected) => {
    expect(judgeAge(given, age)?.passed ?? null).toBe(expected)
  })

  test.each([
    [null, 0, true, null],
    [drill({}), HOUR, true, null],
    [drill({ maxDurationMs: HOUR }), HOUR, true, true],
    [drill({ maxDurationMs: HOUR }), HOUR + 1, true, false],
    // ended before it was done: whether it would have been in time is not known, unless it is too late already
    [drill({ maxDurationMs: HOUR }), HOUR - 1, false, null],
    [drill({ maxDurationMs: HOUR }), HOUR + 1, false, false],
  ])('%j, a restore of %d ms, over: %s', (given, took, isOver, expected) => {
    expect(judgeDuration(given, took, isOver)?.passed ?? null).toBe(expected)
  })
})

test('each target that failed when the backup was made fails the drill', () => {
  const failed = [{ kind: 'db' as const, name: 'db', error: 'no password' }]
  expect(judgeTargets({ targets: [], failed: [], timestamp: 't' }, [])).toEqual([])
  expect(
    judgeTargets({ targets: [], failed, timestamp: 't' }, [
      { kind: 'db', name: 'db' },
      { kind: 'volume', name: 'files' },
      { kind: 'volume', name: 'db' },
    ]),
  ).toMatchObject([
    { target: 'db', passed: false, seen: 'db is not in the backup of t, because it failed then: no password' },
    { target: 'files', passed: false, seen: 'files is not in the backup of t, and is a target of the configuration' },
    { target: 'db', passed: false, seen: 'db is not in the backup of t, and is a target of the configuration' },
  ])
})
