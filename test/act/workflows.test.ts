/** The workflow files that people copy, as they stand, run by act: on real engines, by hand and by schedule, on one host and on two. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnedEngine, startPrivateEngine } from '../../examples/demo/engine.ts'
import { type ActStage, startAct } from '../support/act.ts'
import { builtImage, filledVolume, leftOf, shell, writeFile } from '../support/run.ts'

const ROOT = join(import.meta.dirname, '../..')
const BY_HAND = { name: 'workflow_dispatch', payload: { inputs: { instances: '' } } } as const
const BY_SCHEDULE = { name: 'schedule', payload: { schedule: '17 * * * *' } } as const

let engines: Readonly<Record<'nas' | 'web', OwnedEngine>>
let stage: ActStage

beforeAll(async () => {
  const program = process.env.MARINA_ACT
  if (!program) throw new Error('act is not at hand: `npm run workflows` brings it and runs these tests')
  const [nas, web] = await Promise.all([startPrivateEngine(), startPrivateEngine()])
  engines = { nas, web }
  stage = await startAct(program, engines)
  for (const engine of [nas, web]) {
    const script = '#!/bin/sh\neval "$DO"\n'
    await builtImage(engine, 'told', [writeFile('/backup.sh', script), 'RUN chmod 755 /backup.sh'])
  }
  await filledVolume(nas, 'data', 'echo photos of the nas >file')
  await filledVolume(web, 'data', 'echo pages of the web >file')
}, 180_000)

afterAll(async () => {
  await stage?.stop()
  await Promise.all(Object.values(engines ?? {}).map((engine) => engine.stop()))
}, 60_000)

/** An instance that prints what it was given. */
function instance(host: 'nas' | 'web', id: string, more: Readonly<Record<string, unknown>> = {}) {
  const engine = engines[host]
  return {
    id,
    customImage: `${engine.name('told')}:latest`,
    pull: 'never',
    targets: [{ volume: engine.name('data') }],
    env: { DO: shell('cat $MARINA_BACKUP_DIR/volume/*/file') },
    schedule: '* * * * *',
    ...more,
  }
}

async function repository(example: string, ...instances: object[]): Promise<Record<string, string>> {
  const workflow = await readFile(join(ROOT, 'examples/workflows', example), 'utf8')
  return { 'config.yml': JSON.stringify({ instances }, null, 1), '.github/workflows/backup.yml': workflow }
}

const fleet = (more: Readonly<Record<string, unknown>> = {}) => [
  instance('nas', 'photos', { runsOn: ['self-hosted', 'nas'] }),
  instance('web', 'pages', { runsOn: ['self-hosted', 'web'], ...more }),
]

test('one host, by hand: the chosen instance, and no other', async () => {
  const files = await repository('backup.yml', instance('nas', 'photos'), instance('nas', 'other'))
  const ran = await stage.act({ ...BY_HAND, payload: { inputs: { instances: 'photos' } } }, files)
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('backup')).toContain('photos of the nas')
  expect(ran.job('backup')).toMatch(/### ✅ .*: 1 backup done/)
  expect(ran.job('backup')).toMatch(/set-output:: succeeded=\["photos"\]/)
})

test('one host, by schedule: the instances with a schedule, and not the one that runs by hand', async () => {
  const byHand = { ...instance('nas', 'by-hand'), schedule: undefined }
  const ran = await stage.act(BY_SCHEDULE, await repository('backup.yml', instance('nas', 'tick'), byHand))
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('backup')).toMatch(/set-output:: succeeded=\["tick"\]/)
})

test('a job for each host: each backs up what is its own, on its own engine', async () => {
  const ran = await stage.act(BY_HAND, await repository('hosts.yml', ...fleet()))
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('nas')).toMatch(/set-output:: succeeded=\["photos"\]/)
  expect(ran.job('nas')).toContain('photos of the nas')
  expect(ran.job('web')).toMatch(/set-output:: succeeded=\["pages"\]/)
  expect(ran.job('web')).toContain('pages of the web')
})

test('a job for each host, one instance by hand: the other host has nothing to do, and is green', async () => {
  const chosen = { ...BY_HAND, payload: { inputs: { instances: 'pages' } } }
  const ran = await stage.act(chosen, await repository('hosts.yml', ...fleet()))
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('nas')).toMatch(/set-output:: result=nothing-due/)
  expect(ran.job('nas')).toContain(
    'instances: pages belongs to another host than nas (see runsOn), and is left to its job',
  )
  expect(ran.job('web')).toMatch(/set-output:: succeeded=\["pages"\]/)
})

test('a fleet, by hand: a plan, a job for each host on its own engine, one summary of both', async () => {
  const ran = await stage.act(BY_HAND, await repository('fleet.yml', ...fleet()))
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('backup nas')).toContain('photos of the nas')
  expect(ran.job('backup web')).toContain('pages of the web')
  expect(ran.job('summary')).toMatch(/### ✅ 2 hosts: all 2 backups done/)
  expect(ran.job('summary')).toMatch(/set-output:: succeeded=\["photos","pages"\]/)
})

test('a fleet, by hand, one instance: only its host has a job', async () => {
  const chosen = { ...BY_HAND, payload: { inputs: { instances: 'pages' } } }
  const ran = await stage.act(chosen, await repository('fleet.yml', ...fleet()))
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('backup nas')).toBe('')
  expect(ran.job('summary')).toMatch(/### ✅ 1 host: 1 backup done/)
})

test('a fleet with the secrets that its comments show, planned on a runner of its own', async () => {
  const env = {
    RESTIC_PASSWORD: ['$', '{RESTIC_PASSWORD}'].join(''),
    DO: shell('test "$RESTIC_PASSWORD" = a-word-to-hide && echo it arrived'),
  }
  const files = await repository('fleet.yml', instance('nas', 'photos', { runsOn: ['self-hosted', 'nas'], env }))
  const workflow = files['.github/workflows/backup.yml']?.replaceAll(
    /^ {4}# ( *(?:secrets|variables|RESTIC_\w+)[:=].*)$/gm,
    '    $1',
  )
  const planned = workflow?.replace('    with:\n', `    with:\n      plan-runs-on: '["self-hosted","nas"]'\n`) ?? ''
  expect(planned).toMatch(/^ {4}secrets:\n {6}variables: \|\n {8}RESTIC_PASSWORD=/m)
  const ran = await stage.act(
    { ...BY_HAND, secrets: { RESTIC_PASSWORD: 'a-word-to-hide' } },
    { ...files, '.github/workflows/backup.yml': planned },
  )
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('backup nas')).toContain('it arrived')
  expect(ran.job('summary')).toMatch(/### ✅ 1 host: 1 backup done/)
  expect(ran.stdout).not.toContain('a-word-to-hide')
})

test('a fleet, by schedule, where one host fails: the other is backed up, and the summary says why and where', async () => {
  const broken = { env: { DO: 'echo no route to the store >&2; exit 3' } }
  const ran = await stage.act(BY_SCHEDULE, await repository('fleet.yml', ...fleet(broken)))
  expect(ran.code, ran.stdout).not.toBe(0)
  const summary = ran.job('summary')
  expect(summary).toMatch(/### ❌ 2 hosts: 1 of 2 backups failed: pages/)
  expect(summary).toContain('no route to the store')
  expect(summary).toMatch(/set-output:: failed=\["pages"\]/)
})

test('a fleet of which one host has no engine: the summary names it', async () => {
  const files = await repository('fleet.yml', ...fleet({ runsOn: ['self-hosted', 'web', 'gone'] }))
  const ran = await stage.act(BY_HAND, files)
  expect(ran.code, ran.stdout).not.toBe(0)
  expect(ran.job('summary')).toMatch(/### ❌ 1 of 2 hosts gave no report: web-gone; 1 backup done/)
  expect(ran.job('summary')).toContain('::error::there is no report of host web-gone')
  expect(ran.job('summary')).toMatch(/set-output:: failed=\["pages"\]/)
})

test('a fleet in which nothing is due has no job but the plan', async () => {
  const files = await repository('fleet.yml', ...fleet().map((one) => ({ ...one, schedule: undefined })))
  const ran = await stage.act(BY_SCHEDULE, files)
  expect(ran.code, ran.stdout).toBe(0)
  expect(ran.job('plan')).toContain('set-output:: matrix=[]')
  expect(ran.job('backup')).toBe('')
  expect(ran.job('summary')).toBe('')
})

test('a fleet whose configuration is wrong: the plan fails, and the summary says so', async () => {
  const ran = await stage.act(BY_HAND, await repository('fleet.yml', { ...instance('nas', 'photos'), shedule: 'x' }))
  expect(ran.code, ran.stdout).not.toBe(0)
  expect(ran.job('plan')).toContain('shedule')
  expect(ran.job('backup')).toBe('')
  expect(ran.job('summary')).toMatch(/### ❌ the plan failed, so that no backup was started/)
})

test('nothing of ours is left on either engine but the records', async () => {
  for (const engine of Object.values(engines))
    expect((await leftOf(engine, '')).filter((line) => !line.startsWith('marina-record-'))).toEqual([])
})
