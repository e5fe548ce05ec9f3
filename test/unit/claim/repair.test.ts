/** A dead run's stop may still be under way: how long a sweep waits for it, and what becomes of a container that simply runs. */
import { expect, test, vi } from 'vitest'
import type { DockerHost } from '../../../src/claim/host.ts'
import { repairClaim } from '../../../src/claim/repair.ts'
import type { Claim } from '../../../src/docker/labels.ts'
import type { Container } from '../../../src/docker/parseContainer.ts'
import { container, idOf } from '../../support/containers.ts'
import { scriptedClient } from '../../support/scripted-client.ts'
import type { Rule } from '../../support/scripted-docker.ts'

const MINUTE = 60_000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
const OWNER = { repository: 'octo/b', server: '', runId: '7', attempt: 1, job: 'j', process: '' }

function claimOf(kind: 'helper' | 'journal', over: Partial<Container>, deadline = Date.now() + 60 * MINUTE): Claim {
  const base = { container: container(`marina-${kind}`, over), instance: 'a', self: `marina-${kind}`, owner: OWNER }
  const restart = [{ wave: 0, id: idOf('app'), name: 'app' }]
  return kind === 'journal'
    ? { ...base, kind, deadline, restart }
    : { ...base, kind, deadline, restart, dumps: [], hooks: [] }
}

const app = (status: string, startedAt: string, stopTimeout: number): Rule => ({
  on: new RegExp(`^container inspect .*${idOf('app')}`),
  stdout: JSON.stringify([
    {
      Id: idOf('app'),
      Name: '/app',
      State: { Status: status, StartedAt: startedAt, FinishedAt: ago(0), ExitCode: 0 },
      Config: { StopTimeout: stopTimeout },
    },
  ]),
})

async function repaired(claim: Claim, ...rules: readonly Rule[]) {
  const errors: string[] = []
  const note = async (line: string) => void errors.push(line)
  const nothing = async () => {}
  const docker = await scriptedClient(
    ...rules,
    { on: /^rename/ },
    { on: /^container inspect/, code: 1, stderr: 'Error response from daemon: No such container: x\n' },
    { on: /^start/ },
    { on: /^rm / },
    { on: /^container rm/ },
    { on: /^volume/ },
  )
  const engine = { version: '29', apiVersion: '1.50', hostName: 'h', remapped: false, clockOffsetMs: 0 }
  const owner = { ...OWNER, job: 'k' }
  const host: DockerHost = {
    ...{ docker, engine, owner, runCompleted: async () => null, loadBack: async () => {} },
    ...{ reportError: note, warn: nothing, say: nothing },
  }
  const began = Date.now()
  const isGone = await repairClaim(host, claim, 'its action died')
  const calls = (await docker.scripted.calls()).map(({ argv }) => argv.join(' '))
  return { isGone, errors, tookMs: Date.now() - began, calls }
}

const orphan = (at: string): Rule => ({ on: /^logs --timestamps/, stdout: `${ago(90 * MINUTE)} ready\n${at} orphan\n` })
const SINCE = '2026-11-01T00:00:00Z'

test.each<[string, () => readonly [Claim, ...Rule[]]]>([
  ['a journal that is older', () => [claimOf('journal', { createdAt: ago(6 * MINUTE) })]],
  ['a run whose action died earlier', () => [claimOf('helper', {}), orphan(ago(6 * MINUTE))]],
  [
    'a run whose helper ended earlier',
    () => [
      claimOf('helper', { state: 'down', status: 'exited', finishedAt: ago(6 * MINUTE) }),
      { on: /^logs/, stdout: '' },
    ],
  ],
  [
    'a run whose deadline passed earlier',
    () => [claimOf('helper', {}, Date.now() - 6 * MINUTE), { on: /^logs/, stdout: '' }],
  ],
])('a container that runs, with five minutes to stop, is up at once and forgotten: %s', async (_, given) => {
  const [claim, ...rules] = given()
  const { isGone, errors, calls, tookMs } = await repaired(claim, ...rules, app('running', SINCE, 300))
  expect({ isGone, errors }).toEqual({ isGone: true, errors: [] })
  expect(tookMs).toBeLessThan(20_000)
  expect(calls.filter((call) => call.startsWith('create'))).toEqual([])
})

test.each<[string, () => readonly [Claim, ...Rule[]]]>([
  ['a journal', () => [claimOf('journal', { createdAt: ago(0) })]],
  ['a run whose action died', () => [claimOf('helper', {}, Date.now() + 1e9), orphan(ago(0))]],
  ['a run of which nothing is known', () => [claimOf('helper', {}, Date.now() + 1e9), { on: /^logs/, code: 1 }]],
])('a stop that is under way is waited for to its end, and what went down is started: %s', async (_, given) => {
  const [claim, ...rules] = given()
  vi.useFakeTimers({ toFake: ['Date'] })
  const passes = setInterval(() => void vi.setSystemTime(Date.now() + MINUTE), 100) // a minute passes in each tenth
  const { isGone, errors, calls } = await repaired(
    claim,
    ...rules,
    { ...app('running', SINCE, 36_000), times: 8 },
    { ...app('exited', SINCE, 36_000), times: 2 },
    app('running', ago(0), 36_000),
  )
  clearInterval(passes)
  vi.useRealTimers()
  expect({ isGone, errors }).toEqual({ isGone: true, errors: [] })
  const started = calls.indexOf(`start ${idOf('app')}`)
  expect(calls.slice(0, started).filter((call) => call.startsWith('container inspect')).length).toBeGreaterThan(8)
})
