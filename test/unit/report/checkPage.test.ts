import { expect, test } from 'vitest'
import { type CheckPage, type CheckRow, checkVerdict, renderCheck } from '../../../src/report/checkPage.ts'

const row = (id: string, state: CheckRow['state'], more: Partial<CheckRow> = {}): CheckRow => ({
  ...{
    what: 'backup' as const,
    id,
    state,
    line: 3,
    when: '2026-11-28 02:00 UTC',
    cause: '',
    url: null,
    next: '2026-11-29 02:00 UTC',
  },
  ...more,
})
const page = (more: Partial<CheckPage>): CheckPage => ({
  ...{
    workflow: 'backup.yml',
    workflowPage: null,
    alarms: [],
    warnings: [],
    rows: [],
    drillWorkflows: [],
    config: null,
    limitBytes: 1e6,
  },
  ...more,
})

test.each([
  [[row('a', 'fresh')], [], '✅ The backup is in time'],
  [
    [row('a', 'fresh'), row('b', 'assumed'), row('c', 'running'), row('d', 'byHand')],
    [],
    '✅ All 3 backups are in time',
  ],
  [[row('d', 'byHand')], [], '✅ No backup has a schedule'],
  [[row('a', 'overdue'), row('b', 'unknown'), row('c', 'fresh')], [], '❌ 1 backup of 3 is overdue'],
  [[row('a', 'unknown'), row('b', 'unknown')], [], '❌ It is not known whether 2 backups of 2 are in time'],
  [[row('a', 'fresh')], ['x'], '❌ Backups are in danger'],
] as const)('the first line says all: %#', (rows, alarms, verdict) => {
  expect(checkVerdict({ rows, alarms })).toBe(verdict)
  expect(renderCheck(page({ rows, alarms }))).toContain(`### ${verdict}\n`)
})

test('overdue ones come first with their cause and run; nothing of a text is markup', () => {
  const rows = [
    row('good', 'fresh'),
    row('bad', 'overdue', { cause: 'exit 1 | <b>@all</b>', url: 'https://github.com/o/r/actions/runs/1' }),
  ]
  const text = renderCheck(page({ rows, config: 'https://github.com/o/r/blob/x/config.yml' }))
  expect(text.indexOf('bad')).toBeLessThan(text.indexOf('good'))
  expect(text).toContain('config.yml#L3')
  expect(text).toMatch(/\(<a href="https:\/\/github.com\/o\/r\/actions\/runs\/1">run<\/a>\)/)
  expect(text).not.toContain('<b>@all')
  for (const line of text.split('\n').filter((one) => one.startsWith('| <b>'))) expect(line.split(' | ').length).toBe(3)
})

test('10,000 rows are cut to fit, which is said; green ones are folded', () => {
  const many = Array.from({ length: 10_000 }, (_, n) =>
    row(`bad${n}`, 'overdue', { cause: 'no run of backup.yml has taken it since'.repeat(5) }),
  )
  const text = renderCheck(page({ rows: many, limitBytes: 1024 * 1024 - 1 }))
  expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024)
  expect(text).toContain('_and 9000 more backups_')
  expect(renderCheck(page({ rows: Array.from({ length: 11 }, (_, n) => row(`g${n}`, 'fresh')) }))).toContain(
    '<details><summary>11 backups in time',
  )
  expect(renderCheck(page({ rows: many, limitBytes: 10 }))).toBe('')
})
