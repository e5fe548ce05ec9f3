/** `plan` through the bundle, on a machine without Docker. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

async function planOf(hosts: number) {
  const instances = Array.from(
    { length: hosts },
    (_, n) => `  - {id: i${n}, customImage: a/b, targets: [], runsOn: [self-hosted, h${n}]}\n`,
  )
  const workspace = await makeWorkspace({ 'config.yml': `instances:\n${instances.join('')}` })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  return runAction({ inputs: { command: 'plan' }, workspace, docker })
}

test('more hosts than a matrix takes fail the plan, once its page and plan.json are there', async () => {
  const ran = await planOf(257)
  expect(ran, ran.stdout).toMatchObject({ code: 1, outputs: { result: 'failed', matrix: '[]', due: '[]' } })
  expect(ran.stdout).toMatch(/^::error::257 hosts have something due, and a matrix takes 256 jobs at most/m)
  expect(ran.summary).toContain('257 of 257 backups are due, on 257 hosts')
  expect(ran.summary).toContain('257 hosts have something due')
  const plan = JSON.parse(await readFile(ran.outputs.report ?? '', 'utf8'))
  expect(plan.instances).toHaveLength(257)
})

test('256 hosts are planned', async () => {
  const ran = await planOf(256)
  expect(ran.code, ran.stdout).toBe(0)
  expect(JSON.parse(ran.outputs.matrix ?? '')).toHaveLength(256)
})
