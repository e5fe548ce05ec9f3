/** Whoever dies while applications are down: the action, its helper, the engine. All are up in the end, nothing is left, nobody else is touched. */

import { beforeAll, expect, test } from 'vitest'
import { COUNTS, IDLES, startApp, startOf, statusOf, watch } from '../../support/applications.ts'
import {
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  startJob,
  testEngine,
  toldImage,
} from '../../support/run.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)

const instance = async (what: string, volume: string, text = 'echo ran', more: object = {}) => ({
  id: id(what),
  customImage: await toldImage(engine),
  pull: 'never',
  targets: [{ volume, stopAttached: true }],
  env: { DO: shell(text) },
  ...more,
})

/** A volume, its application, and a run that was begun to back it up. */
async function begun(what: string, script = COUNTS, args: readonly string[] = [], hooks: object = {}) {
  const volume = await filledVolume(engine, `${what}-volume`)
  const app = await startApp(engine, `${what}-app`, { volumes: [volume], script, args })
  const seen = await watch(engine)
  const targets = [{ volume, stopAttached: true, ...hooks }]
  const running = await startJob(engine, { instances: [await instance(what, volume, 'echo ran', { targets })] })
  return { app, seen, running, volume }
}

let unlabelled: string[]
const anonymous = async () =>
  (await engine.ok(['volume', 'ls', '-q'])).split('\n').filter((name) => /^[0-9a-f]{64}$/.test(name))
const expectNothingLeft = async () => {
  expect(await leftOf(engine)).toEqual([])
  expect(await anonymous()).toEqual(unlabelled)
}
beforeAll(async () => {
  unlabelled = await anonymous()
})

/** Another instance, of a later run, that needs nobody stopped: what every start repairs shows. */
async function nextStart(what: string) {
  const volume = await filledVolume(engine, `${what}-next`)
  const next = { ...(await instance(`${what}-other`, volume)), targets: [{ volume }] }
  const ran = await runJob(engine, { instances: [next] }, { env: { GITHUB_RUN_ID: '2002' } })
  expect(reportOf(ran, id(`${what}-other`)).status, ran.stdout).toBe('success')
  expectNoTrace(ran)
  return ran
}

test('killed with the application down: post starts it', async () => {
  const { app, seen, running } = await begun('post')
  await seen.until(`die ${app}`)
  running.kill('SIGKILL')
  const killed = await running.done
  expect(await statusOf(engine, app)).toBe('exited')
  const post = await killed.post()
  expect(post.code).toBe(0)
  expect(post.stdout).toMatch(new RegExp(`::warning.*${id('post')}.*${app} started again`))
  expect(await statusOf(engine, app)).toBe('running')
  await expectNothingLeft()
})

test('killed with all its processes, and no post: the next start of any instance starts the application', async () => {
  const hooks = { preHook: 'echo on', postHook: 'echo off' }
  const { app, seen, running } = await begun('next', COUNTS, [], hooks)
  await seen.until(`die ${app}`)
  running.killGroup()
  await running.done
  expect(await statusOf(engine, app)).toBe('exited')
  const ran = await nextStart('next')
  expect(ran.report?.warnings).toEqual([
    expect.stringMatching(new RegExp(`${id('next')}.*${app} started again\\. The postHook in ${app} may not have run`)),
  ])
  expect(await statusOf(engine, app)).toBe('running')
  await expectNothingLeft()
})

test('an application that cannot be started: a journal without data stays, every start tries again at once and says how to end it', async () => {
  const network = id('gone-network')
  await engine.ok(['network', 'create', network])
  const { app, seen, running, volume } = await begun('gone', COUNTS, ['--network', network])
  await seen.until(`die ${app}`)
  running.killGroup()
  await running.done
  // its endpoint is let go a moment after its container's end
  await expect.poll(async () => (await engine.docker(['network', 'rm', network])).code, { timeout: 150_000 }).toBe(0)
  const isJournal = expect.stringMatching(new RegExp(`^marina-journal-[0-9a-f]{12} .*${id('gone')}`))
  for (const of of ['an orphaned helper', 'a journal']) {
    const before = Date.now()
    const ran = await nextStart('gone')
    expect(Date.now() - before, of).toBeLessThan(60_000)
    expect(ran.code).toBe(1)
    expect(ran.summary).toMatch(/^### ❌ \S+: an application that an earlier run stopped is not up; 1 of 1 backup done/)
    const errors = ran.report?.errors ?? []
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(new RegExp(`container "${app}" could not be started again: .*network`))
    expect(errors[0]).toMatch(/docker rm -fv marina-journal-[0-9a-f]{12}$/)
    expect(await leftOf(engine), of).toEqual([isJournal])
    expect(await anonymous()).toEqual(unlabelled)
  }
  // a journal is no lock, and nobody waits for what it lists
  const again = { instances: [await instance('gone', volume)] }
  const same = await runJob(engine, again, { env: { GITHUB_RUN_ID: '2003' } })
  expect(reportOf(same, id('gone')).status, same.stdout).toBe('success')
  expect((await same.post()).code).toBe(0)
  expect(await leftOf(engine)).toEqual([isJournal])
  // running, it outlives what takes stopped containers
  const [journal] = (await leftOf(engine))[0]?.split(' ') ?? []
  expect(await statusOf(engine, journal ?? '')).toBe('running')

  await engine.ok(['network', 'create', network])
  await engine.ok(['network', 'disconnect', '--force', network, app])
  await engine.ok(['network', 'connect', network, app])
  const ran = await nextStart('gone')
  expect(ran.report?.warnings).toEqual([expect.stringMatching(new RegExp(`${app} started again$`))])
  expect(await statusOf(engine, app)).toBe('running')
  await engine.ok(['rm', '-fv', app])
  await engine.ok(['network', 'rm', network])
  await expectNothingLeft()
})

test('killed while the stop is still under way: who is asked to start is up for good, not until that stop ends', async () => {
  const slow = 'trap "sleep 4; exit 0" TERM; while :; do sleep 0.1; done'
  const { app, seen, running } = await begun('pending', slow)
  await seen.until(`kill ${app}`)
  running.kill('SIGKILL')
  const killed = await running.done
  const post = await killed.post()
  expect(post.code, post.stdout).toBe(0)
  expect(seen.of(app).filter((event) => /^(die|start)/.test(event))).toEqual([`die ${app}`, `start ${app}`])
  expect(await statusOf(engine, app)).toBe('running')
  await expectNothingLeft()
})

test.each([
  ['removed', ['rm', '-f']],
  ['killed', ['kill']],
] as const)('the helper is %s while data is copied: failed, and the application is up', async (how, kill) => {
  const { app, seen, running } = await begun(`bench-${how}`)
  await seen.until(`die ${app}`)
  await engine.ok([...kill, `marina-run-${id(`bench-${how}`)}`])
  const ran = await running.done
  expect(ran.code).toBe(1)
  expect(reportOf(ran, id(`bench-${how}`))).toMatchObject({
    status: 'failed',
    exitCode: null,
    error: expect.stringMatching(/helper/),
  })
  expect(await statusOf(engine, app)).toBe('running')
  expect(seen.all).not.toContain(`start marina-image-${id(`bench-${how}`)}`)
  expectNoTrace(ran)
  await expectNothingLeft()
})

test('the engine restarts while the application is down: the run fails, and the next start repairs what it could not', async () => {
  const { app, seen, running } = await begun('restart')
  await seen.until(`die ${app}`)
  await engine.restart('SIGKILL')
  const ran = await running.done
  expect(ran.code).toBe(1)
  expect(reportOf(ran, id('restart')).status).toBe('failed')
  expectNoTrace(ran)
  await nextStart('restart')
  expect(await statusOf(engine, app)).toBe('running')
  await expectNothingLeft()
})

test('the engine restarts after the action died: the helper comes back as an orphan, and is repaired', async () => {
  const { app, seen, running } = await begun('orphan')
  await seen.until(`die ${app}`)
  running.kill('SIGKILL')
  await running.done
  await engine.restart()
  const claim = `marina-run-${id('orphan')}`
  expect(await statusOf(engine, claim)).toBe('running')
  await expect.poll(() => engine.ok(['logs', '--tail', '1', claim]), { timeout: 150_000 }).toBe('orphan')
  await nextStart('orphan')
  expect(await statusOf(engine, app)).toBe('running')
  await expectNothingLeft()
})

test('a live claim of another run, and foreign containers with labels like ours, are left alone', async () => {
  const volume = await filledVolume(engine, 'live-volume')
  const app = await startApp(engine, 'live-app', { volumes: [volume] })
  const running = await startJob(engine, {
    instances: [await instance('live', volume, 'echo begun; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo ended')],
  })
  await running.says(/begun/)
  const claim = `marina-run-${id('live')}`
  const labels: Record<string, string> = JSON.parse(
    await engine.ok(['container', 'inspect', '--format', '{{json .Config.Labels}}', claim]),
  )
  expect(Object.values(labels)).toContainEqual(expect.stringContaining(app))
  // as an image that was committed from one of ours would give them
  const asleep = await startApp(engine, 'live-asleep', { script: IDLES })
  await engine.ok(['stop', asleep])
  const asleepId = await engine.ok(['container', 'inspect', '--format', '{{.Id}}', asleep])
  const copied = Object.entries(labels).flatMap(([key, value]) => [
    '--label',
    `${key}=${key.endsWith('.deadline') ? '2020-01-01T00:00:00.000Z' : value.includes(app) ? `${asleepId} ${asleep}` : value}`,
  ])
  const foreign = await startApp(engine, 'live-foreign', { script: IDLES, args: copied })
  const since = await startOf(engine, foreign)

  const ran = await nextStart('live')
  expect(ran.report?.warnings).toEqual([])
  expect(await statusOf(engine, foreign)).toBe('running')
  expect(await startOf(engine, foreign)).toBe(since)
  expect(await statusOf(engine, asleep)).toBe('exited')
  expect(await statusOf(engine, claim)).toBe('running')
  await engine.ok(['exec', `marina-image-${id('live')}`, 'touch', '/tmp/go'])
  const first = await running.done
  expect(first.code, first.stdout).toBe(0)
  expect(first.stdout).toContain('ended')
  await engine.ok(['rm', '-f', foreign])
  await expectNothingLeft()
})
