/** An engine that takes every question and answers none, or a remote host of which nothing comes back: while the backup image runs. */

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { ENGINE_ANSWERS, type Rule, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const ID = 'c'.repeat(64)
const IMAGE = [{ Id: `sha256:${'1'.repeat(64)}`, RepoDigests: [], Config: { User: '', Entrypoint: null } }]

/** As many questions of the kind that is also asked while the image runs. */
const BEFORE_THE_START = 2

const RULES: readonly Rule[] = [
  ...ENGINE_ANSWERS,
  { on: /^volume ls / },
  { on: /^ps /, times: BEFORE_THE_START },
  { on: /^image inspect/, stdout: JSON.stringify(IMAGE) },
  { on: /^create /, stdout: `${ID}\n` },
  { on: /^cp /, readsStdin: true },
  { on: /^start /, stdout: 'half of it is done\n', hangs: true },
  // from here on nothing is answered
  { on: /^(ps|container inspect|rm|stop|kill) /, hangs: true },
]

const CONFIG = `instances:
  - {id: a, customImage: "img:1", pull: never, targets: []}
  - {id: b, customImage: "img:1", pull: never, targets: []}
`

test('the job ends within a minute, and begins nothing more', { timeout: 120_000 }, async () => {
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const docker = await scriptDocker(join(workspace, '../docker'), RULES)
  const began = Date.now()
  const ran = await runAction({ workspace, docker, inputs: { 'upload-logs': 'false' } })
  expect(Date.now() - began).toBeLessThan(60_000)
  expect(await docker.unexpected()).toEqual([])
  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain('half of it is done')
  const errors = ran.report?.instances.map(({ error }) => error)
  expect(errors).toEqual([
    'nobody can say how the backup ended: the engine does not answer any more. See that the engine runs; the next run on this host cleans up',
    'it was not begun, since the engine does not answer any more: see that it runs, and run the backup again',
  ])
  expect(ran.stdout).toContain('the claim could not be released, since the engine does not answer')
  expect(ran.stdout).not.toMatch(/bug in Marina|^\s+at /m)
})
