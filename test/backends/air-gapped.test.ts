/** A site without internet and registry: `repository` on a folder of the host, and an example image, by loaded images; and both restored. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enginePid } from '../../examples/demo/engine.ts'
import { runOk } from '../../examples/demo/process.ts'
import { carryImage, isolatedNode } from '../support/airGap.ts'
import { debianWith, exampleImage, treeOf } from '../support/backends.ts'
import { inVolume } from '../support/bench.ts'
import { busyboxWithRestic } from '../support/resticBackend.ts'
import { expectNoTrace, reportOf, runJob, testEngine } from '../support/run.ts'
import { ATTRIBUTES, CONTENT } from '../support/treeContent.ts'

const engine = testEngine()
const volume = engine.name('gap-data')
const archive = engine.name('gap-archive')
const images = { repository: `${engine.name('gap-restic')}:1`, workflow: `${engine.name('gap-workflow')}:1` }
let folder = ''
let node = ''

beforeAll(async () => {
  folder = await mkdtemp(join(engine.folder ?? tmpdir(), 'air-gapped-'))
  await mkdir(join(folder, 'repository'))
  node = await isolatedNode(folder)
  await carryImage(engine, await busyboxWithRestic(engine), images.repository, folder)
  await carryImage(engine, await exampleImage(engine, 'workflow'), images.workflow, folder)
  const debian = await debianWith(engine)
  for (const name of [volume, archive]) await engine.ok(['volume', 'create', name])
  await inVolume(engine, debian, volume, CONTENT + ATTRIBUTES)
  await inVolume(engine, debian, archive, 'touch this-is-the-backup-disk')
})

afterAll(async () => {
  await engine.docker(['volume', 'rm', volume, archive])
  await engine.docker(['run', '--rm', '-v', `${folder}:/d`, engine.baseImage, 'sh', '-c', 'rm -rf /d/repository'])
  await rm(folder, { recursive: true, force: true })
})

test('both store twice and restore, and nobody outside is asked', async () => {
  // where the engine is of this run, it has no way out either
  const pid = engine.folder === null ? null : await enginePid(engine)
  if (pid !== null)
    expect(await runOk('nsenter', ['--net', '--target', String(pid), 'ip', 'route', 'show', 'default'])).toBe('')
  const id = { repository: engine.name('gap-r'), workflow: engine.name('gap-w') }
  const base = { pull: 'never', targets: [{ volume }] }
  const instances = [
    {
      ...base,
      id: id.repository,
      repository: join(folder, 'repository'),
      resticImage: images.repository,
      env: { RESTIC_PASSWORD: 'correct horse' },
    },
    { ...base, id: id.workflow, customImage: images.workflow, mounts: [`${archive}:/archive`] },
  ]
  const options = { node, env: { GITHUB_SERVER_URL: 'https://git.site.example' } }
  // BusyBox, which brings what restic restored into place, keeps neither attributes nor parts of seconds
  const isFine = (name: string) => name !== id.repository
  const before = { true: await treeOf(engine, volume, '', true), false: await treeOf(engine, volume, '', false) }
  for (let turn = 0; turn < 2; turn++) {
    const ran = await runJob(engine, { instances }, options)
    expectNoTrace(ran)
    expect(ran, ran.stdout).toMatchObject({ code: 0, outputs: { result: 'success' } })
    for (const name of Object.values(id)) expect(reportOf(ran, name).warnings).toEqual([])
  }
  for (const name of Object.values(id)) {
    const ran = await runJob(
      engine,
      { instances },
      {
        ...options,
        inputs: { command: 'restore', instances: name, point: 'latest' },
        env: { ...options.env, GITHUB_EVENT_NAME: 'workflow_dispatch' },
      },
    )
    expect(ran, ran.stdout).toMatchObject({ code: 0, outputs: { result: 'restored' } })
    const [{ to } = { to: '' }] = JSON.parse(ran.outputs.restored ?? '[]') as { to: string }[]
    expect(await treeOf(engine, to, '', isFine(name)), name).toBe(before[`${isFine(name)}`])
    await engine.ok(['volume', 'rm', to])
  }
})
