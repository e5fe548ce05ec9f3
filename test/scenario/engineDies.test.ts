/** An engine that dies while the backup image runs, and does not come back: the job says so, and ends within a minute. */

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { ENGINE_ANSWERS, type Rule, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const DOWN = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n'
const ID = 'c'.repeat(64)
const IMAGE = [{ Id: `sha256:${'1'.repeat(64)}`, RepoDigests: [], Config: { User: '', Entrypoint: null } }]

const RULES: readonly Rule[] = [
  ...ENGINE_ANSWERS,
  { on: /^(ps|volume ls) / },
  { on: /^image inspect/, stdout: JSON.stringify(IMAGE) },
  { on: /^create /, stdout: `${ID}\n` },
  { on: /^cp /, readsStdin: true },
  // from here on there is no engine
  { on: /^start /, stdout: 'half of it is done\n', stderr: 'error during connect: unexpected EOF\n', code: 1 },
  { on: /^(container inspect|rm|stop|kill) /, stderr: DOWN, code: 1 },
]

test('within a minute, and in one sentence', { timeout: 120_000 }, async () => {
  const workspace = await makeWorkspace({
    'config.yml': 'instances:\n  - {id: a, customImage: "img:1", pull: never, targets: []}\n',
  })
  const docker = await scriptDocker(join(workspace, '../docker'), RULES)
  const began = Date.now()
  const ran = await runAction({ workspace, docker, inputs: { 'upload-logs': 'false' } })
  expect(Date.now() - began).toBeLessThan(60_000)
  expect(await docker.unexpected()).toEqual([])
  expect(ran.code).toBe(1)
  expect(ran.stdout).toContain('half of it is done')
  expect(ran.stdout).toMatch(
    /nobody can say how the backup ended: .*Cannot connect to the Docker daemon.*See that the engine runs; the next run on this host cleans up/,
  )
  expect(ran.stdout).not.toMatch(/bug in Marina|^\s+at /m)
})
