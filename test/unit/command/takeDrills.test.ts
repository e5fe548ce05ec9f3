// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${VAR}` is the language under test
import { expect, test } from 'vitest'
import { resolveAll } from '../../../src/command/loadConfiguration.ts'
import { candidateOf, drillsOf } from '../../../src/command/takeDrills.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { InstanceRecord } from '../../../src/record/recordLabels.ts'
import { pastDrill } from '../report/drills.ts'

const RECORD: InstanceRecord = {
  instance: 'a',
  repository: 'o/r',
  host: 'nas',
  lastScheduled: Date.parse('2026-11-28T03:00:00Z'),
  runs: [],
  drills: [],
}

function remembered(record: Partial<InstanceRecord>) {
  return drillsOf({ records: new Map([['a', { ...RECORD, ...record }]]), goingOn: new Map([['a', 1]]) })
}

test('what a host remembers of backups says nothing of when a drill is due, and a drill in progress serves no backup', () => {
  expect(remembered({}).records.size).toBe(0)
  expect(remembered({}).goingOn.size).toBe(0)
})

test('the last start by schedule is that of a drill', () => {
  const hand = pastDrill({ startedAt: '2026-11-28T05:00:00.000Z', isScheduled: false })
  const drills = [hand, pastDrill({ startedAt: '2026-11-21T04:00:00.000Z', verdict: 'failed' }), pastDrill()]
  expect(remembered({ drills }).records.get('a')?.lastScheduled).toBe(Date.parse('2026-11-21T04:00:00Z'))
  expect(remembered({ drills: [hand] }).records.get('a')?.lastScheduled).toBeNull()
})

test.each([
  ['proven', 'success'],
  ['nothing-to-drill', 'success'],
  ['failed', 'failed'],
  ['inconclusive', 'failed'],
] as const)('a job that is run again repeats what was not proven: %s', (verdict, status) => {
  expect(remembered({ drills: [pastDrill({ verdict })] }).records.get('a')?.runs).toMatchObject([{ status }])
})

const WEEKLY = { cron: '0 4 * * 0', timezone: 'Europe/Berlin' }

test.each<[string, string, object]>([
  ['resolved', "schedule: '0 4 * * 0'", { schedule: WEEKLY, isOpen: false }],
  ['resolved, by hand only', 'maxAge: 1h', { schedule: null, isOpen: false }],
  [
    'not resolved: its time is known',
    "schedule: '0 4 * * 0', controls: ['${GONE}']",
    { schedule: WEEKLY, isOpen: false },
  ],
  ['not resolved, by hand only', "controls: ['${GONE}']", { schedule: null, isOpen: false }],
  ['not resolved, nor when it is due', "schedule: '${GONE}'", { schedule: null, isOpen: true }],
  ['a zone of its own', "schedule: 'CRON_TZ=UTC 0 4 * * 0', controls: ['${GONE}']", { schedule: { timezone: 'UTC' } }],
])('the drill of an instance that is %s', (_, drill, expected) => {
  const text = `timezone: Europe/Berlin\ninstances:\n  - {id: a, customImage: x, schedule: '0 2 * * *', drill: {${drill}}}\n`
  const config = loadConfig(text, 'config.yml')
  const [one] = resolveAll(config, config.instances, () => undefined)
  if (one === undefined) throw new Error('no instance')
  expect(candidateOf(config, one, [])).toMatchObject({ id: 'a', isNamed: false, catchUp: true, ...expected })
  expect(candidateOf(config, one, ['a']).isNamed).toBe(true)
})

test('an instance that has no drill is never due by schedule', () => {
  const config = loadConfig("instances:\n  - {id: a, customImage: '${GONE}', schedule: '0 2 * * *'}\n", 'config.yml')
  const [one] = resolveAll(config, config.instances, () => undefined)
  if (one === undefined) throw new Error('no instance')
  expect(candidateOf(config, one, [])).toMatchObject({ schedule: null, isOpen: false })
})
