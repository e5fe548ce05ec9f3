/** A run that is killed cannot report: `post` tells it, on the run's page. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction, startAction } from '../../examples/demo/action.ts'
import { easyDocker } from '../support/easy-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const CONFIG = JSON.stringify({ instances: [{ id: 'a', customImage: 'img:1', targets: [] }] })

async function given(first = '') {
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const folder = join(workspace, '../docker')
  return { folder, options: { workspace, docker: await easyDocker(folder, first), inputs: { 'upload-logs': 'false' } } }
}

test('post tells of a run that was killed, and what it left', { timeout: 60_000 }, async () => {
  const { folder, options } = await given('case "$*" in start*) echo >begun; exec sleep 1000 ;; esac')
  const running = await startAction(options)
  await expect.poll(async () => (await readdir(folder)).includes('begun'), { timeout: 30_000 }).toBe(true)
  running.kill('SIGKILL')
  const ran = await running.done
  const post = await ran.post()
  expect(post.summary).toContain('The backup was killed')
  expect(post.summary).toContain('Run it again.')
  expect(post.summary).toContain('It left no application stopped.')
})

test.each([
  ['succeeded', ''],
  ['failed', 'case "$*" in create*) exit 1 ;; esac'],
])('post adds nothing to the page of a run that %s', async (_, first) => {
  const { options } = await given(first)
  const ran = await runAction(options)
  const post = await ran.post()
  expect(post.summary).not.toContain('killed')
})
