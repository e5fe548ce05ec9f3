/** An engine that dies while the backup image runs, and does not come back: the job says so, and ends within a minute. */

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { type Rule, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const DOWN = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n'
const ID = 'c'.repeat(64)
const IMAGE = [{ Id: `sha256:${'1'.repeat(64)}`, RepoDigests: [], Config: { User: '', Entrypoint: null } }]

/** As many questions the engine answers of each kind that is also asked while the image runs. */
const BEFORE_THE_START = 3

const RULES: readonly Rule[] = [
  {
    on: /^version/,
    stdout: JSON.stringify({
      Client: { ApiVersion: '1.48' },
      Server: { Version: '28.2.0', ApiVersion: '1.48', Os: 'linux', Components: [{ Name: 'Engine' }] },
    }),
  },
  { on: /^info/, stdout: JSON.stringify({ Name: 'nas', SystemTime: new Date().toISOString(), SecurityOptions: [] }) },
  { on: /^(ps|volume ls) / },
  { on: /^image inspect/, stdout: JSON.stringify(IMAGE) },
  { on: /^create /, stdout: `${ID}\n` },
  { on: /^cp /, readsStdin: true },
  // from here on there is no engine
  { on: /^start /, stdout: 'half of it is done\n', stderr: 'error during connect: unexpected EOF\n', code: 1 },
  { on: /^(container inspect|rm|stop|kill) /, stderr: DOWN, code: 1 },
]

const CONFIG = `instances:
  - {id: a, customImage: "img:1", pull: never, targets: []}
  - {id: b, customImage: "img:1", pull: never, targets: []}
`

async function run(rules: readonly Rule[]) {
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const docker = await scriptDocker(join(workspace, '../docker'), rules)
  const began = Date.now()
  const ran = await runAction({ workspace, docker, inputs: { 'upload-logs': 'false' } })
  const seconds = (Date.now() - began) / 1000
  expect(await docker.unexpected()).toEqual([])
  expect(ran.code).toBe(1)
  expect(ran.stdout).not.toMatch(/bug in Marina|^\s+at /m)
  return { ran, seconds }
}

test.concurrent('within a minute, and in one sentence', { timeout: 120_000 }, async () => {
  const { ran, seconds } = await run(RULES)
  expect(seconds).toBeLessThan(60)
  expect(ran.stdout).toContain('half of it is done')
  expect(ran.stdout).toMatch(
    /nobody can say how the backup ended: .*Cannot connect to the Docker daemon.*See that the engine runs; the next run on this host cleans up/,
  )
  expect(ran.stdout).toMatch(/b: failed.*not begun, since the engine does not answer any more/)
})

// a hung engine, and a remote host of which nothing comes back any more
test.concurrent('also where it takes every question and answers none', { timeout: 120_000 }, async () => {
  const { ran, seconds } = await run([
    ...RULES.filter(({ on }) => !/start|inspect\|rm/.test(on.source)).map((rule) =>
      /ps/.test(rule.on.source) ? { ...rule, times: BEFORE_THE_START } : rule,
    ),
    { on: /^start /, stdout: 'half of it is done\n', hangs: true },
    { on: /^(ps|container inspect|rm|stop|kill) /, hangs: true },
  ])
  expect(seconds).toBeLessThan(60)
  expect(ran.stdout).toContain('half of it is done')
  expect(ran.stdout).toMatch(/nobody can say how the backup ended: the engine does not answer any more/)
  expect(ran.stdout).toMatch(/the claim could not be released, since the engine does not answer/)
})
