/** What is said of a container that is not down after it was asked to stop, and of one that was killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stopAll } from '../../../src/applications/stop.ts'
import type { Container } from '../../../src/docker/parseContainer.ts'
import type { Docker } from '../../../src/docker/process.ts'
import { container, idOf } from '../../support/containers.ts'
import { type Rule, scriptDocker } from '../../support/scripted-docker.ts'

const path = process.env.PATH ?? ''
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-stop-'))
  process.env.PATH = folder + delimiter + path
})
afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

async function docker(...rules: Rule[]): Promise<Docker> {
  await scriptDocker(folder, rules)
  return { env: { PATH: process.env.PATH ?? '' }, redact: (text) => text }
}

const SINCE = '2026-11-01T00:00:01.5Z'
const LATER = '2026-11-27T19:40:02.25Z'
const inspected = (state: object, more: object = {}) =>
  JSON.stringify([
    {
      Id: idOf('app'),
      Name: '/app',
      State: { Status: 'running', StartedAt: SINCE, ExitCode: 0, ...state },
      Config: {},
      ...more,
    },
  ])
const policy = (name: string) => ({ HostConfig: { RestartPolicy: { Name: name } } })
const ended = (exitCode: number, more: object = {}) => inspected({ Status: 'exited', ExitCode: exitCode, ...more })

async function stopped(rules: readonly Rule[], over: Partial<Container> = {}, leftMs = 3_600_000) {
  const waves = [[{ container: container('app', { startedAt: SINCE, ...over }), why: 'has it' }]]
  return stopAll(await docker(...rules), waves, { until: Date.now() + leftMs, say: () => {} })
}

const STOP: Rule = { on: /^stop/ }
const seen = (stdout: string): Rule => ({ on: /^container inspect/, stdout })

test.each<[string, readonly Rule[], RegExp, boolean]>([
  [
    'somebody started it again',
    [STOP, seen(inspected({ StartedAt: LATER }, policy('no')))],
    /^container "app" was stopped, and started again by somebody else at 2026-11-27T19:40:02.25Z, while it had to stay stopped/,
    false,
  ],
  [
    'somebody started it again, and it has a restart policy',
    [STOP, seen(inspected({ StartedAt: LATER }, policy('always')))],
    /^container "app", whose restart policy is "always", was stopped, and started again by somebody else at/,
    false,
  ],
  [
    'docker says it stopped, but it did not',
    [STOP, seen(inspected({}))],
    /^container "app" could not be stopped: docker says that it was, but it has been running since 2026-11-01T00:00:01.5Z$/,
    true,
  ],
  [
    'the engine refuses',
    [
      { on: /^stop/, code: 1, stderr: 'Error response from daemon: cannot stop: permission denied\n' },
      seen(inspected({})),
    ],
    /^container "app" could not be stopped: cannot stop: permission denied$/,
    true,
  ],
  [
    'somebody removed it',
    [STOP, { on: /^container inspect/, code: 1, stdout: '[]', stderr: `Error: No such container: ${idOf('app')}\n` }],
    /^container "app" was removed while it was being stopped$/,
    false,
  ],
])('%s', async (_, rules, expected, isPending) => {
  const { down, failed, ...rest } = await stopped(rules)
  expect(down).toEqual([])
  expect(failed.map(({ error }) => error)).toEqual([expect.stringMatching(expected)])
  // a stop that is still under way would take it down again a moment after its start
  expect(rest.isPending).toBe(isPending)
})

test.each<[string, string, Partial<Container>, RegExp | null]>([
  ['ended by itself', ended(0), {}, null],
  ['ended with an error', ended(3), {}, null],
  ['killed at the end of its time', ended(137), { stopTimeout: 0 }, /did not end within its 0 s and was killed/],
  ['killed long before', ended(137), { stopTimeout: 600 }, /was killed before its stop time-out was over/],
  ['killed, with no time-out', ended(137), { stopTimeout: -1 }, /was killed before its stop time-out was over/],
  ['killed, out of memory', ended(137, { OOMKilled: true }), {}, /was killed, and had run out of memory/],
])('%s', async (_, after, over, expected) => {
  const timeout = { Config: { StopTimeout: over.stopTimeout } }
  const now = JSON.stringify(JSON.parse(after).map((one: object) => ({ ...one, ...timeout })))
  const { down, warnings } = await stopped([STOP, seen(now)], over)
  expect(down.map(({ name }) => name)).toEqual(['app'])
  expect(warnings).toEqual(expected === null ? [] : [expect.stringMatching(expected)])
})

test('one that may take longer to stop than there is time is not stopped', async () => {
  const { down, failed, isPending } = await stopped([STOP, seen(ended(0))], { stopTimeout: 600 }, 40_000)
  expect({ down, isPending }).toEqual({ down: [], isPending: false })
  expect(failed).toEqual([
    {
      name: 'app',
      error: expect.stringMatching(
        /^container "app" is not stopped: it may take 600 s \(its stop time-out\), and the instance has (40|39) s for it\. Raise `timeout`/,
      ),
    },
  ])
  for (const [stopTimeout, leftMs] of [
    [30, 40_000],
    [-1, -5_000],
    [null, -5_000],
  ] as const)
    expect((await stopped([STOP, seen(ended(0))], { stopTimeout }, leftMs)).failed).toEqual([])
})

test('the stop time-outs of waves add up: if all of them do not fit in the time, none is stopped', async () => {
  const wave = (name: string) => [{ container: container(name, { startedAt: SINCE, stopTimeout: 30 }), why: 'has it' }]
  const { down, failed } = await stopAll(await docker(STOP, seen(ended(0))), [wave('app'), wave('db')], {
    until: Date.now() + 40_000,
    say: () => {},
  })
  expect(down).toEqual([])
  expect(failed).toMatchObject([{ name: 'db', error: expect.stringMatching(/may take 30 s .* has (10|9) s for it/) }])
})
