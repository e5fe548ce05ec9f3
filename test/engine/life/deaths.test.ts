/** However a run ends (deadline, cancel, kill, a helper or an engine that dies), it says so in one sentence and nothing is left. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPrivateEngine } from '../../../examples/demo/engine.ts'
import { expectNoTrace, filledVolume, given, leftOf, reportOf, runJob, startJob, toldImage } from '../../support/run.ts'

const { engine, id, volume, instance } = given('deaths')
const FOREVER = 'echo begun; sleep 1000'

let large: string

beforeAll(async () => {
  large = await filledVolume(engine, 'deaths-large', 'dd if=/dev/zero of=large bs=1M count=300; echo x >last')
})

afterAll(async () => {
  await engine.docker(['volume', 'rm', large])
})

/** Waits until these containers run. */
async function runs(...containers: string[]): Promise<void> {
  const names = async () => (await engine.ok(['ps', '--format', '{{.Names}}'])).split('\n')
  await expect.poll(names, { timeout: 150_000, interval: 300 }).toEqual(expect.arrayContaining(containers))
}

const copied = (name = volume) => ({ targets: [{ volume: name, staging: 'copy' }] })

test('a backup that is late, killed, stopped or removed by somebody is a failure', async () => {
  const late = `trap "echo stopping" TERM; ${FOREVER} & wait; sleep 1000 & wait`
  const running = await startJob(
    engine,
    {
      instances: [
        instance('late', late, { timeout: '20s' }),
        ...['killed', 'stopped', 'removed'].map((what) => instance(`was-${what}`, 'trap "" TERM; sleep 1000')),
      ],
    },
    { inputs: { 'max-parallel': '4' } },
  )
  await runs(...['killed', 'stopped', 'removed'].map((what) => `marina-run-${id(`was-${what}`)}`))
  await engine.ok(['kill', `marina-run-${id('was-killed')}`])
  await engine.ok(['stop', '-t', '0', `marina-run-${id('was-stopped')}`])
  await engine.ok(['rm', '-fv', `marina-run-${id('was-removed')}`])
  const ran = await running.done
  const killed = /^the backup was killed by SIGKILL \(exit code 137\): see its log, and whether someone stopped it/
  for (const [what, sentence, exitCode] of [
    ['late', /^it did not end within 20 s and was stopped: see its log, or raise timeout$/, 137],
    ['was-killed', killed, 137],
    ['was-stopped', killed, 137],
    ['was-removed', /^the backup container was removed by someone else while it ran$/, null],
  ] as const) {
    const report = reportOf(ran, id(what))
    expect(report).toMatchObject({ status: 'failed', failedPhase: 'run', exitCode })
    expect(report.error).toMatch(sentence)
  }
  expect(reportOf(ran, id('late')).tail).toContain('stopping')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test('a cancel stops the container, skips what has not begun, and leaves nothing', async () => {
  const config = {
    instances: [instance('cancel-a', FOREVER), instance('cancel-b', FOREVER, copied()), instance('cancel-c', 'exit 0')],
  }
  const running = await startJob(engine, config, { inputs: { 'max-parallel': '2' } })
  await runs(`marina-image-${id('cancel-b')}`)
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
  expect(ran.summary).toMatch(/^### 🚫 \S+: cancelled/)
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

test('killed while volumes are backed up: post removes what is left', async () => {
  const running = await startJob(
    engine,
    { instances: [instance('post-mount', FOREVER), instance('post-copy', FOREVER, copied())] },
    { inputs: { 'max-parallel': '2' } },
  )
  await runs(`marina-run-${id('post-mount')}`, `marina-image-${id('post-copy')}`)
  running.kill('SIGKILL')
  const killed = await running.done
  expect(killed.signal).toBe('SIGKILL')
  expect(await leftOf(engine)).not.toEqual([])
  const post = await killed.post()
  expect(post.code).toBe(0)
  expect(post.stdout).toContain('Cleaned up 3 containers.')
  expectNoTrace(post)
  expect(await leftOf(engine)).toEqual([])
})

test('killed without a post: the next start sweeps at once, says so, and backs up', async () => {
  const running = await startJob(
    engine,
    {
      instances: [instance('swept-mount', FOREVER), instance('swept-copy', FOREVER, copied())],
    },
    { inputs: { 'max-parallel': '2' } },
  )
  await runs(`marina-image-${id('swept-copy')}`)
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

/** Waits in the helper until so much of the copy is there. */
const HALF_WAY = 'until [ "$(du -sk /backup | cut -f1)" -gt 8000 ]; do :; done'

test('a copy that is killed half way is a failed target, and the image does not run', async () => {
  const running = await startJob(engine, { instances: [instance('cp-killed', 'echo ran', copied(large))] })
  const bench = `marina-run-${id('cp-killed')}`
  await running.says(/claim \d/)
  await engine.ok(['exec', bench, 'sh', '-c', `${HALF_WAY}; killall -9 cp tar 2>/dev/null; true`])
  const ran = await running.done
  const report = reportOf(ran, id('cp-killed'))
  expect(report).toMatchObject({ status: 'failed', exitCode: null, targets: [{ status: 'failed', staging: null }] })
  expect(report.error).toMatch(/ended|[Kk]illed|signal 9/)
  expect(ran.stdout).not.toContain('\nran\n')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

test('a helper that is killed half way fails the instance', async () => {
  const running = await startJob(engine, { instances: [instance('bench-killed', 'echo ran', copied(large))] })
  const bench = `marina-run-${id('bench-killed')}`
  await running.says(/claim \d/)
  await engine.ok(['exec', bench, 'sh', '-c', HALF_WAY])
  await engine.ok(['kill', bench])
  const ran = await running.done
  expect(reportOf(ran, id('bench-killed'))).toMatchObject({
    status: 'failed',
    failedPhase: 'stage',
    error: 'the helper died while it was needed (killed, out of memory, or the engine restarted): run it again',
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
  await runs(`marina-image-${id('restart-copy')}`)
  await running.says(/begun/)
  await engine.restart('SIGKILL')
  const ran = await running.done
  expect(ran.report?.instances).toMatchObject([
    { status: 'failed', failedPhase: 'run', error: expect.stringMatching(/^the backup was killed by SIGKILL/) },
    { status: 'failed', failedPhase: 'run', error: expect.stringMatching(/^the helper died while it was needed/) },
  ])
  expectNoTrace(ran)
  const again = await runJob(engine, config('exit 0'), { env: { GITHUB_RUN_ID: '1003' } })
  expect(again.outputs.result).toBe('success')
  expect(await leftOf(engine), `${ran.stdout}\n${again.stdout}`).toEqual([])
})

test('a disk that fills up while a volume is copied is a failed target, and is free again', async () => {
  const small = await startPrivateEngine({ diskMiB: 96 })
  try {
    const told = await toldImage(small)
    const fill = 'i=0; while [ $i -lt 2000 ]; do dd if=/dev/zero of=f$i bs=8k count=1 2>/dev/null; i=$((i+1)); done'
    const many = await filledVolume(small, 'many', fill)
    const filler = small.name('filler')
    await small.ok([
      'run',
      '-d',
      '--name',
      filler,
      '-v',
      `${small.folder}/data:/host`,
      small.baseImage,
      'sleep',
      '1000',
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
    const running = await startJob(small, config('full'))
    await running.says(/claim \d/)
    // slowed down, the copy is caught half way
    await small.ok(['update', '--cpus', '0.05', 'marina-run-full'])
    const begun = 'until ls /host/volumes/*/_data/*/volume/*/f1* >/dev/null 2>&1; do sleep 0.05; done'
    await small.docker(['exec', filler, 'sh', '-c', `${begun}; dd if=/dev/zero of=/host/filler bs=64k`])
    const ran = await running.done
    expect(reportOf(ran, 'full')).toMatchObject({ status: 'failed', targets: [{ status: 'failed' }] })
    expect(reportOf(ran, 'full').error).toMatch(/No space left on device/)
    expect(ran.stdout).not.toContain('\nran\n')
    expectNoTrace(ran)
    expect(await leftOf(small, '')).toEqual([])
    // where there is no room from the start, nothing is copied
    const refused = await runJob(small, config('refused'))
    expect(reportOf(refused, 'refused')).toMatchObject({ status: 'failed' })
    expectNoTrace(refused)
    await small.ok(['exec', filler, 'rm', '/host/filler'])
    expect((await runJob(small, config('free'))).outputs.result).toBe('success')
  } finally {
    await small.stop()
  }
})
