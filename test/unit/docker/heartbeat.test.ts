import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { watchEngine } from '../../../src/docker/heartbeat.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
const folders: string[] = []
// a client of the tests' own needs a second and more on a busy machine
const TIMES = { everyMs: 100, deadlineMs: 8_000, lostAfterMs: 1_500 }
const AWAY = 'Cannot connect to the Docker daemon at tcp://nas:2376. Is the docker daemon running?\n'

afterEach(async () => {
  process.env.PATH = path
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function watch(rules: readonly Rule[], times = TIMES) {
  const folder = await mkdtemp(join(tmpdir(), 'heartbeat-'))
  folders.push(folder)
  const scripted = await scriptDocker(folder, rules)
  process.env.PATH = folder + delimiter + path
  const heartbeat = watchEngine({ env: { PATH: process.env.PATH }, redact: (text) => text }, times)
  const asked = async () => (await scripted.calls()).length
  return { heartbeat, asked }
}

test.each<[string, Rule]>([
  ['is not there', { on: /^ps /, stderr: AWAY, code: 1 }],
  ['takes the question and does not answer', { on: /^ps /, hangs: true }],
])('an engine that %s is lost after three questions in a row', { timeout: 120_000 }, async (_, rule) => {
  const { heartbeat, asked } = await watch([{ on: /^ps /, times: 1 }, rule], { ...TIMES, deadlineMs: 3_000 })
  await expect.poll(() => heartbeat.lost.aborted, { timeout: 100_000 }).toBe(true)
  expect(await asked()).toBeGreaterThanOrEqual(4)
})

test.each<[string, readonly Rule[]]>([
  ['twice', [{ on: /^ps /, stderr: AWAY, code: 1, times: 2 }, { on: /^ps / }]],
  [
    'twice, again and again',
    [
      { on: /^ps /, stderr: AWAY, code: 1, times: 2 },
      { on: /^ps /, times: 1 },
      { on: /^ps /, stderr: AWAY, code: 1, times: 2 },
      { on: /^ps / },
    ],
  ],
  ['with a refusal', [{ on: /^ps /, stderr: 'Error response from daemon: no\n', code: 1 }]],
])('an engine that answers is there, though it missed: %s', { timeout: 120_000 }, async (_, rules) => {
  const { heartbeat, asked } = await watch(rules)
  await expect.poll(asked, { timeout: 100_000 }).toBeGreaterThan(6)
  expect(heartbeat.lost.aborted).toBe(false)
  heartbeat.stop()
  const before = await asked()
  await delay(3 * TIMES.everyMs)
  expect((await asked()) - before).toBeLessThanOrEqual(1)
})
