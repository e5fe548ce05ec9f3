/** The built bundle starts on both Nodes that are promised, and accepts the example configuration. */

import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { runOk } from '../../examples/demo/process.ts'
import { findNode20, type Node20 } from '../support/node20.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

let node20: Node20
beforeAll(async () => {
  node20 = await findNode20()
}, 300_000)
afterAll(() => node20?.dispose())

test.each([
  ['Node 20.19', () => node20.path, /^v20\./],
  ['Node 24', () => process.execPath, /^v24\./],
] as const)('validate examples/config.yml on %s', async (_, node, version) => {
  expect(await runOk(node(), ['--version'])).toMatch(version)
  const workspace = await makeWorkspace()
  const examples = join(import.meta.dirname, '../../examples')
  for (const name of ['config.yml', 'scripts'])
    await cp(join(examples, name), join(workspace, name), { recursive: true })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ inputs: { command: 'validate' }, node: node(), workspace, docker })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(await docker.calls()).toEqual([])
  expect((await ran.post()).code).toBe(0)
})
