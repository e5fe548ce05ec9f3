/** A start is asked for whatever the time is; waiting ends with it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { enginePatience } from '../../../src/applications/enginePatience.ts'
import { startAll } from '../../../src/applications/start.ts'
import type { Docker } from '../../../src/docker/process.ts'
import { CommandError } from '../../../src/errors.ts'
import { idOf } from '../../support/containers.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-start-'))
  process.env.PATH = folder + delimiter + path
})
afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

async function docker(...rules: Rule[]) {
  const scripted = await scriptDocker(folder, rules)
  const docker: Docker = { env: { PATH: process.env.PATH ?? '' }, redact: (text) => text }
  return { docker, calls: async () => (await scripted.calls()).map(({ argv }) => argv.join(' ')) }
}

const ID = idOf('app')
const STARTED = '2026-11-27T19:40:02.25Z'
const state = (over: object, config: object = {}) =>
  JSON.stringify([{ Id: ID, Name: '/app', State: { Status: 'running', StartedAt: STARTED, ...over }, Config: config }])
const DOWN = state({ Status: 'exited', ExitCode: 0, StartedAt: '2026-11-01T00:00:00Z' })
const HOURLY = { Healthcheck: { Test: ['CMD', 'true'], Interval: 3600e9, Timeout: 30e9, Retries: 3 } }
const inspected = (stdout: string, times?: number): Rule => ({
  on: /^container inspect/,
  stdout,
  ...(times === undefined ? {} : { times }),
})
const WAVES = [[{ id: ID, name: 'app' }]]
const quiet = { say: () => {} }

test('a health check that speaks after the time is over is not waited for', async () => {
  const { docker: scripted } = await docker(
    inspected(DOWN, 1),
    { on: /^start/ },
    inspected(state({ Health: { Status: 'starting', Log: [] } }, HOURLY)),
  )
  const before = Date.now()
  const { failed, warnings, started } = await startAll(scripted, WAVES, { ...quiet, until: Date.now() + 40_000 })
  expect(Date.now() - before).toBeLessThan(30_000)
  expect({ failed, started }).toEqual({ failed: [], started: ['app'] })
  expect(warnings).toEqual([expect.stringMatching(/"app" runs again, but nobody waited for its health check/)])
})

test('the time is over, and the run cancelled, before the start: it is started all the same', async () => {
  const { docker: scripted, calls } = await docker(
    inspected(DOWN, 1),
    { on: /^start/ },
    inspected(state({ Health: { Status: 'starting', Log: [] } }, HOURLY)),
  )
  const signal = AbortSignal.abort()
  const { failed, started } = await startAll(scripted, WAVES, { ...quiet, until: 0, signal })
  expect({ failed, started }).toEqual({ failed: [], started: ['app'] })
  expect(await calls()).toContain(`start ${ID}`)
})

test('a stop that may be under way is waited for until the time is over: what still runs then is remembered, not started', async () => {
  const running = state({ StartedAt: '2026-11-01T00:00:00Z' }, { StopTimeout: 3600 })
  const { docker: scripted, calls } = await docker(inspected(running), { on: /^logs/ })
  vi.useFakeTimers({ toFake: ['Date'] })
  const looks = setInterval(() => void vi.setSystemTime(Date.now() + 5_000), 100) // five seconds pass in each tenth
  const { failed } = await startAll(scripted, WAVES, { ...quiet, until: Date.now() + 1_000, stopMayBePending: true })
  clearInterval(looks)
  vi.useRealTimers()
  expect(failed).toMatchObject([
    {
      isDown: true,
      error: expect.stringMatching(/its stop was asked for, and may end it until its stop time-out of 3600 s/),
    },
  ])
  expect((await calls()).some((call) => call.startsWith('start'))).toBe(false)
})

test('a cancel ends the wait for health', async () => {
  const { docker: scripted } = await docker(
    inspected(DOWN, 1),
    { on: /^start/ },
    inspected(state({ Health: { Status: 'starting', Log: [] } }, { Healthcheck: { Test: ['CMD', 'true'] } })),
  )
  const cancel = new AbortController()
  const starting = startAll(scripted, WAVES, { ...quiet, until: Number.POSITIVE_INFINITY, signal: cancel.signal })
  cancel.abort()
  expect((await starting).warnings).toEqual([expect.stringMatching(/"app" runs again, but/)])
})

test.each<[string, readonly Rule[], RegExp, boolean]>([
  [
    'one that the engine refuses to start is down',
    [{ on: /^start/, code: 1, stderr: 'Error response from daemon: network gone not found\n' }, inspected(DOWN)],
    /could not be started again: network gone not found/,
    true,
  ],
  [
    'one that ends at once is down',
    [{ on: /^start/ }, inspected(state({ Status: 'exited', ExitCode: 3 }))],
    /did not keep running: exit code 3/,
    true,
  ],
  [
    'one that was removed cannot be remembered',
    [
      { on: /^start/, code: 1, stderr: 'x' },
      { on: /^container/, code: 1, stdout: '[]', stderr: 'No such container: x\n' },
    ],
    /^container "app" was removed by somebody else while it was being started again/,
    false,
  ],
  [
    'one that docker says it started is down',
    [{ on: /^start/ }, inspected(DOWN)],
    /^container "app" is down, although docker says that it was started again: somebody else stopped it/,
    true,
  ],
])('%s', async (_, rules, error, isDown) => {
  const { docker: scripted } = await docker(inspected(DOWN, 1), ...rules, { on: /^logs/ })
  const { failed } = await startAll(scripted, WAVES, { ...quiet, until: Date.now() + 60_000 })
  expect(failed).toMatchObject([{ name: 'app', error: expect.stringMatching(error), isDown }])
})

test('an engine that does not answer is asked again for so long in all, and anew after each answer', async () => {
  const away = () => Promise.reject(new CommandError('no answer', { ended: { kind: 'exit', code: 1 }, stderr: '' }))
  const patience = enginePatience(300)
  const before = Date.now()
  await expect(patience.ask(away)).rejects.toThrow('no answer')
  await expect(patience.ask(away)).rejects.toThrow('no answer')
  // the second one is asked once, since the engine has been away for too long already
  expect(Date.now() - before).toBeLessThan(3_000)
  expect(await patience.ask(async () => 'here')).toBe('here')
})

test('a client that hangs is left behind, and another one starts it', { timeout: 40_000 }, async () => {
  const { docker: scripted, calls } = await docker(
    inspected(DOWN, 2),
    { on: /^start/, hangs: true, times: 1 },
    { on: /^start/ },
    inspected(state({})),
  )
  const before = Date.now()
  const { failed, started } = await startAll(scripted, WAVES, { ...quiet, until: Date.now() + 5_000 })
  expect({ failed, started }).toEqual({ failed: [], started: ['app'] })
  expect((await calls()).filter((call) => call.startsWith('start'))).toHaveLength(2)
  expect(Date.now() - before).toBeLessThan(35_000)
})
