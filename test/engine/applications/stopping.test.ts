/** `stopAttached` and hooks through the action: who is down, for how long, and that all are up again in every case. */

import { expect, test } from 'vitest'
import { COUNTS, IDLES, startApp, startOf, statusOf, watch } from '../../support/applications.ts'
import {
  builtImage,
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  testEngine,
  toldImage,
} from '../../support/run.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)

const instance = async (what: string, targets: readonly object[], text = 'echo ran', more: object = {}) => ({
  id: id(what),
  customImage: await toldImage(engine),
  pull: 'never',
  targets,
  env: { DO: shell(text) },
  ...more,
})

test('the application is down around the second pass alone, and up before the image runs; its two volumes show one moment', async () => {
  const one = await filledVolume(engine, 'stop-one', 'for i in 1 2 3; do echo $i >$i; done')
  const two = await filledVolume(engine, 'stop-two')
  const app = await startApp(engine, 'stop-app', { volumes: [one, two] })
  const asleep = await startApp(engine, 'stop-asleep', { volumes: [one], script: IDLES })
  await engine.ok(['stop', asleep])
  const paused = await startApp(engine, 'stop-paused', { volumes: [two], script: IDLES })
  await engine.ok(['pause', paused])
  const [pausedSince, asleepSince] = [await startOf(engine, paused), await startOf(engine, asleep)]
  const seen = await watch(engine)

  const targets = [one, two].map((volume) => ({ volume, stopAttached: true }))
  const told = 'cd $MARINA_BACKUP_DIR/volume; for v in *; do echo "$v: $(tail -n 1 $v/lines)"; done; sleep 1'
  const ran = await runJob(engine, { instances: [await instance('stop', targets, told)] })

  expect(ran.code, ran.stdout).toBe(0)
  const image = `marina-image-${id('stop')}`
  expect(
    seen
      .of(app, image)
      .filter((event) => /^(die|start) /.test(event))
      .slice(0, 3),
  ).toEqual([`die ${app}`, `start ${app}`, `start ${image}`])
  expect(seen.of(app).filter((event) => event.startsWith('die'))).toHaveLength(1)
  const [closed] = /closed at \d+/.exec(ran.stdout) ?? []
  expect(ran.stdout).toContain(`${one}: ${closed}`)
  expect(ran.stdout).toContain(`${two}: ${closed}`)
  expect(await statusOf(engine, app)).toBe('running')
  expect(await statusOf(engine, asleep)).toBe('exited')
  expect(await startOf(engine, asleep)).toBe(asleepSince)
  expect(await statusOf(engine, paused)).toBe('paused')
  expect(await startOf(engine, paused)).toBe(pausedSince)
  expect(seen.of(paused)).toEqual([])

  const report = reportOf(ran, id('stop'))
  expect(report.downtimeSeconds).toBeGreaterThan(0)
  expect(report.downtimeSeconds).toBeLessThan(report.seconds - 1)
  expect(report.targets).toMatchObject([
    { name: one, status: 'staged', staging: 'presync', files: 4 },
    { name: two, status: 'staged', staging: 'presync', files: 2 },
  ])
  expect(ran.stdout).toContain(`stopping ${app}`)
  expect(ran.stdout).toMatch(new RegExp(`${app} up again, after \\d+\\.\\d s`))
  const row =
    ran.summary
      .replaceAll('<wbr>', '')
      .split('\n')
      .find((line) => line.includes(id('stop')) && line.startsWith('|')) ?? ''
  expect(row).toMatch(/application away \d+(\.\d+)?\u00a0s/)
  expect(await leftOf(engine)).toEqual([])
})

test('what cannot be started again is refused before anything stops: auto-remove', async () => {
  const volume = await filledVolume(engine, 'rm-volume')
  const app = await startApp(engine, 'rm-app', { volumes: [volume], args: ['--rm'] })
  const other = await startApp(engine, 'rm-other', { volumes: [volume] })
  const good = await filledVolume(engine, 'rm-good')
  const seen = await watch(engine)
  const ran = await runJob(engine, {
    instances: [
      await instance('rm-only', [{ volume, stopAttached: true }]),
      await instance('rm-part', [{ volume, stopAttached: true }, { volume: good }], 'echo "partial $MARINA_PARTIAL"'),
    ],
  })
  const why = new RegExp(`${app}.*--rm.*stopAttached`)
  expect(reportOf(ran, id('rm-only'))).toMatchObject({ status: 'failed', error: expect.stringMatching(why) })
  expect(reportOf(ran, id('rm-part'))).toMatchObject({ status: 'partial', error: expect.stringMatching(why) })
  expect(ran.stdout).toContain('partial 1')
  expect(seen.of(app, other)).toEqual([])
  expect(seen.all.filter((event) => event.includes(id('rm-only')))).toEqual([])
  expectNoTrace(ran)
})

test('a container that does not come up again fails the instance, with its last words, and the image does not run', async () => {
  const volume = await filledVolume(engine, 'down-volume')
  const script = `[ ! -e /been ] || { echo "cannot open /v0: it is locked" >&2; exit 3; }; : >/been; ${COUNTS}`
  const app = await startApp(engine, 'down-app', { volumes: [volume], script })
  const fine = await startApp(engine, 'down-fine', { volumes: [volume] })
  const seen = await watch(engine)
  const ran = await runJob(engine, { instances: [await instance('down', [{ volume, stopAttached: true }])] })
  expect(ran.code, ran.stdout).toBe(1)
  const { status, error, failedPhase } = reportOf(ran, id('down'))
  expect({ status, failedPhase }).toEqual({ status: 'failed', failedPhase: 'stage' })
  expect(error).toMatch(new RegExp(`container "${app}".*exit code 3.*cannot open /v0: it is locked`))
  expect(ran.stdout).toContain(`${app}: cannot open /v0: it is locked`)
  expect(seen.all).not.toContain(`start marina-image-${id('down')}`)
  expect(await statusOf(engine, fine)).toBe('running')
  // no data stays, only a journal, for post and the next start to try again
  const [journal = '', ...others] = await leftOf(engine)
  expect(others).toEqual([])
  expect(journal).toMatch(/^marina-journal-[0-9a-f]{12} /)
  expectNoTrace(ran)
  const post = await ran.post()
  expect(post.stdout).toMatch(new RegExp(`::error::.*container "${app}" was started again and did not keep running`))
  expect(await leftOf(engine)).toEqual([journal])
  // whoever mends it is asked nothing more
  await engine.ok(['rm', '-fv', journal.split(' ')[0] ?? ''])
  expect(await leftOf(engine)).toEqual([])
})

test('health: a check that speaks too late for the instance is a warning; one that fails leaves nothing behind', async () => {
  const late = await filledVolume(engine, 'health-late')
  const sick = await filledVolume(engine, 'health-sick')
  const lateApp = await startApp(engine, 'health-late-app', {
    volumes: [late],
    args: ['--health-cmd=true', '--health-interval=1h'],
  })
  const script = `[ ! -e /been ] || touch /sick; : >/been; ${COUNTS}`
  const check = ['--health-cmd=test ! -e /sick', '--health-interval=300ms', '--health-retries=2']
  const sickApp = await startApp(engine, 'health-sick-app', { volumes: [sick], script, args: check })
  const healthy = () => engine.ok(['container', 'inspect', '--format', '{{.State.Health.Status}}', sickApp])
  await expect.poll(healthy, { timeout: 30_000 }).toBe('healthy')
  const ran = await runJob(engine, {
    instances: [
      await instance('health-late', [{ volume: late, stopAttached: true }], 'echo ran', { timeout: '90s' }),
      await instance('health-sick', [{ volume: sick, stopAttached: true }]),
    ],
  })
  const { status, warnings, seconds } = reportOf(ran, id('health-late'))
  expect(status, ran.stdout).toBe('success')
  expect(warnings).toEqual([
    expect.stringMatching(new RegExp(`container "${lateApp}" runs again, but nobody waited for its health check`)),
  ])
  expect(seconds).toBeLessThan(90)
  expect(reportOf(ran, id('health-sick'))).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(new RegExp(`container "${sickApp}" was started again, but its health check fails`)),
  })
  for (const app of [lateApp, sickApp]) expect(await statusOf(engine, app)).toBe('running')
  expect(await leftOf(engine)).toEqual([])
  expectNoTrace(ran)
})

test('what only a failed target needs is left alone', async () => {
  const good = await filledVolume(engine, 'narrow-good')
  const bad = await filledVolume(engine, 'narrow-bad')
  const both = await startApp(engine, 'narrow-both', { volumes: [good, bad] })
  const alone = await startApp(engine, 'narrow-alone', { volumes: [bad] })
  const seen = await watch(engine)
  const targets = [
    { volume: good, stopAttached: true },
    { volume: bad, stopAttached: true, paths: ['not-there'] },
  ]
  const ran = await runJob(engine, { instances: [await instance('narrow', targets)] })
  expect(reportOf(ran, id('narrow'))).toMatchObject({ status: 'partial', error: expect.stringMatching(/not-there/) })
  expect(seen.of(both).filter((event) => /^(die|start)/.test(event))).toEqual([`die ${both}`, `start ${both}`])
  expect(seen.of(alone)).toEqual([])
  expect(ran.stdout).toContain(`stopping ${both}\n`)
})

test('hooks: what fails is said clearly, the postHook puts the application back in every case, and it is up', async () => {
  const volumes = {
    fine: await filledVolume(engine, 'hook-fine'),
    fails: await filledVolume(engine, 'hook-fails'),
    after: await filledVolume(engine, 'hook-after'),
    copy: await filledVolume(engine, 'hook-copy'),
    bare: await filledVolume(engine, 'hook-bare'),
    nobody: await filledVolume(engine, 'hook-nobody'),
  }
  const app = await startApp(engine, 'hook-app', {
    volumes: [volumes.fine, volumes.fails, volumes.after, volumes.copy],
  })
  const bareImage = await builtImage(engine, 'bare', [
    'RUN cp /bin/busybox /busybox && /busybox rm -rf /bin /sbin /usr/bin',
  ])
  const bare = await startApp(engine, 'hook-bare-app', {
    volumes: [volumes.bare],
    args: ['--stop-timeout', '1', '--entrypoint', '/busybox'],
    command: [bareImage, 'sleep', '1000'],
  })
  const mode = (what: string) => ({
    preHook: `echo "maintenance on" >>/tmp/${what}`,
    postHook: `echo "maintenance off" >>/tmp/${what}; echo "postHook of ${what} ran"`,
  })
  const stopped = (volume: string) => ({ volume, stopAttached: true })
  const ran = await runJob(engine, {
    instances: [
      await instance('hook-fine', [{ ...stopped(volumes.fine), ...mode('fine') }]),
      await instance('hook-fails', [
        {
          ...stopped(volumes.fails),
          preHook: 'echo "table is locked" >&2; exit 1',
          postHook: 'echo "maintenance off" >>/tmp/fails',
        },
      ]),
      await instance('hook-after', [{ ...stopped(volumes.after), postHook: 'echo "cannot unlock"; exit 4' }]),
      await instance('hook-copy', [{ ...stopped(volumes.copy), ...mode('copy'), paths: ['not-there'] }]),
      await instance('hook-bare', [{ ...stopped(volumes.bare), preHook: 'true' }]),
      await instance('hook-nobody', [{ volume: volumes.nobody, preHook: 'true' }]),
    ],
  })
  const said = (what: string) => reportOf(ran, id(what))
  expect(said('hook-fine')).toMatchObject({ status: 'success', error: null })
  expect(said('hook-fails')).toMatchObject({
    status: 'failed',
    exitCode: null,
    error: expect.stringMatching(new RegExp(`^preHook in container "${app}" failed: exit code 1: table is locked`)),
  })
  expect(said('hook-after')).toMatchObject({
    status: 'failed',
    exitCode: null,
    error: expect.stringMatching(new RegExp(`^postHook in container "${app}" failed: exit code 4`)),
  })
  expect(said('hook-copy')).toMatchObject({ status: 'failed', error: expect.stringMatching(/not-there/) })
  expect(said('hook-bare')).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(new RegExp(`^preHook in container "${bare}" cannot run: .*no shell`)),
  })
  expect(said('hook-nobody')).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(/no running container has it mounted/),
  })
  expect(ran.stdout).toContain('postHook of copy ran')
  const written = await engine.ok(['exec', app, 'sh', '-c', 'cd /tmp; for f in fine fails copy; do cat $f; done'])
  const both = 'maintenance on\nmaintenance off'
  expect(written).toBe(`${both}\nmaintenance off\n${both}`)
  for (const name of [app, bare]) expect(await statusOf(engine, name)).toBe('running')
  expect(await leftOf(engine)).toEqual([])
  expectNoTrace(ran)
})

test('a hook that hangs is ended with the time of its instance, said so, and its postHook runs', async () => {
  const volume = await filledVolume(engine, 'hang-volume')
  const app = await startApp(engine, 'hang-app', { volumes: [volume] })
  const targets = [
    { volume, stopAttached: true, preHook: 'echo begun; sleep 1000', postHook: 'echo "maintenance off" >/tmp/off' },
  ]
  const ran = await runJob(engine, {
    instances: [await instance('hang', targets, 'echo ran', { timeout: '10s' })],
  })
  expect(ran.code).toBe(1)
  const { status, error } = reportOf(ran, id('hang'))
  expect(status).toBe('failed')
  expect(error).toMatch(new RegExp(`within 10 s.* while the preHook ran in container "${app}"`))
  expect(await engine.ok(['exec', app, 'cat', '/tmp/off'])).toBe('maintenance off')
  expect(await engine.ok(['top', app, '-eo', 'pid,args'])).not.toContain('sleep 1000')
  expect(await statusOf(engine, app)).toBe('running')
  expect(await leftOf(engine)).toEqual([])
  expectNoTrace(ran)
})
