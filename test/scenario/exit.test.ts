/** How the process ends: nothing that it started outlives it. */

import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ActionOptions, runAction, startAction } from '../../examples/demo/action.ts'
import { easyDocker } from '../support/easy-docker.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const CONFIG = JSON.stringify({ instances: [{ id: 'a', customImage: 'img:1', targets: [] }] })
const UPLOAD_OFF = { 'upload-logs': 'false' }

async function given(first: string): Promise<ActionOptions & { readonly folder: string }> {
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const folder = join(workspace, '../docker')
  return { workspace, folder, docker: await easyDocker(folder, first), inputs: UPLOAD_OFF }
}

/** Shell text: this call never ends, nor does the helper that it starts; their process ids stand in files. */
const hangs = (call: string) =>
  `case "$*" in ${call}*) sleep 1000 & echo $! >helper; echo $$ >client; while :; do sleep 1000; done ;; esac`

async function expectEnded(folder: string): Promise<void> {
  for (const file of ['client', 'helper']) {
    const pid = (await readFile(join(folder, file), 'utf8')).trim()
    const stat = async () => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // a killed process is a zombie until its new parent takes note
    await expect.poll(async () => /^$|\) [ZX] /.test(await stat()), { message: `the ${file} has ended` }).toBe(true)
  }
}

async function untilThere(folder: string): Promise<void> {
  await expect.poll(async () => (await readdir(folder)).includes('client'), { timeout: 150_000 }).toBe(true)
}

// a query without input, one with input, and a stream are started in three ways
describe.each(['version', 'cp', 'start'])('a client of `docker %s` that hangs', (call) => {
  test('ends with the run that is cancelled, and so does what it started', async () => {
    const { folder, ...options } = await given(hangs(call))
    const running = await startAction(options)
    await untilThere(folder)
    running.kill('SIGINT')
    expect((await running.done).code).toBe(1)
    await expectEnded(folder)
  })
})

test('a client that hangs ends with the post phase', async () => {
  const { folder, ...options } = await given(`[ -e client ] || [ ! -e hang ] || { ${hangs('version')}; }`)
  const ran = await runAction(options)
  expect(ran.code).toBe(0)
  await mkdir(join(folder, 'hang'))
  const post = await ran.post()
  expect(post.code).toBe(0)
  expect(post.stdout).toContain('no Docker engine answers: docker did not answer within 12 s')
  await expectEnded(folder)
}, 90_000)

test.each<[string, string, Partial<ActionOptions>]>([
  ['a wrong configuration', 'instances: 7', {}],
  ['validate', CONFIG, { inputs: { command: 'validate' } }],
  [
    'summary',
    CONFIG,
    {
      inputs: {
        command: 'summary',
        reports: 'reports',
        fleet: '{"plan":"success","backup":"skipped","attempt":1,"hosts":[]}',
      },
    },
  ],
  ['an event that is refused', CONFIG, { env: { GITHUB_EVENT_NAME: 'pull_request_target' } }],
])('after %s, post does not call docker', async (_, config, options) => {
  const workspace = await makeWorkspace({ 'config.yml': config })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ workspace, docker, ...options })
  expect((await ran.post()).stdout).toBe(
    'Nothing to clean up: no backup of this step is known. Should one have begun without being able to say so, the next run on this host cleans up.\n',
  )
  expect(await docker.calls()).toEqual([])
})
