/** Each docker call around the stop breaks, in each way: no success that is none, nobody stays down, nothing is left, one sentence says what failed. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { runOk } from '../../../examples/demo/process.ts'
import { startApp, statusOf, watch } from '../../support/applications.ts'
import { type BrokenCall, faultyDocker } from '../../support/faulty-docker.ts'
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

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'marina-faults-'))
  folders.push(folder)
  return folder
}

async function breaking(call: BrokenCall) {
  const docker = await faultyDocker(await temporary(), call)
  return { docker, env: { PATH: `${docker.folder}${delimiter}${process.env.PATH ?? ''}` } }
}

interface Case extends BrokenCall {
  readonly what: string
  /** What the report says: `null` where the backup is good all the same. */
  readonly error: RegExp | null
  readonly warnings?: readonly string[]
}

const UNHEARD = '(the docker client was killed|error during connect: .*EOF)'
const fault = (what: string, call: BrokenCall, error: RegExp | null): Case => ({ what, ...call, error })
const inspected = new RegExp(`^containers could not be inspected: ${UNHEARD}`)
const STOP = 'stop *'
const UP = 'start [0-9a-f]*'

const CASES: readonly Case[] = [
  // the longest first: a stop that nobody answered may still come, and is waited for
  fault('stop-unsaid', { from: STOP, fault: 'killed before' }, /could not be stopped: the docker client was killed$/),
  fault('claim', { from: 'create --name marina-run-*', fault: 'killed after' }, null),
  fault('stop-done', { from: STOP, fault: 'killed after' }, null),
  fault('stopped', { from: STOP, plus: 1, fault: 'killed after' }, inspected),
  fault('list', { from: STOP, plus: 2, fault: 'broken line' }, /^volume \S+ could not be listed: it was cut off/),
  // all was said, by both words of the wrapper, before the client died
  fault('copy', { from: STOP, plus: 3, fault: 'killed after' }, null),
  fault('quiet', { from: STOP, plus: 4, fault: 'broken line' }, inspected),
  fault('start-line', { from: UP, fault: 'broken line' }, null),
  fault('start-done', { from: UP, fault: 'killed after' }, null),
  fault('image-made', { from: 'create --name marina-image-*', fault: 'killed after' }, null),
  {
    ...fault('log', { from: 'start --attach [0-9a-f]*', fault: 'killed after' }, null),
    warnings: ['lines may be missing from its log: the docker client that read it died'],
  },
  fault('image-gone', { from: 'rm *', fault: 'killed before' }, null),
  fault('bench-gone', { from: 'rm *', plus: 1, fault: 'broken line' }, null),
]

/** What is wrong with a run whose call breaks; nothing is right. */
async function problemsOf(
  { what, error: expected, warnings: told, ...call }: Case,
  volume: string,
  app: string,
): Promise<string[]> {
  const { docker, env } = await breaking(call)
  const says = 'echo "saw $(tail -n 1 $MARINA_BACKUP_DIR/volume/*/lines)"'
  const target = { volume, stopAttached: true, preHook: 'echo on >>/hooks', postHook: 'echo off >>/hooks' }
  const instance = { customImage: await toldImage(engine), pull: 'never', targets: [target] }
  const ran = await runJob(engine, { instances: [{ id: id(what), ...instance, env: { DO: shell(says) } }] }, { env })
  const problems: string[] = []
  const mustBe = (isSo: boolean, otherwise: string) => isSo || problems.push(`${what}: ${otherwise}`)
  mustBe((await docker.broken()) !== null, 'no call was broken')
  expectNoTrace(ran)
  const { status, error, warnings } = reportOf(ran, id(what))
  mustBe(error === null ? expected === null : (expected?.test(error) ?? false), `error ${error}`)
  mustBe(warnings.join() === (told ?? []).join(), `warned ${warnings}`)
  mustBe(status === (expected === null ? 'success' : 'failed'), `status ${status}`)
  const closed = await engine.ok(['exec', app, 'sh', '-c', 'grep closed /v0/lines | tail -n 1'])
  mustBe(status !== 'success' || ran.stdout.includes(`saw ${closed}`), `the image did not see ${closed}`)
  mustBe((await statusOf(engine, app)) === 'running', 'the application is down')
  const hooks = await engine.ok(['exec', app, 'sh', '-c', 'cat /hooks 2>&1 || true'])
  mustBe(hooks === 'on\noff', `hooks ran ${hooks}`)
  const left = await leftOf(engine, id(what))
  mustBe(left.length === 0, `left ${left}`)
  return problems
}

test('one call breaks, of those that claim, stop, copy, start and release', async () => {
  const prepared: { one: Case; volume: string; app: string }[] = []
  for (const one of CASES) {
    const volume = await filledVolume(engine, `fault-${one.what}-volume`, 'for i in 1 2 3; do echo $i >$i; done')
    const app = await startApp(engine, `fault-${one.what}-app`, { volumes: [volume] })
    prepared.push({ one, volume, app })
  }
  await toldImage(engine)
  const problems: string[] = []
  const queue = prepared.values()
  const worker = async () => {
    for (const { one, volume, app } of queue)
      problems.push(...(await problemsOf(one, volume, app).catch((error: Error) => [`${one.what}: ${error.message}`])))
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  expect(problems).toEqual([])
})

test('what is left can be neither renamed nor listed at once: post and the next start repair it all the same, and say what they could not', async () => {
  const volume = await filledVolume(engine, 'rename-volume')
  const app = await startApp(engine, 'rename-app', { volumes: [volume] })
  const target = { volume, stopAttached: true }
  const instance = { customImage: await toldImage(engine), pull: 'never', env: { DO: 'echo ran' } }
  const seen = await watch(engine)
  const running = await startJob(engine, { instances: [{ id: id('rename'), ...instance, targets: [target] }] })
  await seen.until(`die ${app}`)
  running.kill('SIGKILL')
  const killed = await running.done
  const post = await killed.post({ env: (await breaking({ from: 'rename *', fault: 'killed before' })).env })
  expect(post.stdout).toMatch(new RegExp(`::warning.*${id('rename')}.*${app} started again`))
  expect(await statusOf(engine, app)).toBe('running')
  expect(await leftOf(engine)).toEqual([])

  const { env } = await breaking({ from: 'ps *', fault: 'broken line' })
  const next = await runJob(engine, { instances: [{ id: id('list'), ...instance, targets: [{ volume }] }] }, { env })
  expect(reportOf(next, id('list')).status).toBe('success')
  expect(next.report?.warnings).toEqual([
    expect.stringMatching(/dead runs.*could not be looked for.*error during connect/),
  ])
  expectNoTrace(next)
})

test("the runner's disk is full: the backup is good, its result is said, and so is what could not be written", async () => {
  const volume = await filledVolume(engine, 'disk-volume')
  const told = 'i=0; while [ $i -lt 30000 ]; do echo "line $i of a log that floods"; i=$((i+1)); done; echo "the end"'
  const instance = {
    customImage: await toldImage(engine),
    pull: 'never',
    targets: [{ volume }],
    env: { DO: shell(told) },
  }
  const config = { instances: [{ id: id('disk'), ...instance }] }
  const inputs = { 'upload-logs': 'false' }

  // filled by the log itself, whose end makes room for what is more important
  const temp = await temporary()
  await runOk('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', temp])
  onTestFinished(async () => void (await runOk('umount', [temp])))
  const filled = await runJob(engine, config, { temp, inputs })
  expect(filled.code, filled.stdout.slice(-3000)).toBe(0)
  expect(filled.outputs.result).toBe('success')
  expect(filled.summary).toContain(id('disk'))
  const { warnings, log } = reportOf(filled, id('disk'))
  expect(warnings).toEqual([
    expect.stringMatching(/^The log file .* could not be written \(ENOSPC.*its end is missing/),
  ])
  expect((await readFile(log ?? '', 'utf8')).trimEnd().split('\n').at(-1)).toContain(warnings[0])
  expect(filled.stdout).toContain('the end')
  expectNoTrace(filled)

  // full from the beginning, so that nothing of the step can be written
  const full = '/dev/full'
  const files = { GITHUB_OUTPUT: full, GITHUB_STATE: full, GITHUB_STEP_SUMMARY: full, RUNNER_TEMP: full }
  const ran = await runJob(engine, config, { env: files, inputs })
  expect(ran.code, ran.stdout.slice(-3000)).toBe(0)
  expect(ran.stdout).toMatch(/^::warning::The state for this step's clean-up could not be saved \(ENOSPC/m)
  expect(ran.stdout).toMatch(/^::warning.*The log file .* could not be written/m)
  for (const what of ['The report', 'The outputs', 'The step summary'])
    expect(ran.stdout).toMatch(new RegExp(`^::warning::${what} could not be written`, 'm'))
  expect(ran.stdout).toMatch(/^success\./m)
  expectNoTrace(ran)
})
