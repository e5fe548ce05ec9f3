/** One instance is backed up once at a time on a host; different ones side by side; and what a run that may touch nothing does. */

import { expect, test } from 'vitest'
import { thisProcess } from '../../../src/claim/processIdentity.ts'
import { claimLabels, claimName, type JournalEntry } from '../../../src/docker/labels.ts'
import { IDLES, startApp } from '../../support/applications.ts'
import { expectNoTrace, given, leftOf, reportOf, runJob, startJob } from '../../support/run.ts'

const { engine, id, volume, instance } = given('lock')
const WAIT = 'echo waiting; while [ ! -e /tmp/go ]; do sleep 0.2; done; echo went on'

const copied = () => ({ targets: [{ volume, staging: 'copy' }] })
const go = (container: string) => engine.ok(['exec', container, 'touch', '/tmp/go'])

test.each([
  ['a backup container', {}, 'run'],
  ['a helper', copied(), 'image'],
] as const)('a live claim by %s makes another run fail, naming the holder, or wait', async (_, more, holds) => {
  const what = `held-${holds}`
  const config = () => ({ instances: [instance(what, WAIT, 'targets' in more ? copied() : {})] })
  const holder = await startJob(engine, config(), { env: { GITHUB_RUN_ID: '5001' } })
  await holder.says(/waiting/)
  const second = await runJob(engine, config(), { env: { GITHUB_RUN_ID: '5002', GITHUB_REPOSITORY: 'octo/other' } })
  expect(reportOf(second, id(what))).toMatchObject({ status: 'failed', failedPhase: 'claim', exitCode: null })
  expect(reportOf(second, id(what)).error).toMatch(
    new RegExp(
      `^the instance is being backed up already, for [0-9a-z ]+ by run 5001 \\(attempt 1\\) of octo/backups: https://github.com/octo/backups/actions/runs/5001 \\(container marina-run-${id(what)}\\)\\. Wait for it, set lock-wait, or cancel that run$`,
    ),
  )
  expectNoTrace(second)
  const third = await startJob(engine, config(), {
    inputs: { 'lock-wait': '90s', 'upload-logs': 'false' },
    env: { GITHUB_RUN_ID: '5003' },
  })
  await third.says(/waiting for the lock: the instance is being backed up already, for [0-9a-z ]+ by run 5001/)
  await go(`marina-${holds}-${id(what)}`)
  expect((await holder.done).code).toBe(0)
  await third.says(/^waiting$/m)
  await go(`marina-${holds}-${id(what)}`)
  const ran = await third.done
  expect(reportOf(ran, id(what))).toMatchObject({ status: 'success' })
  expect(await leftOf(engine)).toEqual([])
})

test('max-parallel 2 runs two at a time, whose lines do not mix; the third comes after', async () => {
  const config = {
    instances: [
      instance('first', 'echo first begins; while [ ! -e /tmp/go ]; do sleep 0.2; done; echo first ends'),
      instance('second', 'echo second begins; while [ ! -e /tmp/go ]; do sleep 0.2; done; echo second ends', copied()),
      instance('third', 'echo third'),
    ],
  }
  const running = await startJob(engine, config, { inputs: { 'max-parallel': '2' } })
  const names = async () => (await engine.ok(['ps', '--format', '{{.Names}}'])).split('\n')
  await expect
    .poll(names, { timeout: 150_000, interval: 300 })
    .toEqual(expect.arrayContaining([`marina-run-${id('first')}`, `marina-image-${id('second')}`]))
  expect(await names()).not.toContain(`marina-run-${id('third')}`)
  await go(`marina-image-${id('second')}`)
  await go(`marina-run-${id('first')}`)
  const ran = await running.done
  expect(ran.outputs).toMatchObject({
    result: 'success',
    succeeded: JSON.stringify(['first', 'second', 'third'].map(id)),
  })
  const groups = ran.stdout.split('::group::').slice(1)
  const of = (word: string) => groups.filter((group) => group.includes(word)).map((group) => group.split('\n')[0])
  expect([of('first begins'), of('second begins'), of('second ends')]).toEqual([
    [id('first')],
    [id('second')],
    [id('second')],
  ])
})

test('a dry run says what it would do, and touches nothing', async () => {
  const since = await engine.ok(['info', '--format', '{{.SystemTime}}'])
  const config = {
    instances: [
      instance('dry-mount', 'exit 0', { schedule: '0 4 * * *' }),
      instance('dry-copy', 'exit 0', copied()),
      instance('dry-missing', 'exit 0', { targets: [{ volume: id('not-there') }] }),
    ],
  }
  const ran = await runJob(engine, config, { inputs: { 'dry-run': 'true' } })
  expectNoTrace(ran)
  expect(ran.stdout).toContain(`volume ${volume} would be mounted in place`)
  expect(ran.stdout).toContain(`volume ${volume} would be copied, because staging: copy`)
  expect(reportOf(ran, id('dry-mount'))).toMatchObject({
    status: 'skipped',
    targets: [{ name: volume, status: 'planned', staging: 'mount', plan: 'mounted in place', error: null }],
  })
  expect(reportOf(ran, id('dry-copy')).targets).toMatchObject([
    { status: 'planned', staging: 'copy', plan: 'copied, because staging: copy', files: null, bytes: null },
  ])
  expect(ran.summary).not.toContain('staged')
  expect(reportOf(ran, id('dry-missing'))).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(/does not exist/),
  })
  expect(ran.code).toBe(1)
  const fine = await runJob(engine, { instances: config.instances.slice(0, 2) }, { inputs: { 'dry-run': 'true' } })
  expect(fine.code).toBe(0)
  expect(fine.outputs).toMatchObject({
    result: 'nothing-due',
    succeeded: '[]',
    skipped: JSON.stringify([id('dry-mount'), id('dry-copy')]),
  })
  expect(fine.report?.dryRun).toBe(true)
  expect(fine.summary).toMatch(/^### ⏭️ \S+: dry run, nothing was backed up; 2 backups would run$/m)
  expect(fine.summary.replaceAll('<wbr>', '')).toContain(`volume <code>${volume}</code> would be mounted in place`)
  const until = await engine.ok(['info', '--format', '{{.SystemTime}}'])
  expect(await engine.ok(['events', '--since', since, '--until', until])).toBe('')
})

test('a dry run waits for no other instance: it says whom a run would wait for', async () => {
  const app = await startApp(engine, 'dry-app', { volumes: [volume], script: IDLES })
  const appId = await engine.ok(['container', 'inspect', '--format', '{{.Id}}', app])
  await engine.ok(['stop', app])
  const other = await otherHolder([{ wave: 0, id: appId, name: app }])
  const stopped = instance('dry-stopped', 'exit 0', { targets: [{ volume, stopAttached: true }], timeout: '10m' })
  const dumped = instance('dry-dumped', 'exit 0', { targets: [{ db: app, dbKind: 'redis' }], timeout: '10m' })
  const ran = await runJob(engine, { instances: [stopped, dumped] }, { inputs: { 'dry-run': 'true' } })
  await engine.ok(['rm', '-fv', other])
  expectNoTrace(ran)
  expect(ran.code).toBe(0)
  const wouldWait = `${app}: down at present, as another run stopped it; a run would wait until it is up`
  expect(ran.stdout.split(wouldWait)).toHaveLength(3)
  expect(ran.stdout).toContain(`${app} would be stopped and started again`)
  expect(reportOf(ran, id('dry-stopped')).targets).toMatchObject([{ status: 'planned', staging: 'presync' }])
  expect(reportOf(ran, id('dry-dumped')).targets).toMatchObject([
    {
      status: 'planned',
      staging: 'dump',
      plan: 'dumped, once the run that has stopped it has started it again',
    },
  ])
})

/** A live claim of another instance by this process, which has stopped the applications of `restart`. Resolves to its name. */
async function otherHolder(restart: readonly JournalEntry[]): Promise<string> {
  const name = claimName(id('other'))
  const labels = claimLabels({
    kind: 'helper',
    instance: id('other'),
    self: name,
    owner: { repository: '', server: '', runId: '7', attempt: 1, job: 'other', process: thisProcess() },
    deadline: Date.now() + 3_600_000,
    restart,
    dumps: [],
    hooks: [],
  })
  const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  await engine.ok(['run', '-d', '--name', name, ...words, engine.baseImage, 'sleep', '1000'])
  return name
}

test('partial is red, and with allow-partial a warning', async () => {
  const config = { instances: [instance('half', 'exit 0', { targets: [{ volume }, { volume: id('not-there') }] })] }
  const ran = await runJob(engine, config, { inputs: { 'allow-partial': 'true' } })
  expect(ran).toMatchObject({ code: 0, outputs: { result: 'partial', partial: JSON.stringify([id('half')]) } })
  expect(ran.stdout).toMatch(new RegExp(`^::warning title=Backup ${id('half')}%3A partial,file=config.yml`, 'm'))
  expect(ran.stdout).not.toMatch(/^::error/m)
  expect((await ran.post()).stdout).toBe('Nothing was left to clean up.\n')
})
