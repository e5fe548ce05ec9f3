/** What a dry run says of the containers that a backup would stop: nothing is asked of the engine that changes anything. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { claimLabels } from '../../src/docker/labels.ts'
import { idOf } from '../support/containers.ts'
import { ENGINE_ANSWERS, type Rule, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const mounts = (name: string) => [{ Type: 'volume', Name: name, Source: `/v/${name}`, Destination: '/data', RW: true }]
const container = (name: string, status: string, more: object = {}) => ({
  Id: idOf(name),
  Name: `/${name}`,
  State: { Status: status, StartedAt: '2026-11-01T00:00:00Z' },
  Config: { Labels: {} },
  ...more,
})
const JOURNAL = 'marina-journal-x'
const OWNER = { repository: '', server: '', runId: '', attempt: 1, job: 'j', process: '' }
const labels = claimLabels({
  ...{ kind: 'journal', self: JOURNAL, instance: 'remembered', owner: OWNER, deadline: 1 },
  restart: [{ wave: 0, id: idOf('web'), name: 'web' }],
})
const CONTAINERS = [
  container('slow', 'running', { Mounts: mounts('kept'), Config: { StopTimeout: 600, Labels: {} } }),
  container('web', 'exited', { Mounts: mounts('site') }),
  container(JOURNAL, 'created', { Config: { Labels: labels } }),
]
const VOLUMES = ['kept', 'site'].map((Name) => ({ Name, Driver: 'local', Mountpoint: `/v/${Name}`, Options: null }))
const IMAGE = [{ Id: `sha256:${'1'.repeat(64)}`, RepoDigests: [], Config: { User: '', Entrypoint: null } }]
const CONFIG = `timeout: 5m
instances:
  - id: patient
    customImage: img:1
    pull: never
    targets: [{volume: kept, stopAttached: true}]
  - id: remembered
    customImage: img:1
    pull: never
    targets: [{volume: site, stopAttached: true}]
`

async function dryRun(odd: object, listedAs: object) {
  const all = [...CONTAINERS, odd]
  const ids = [...CONTAINERS.map(({ Id }) => Id), idOf('odd')]
  const rules: readonly Rule[] = [
    ...ENGINE_ANSWERS,
    { on: /^ps .*--filter id=/, stdout: JSON.stringify(listedAs) },
    { on: /^ps .*--filter volume=/ },
    { on: /^ps /, stdout: ids.map((id) => `${id} \n`).join('') },
    { on: /^volume ls/, stdout: 'kept\nsite\n' },
    { on: /^volume inspect site$/, stdout: JSON.stringify(VOLUMES.slice(1)) },
    { on: /^volume inspect kept$/, stdout: JSON.stringify(VOLUMES.slice(0, 1)) },
    { on: new RegExp(`^container inspect ${ids[0]} `), stdout: JSON.stringify(all) },
    { on: new RegExp(`^container inspect ${ids.at(-1)}`), stdout: JSON.stringify([odd]) },
    { on: /^image inspect/, stdout: JSON.stringify(IMAGE) },
  ]
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const docker = await scriptDocker(join(workspace, '../docker'), [
    { on: /^volume inspect kept site$/, stdout: JSON.stringify(VOLUMES) },
    ...rules,
  ])
  const inputs = { 'upload-logs': 'false', 'dry-run': 'true', 'show-logs': 'true' }
  const ran = await runAction({ workspace, docker, inputs })
  expect(await docker.unexpected()).toEqual([])
  const [patient, remembered] = ran.report?.instances ?? []
  return { ran, patient, remembered }
}

const NO_MOUNTS = { ...container('odd', 'running'), Mounts: 'none' }

test('a stop time-out that the timeout cannot hold, a container that a journal remembers, an odd stranger', async () => {
  const { ran, patient, remembered } = await dryRun(NO_MOUNTS, { Names: 'odd', State: 'running', Mounts: 'elsewhere' })
  expect(patient?.targets[0]).toMatchObject({
    status: 'failed',
    error:
      'container "slow" is not stopped: it may take 600 s (its stop time-out), and the instance has 300 s for it. Raise `timeout`, or give it a shorter one (stop_grace_period, --stop-timeout)',
  })
  expect(remembered).toMatchObject({ status: 'skipped', targets: [{ status: 'planned' }] })
  expect(ran.stdout).toContain(
    `web: down at present, as an earlier run stopped it and could not start it again (${JOURNAL} remembers it); a run would try again to start it first`,
  )
  expect(ran.stdout).toContain('web would be stopped and started again')
  for (const warnings of [patient?.warnings, remembered?.warnings])
    expect(warnings).toEqual([expect.stringMatching(/^container odd is left out, as it does not write to .*\(Mounts:/)])
})

const OTHERS: readonly [string, object][] = [
  ['without a name', { ...container('odd', 'running'), Name: undefined }],
  ['without a state', { ...container('odd', 'running'), State: undefined }],
  ['without an id', { ...container('odd', 'running'), Id: undefined }],
  ['that is nothing', []],
]

test.each(OTHERS)('a stranger %s fails no instance', async (_, odd) => {
  const { remembered } = await dryRun(odd, { Names: 'odd', State: 'running', Mounts: '' })
  expect(remembered?.status).toBe('skipped')
  expect(remembered?.warnings).toEqual([expect.stringMatching(/^container odd is left out/)])
})

test.each<[string, object]>([
  ['has the volume', { Names: 'odd', State: 'running', Mounts: 'other,site' }],
  ['has a folder of the host above it', { Names: 'odd', State: 'paused', Mounts: '/v' }],
  ['says nothing of its mounts', { Names: 'odd', State: 'running' }],
])('an odd stranger that runs and %s fails the instance', async (_, listedAs) => {
  const { remembered } = await dryRun(NO_MOUNTS, listedAs)
  expect(remembered?.error).toMatch(/^container odd may be writing to volume "site", and the engine describes .*Mounts/)
})
