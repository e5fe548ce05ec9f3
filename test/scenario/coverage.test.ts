/** A host whose engine does not say what it has: no backup fails for it, but with `coverage: enforce` the job does. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { ENGINE_ANSWERS, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

test.each`
  mode         | code | said
  ${'report'}  | ${0} | ${/^::warning::coverage could not be checked, .*volumes could not be listed/m}
  ${'enforce'} | ${1} | ${/^::error::coverage could not be checked, .*coverage: enforce makes this an error$/m}
`('coverage: $mode', async ({ mode, code, said }) => {
  const config = { coverage: mode, instances: [{ id: 'a', customImage: 'localhost/i', targets: [{ volume: 'v' }] }] }
  const workspace = await makeWorkspace({ 'config.yml': JSON.stringify(config) })
  const docker = await scriptDocker(join(workspace, '../docker'), [
    ...ENGINE_ANSWERS,
    { on: /^volume ls --quiet$/, stderr: 'Error response from daemon: a driver is lost\n', code: 1 },
    { on: /^ps /, stdout: '' },
  ])
  const ran = await runAction({ inputs: { command: 'plan' }, workspace, docker })
  expect(ran.stdout).toMatch(said)
  expect(ran.code).toBe(code)
  expect(ran.outputs.matrix).toContain('"instances":"a"')
})
