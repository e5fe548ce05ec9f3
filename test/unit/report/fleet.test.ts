/** The joining of a fleet's reports: what makes the run good or bad, and what can be read of a report. */
import { expect, test } from 'vitest'
import type { RunReport } from '../../../src/outcome.ts'
import {
  type Fleet,
  type FleetHost,
  type FleetJobs,
  joinFleet,
  parseDue,
  parseFleetJobs,
  parseReport,
  slimReport,
} from '../../../src/report/fleet.ts'
import { failed, instance, report } from './reports.ts'

const FACTS = { repository: 'o/r', runUrl: null, runId: '5', attempt: 1, configFile: 'config.yml' }
const jobs = (changes: Partial<FleetJobs> = {}): FleetJobs => ({
  plan: 'success',
  backup: 'success',
  attempt: 1,
  hosts: ['nas', 'web'],
  ...changes,
})
const host = (name: string, changes: Partial<RunReport> = {}): FleetHost => ({
  name,
  report: report(changes),
  missing: null,
})
const gone = (name: string, due: readonly string[] = []): FleetHost => ({
  name,
  report: null,
  missing: 'its job was killed',
  due,
})
const joined = (given: FleetJobs, hosts: readonly FleetHost[], allowPartial = false): Fleet =>
  joinFleet(given, hosts, FACTS, allowPartial)

const bad = { result: 'failed', instances: [failed('a', 'no route')] } as const
const half = { result: 'partial', instances: [instance({ status: 'partial' })] } as const
const none = { result: 'nothing-due', instances: [] } as const
const stopped = { result: 'cancelled', instances: [instance({ status: 'skipped' })] } as const

test.each<[string, FleetJobs, FleetHost[], RunReport['result'], number]>([
  ['all good', jobs(), [host('nas'), host('web')], 'success', 0],
  ['one failed', jobs({ backup: 'failure' }), [host('nas', bad), host('web')], 'failed', 0],
  ['one incomplete', jobs({ backup: 'failure' }), [host('nas', half), host('web')], 'partial', 0],
  ['nothing due any more', jobs(), [host('nas', none), host('web', none)], 'nothing-due', 0],
  [
    'an application of an earlier run is down',
    jobs({ backup: 'failure' }),
    [host('nas', { result: 'failed', errors: ['x'] })],
    'failed',
    0,
  ],
  ['a report is missing, its job failed', jobs({ backup: 'failure' }), [host('nas'), gone('web')], 'failed', 1],
  ['a report is missing, its job is green', jobs(), [host('nas'), gone('web')], 'failed', 1],
  ['each report is missing', jobs({ backup: 'failure' }), [gone('nas'), gone('web')], 'failed', 2],
  ['a job failed although its report is good', jobs({ backup: 'failure' }), [host('nas'), host('web')], 'failed', 1],
  ['a job failed although nothing was due', jobs({ backup: 'failure' }), [host('nas', none)], 'failed', 1],
  ['no job ran', jobs({ backup: 'skipped' }), [gone('nas'), gone('web')], 'failed', 2],
  ['no job ran, but reports are there', jobs({ backup: 'skipped' }), [host('nas'), host('web')], 'failed', 1],
  ['nothing planned', jobs({ backup: 'skipped', hosts: [] }), [], 'nothing-due', 0],
  ['the plan failed', jobs({ plan: 'failure', backup: 'skipped', hosts: [] }), [], 'failed', 1],
  ['the plan did not run', jobs({ plan: 'skipped', backup: 'skipped', hosts: [] }), [], 'failed', 1],
  ['the plan was cancelled', jobs({ plan: 'cancelled', backup: 'skipped', hosts: [] }), [], 'cancelled', 1],
  ['cancelled while one waited', jobs({ backup: 'cancelled' }), [host('nas'), gone('web')], 'cancelled', 1],
  ['cancelled after one failed', jobs({ backup: 'cancelled' }), [host('nas', bad), gone('web')], 'failed', 1],
  [
    'cancelled before the first instance',
    jobs({ backup: 'failure' }),
    [host('nas', stopped), host('web')],
    'cancelled',
    0,
  ],
])('%s', (_, given, hosts, result, problems) => {
  const fleet = joined(given, hosts)
  expect(fleet.run.result).toBe(result)
  expect(fleet.problems).toHaveLength(problems)
})

test('an allowed incomplete backup does not hide that its job failed', () => {
  expect(joined(jobs(), [host('nas', half)], true)).toMatchObject({ run: { result: 'partial' }, problems: [] })
  expect(joined(jobs({ backup: 'failure' }), [host('nas', half)], true).run.result).toBe('failed')
})

test('what belongs to a host says so: errors, containers, warnings, each warning once', () => {
  const { run } = joined(jobs({ backup: 'failure' }), [
    host('nas', { result: 'failed', errors: ['db is down'], warnings: ['old engine'] }),
    host('web', { warnings: ['old engine', 'slow'], instances: [instance({ id: 'b', notUp: ['shop'] })] }),
  ])
  expect(run.errors).toEqual(['on host nas: db is down'])
  expect(run.warnings).toEqual(['nas, web: old engine', 'web: slow'])
  expect(run.instances.map(({ id, notUp }) => [id, notUp])).toEqual([
    ['files', []],
    ['b', ['web: shop']],
  ])
})

test('the run lasts from the first start to the last end', () => {
  const { run } = joined(jobs(), [
    host('nas', { startedAt: '2026-11-24T18:00:00.000Z', seconds: 10 }),
    host('web', { startedAt: '2026-11-24T17:59:00.000Z', seconds: 30 }),
  ])
  expect(run).toMatchObject({ startedAt: '2026-11-24T17:59:00.000Z', seconds: 70 })
})

test.each([
  ['', 'JSON'],
  ['[]', 'object'],
  ['{"plan":"ok","backup":"success","attempt":1,"hosts":[]}', '`plan`'],
  ['{"plan":"success","backup":"","attempt":1,"hosts":[]}', '`backup`'],
  ['{"plan":"success","backup":"success","attempt":"1","hosts":[]}', '`attempt`'],
  ['{"plan":"success","backup":"success","attempt":1,"hosts":"nas"}', '`hosts`'],
  ['{"plan":"success","backup":"success","attempt":1,"hosts":[null]}', '`hosts`'],
])('the input fleet %j is refused', (text, why) => {
  expect(() => parseFleetJobs(text)).toThrow(why)
})

test('the input fleet is read as the workflow writes it', () => {
  const text = '{\n  "plan": "success",\n  "backup": "failure",\n  "attempt": 2,\n  "hosts": ["nas", "web", "nas"]\n}'
  expect(parseFleetJobs(text)).toEqual(jobs({ backup: 'failure', attempt: 2 }))
  expect(parseFleetJobs('{"plan":"failure","backup":"skipped","attempt":1,"hosts":null}').hosts).toEqual([])
})

test('a report that is damaged anywhere is refused in words, never thrown', () => {
  const whole = report({ instances: [instance(), failed('a', 'x')] })
  expect(parseReport(JSON.stringify(whole))).toEqual(whole)
  expect(parseReport('{"version":1')).toBe('it is no JSON')
  expect(parseReport('null')).toBe('it is no JSON object')
  expect(parseReport(JSON.stringify({ ...whole, version: 2 }))).toMatch(/version 2/)
  for (const key of ['result', 'errors', 'warnings', 'notDue', 'instances', 'seconds', 'startedAt'])
    expect(parseReport(JSON.stringify({ ...whole, [key]: undefined })), key).toBe('it lacks a part')
  for (const key of ['id', 'status', 'warnings', 'targets', 'notUp', 'unhealthy', 'postHookFailed', 'tail', 'stderr']) {
    const broken = { ...whole, instances: [{ ...instance(), [key]: undefined }] }
    expect(parseReport(JSON.stringify(broken)), key).toBe('it lacks a part')
  }
})

test('only what failed keeps its last lines', () => {
  const slim = slimReport(report({ instances: [instance(), failed('a', 'x', ['why'])] }))
  expect(slim.instances.map(({ tail }) => tail)).toEqual([[], ['why']])
})

test('the plan tells what a host without a report was to back up', () => {
  const instances = [
    { id: 'a', host: 'nas', isDue: true },
    { id: 'c', host: 'web', isDue: true },
    { id: 'b', host: 'nas', isDue: true },
    { id: 'd', host: 'web', isDue: false },
    {},
  ]
  const due = parseDue(JSON.stringify({ version: 1, instances }))
  expect([...due]).toEqual([
    ['nas', ['a', 'b']],
    ['web', ['c']],
  ])
  const { problems } = joined(jobs(), [host('nas'), gone('web', ['a', 'b', 'c', 'd', 'e', 'f', 'g'])])
  expect(problems).toEqual([expect.stringMatching(/were made: a, b, c, d, e and 2 more$/)])
  for (const text of ['', '{', 'null', '[]', '{"instances":1}', '{"instances":[1,{}]}'])
    expect([...parseDue(text)]).toEqual([])
})
