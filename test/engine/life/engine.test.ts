/** The private engine itself: what other engine tests stand on. */

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startPrivateEngine } from '../../../examples/demo/engine.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()

test('the base image has a shell, the tools of BusyBox, and root', async () => {
  const said = await engine.ok([
    'run',
    '--rm',
    engine.baseImage,
    'sh',
    '-c',
    'id -u; echo hi | tar --help 2>&1 | head -1',
  ])
  expect(said).toMatch(/^0\nBusyBox/)
})

test('a name is this engine’s alone', () => {
  expect(engine.name('data')).toMatch(/^marina-test-[0-9a-f]{6}-data$/)
})

test('a failure of docker is a value, with its words', async () => {
  const ran = await engine.docker(['volume', 'inspect', engine.name('nowhere')])
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere') })
})

test('dockerd is restarted, and crashes, with its containers and their restart policy', async () => {
  const name = engine.name('restarted')
  await engine.ok([
    'run',
    '-d',
    '--restart',
    'always',
    '--stop-signal',
    'KILL',
    '--name',
    name,
    engine.baseImage,
    'sleep',
    '1000',
  ])
  const started = async () => await engine.ok(['inspect', '-f', '{{.State.Running}} {{.State.StartedAt}}', name])
  const first = await started()
  await engine.restart()
  await expect.poll(started, { timeout: 150_000 }).toMatch(/^true /)
  const second = await started()
  expect(second).not.toBe(first)
  await engine.restart('SIGKILL')
  await expect.poll(started, { timeout: 150_000 }).toMatch(/^true /)
  await engine.ok(['rm', '-fv', name])
})

test('a frozen dockerd answers nobody until it is thawed', async () => {
  await engine.freeze()
  await expect(engine.docker(['version'], { timeoutMs: 2000 })).rejects.toThrow('not done after 2 s')
  await engine.thaw()
  await engine.ok(['version'])
})

test('a second engine with a small disk stands beside it, and leaves nothing when it is stopped', async () => {
  const small = await startPrivateEngine({ diskMiB: 64 })
  const volume = small.name('full')
  const full = await small.docker([
    'run',
    '--rm',
    '-v',
    `${volume}:/v`,
    small.baseImage,
    'dd',
    'if=/dev/zero',
    'of=/v/x',
    'bs=1M',
    'count=100',
  ])
  expect(full.stderr).toContain('No space left on device')
  expect((await engine.docker(['volume', 'inspect', volume])).code).toBe(1)
  await small.ok(['run', '-d', small.baseImage, 'sh', '-c', 'trap "" TERM; while :; do sleep 1; done'])
  await small.stop()
  expect(existsSync(small.folder as string)).toBe(false)
  expect(await processesNaming(small.folder as string)).toEqual([])
})

async function processesNaming(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.includes(text))
}
