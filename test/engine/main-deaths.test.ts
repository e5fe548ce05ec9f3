/** However a run ends (deadline, cancel, kill, a helper or an engine that dies), it says so in one sentence and nothing is left. */

import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { attachEngine, startPrivateEngine } from '../support/engine.ts'
import {
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  startJob,
  toldImage,
} from '../support/main-job.ts'

const engine = attachEngine(inject('engine'))
const id = (what: string) => engine.name(what)
const FOREVER = 'echo begun; sleep 1000'

let image: string
let volume: string
let large: string

beforeAll(async () => {
  image = await toldImage(engine)
  volume = await filledVolume(engine, 'deaths')
  large = await filledVolume(engine, 'deaths-large', 'dd if=/dev/zero of=large bs=1M count=300; echo x >last')
}, 200_000)

afterAll(async () => {
  await engine.docker(['volume', 'rm', volume, large])
})

const instance = (what: string, text: string, more: object = {}) => ({
  id: id(what),
  customImage: image,
  pull: 'never',
  targets: [{ volume }],
  env: { DO: shell(text) },
  ...more,
})
const copied = (name = volume) => ({ targets: [{ volume: name, staging: 'copy' }] })

test('past its timeout a backup is stopped', async () => {
  const config = {
    instances: [
      instance('late', `trap "echo stopping" TERM; ${FOREVER} & wait; sleep 1000 & wait`, { timeout: '10s' }),
    ],
  }
  const ran = await runJob(engine, config)
  expect(reportOf(ran, id('late'))).toMatchObject({
    status: 'failed',
    failedPhase: 'run',
    error: 'it did not end within 10 s and was stopped: see its log, or raise timeout',
  })
  expect(reportOf(ran, id('late')).tail).toContain('stopping')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test('a cancel stops the container, skips what has not begun, and leaves nothing', async () => {
  const config = {
    instances: [instance('cancel-a', FOREVER), instance('cancel-b', FOREVER, copied()), instance('cancel-c', 'exit 0')],
  }
  const running = await startJob(engine, config, { inputs: { 'max-parallel': '2' } })
  await expect
    .poll(() => engine.ok(['ps', '--format', '{{.Names}}']), { timeout: 60_000, interval: 300 })
    .toMatch(new RegExp(`marina-image-${id('cancel-b')}`))
  await running.says(/begun/)
  running.kill('SIGINT')
  const ran = await running.done
  expect(ran.code).toBe(1)
  expect(ran.report?.instances.map(({ status, failedPhase }) => [status, failedPhase])).toEqual([
    ['cancelled', 'run'],
    ['cancelled', 'run'],
    ['skipped', null],
  ])
  expect(ran.outputs).toMatchObject({ result: 'cancelled', skipped: JSON.stringify([id('cancel-c')]) })
  expectNoTrace(ran)
  expect(ran.summary).toMatch(/^### 🚫 Cancelled/)
  expect(await leftOf(engine)).toEqual([])
})

test('a cancel while a volume is copied ends the copy', async () => {
  const running = await startJob(engine, { instances: [instance('cancel-copy', 'exit 0', copied(large))] })
  await running.says(/claim \d/)
  running.kill('SIGINT')
  const ran = await running.done
  expect(reportOf(ran, id('cancel-copy'))).toMatchObject({ status: 'cancelled', failedPhase: 'stage' })
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test.each([
  ['mounted', {}, 1],
  ['copied', { copy: true }, 2],
] as const)(
  'killed while a %s volume is backed up: post removes what is left',
  async (what, { copy = false }: { copy?: boolean }, count) => {
    const running = await startJob(engine, { instances: [instance(`post-${what}`, FOREVER, copy ? copied() : {})] })
    await running.says(/begun/)
    running.kill('SIGKILL')
    const killed = await running.done
    expect(killed.signal).toBe('SIGKILL')
    expect(await leftOf(engine)).not.toEqual([])
    const post = await killed.post()
    expect(post.code).toBe(0)
    expect(post.stdout).toContain(`Cleaned up ${count} container`)
    expectNoTrace(post)
    expect(await leftOf(engine)).toEqual([])
  },
)

test('killed without a post: the next start sweeps at once, says so, and backs up', async () => {
  const running = await startJob(
    engine,
    {
      instances: [instance('swept-mount', FOREVER), instance('swept-copy', FOREVER, copied())],
    },
    { inputs: { 'max-parallel': '2' } },
  )
  await expect
    .poll(() => engine.ok(['ps', '--format', '{{.Names}}']), { timeout: 60_000, interval: 300 })
    .toMatch(new RegExp(`marina-image-${id('swept-copy')}`))
  await running.says(/begun/)
  running.kill('SIGKILL')
  await running.done
  const ran = await runJob(
    engine,
    {
      instances: [instance('swept-mount', 'exit 0'), instance('swept-copy', 'exit 0', copied())],
    },
    { env: { GITHUB_RUN_ID: '1002' } },
  )
  expect(ran.outputs.result).toBe('success')
  expect([...(ran.report?.warnings ?? [])].sort()).toEqual([
    `instance ${id('swept-copy')}: a run was left behind (its action died): cleaned up`,
    `instance ${id('swept-mount')}: a run was left behind (its process is gone): cleaned up`,
  ])
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test.each([
  ['killed', ['kill'], /^the backup was killed by SIGKILL \(exit code 137\)/, 137],
  ['stopped', ['stop', '-t', '0'], /^the backup was killed by SIG/, 137],
  ['removed', ['rm', '-fv'], /^the backup container was removed by someone else while it ran$/, null],
] as const)('a backup container that somebody %s is a failure', async (what, verb, sentence, exitCode) => {
  const running = await startJob(engine, { instances: [instance(`foreign-${what}`, FOREVER)] })
  await running.says(/begun/)
  await engine.ok([...verb, `marina-run-${id(`foreign-${what}`)}`])
  const ran = await running.done
  expect(reportOf(ran, id(`foreign-${what}`))).toMatchObject({ status: 'failed', failedPhase: 'run', exitCode })
  expect(reportOf(ran, id(`foreign-${what}`)).error).toMatch(sentence)
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

/** Waits in the workbench until so much of the copy is there. */
const HALF_WAY = 'until [ "$(du -sk /backup | cut -f1)" -gt 8000 ]; do :; done'

test('a copy that is killed half way is a failed target, and the image does not run', async () => {
  const running = await startJob(engine, { instances: [instance('cp-killed', 'echo ran', copied(large))] })
  const bench = `marina-run-${id('cp-killed')}`
  await running.says(/claim \d/)
  await engine.ok(['exec', bench, 'sh', '-c', `${HALF_WAY}; killall -9 cp tar 2>/dev/null; true`])
  const ran = await running.done
  const report = reportOf(ran, id('cp-killed'))
  expect(report).toMatchObject({ status: 'failed', exitCode: null, targets: [{ status: 'failed', staging: null }] })
  expect(report.error).toMatch(new RegExp(`^volume ${large} .*[Kk]illed`))
  expect(ran.stdout).not.toContain('\nran\n')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test('a workbench that is killed half way fails the instance', async () => {
  const running = await startJob(engine, { instances: [instance('bench-killed', 'echo ran', copied(large))] })
  const bench = `marina-run-${id('bench-killed')}`
  await running.says(/claim \d/)
  await engine.ok(['exec', bench, 'sh', '-c', HALF_WAY])
  await engine.ok(['kill', bench])
  const ran = await running.done
  expect(reportOf(ran, id('bench-killed'))).toMatchObject({
    status: 'failed',
    failedPhase: 'stage',
    error: 'the workbench died while it was needed (killed, out of memory, or the engine restarted): run it again',
  })
  expect(ran.stdout).not.toContain('\nran\n')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test('an engine that is restarted under a backup: one sentence, and the next start finds nothing amiss', async () => {
  const config = (text: string) => ({
    instances: [instance('restart-mount', text), instance('restart-copy', text, copied())],
  })
  const running = await startJob(engine, config(FOREVER), { inputs: { 'max-parallel': '2' } })
  await expect
    .poll(() => engine.ok(['ps', '--format', '{{.Names}}']), { timeout: 60_000, interval: 300 })
    .toMatch(new RegExp(`marina-image-${id('restart-copy')}`))
  await running.says(/begun/)
  await engine.restart('SIGKILL')
  const ran = await running.done
  for (const one of ran.report?.instances ?? []) {
    expect(one.status).toBe('failed')
    console.log(one.error, one.warnings)
  }
  expectNoTrace(ran)
  const again = await runJob(engine, config('exit 0'), { env: { GITHUB_RUN_ID: '1003' } })
  console.log(again.report?.warnings)
  expect(again.outputs.result).toBe('success')
  expect(await leftOf(engine)).toEqual([])
})

test('a disk that fills up while a volume is copied is a failed target, and is free again', async () => {
  const small = await startPrivateEngine({ diskMiB: 96 })
  try {
    const told = await toldImage(small)
    const many = await filledVolume(
      small,
      'many',
      'i=0; while [ $i -lt 3000 ]; do dd if=/dev/zero of=f$i bs=8k count=1 2>/dev/null; i=$((i+1)); done',
    )
    const host = `${small.folder}/data`
    const fill = `until ls /host/volumes/*/_data/*/volume/*/f1 >/dev/null 2>&1; do :; done; dd if=/dev/zero of=/host/filler bs=64k`
    await small.ok([
      'run',
      '-d',
      '--name',
      small.name('filler'),
      '-v',
      `${host}:/host`,
      small.baseImage,
      'sh',
      '-c',
      fill,
    ])
    const config = (what: string) => ({
      instances: [
        {
          id: what,
          customImage: told,
          pull: 'never',
          targets: [{ volume: many, staging: 'copy' }],
          env: { DO: 'echo ran' },
        },
      ],
    })
    const ran = await runJob(small, config('full'))
    const report = reportOf(ran, 'full')
    expect(report).toMatchObject({ status: 'failed', targets: [{ status: 'failed' }] })
    expect(report.error).toMatch(/No space left on device|no room/)
    expect(ran.stdout).not.toContain('\nran\n')
    expectNoTrace(ran)
    expect(await leftOf(small, '')).toEqual([''])
    // with no room from the start, it is refused before anything is copied
    const refused = await runJob(small, config('refused'))
    console.log(report.error, '|', reportOf(refused, 'refused').error)
    expect(reportOf(refused, 'refused').status).toBe('failed')
    await small.ok(['run', '--rm', '-v', `${host}:/host`, small.baseImage, 'rm', '/host/filler'])
    expect((await runJob(small, config('free'))).outputs.result).toBe('success')
  } finally {
    await small.stop()
  }
})
