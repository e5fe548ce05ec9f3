/** What a run by schedule takes on a real engine: records that the host keeps, missed and doubled ticks, repetitions, deaths. */

import { expect, test } from 'vitest'
import { minute } from '../../../src/format.ts'
import type { PastRun } from '../../../src/outcome.ts'
import { type InstanceRecord, recordLabels, recordName, recordNameFor } from '../../../src/record/recordLabels.ts'
import { previousSlot } from '../../../src/schedule/slots.ts'
import { expectNoTrace, given, leftOf, reportOf, runJob, startJob } from '../../support/run.ts'
import { atTestEnd } from '../../support/testEnd.ts'

const { engine, id, volume, instance } = given('due')
const HOUR = 3_600_000
const DAY = 24 * HOUR
const OWN = 'octo/backups https://github.com'
const started = Date.now()
/** A daily cron whose latest slot was so long ago, ms. */
const daily = (ago: number) => {
  const at = new Date(started - ago)
  return `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`
}
const slotOf = (cron: string) => minute(previousSlot({ cron, timezone: 'UTC', line: 1 }, new Date()).toISOString())
/** A workflow that is started every hour, a while ago. */
const TICK = daily(10 * 60_000).replace(/ \d+ /, ' * ')
const tick = (runId: string, attempt = 1) => ({
  env: { GITHUB_EVENT_NAME: 'schedule', GITHUB_RUN_ID: runId, GITHUB_RUN_ATTEMPT: String(attempt) },
  event: { schedule: TICK, repository: { private: true } },
})
const forget = (name: string) =>
  atTestEnd(async () => {
    await engine.docker(['volume', 'rm', '-f', recordName(id(name)), recordNameFor(id(name), OWN)])
  })

type Remembered = Partial<Pick<InstanceRecord, 'repository' | 'host' | 'runs'>>
async function remembered(name: string, lastScheduled: number | null, more: Remembered = {}) {
  const record = { instance: id(name), repository: OWN, host: null, lastScheduled, runs: [], drills: [], ...more }
  const labels = recordLabels(record, 'test')
  const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  await engine.ok(['volume', 'create', ...words, recordName(id(name))])
  forget(name)
}

test('a first run takes what fell due since the tick before; its record makes the next tick take nothing', async () => {
  const [late, early] = [daily(20 * 60_000), daily(8 * HOUR)]
  const config = {
    instances: [
      instance('new', 'exit 0', { schedule: late }),
      instance('old', 'exit 0', { schedule: early }),
      instance('hand', 'exit 0'),
    ],
  }
  forget('new')
  const first = await runJob(engine, config, tick('7001'))
  expect(first).toMatchObject({ code: 0, outputs: { result: 'success', due: JSON.stringify([id('new')]) } })
  expect(first.stdout).toContain(`${id('new')}: due: its slot of ${slotOf(late)} is later than the tick of`)
  expect(first.stdout).toContain(`${id('old')}: not due: its slot of ${slotOf(early)} lies before the tick of`)
  expect(first.stdout).toContain(`${id('hand')}: not due: it has no schedule, and is started by hand only`)
  expect(first.report?.notDue.map((one) => one.id)).toEqual([id('old'), id('hand')])
  const labels = await engine.ok(['volume', 'inspect', recordName(id('new')), '--format', '{{json .Labels}}'])
  expect(labels).toMatch(/"dev\.polarfox\.marina-action\.run\.00":"\S+ success schedule [0-9.]+ - 7001 1"/)
  const second = await runJob(engine, config, tick('7002'))
  expect(second).toMatchObject({ code: 0, outputs: { result: 'nothing-due', due: '[]' } })
  expect(second.stdout).toContain(`${id('new')}: not due: its slot of ${slotOf(late)} was served by the start of`)
  expectNoTrace(second)
  expect(await leftOf(engine)).toEqual([])
})

test('missed ticks are made up for once, within catchUp', async () => {
  const cron = daily(8 * HOUR)
  const config = {
    instances: [
      instance('missed', 'exit 0', { schedule: cron }),
      instance('strict', 'exit 0', { schedule: cron, catchUp: false }),
      instance('bounded', 'exit 0', { schedule: cron, catchUp: '2h' }),
    ],
  }
  for (const name of ['missed', 'strict', 'bounded']) await remembered(name, started - 3 * DAY - 9 * HOUR)
  const ran = await runJob(engine, config, tick('7003'))
  expect(ran).toMatchObject({ code: 0, outputs: { due: JSON.stringify([id('missed')]) } })
  expect(ran.stdout).toMatch(
    /missed: due: its slot of .* \(record of this host\); 3 before it were missed, and one run serves all/,
  )
  expect(ran.stdout).toContain('`catchUp: false` leaves it out')
  expect(ran.stdout).toContain('`catchUp` (2 h) leaves it out')
  expect((await runJob(engine, config, tick('7004'))).outputs.result).toBe('nothing-due')
})

test('a start by hand is remembered, but serves no slot', async () => {
  const config = { instances: [instance('both', 'exit 0', { schedule: daily(20 * 60_000) })] }
  forget('both')
  expect((await runJob(engine, config, { env: { GITHUB_RUN_ID: '7005' } })).code).toBe(0)
  const ran = await runJob(engine, config, tick('7006'))
  expect(ran.outputs.due).toBe(JSON.stringify([id('both')]))
  expect(reportOf(ran, id('both')).history.map((run) => [run.runId, run.isScheduled])).toEqual([
    ['7006', true],
    ['7005', false],
  ])
})

test('a further attempt takes what did not succeed, then everything', async () => {
  const cron = daily(20 * 60_000)
  const config = (text: string) => ({
    instances: [instance('good', 'exit 0', { schedule: cron }), instance('bad', text, { schedule: cron })],
  })
  forget('good')
  forget('bad')
  expect((await runJob(engine, config('exit 3'), tick('7007'))).outputs.failed).toBe(JSON.stringify([id('bad')]))
  expect((await runJob(engine, config('exit 0'), tick('7008'))).outputs.result).toBe('nothing-due')
  const second = await runJob(engine, config('exit 0'), tick('7007', 2))
  expect(second.outputs).toMatchObject({ result: 'success', due: JSON.stringify([id('bad')]) })
  expect(second.stdout).toContain(`${id('bad')}: due: it did not succeed in an earlier attempt of this run`)
  const third = await runJob(engine, config('exit 0'), tick('7007', 3))
  expect(third.outputs).toMatchObject({ result: 'success', due: JSON.stringify([id('good'), id('bad')]) })
})

test('a doubled tick is served once: the other is told, and stays green', async () => {
  const config = () => ({
    instances: [
      instance('twice', 'echo waiting; while [ ! -e /tmp/go ]; do sleep 0.2; done', { schedule: daily(20 * 60_000) }),
    ],
  })
  forget('twice')
  const one = await startJob(engine, config(), tick('7009'))
  await one.says(/waiting/)
  const other = await runJob(engine, config(), tick('7010'))
  expect(other).toMatchObject({ code: 0, outputs: { result: 'nothing-due', due: '[]' } })
  await engine.ok(['exec', `marina-run-${id('twice')}`, 'touch', '/tmp/go'])
  expect((await one.done).outputs.result).toBe('success')
})

test('the same moment: whoever comes second under the lock sees that the slot is served', async () => {
  const config = () => ({
    instances: [instance('race', 'sleep 1', { schedule: daily(20 * 60_000), targets: [{ volume, staging: 'copy' }] })],
  })
  forget('race')
  const inputs = { 'lock-wait': '90s' }
  const both = await Promise.all([
    runJob(engine, config(), { ...tick('7011'), inputs }),
    runJob(engine, config(), { ...tick('7012'), inputs }),
  ])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(both.map(({ outputs }) => outputs.result).sort()).toEqual(['nothing-due', 'success'])
  expect(await leftOf(engine)).toEqual([])
})

test('a run that was killed has served its slot, as the one that cleans up remembers', async () => {
  const config = { instances: [instance('dead', 'echo waiting; sleep 300', { schedule: daily(20 * 60_000) })] }
  forget('dead')
  const dying = await startJob(engine, config, tick('7013'))
  await dying.says(/waiting/)
  dying.killGroup()
  await dying.done
  const next = await runJob(engine, config, tick('7014'))
  expect(next.outputs.result).toBe('nothing-due')
  const labels = await engine.ok(['volume', 'inspect', recordName(id('dead')), '--format', '{{json .Labels}}'])
  expect(labels).toMatch(/"\S+ died schedule - - 7013 1"/)
})

test("another repository's record counts as none and stays; a volume of somebody else stays", async () => {
  const cron = daily(20 * 60_000)
  const config = {
    instances: [instance('shared', 'exit 0', { schedule: cron }), instance('taken', 'exit 0', { schedule: cron })],
  }
  await remembered('shared', started, { repository: 'octo/other https://github.com' })
  await engine.ok(['volume', 'create', recordName(id('taken'))])
  forget('taken')
  const ran = await runJob(engine, config, tick('7015'))
  expect(ran).toMatchObject({ code: 0, outputs: { result: 'success' } })
  expect(ran.stdout).toMatch(
    /^::warning::instance .*shared: this host remembers runs of an instance of that id of octo\/other/m,
  )
  const labels = (name: string) => engine.ok(['volume', 'inspect', name, '--format', '{{json .Labels}}'])
  expect(await labels(recordName(id('shared')))).toContain('octo/other')
  expect(await labels(recordNameFor(id('shared'), OWN))).toContain('7015')
  const second = await runJob(engine, { instances: config.instances.slice(0, 1) }, tick('7016'))
  expect(second.outputs.result, second.stdout).toBe('nothing-due')
  expect(second.stdout).not.toContain('two repositories')
  expect(reportOf(ran, id('taken')).warnings.join()).toContain(`volume ${recordName(id('taken'))} is not Marina's`)
  expect(await engine.ok(['volume', 'inspect', recordName(id('taken')), '--format', '{{json .Labels}}'])).not.toContain(
    'success',
  )
})

test('a size far from the usual is a warning', async () => {
  const past = (hour: number): PastRun => ({
    startedAt: new Date(started - hour * HOUR).toISOString(),
    status: 'success',
    isScheduled: true,
    seconds: 2,
    bytes: 1_000_000,
    runId: String(hour),
    attempt: 1,
  })
  await remembered('small', started - HOUR, { runs: [past(1), past(2), past(3), past(4)] })
  const config = { instances: [instance('small', 'exit 0', { targets: [{ volume, staging: 'copy' }] })] }
  const ran = await runJob(engine, config)
  expect(reportOf(ran, id('small')).warnings.join()).toMatch(/^its data is \d+ B, 0 % of 1\.0 MB, which is usual/)
})

test('a tick that GitHub delivers twice is served once by `select: all`, too', async () => {
  const config = { instances: [instance('each', 'exit 0')] }
  forget('each')
  const inputs = { select: 'all' }
  expect((await runJob(engine, config, { ...tick('7017'), inputs })).outputs.result).toBe('success')
  const doubled = await runJob(engine, config, { ...tick('7018'), inputs })
  expect(doubled, doubled.stdout).toMatchObject({ code: 0, outputs: { result: 'nothing-due' } })
  expect(doubled.stdout).toMatch(/each: not due: the tick of .* was served by the start of .* \(record of this host\)/)
  expect((await runJob(engine, config, { ...tick('7017', 2), inputs })).outputs.result).toBe('success')
})

test('a plan does not believe what this host remembers of an instance that has moved to another host', async () => {
  const config = {
    instances: ['moved', 'here'].map((name) =>
      instance(name, 'exit 0', { schedule: daily(20 * 60_000), runsOn: ['nas'] }),
    ),
  }
  await remembered('moved', started, { host: 'cloud' })
  await remembered('here', started, { host: 'nas' })
  const plan = await runJob(engine, config, { ...tick('7019'), inputs: { command: 'plan' } })
  expect(plan.outputs.due, plan.stdout).toBe(JSON.stringify([id('moved')]))
})
