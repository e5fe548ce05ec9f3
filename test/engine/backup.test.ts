/** The main job, end to end: what a backup image gets, how it can end, and what is said of each end. */

import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { backUp, leftovers, makeVolume, startBackup, testEngine } from '../support/backup.ts'

const engine = testEngine()
const base = engine.baseImage

/** An instance on the base image whose script is the repository's `backup.sh`. */
function config(id: string, more: string, volume?: string): string {
  const targets = volume === undefined ? '' : `\n    targets:\n      - volume: ${volume}`
  return `instances:\n  - id: ${engine.name(id)}\n    customImage: ${base}\n    pull: never\n${more}${targets}\n`
}

const SCRIPT = '    script: backup.sh'

let before: string[]
beforeAll(async () => {
  before = await leftovers(engine)
})

test('the seed example: one labelled volume, the example image, its variables, and nothing left', async () => {
  const image = engine.name('example')
  const folder = join(import.meta.dirname, '../../examples/custom-backup-image')
  await engine.ok(['build', '--build-arg', `BASE_IMAGE=${base}`, '-t', image, folder])
  const id = engine.name('custom-backup')
  const labels = ['dev.polarfox.marina.enabled=true', `dev.polarfox.marina.instanceID=${id}`]
  const volume = await makeVolume(engine, 'seed', 'echo letter >letter.txt', labels)
  const ran = await backUp({
    config: `instances:
  - id: ${id}
    customImage: ${image}
    schedule: "0 4 * * *"
    pull: never
    nodeName: my-host
    env:
      BACKUP_ENDPOINT: https://backup.example.com
      BACKUP_TOKEN: \${BACKUP_TOKEN}
      FAIL_PERCENT: 0
      WAIT_SECONDS: 0
`,
    inputs: { variables: 'BACKUP_TOKEN=t0ken-of-the-seed' },
  })
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.outputs).toMatchObject({ result: 'success', succeeded: JSON.stringify([id]), failed: '[]' })
  expect(ran.stdout).toContain(`Instance:  ${id}`)
  expect(ran.stdout).toContain('Host:      my-host')
  expect(ran.stdout).toContain('Endpoint:  https://backup.example.com')
  expect(ran.stdout).toContain('Token:     given')
  expect(ran.stdout).toMatch(new RegExp(`/backup/\\d{8}-\\d{6}/volume/${volume}:`))
  expect(ran.stdout.replace(/^::add-mask::.*$/gm, '')).not.toContain('t0ken-of-the-seed')
  expect(ran.summary).toMatch(/1 backup succeeded/)
  expect(ran.report?.instances).toMatchObject([
    { id, status: 'success', exitCode: 0, targets: [{ name: volume, status: 'staged' }] },
  ])
  expect((await ran.post()).code).toBe(0)
  await engine.ok(['image', 'rm', image])
  expect((await leftovers(engine)).filter((name) => !before.includes(name))).toEqual([`volume ${volume}`])
})

test.each([
  ['exits with 7', 'echo trying; exit 7', '', 'run', /exit code 7/],
  [
    'is killed by a signal',
    "kill -9 $$ & sleep 1; kill -TERM 1; sh -c 'kill -9 $$'; exit $?",
    '',
    'run',
    /SIGKILL|exit code 137/,
  ],
  ['runs out of memory', 'tail /dev/zero', '    resources: { memory: 16m }', 'run', /memory/],
  ['takes too long', 'sleep 1000', '    timeout: 20s', 'run', /did not end within 20 s.*timeout/],
  ['has a script that names no interpreter', '#!/nowhere/sh', '', 'run', /interpreter|exit code 1:/],
] as const)(
  'a backup that %s is failed, in one sentence, and nothing is left',
  async (what, script, more, phase, sentence) => {
    const volume = await makeVolume(engine, 'ends')
    const text = script.startsWith('#!') ? `${script}\n` : `#!/bin/sh\n${script}\n`
    const ran = await backUp({ config: config('ends', `${SCRIPT}\n${more}`, volume), files: { 'backup.sh': text } })
    expectFailed(ran, phase, sentence)
    expect(await leftovers(engine), what).toEqual([...before, `volume ${volume}`].sort())
  },
)

test.each([
  ['has no /backup.sh', (volume: string) => config('bad', '', volume), null, /no \/backup\.sh/],
  [
    'cannot be pulled',
    (volume: string) => config('bad', '', volume).replace(base, '127.0.0.1:9/nothing:1').replace('never', 'always'),
    'image',
    /127\.0\.0\.1:9\/nothing:1 could not be pulled/,
  ],
  [
    'is not on the host',
    (volume: string) => config('bad', '', volume).replace(base, 'nothing:1'),
    'image',
    /image nothing:1/,
  ],
] as const)('an image that %s fails the instance', async (_, bad, phase, sentence) => {
  const volume = await makeVolume(engine, 'image')
  const ran = await backUp({ config: bad(volume) })
  expectFailed(ran, phase, sentence)
  expect(await leftovers(engine)).toEqual([...before, `volume ${volume}`].sort())
})

test('a volume that does not exist, and an empty one: the image does not run, and neither is created', async () => {
  const empty = await makeVolume(engine, 'empty', ':')
  const missing = engine.name('missing')
  const both = `${config('none', SCRIPT, empty)}      - volume: ${missing}\n`
  const ran = await backUp({ config: both, files: { 'backup.sh': '#!/bin/sh\necho ran\n' } })
  expectFailed(ran, undefined, /./)
  expect(ran.stdout).not.toMatch(/^ran$/m)
  const [instance] = ran.report?.instances ?? []
  expect(instance?.targets).toMatchObject([
    { name: empty, status: 'failed', error: expect.stringMatching(/empty/) },
    { name: missing, status: 'failed', error: expect.stringMatching(/does not exist/) },
  ])
  expect(await leftovers(engine)).toEqual([...before, `volume ${empty}`].sort())
})

test('with one good target the image runs, and knows what is missing: partial', async () => {
  const good = await makeVolume(engine, 'good')
  const missing = engine.name('missing')
  const files = { 'backup.sh': '#!/bin/sh\necho "partial $MARINA_PARTIAL, without $MARINA_FAILED_TARGETS"\n' }
  const both = `${config('part', SCRIPT, good)}      - volume: ${missing}\n`
  const ran = await backUp({ config: both, files })
  expect(ran.code).toBe(1)
  expect(ran.outputs).toMatchObject({ result: 'partial', partial: JSON.stringify([engine.name('part')]) })
  expect(ran.stdout).toContain(`partial 1, without ${missing}`)
  const allowed = await backUp({ config: both, files, inputs: { 'allow-partial': 'true' } })
  expect(allowed.code).toBe(0)
  expect(allowed.stdout).toMatch(/^::warning/m)
})

test('one failure does not stop the others, side by side', async () => {
  const volume = await makeVolume(engine, 'shared')
  const ids = ['one', 'two', 'three']
  const one = (id: string) => config(id, `${SCRIPT}\n    env: { WHO: ${id} }`, volume).replace('instances:\n', '')
  const ran = await backUp({
    config: `instances:\n${ids.map(one).join('')}`,
    files: { 'backup.sh': '#!/bin/sh\nsleep 2\necho "I am $WHO"\n[ "$WHO" != two ]\n' },
    inputs: { 'max-parallel': '3' },
  })
  expect(ran.outputs).toMatchObject({
    result: 'failed',
    succeeded: JSON.stringify([engine.name('one'), engine.name('three')]),
    failed: JSON.stringify([engine.name('two')]),
  })
  for (const id of ids) expect(ran.stdout).toMatch(new RegExp(`I am ${id}$`, 'm'))
  const spans =
    ran.report?.instances.map(({ startedAt, seconds }) => [Date.parse(startedAt ?? ''), seconds * 1000]) ?? []
  const begun = spans.map(([start = 0]) => start)
  const ended = spans.map(([start = 0, ms = 0]) => start + ms)
  expect(Math.max(...begun)).toBeLessThan(Math.min(...ended)) // all three at one time
})

test('a second run of the same instance meets the lock, and says who holds it', async () => {
  const volume = await makeVolume(engine, 'locked')
  const files = { 'backup.sh': '#!/bin/sh\necho begun\nsleep 6\n' }
  const first = await startBackup({ config: config('locked', SCRIPT, volume), files })
  await first.says(/begun/)
  const second = await backUp({ config: config('locked', SCRIPT, volume), files, env: { GITHUB_RUN_ID: '1002' } })
  expectFailed(second, 'claim', /1001/)
  expect((await first.done).code).toBe(0)
})

test('a run that is cancelled stops its image, releases, and says so', async () => {
  const volume = await makeVolume(engine, 'cancel')
  const files = {
    'backup.sh': '#!/bin/sh\ntrap "echo stopping; exit 0" TERM\necho begun\nwhile :; do sleep 0.1; done\n',
  }
  const running = await startBackup({ config: config('cancel', SCRIPT, volume), files })
  await running.says(/begun/)
  running.cancel()
  const ran = await running.done
  expect(ran.signal).toBeNull()
  expect(ran.code).toBe(1)
  expect(ran.outputs.result).toBe('cancelled')
  expect((await ran.post()).code).toBe(0)
  expect(await leftovers(engine)).toEqual([...before, `volume ${volume}`].sort())
})

test.each(['kill', 'killGroup'] as const)('what a killed run left, post removes (%s)', async (how) => {
  const volume = await makeVolume(engine, 'killed')
  const files = { 'backup.sh': '#!/bin/sh\necho begun\nsleep 1000\n' }
  const running = await startBackup({ config: config('killed', SCRIPT, volume), files })
  await running.says(/begun/)
  if (how === 'kill') running.kill('SIGKILL')
  else running.killGroup()
  const ran = await running.done
  expect(await leftovers(engine)).toContain(`container marina-run-${engine.name('killed')}`)
  const post = await ran.post()
  expect(post.code).toBe(0)
  expect(await leftovers(engine), post.stdout).toEqual([...before, `volume ${volume}`].sort())
})

/** The whole job is red, the instance failed in that phase, for one reason in plain words. */
function expectFailed(
  ran: Awaited<ReturnType<typeof backUp>>,
  phase: string | null | undefined,
  sentence: RegExp,
): void {
  expect(ran.code, ran.stdout).toBe(1)
  expect(ran.outputs.result).toBe('failed')
  const [instance] = ran.report?.instances ?? []
  expect(instance?.status).toBe('failed')
  if (phase !== undefined && phase !== null) expect(instance?.failedPhase).toBe(phase)
  expect(instance?.error).toMatch(sentence)
  expect(instance?.error).not.toContain('\n')
  expect(ran.stdout).not.toMatch(/^\s+at .*\(/m)
  expect(ran.stdout).toMatch(/^::error .*file=config\.yml/m)
}
