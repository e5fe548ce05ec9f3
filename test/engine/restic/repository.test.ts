/** Instances with `repository`: the built-in restic backend through the built action, restored by restic's own command and by our restore script. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActionResult } from '../../../examples/demo/action.ts'
import { inVolume } from '../../support/bench.ts'
import { expectNoTrace, filledVolume, leftOf, reportOf, runJob, testEngine } from '../../support/run.ts'

const engine = testEngine()
const PASSWORD = 'correct horse'

let image = ''
let disk = ''

beforeAll(async () => {
  image = await engine.debian(['restic', 'openssh-client'])
  disk = await mkdtemp(join(engine.folder ?? tmpdir(), 'restic-'))
}, 900_000)

afterAll(async () => {
  // on an engine of the user's, its files are root's
  await engine.docker(['run', '--rm', '-v', `${disk}:/d`, engine.baseImage, 'sh', '-c', 'rm -rf /d/*'])
  await rm(disk, { recursive: true, force: true })
})

async function newRepository(name: string): Promise<string> {
  const repository = join(disk, name)
  await mkdir(repository)
  return repository
}

function instance(name: string, repository: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id: engine.name(name),
    repository,
    resticImage: image,
    pull: 'never',
    env: { RESTIC_PASSWORD: PASSWORD },
    ...more,
  }
}

/** Runs restic's own command on a repository that is a folder. */
async function restic(repository: string, argv: readonly string[], mounts: readonly string[] = []): Promise<string> {
  const options = ['run', '--rm', '-v', `${repository}:/r`, ...mounts, '-e', `RESTIC_PASSWORD=${PASSWORD}`]
  return engine.ok([...options, image, 'restic', '-r', '/r', '--no-cache', '-q', ...argv])
}

function expectGood(ran: ActionResult): void {
  expect(ran.code, ran.stdout).toBe(0)
  expectNoTrace(ran)
  expect(ran.stdout.replaceAll(`::add-mask::${PASSWORD}`, '')).not.toContain(PASSWORD)
}

test('a folder of the host: created, added to with the parent found, and restored', async () => {
  const repository = await newRepository('local')
  const volume = await filledVolume(engine, 'restic-data', 'head -c 3000000 /dev/urandom >big; echo 1 >small')
  const config = { instances: [instance('restic-local', repository, { targets: [{ volume }] })] }

  const drill = { inputs: { command: 'drill', instances: engine.name('restic-local') } }
  const early = await runJob(engine, config, { ...drill, env: { GITHUB_EVENT_NAME: 'workflow_dispatch' } })
  expect(early, early.stdout).toMatchObject({ code: 0, outputs: { result: 'nothing-to-drill', failed: '[]' } })
  const first = await runJob(engine, config)
  expectGood(first)
  expect(first.stdout).toContain('there is no repository yet')
  await inVolume(engine, image, volume, 'echo 2 >small')
  const second = await runJob(engine, config)
  expectGood(second)
  expect(second.stdout).toMatch(/0 new and 2 changed files, \d{1,5} bytes added/) // small and manifest.json
  expect(reportOf(second, engine.name('restic-local'))).toMatchObject({ status: 'success', exitCode: 0 })

  const restored = await filledVolume(engine, 'restic-restored', '')
  await restic(repository, ['restore', 'latest', '--target', '/to'], ['-v', `${restored}:/to`])
  const compare = `diff -r /from /to/volume/${volume} && grep -q '"version"' /to/manifest.json`
  await engine.ok(['run', '--rm', '-v', `${restored}:/to:ro`, '-v', `${volume}:/from:ro`, image, 'sh', '-ec', compare])
  expect(await leftOf(engine, engine.name('restic-local'))).toEqual([])
})

test('a point of the repository comes back by one dispatch, and a drill proves the newest', async () => {
  const repository = await newRepository('back')
  const fill =
    'echo 1 >small; mkdir -m 2750 sub; echo x >"sub/od\nd"; chown -h 33:44 sub small; ln -s small link; touch -d @1 sub/*'
  const volume = await filledVolume(engine, 'restic-back', fill)
  const id = engine.name('restic-back')
  const one = instance('restic-back', repository, { targets: [{ volume, staging: 'copy', verify: 'content' }] })
  const config = { instances: [one] }
  const env = { GITHUB_EVENT_NAME: 'workflow_dispatch' }
  const by = (command: string, more: Readonly<Record<string, string>> = {}) =>
    runJob(engine, config, { inputs: { command, instances: id, ...more }, env })
  const tree = () =>
    inVolume(engine, image, volume, "find . -printf '%P %y %m %U %G %s %l\\n' | sort; cat small; date -r sub/od* +%s")

  const early = await by('drill')
  expect(early, early.stdout).toMatchObject({ code: 0, outputs: { result: 'nothing-to-drill' } })
  expectGood(await runJob(engine, config))
  const before = await tree()
  await inVolume(engine, image, volume, 'echo 2 >small; rm -r sub')
  const listed = await by('restore')
  expectGood(listed)
  const points = JSON.parse(listed.outputs.points ?? '[]')
  expect(points).toHaveLength(1)
  expect(points[0]).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{8}$/), text: expect.stringContaining('host') })
  const restored = await by('restore', { point: points[0].id, into: 'place', confirm: id, 'keep-old': 'false' })
  expectGood(restored)
  expect(restored.outputs.result).toBe('restored')
  expect(await tree()).toBe(before)
  const drilled = await by('drill')
  expectGood(drilled)
  expect(drilled.outputs, drilled.stdout).toMatchObject({ result: 'proven', proven: `["${id}"]` })
  expect(await leftOf(engine, id)).toEqual([])
})
