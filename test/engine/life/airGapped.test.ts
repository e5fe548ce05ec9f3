/**
 * A site without internet and registry: the action as a copy in the repository, its images from `docker load`. The action runs in a network
 * namespace that has its loopback device only, the private engine has another: what asked anybody outside would fail.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAction } from '../../../examples/demo/action.ts'
import { enginePid } from '../../../examples/demo/engine.ts'
import { runOk } from '../../../examples/demo/process.ts'
import { carryImage, isolatedNode } from '../../support/airGap.ts'
import { startApp } from '../../support/applications.ts'
import { expectNoTrace, filledVolume, leftOf, reportOf, testEngine } from '../../support/run.ts'
import { makeWorkspace } from '../../support/workspace.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)
const IMAGE = `${id('loaded')}:1.0`
const ROOT = join(import.meta.dirname, '../../..')
let folder = ''
/** See `isolatedNode`. */
let isolated = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-air-gapped-'))
  isolated = await isolatedNode(folder)
  await carryImage(engine, engine.baseImage, IMAGE, folder)
})

afterAll(() => rm(folder, { recursive: true }))

const SCRIPT = `#!/bin/sh
set -eu
cd "$MARINA_BACKUP_DIR"
file=$MARINA_INSTANCE_ID.tar
tar -cf "/store/$file" volume manifest.json
cd /store
sha256sum "$file" >"$file.sha256"
sha256sum -c "$file.sha256"
echo "{\\"bytes\\": $(stat -c %s "$file")}" >"$MARINA_RESULT"
`

test('there is no way out, neither for the action nor for the engine', async () => {
  const knock = `require('node:net').connect(443, '192.0.2.1').on('error', (error) => console.log(error.code)).on('connect', () => console.log('out'))`
  expect(await runOk(isolated, ['-e', knock])).toMatch(/^ENETUNREACH/)
  const name = `require('node:dns').lookup('example.com', (error) => console.log(error?.code ?? 'known'))`
  expect(await runOk(isolated, ['-e', name])).toMatch(/^(EAI_AGAIN|ENOTFOUND)/)
  const enter = ['--net', '--target', String(await enginePid(engine))]
  expect(await runOk('nsenter', [...enter, 'ip', 'route', 'show', 'default'])).toBe('')
})

test('a backup that mounts, copies and stops, its check, and post, by loaded images and a copy of the action', async () => {
  const data = await filledVolume(engine, 'gap-data', 'echo data >file')
  const busy = await filledVolume(engine, 'gap-busy', 'echo data >file')
  const store = await filledVolume(engine, 'gap-store', '')
  await startApp(engine, 'gap-app', { volumes: [busy] })
  const base = {
    ...{ customImage: IMAGE, pull: 'never', script: 'backup.sh' },
    mounts: [`${store}:/store`],
  }
  const instances = [
    { id: id('gap-mounted'), ...base, targets: [{ volume: data }] },
    { id: id('gap-stopped'), ...base, targets: [{ volume: busy, stopAttached: true }] },
    // left out, `pull` asks no registry for an image that never came from one
    { id: id('gap-policy'), ...base, pull: undefined, targets: [{ volume: data }] },
  ]
  const workspace = await makeWorkspace({ 'config.yml': JSON.stringify({ instances }, null, 1), 'backup.sh': SCRIPT })
  const copy = join(workspace, '.github/actions/marina')
  await mkdir(copy, { recursive: true })
  await cp(join(ROOT, 'action.yml'), join(copy, 'action.yml'))
  await cp(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true })
  const options = { docker: engine, workspace, node: isolated, bundle: join(copy, 'dist/index.js') }

  const checked = await runAction({ ...options, inputs: { command: 'validate' } })
  expect([checked.code, checked.stderr], checked.stdout).toEqual([0, ''])

  const ran = await runAction({
    ...options,
    inputs: { 'max-parallel': '3' },
    env: { GITHUB_SERVER_URL: 'https://git.site.example' },
  })
  expectNoTrace(ran)
  for (const { id: name } of instances) {
    const { status, error, warnings, result } = reportOf(ran, name)
    expect({ name, status, error, warnings }).toEqual({ name, status: 'success', error: null, warnings: [] })
    expect(result?.bytes).toBeGreaterThan(1000)
    expect(ran.stdout).toContain(`${name}.tar: OK`)
  }
  expect(ran.code).toBe(0)
  // the one thing that is missing here is told once
  expect(ran.stdout.match(/^::(warning|error).*/gm)).toEqual([
    '::warning::Not all artifacts were uploaded: this platform offers no artifact service. The report and the logs are in the log directory on the runner.',
  ])
  const after = await ran.post({ bundle: join(copy, 'dist/post.js') })
  expect([after.code, after.stderr]).toEqual([0, ''])
  expect(await leftOf(engine)).toEqual([])
})
