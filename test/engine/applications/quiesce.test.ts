/** Stopping and starting applications on a real engine. */
import { afterAll, describe, expect, test } from 'vitest'
import { hostContents } from '../../../src/applications/hostState.ts'
import { startAll } from '../../../src/applications/start.ts'
import { stopAll } from '../../../src/applications/stop.ts'
import { planStops, type StopGroup } from '../../../src/applications/stopPlan.ts'
import { whileStopped } from '../../../src/applications/whileStopped.ts'
import { inspectContainers } from '../../../src/docker/containers.ts'
import { type Docker, run } from '../../../src/docker/process.ts'
import { CancelledError } from '../../../src/errors.ts'
import { dockerOf, pause } from '../../support/containers.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const docker: Docker = dockerOf(engine, (text) => text.replaceAll('s3cret', '***'))

/** Ends at once when asked to; counts its starts in its own layer, where a test can look. */
const POLITE = 'trap "exit 0" TERM; echo x >>/starts; while :; do sleep 30 & wait; done'
/** Does what `$1` says at its second start, and is polite at every other. */
const atSecondStart = (what: string) =>
  `echo x >>/starts; [ "$(wc -l </starts)" = 2 ] && { ${what}; }; trap "exit 0" TERM; while :; do sleep 30 & wait; done`

const BASE = engine.name('quiesce')
let scenes = 0

afterAll(async () => {
  const ids = await run(docker, ['ps', '-aq', '--filter', `name=^${BASE}`], 'list')
  await run(docker, ['rm', '-fv', ...ids.trim().split('\n')], 'remove')
  const names = await run(docker, ['volume', 'ls', '-q', '--filter', `name=^${BASE}`], 'list')
  await run(docker, ['volume', 'rm', ...names.trim().split('\n')], 'remove')
})

/** A volume of its own, and applications that have it, unless their options say otherwise: tests wait, so they run side by side. */
async function scene() {
  scenes += 1
  const prefix = `${BASE}${scenes}`
  const data = `${prefix}-data`
  await run(docker, ['volume', 'create', data], 'volume')
  return {
    prefix,
    data,
    volume: `-v=${data}:/data`,
    async application(name: string, script = POLITE, options: readonly string[] = [`-v=${data}:/data`]) {
      const argv = ['run', '-d', '--name', `${prefix}-${name}`, ...options, engine.baseImage, 'sh', '-c', script]
      return (await run(docker, argv, name)).trim()
    },
    async group(): Promise<StopGroup> {
      const { containers, hostVolumes } = await hostContents(docker, [], async () => {})
      const volumes = hostVolumes.filter(({ name }) => name === data)
      const plan = planStops({ volumes, hostVolumes, containers, self: [] })
      expect(plan.refused).toEqual([])
      return plan.groups[0] ?? expect.fail()
    },
    names: (waves: readonly (readonly { name: string }[])[]) =>
      waves.map((wave) => wave.map(({ name }) => name.slice(prefix.length + 1))),
  }
}

async function look(id: string) {
  const raw = JSON.parse(await run(docker, ['container', 'inspect', id], 'inspect'))[0]
  return raw.State as { Status: string; StartedAt: string; FinishedAt: string; ExitCode: number }
}

/** For a minute from the start of the file's tests, which run side by side, and some more. */
const OPTIONS = { self: [], until: Date.now() + 180_000, say: () => {} }
const nothing = async () => {}

test.concurrent('the application is down during the work and up after it; dependents in its network go first and come last', async () => {
  const on = await scene()
  const app = await on.application('app')
  const sidecar = await on.application('sidecar', POLITE, ['--network', `container:${on.prefix}-app`])
  const before = await look(app)
  const done = await whileStopped(docker, await on.group(), OPTIONS, async () => {
    expect([(await look(app)).Status, (await look(sidecar)).Status]).toEqual(['exited', 'exited'])
    return 'copied'
  })
  expect(done).toMatchObject({ outcome: { kind: 'done', value: 'copied', disturbed: [] }, warnings: [], notUp: [] })
  expect(done.downtimeMs).toBeGreaterThan(0)
  const [a, s] = [await look(app), await look(sidecar)]
  expect([a.Status, s.Status]).toEqual(['running', 'running'])
  expect(a.StartedAt).not.toBe(before.StartedAt)
  expect(Date.parse(s.FinishedAt)).toBeLessThan(Date.parse(a.FinishedAt))
  expect(Date.parse(s.StartedAt)).toBeGreaterThan(Date.parse(a.StartedAt))
  // it has a network: one that was left running has only the loopback of a namespace that is gone
  const interfaces = (id: string) => run(docker, ['exec', id, 'ls', '/sys/class/net'], 'exec')
  expect(await interfaces(sidecar)).toBe(await interfaces(app))
  expect(await interfaces(sidecar)).toContain('eth0')
})

test.concurrent('one that does not end in its own time is killed, and a warning says so', async () => {
  const on = await scene()
  await on.application('stubborn', 'trap "" TERM; while :; do sleep 30 & wait; done', [
    on.volume,
    '--stop-timeout',
    '1',
  ])
  const done = await whileStopped(docker, await on.group(), OPTIONS, nothing)
  expect(done.torn).toEqual([expect.stringMatching(/did not end within its 1 s and was killed: its data may be torn/)])
  expect(done.notUp).toEqual([])
  expect(done.downtimeMs).toBeLessThan(8_000)
})

test.concurrent('independent ones stop side by side', async () => {
  const on = await scene()
  const slow = 'trap "echo asked; sleep 2; exit 0" TERM; while :; do sleep 30 & wait; done'
  const all = await Promise.all(['one', 'two', 'three'].map((name) => on.application(name, slow)))
  const plan = await on.group()
  expect((await stopAll(docker, plan.stop, OPTIONS)).failed).toEqual([])
  const asked = await Promise.all(all.map((id) => run(docker, ['logs', '-t', id], 'logs')))
  const ended = await Promise.all(all.map(async (id) => Date.parse((await look(id)).FinishedAt)))
  expect(Math.max(...asked.map((line) => Date.parse(line.split(' ')[0] ?? '')))).toBeLessThan(Math.min(...ended))
})

describe('one that does not come up again fails with its last words, and the others are started', () => {
  test.concurrent.each<[string, string, readonly string[], RegExp, string]>([
    [
      'ends at once',
      'echo "s3cret disk not found" >&2; exit 3',
      [],
      /did not keep running: exit code 3/,
      '*** disk not found',
    ],
    [
      'is unhealthy',
      'echo "cannot reach s3cret"; touch /sick',
      ['--health-cmd=test ! -e /sick', '--health-interval=200ms', '--health-retries=2'],
      /its health check fails/,
      'cannot reach ***',
    ],
  ])('%s', async (_, what, options, error, line) => {
    const on = await scene()
    await on.application('broken', atSecondStart(what), [on.volume, ...options])
    const other = await on.application('other')
    const plan = await on.group()
    if (options.length > 0) await healthy(`${on.prefix}-broken`)
    const done = await whileStopped(docker, plan, OPTIONS, nothing)
    expect(done.outcome.kind).toBe('done')
    const isDown = what.includes('exit')
    expect(done.notUp).toMatchObject([
      { name: `${on.prefix}-broken`, error: expect.stringMatching(error), isDown, log: [line] },
    ])
    expect((await look(other)).Status).toBe('running')
  })

  test.concurrent('cannot be started at all; what lives in its network neither', async () => {
    const on = await scene()
    await on.application('base')
    await on.application('sidecar', POLITE, [on.volume, '--network', `container:${on.prefix}-base`])
    const other = await on.application('other')
    const done = await whileStopped(docker, await on.group(), OPTIONS, async () => {
      await run(docker, ['rm', `${on.prefix}-base`], 'rm')
    })
    expect(done.notUp.map(({ name }) => name)).toEqual([`${on.prefix}-base`, `${on.prefix}-sidecar`])
    expect(done.notUp[0]?.error).toMatch(/is gone: somebody removed it meanwhile/)
    expect(done.notUp[1]?.error).toMatch(/could not be started again: .*[Nn]o such container/)
    expect((await look(other)).Status).toBe('running')
    expect(done.outcome).toMatchObject({ disturbed: [expect.stringMatching(/"\S+-base" was removed/)] })
  })
})

test.concurrent('one that its restart policy brings up at the second try is up', async () => {
  const on = await scene()
  const app = await on.application('app', atSecondStart('exit 1'), [on.volume, '--restart', 'unless-stopped'])
  const done = await whileStopped(docker, await on.group(), OPTIONS, nothing)
  expect([done.notUp, (await look(app)).Status]).toEqual([[], 'running'])
  expect(await run(docker, ['exec', app, 'cat', '/starts'], 'exec')).toBe('x\nx\nx\n')
})

test.concurrent('health from before the stop counts for nothing', async () => {
  const on = await scene()
  const check = ['--health-cmd=cat /ready', '--health-interval=300ms', '--health-retries=30']
  const late = 'rm -f /ready; (sleep 1; touch /ready) & trap "exit 0" TERM; while :; do sleep 30 & wait; done'
  const app = await on.application('app', late, [on.volume, ...check])
  await healthy(app)
  const done = await whileStopped(docker, await on.group(), OPTIONS, nothing)
  expect(done.notUp).toEqual([])
  await run(docker, ['exec', app, 'test', '-e', '/ready'], 'ready')
})

test.concurrent('compose: one that wants another healthy is started once it is; where that never happens, it is tried all the same', async () => {
  const service = (project: string, name: string, dependsOn = '') => [
    ...['--label', `com.docker.compose.project=${project}`, '--label', `com.docker.compose.service=${name}`],
    ...['--label', `com.docker.compose.depends_on=${dependsOn}`],
  ]
  const check = ['--health-cmd=test -e /ready', '--health-interval=300ms', '--health-retries=5']
  const late = 'rm -f /ready; (sleep 1; touch /ready) & trap "exit 0" TERM; while :; do sleep 30 & wait; done'
  const on = await scene()
  const db = await on.application('db', late, [on.volume, ...check, ...service(on.prefix, 'db')])
  const never = await on.application('never', atSecondStart('rm -f /ready; sleep 30 & wait'), [
    on.volume,
    ...check,
    ...service(on.prefix, 'never'),
  ])
  const web = await on.application('web', POLITE, service(on.prefix, 'web', 'db:service_healthy:false'))
  const sad = await on.application('sad', POLITE, service(on.prefix, 'sad', 'never:service_healthy:false'))
  await run(docker, ['exec', never, 'touch', '/ready'], 'ready')
  await healthy(db)
  await healthy(never)
  const plan = await on.group()
  expect(on.names(plan.start)).toEqual([
    ['db', 'never'],
    ['sad', 'web'],
  ])
  const done = await whileStopped(docker, plan, OPTIONS, nothing)
  expect(done.notUp).toMatchObject([{ name: `${on.prefix}-never`, error: expect.stringMatching(/health check fails/) }])
  const started = async (id: string) => Date.parse((await look(id)).StartedAt)
  expect((await started(web)) - (await started(db))).toBeGreaterThan(1_000)
  expect([(await look(web)).Status, (await look(sad)).Status]).toEqual(['running', 'running'])
})

describe('what somebody else does during the work is seen', () => {
  test.concurrent.each<
    [string, (app: string, paused: string, on: Awaited<ReturnType<typeof scene>>) => Promise<unknown>, RegExp]
  >([
    ['starts it', (app) => run(docker, ['start', app], 'start'), /-app" was started by somebody else/],
    [
      'starts and stops it',
      (app) => run(docker, ['restart', app], 'x').then(() => run(docker, ['stop', app], 'x')),
      /-app" was started by somebody else/,
    ],
    [
      'unpauses one',
      (_, paused) => run(docker, ['unpause', paused], 'unpause'),
      /-paused" was paused, and did not stay so/,
    ],
    [
      'starts one that was not running',
      (_, __, on) => run(docker, ['start', `${on.prefix}-idle`], 'start'),
      /-idle" was not running, and was started/,
    ],
    ['starts a new one', (_, __, on) => on.application('new'), /-new", which has volume/],
  ])('%s', async (_, meddle, expected) => {
    const on = await scene()
    const app = await on.application('app')
    const paused = await on.application('paused')
    await pause(docker, paused)
    await run(
      docker,
      ['create', '--name', `${on.prefix}-idle`, '-v', `${on.data}:/data`, engine.baseImage, 'sh', '-c', POLITE],
      'idle',
    )
    const done = await whileStopped(docker, await on.group(), OPTIONS, () => meddle(app, paused, on).then(() => {}))
    expect(done.outcome).toEqual({ kind: 'done', value: undefined, disturbed: [expect.stringMatching(expected)] })
    expect((await look(app)).Status).toBe('running')
  })

  test.concurrent('paused and idle ones are left as they are', async () => {
    const on = await scene()
    await on.application('app')
    const paused = await on.application('paused')
    await pause(docker, paused)
    const idle = await on.application('idle', 'exit 0')
    await run(docker, ['wait', idle], 'wait')
    const before = [await look(paused), await look(idle)]
    const done = await whileStopped(docker, await on.group(), OPTIONS, nothing)
    expect(done.outcome).toMatchObject({ disturbed: [] })
    expect([await look(paused), await look(idle)]).toEqual(before)
  })

  test.concurrent('makes it anew under its name: that one is left running, the data is not trusted', async () => {
    const on = await scene()
    const app = await on.application('app')
    const done = await whileStopped(docker, await on.group(), OPTIONS, async () => {
      await run(docker, ['rm', app], 'rm')
      await on.application('app')
    })
    expect(done).toMatchObject({ notUp: [], warnings: [expect.stringMatching(/was made anew/)] })
    expect(done.outcome).toMatchObject({
      disturbed: [expect.stringMatching(/was removed/), expect.stringMatching(/"\S+-app", which/)],
    })
  })
})

describe('they are up again', () => {
  test.concurrent('when the work fails', async () => {
    const on = await scene()
    const app = await on.application('app')
    const error = new Error('disk full')
    const done = await whileStopped(docker, await on.group(), OPTIONS, () => Promise.reject(error))
    expect(done).toMatchObject({ outcome: { kind: 'failed', error }, notUp: [] })
    expect((await look(app)).Status).toBe('running')
  })

  test.concurrent('when the run is cancelled in the middle of a stop that takes its time: no work is done', async () => {
    const on = await scene()
    const app = await on.application(
      'app',
      'trap "echo stopping; sleep 2; exit 0" TERM; while :; do sleep 30 & wait; done',
    )
    const abort = new AbortController()
    const plan = await on.group()
    const stopped = whileStopped(docker, plan, { ...OPTIONS, signal: abort.signal }, () => expect.fail('worked'))
    await until(async () => (await run(docker, ['logs', app], 'logs')).includes('stopping'))
    abort.abort()
    const done = await stopped
    expect(done).toMatchObject({ outcome: { kind: 'failed', error: expect.any(CancelledError) }, notUp: [] })
    expect(await staysRunning(app)).toBe(true)
  })

  test.concurrent('when a stop does not end in time, and ends later', async () => {
    const on = await scene()
    const slow = 'trap "sleep 9; exit 0" TERM; while :; do sleep 30 & wait; done'
    const app = await on.application('app', slow, [on.volume, '--stop-timeout', '-1'])
    const plan = await on.group()
    const done = await whileStopped(docker, plan, { ...OPTIONS, until: Date.now() }, () => expect.fail('worked'))
    expect(done.outcome).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringMatching(/did not end within 5 s, and has no stop time-out of its own/) },
    })
    expect(done.notUp).toEqual([])
    expect(await staysRunning(app)).toBe(true)
  })

  test.concurrent('those that run already are fine', async () => {
    const on = await scene()
    await on.application('app')
    const [plan] = [await on.group()]
    expect(await startAll(docker, plan.start, OPTIONS)).toMatchObject({ failed: [], warnings: [] })
  })
})

test.concurrent('one that starts over and over is stopped, started again, and fails nobody', async () => {
  const on = await scene()
  const app = await on.application('loop', 'exit 1', [on.volume, '--restart', 'always'])
  // by then the engine waits for seconds between two starts
  await until(async () => ((await inspectContainers(docker, [app]))[0]?.restartCount ?? 0) > 5)
  const done = await whileStopped(docker, await on.group(), OPTIONS, async () => {
    expect((await look(app)).Status).toBe('exited')
  })
  expect(done).toMatchObject({ outcome: { kind: 'done', disturbed: [] }, notUp: [] })
  expect(['running', 'restarting']).toContain((await look(app)).Status)
})

test.concurrent('a container that vanishes while all are listed is left out', async () => {
  const on = await scene()
  const app = await on.application('app')
  expect((await inspectContainers(docker, ['nobody', app, 'no-such'])).map(({ id }) => id)).toEqual([app])
})

// last, and alone: one of its containers has the volumes of all the others
test('every way to the data is found: volumes-from, a bind of the path, a bind above, a second volume on the same device', async () => {
  const on = await scene()
  const mountpoint = (await run(docker, ['volume', 'inspect', '-f', '{{.Mountpoint}}', on.data], 'volume')).trim()
  const second = `${on.prefix}-second`
  const device = ['--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${mountpoint}`]
  await run(docker, ['volume', 'create', ...device, second], 'volume')
  await on.application('owner')
  await on.application('from', POLITE, ['--volumes-from', `${on.prefix}-owner`])
  await on.application('from-ro', POLITE, ['--volumes-from', `${on.prefix}-owner:ro`])
  await on.application('bind', POLITE, ['-v', `${mountpoint}:/x`])
  await on.application('above', POLITE, ['-v', `${mountpoint}/../..:/x`])
  await on.application('below-ro', POLITE, ['-v', `${mountpoint}:/x:ro`])
  await on.application('device', POLITE, ['-v', `${second}:/x`])
  await on.application('linked', POLITE, ['--link', `${on.prefix}-owner:o`])
  await on.application('other', POLITE, [])
  const plan = await on.group()
  expect(on.names(plan.start)).toEqual([['above', 'bind', 'device', 'from', 'owner'], ['linked']])
})

async function healthy(id: string): Promise<void> {
  await until(async () => (await inspectContainers(docker, [id]))[0]?.health?.status === 'healthy')
}

/** `expect.poll` does not know which of the tests that run side by side it belongs to. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never came true: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Longer than any stop of these tests may still take. */
async function staysRunning(id: string): Promise<boolean> {
  const { StartedAt } = await look(id)
  const until = Date.now() + 5_000
  while (Date.now() < until) {
    const now = await look(id)
    if (now.Status !== 'running' || now.StartedAt !== StartedAt) return false
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return true
}
