/** `validate`, and what a wrong configuration or input says: all at once, with its lines, before any docker call. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

async function act(config: string, inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  const workspace = await makeWorkspace({ 'config.yml': config })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ inputs, env, workspace, docker })
  return { ran, calls: await docker.calls() }
}

const MARINA = join(import.meta.dirname, '../unit/config/fixtures/marina-0.9.yml')

test('Marina 0.9’s own example is valid, and each key of its daemon gets one notice', async () => {
  const { ran, calls } = await act(await readFile(MARINA, 'utf8'), { command: 'validate' })
  expect(ran, ran.stdout).toMatchObject({ code: 0, stderr: '' })
  for (const key of ['dbPath', 'apiPort', 'corsOrigins', 'authPassword', 'peers']) {
    expect(ran.stdout.match(new RegExp(`^::notice .*\`?${key}\`?`, 'gm')), key).toHaveLength(1)
  }
  expect(calls).toEqual([])
})

const WRONG = `instances:
  - id: one
    customImage: Marina/Example
    shedule: "0 4 * * *"
    targets:
      - volume: a
        db: b
  - id: one
    schedule: "61 * * * *"
`

test.each(['validate', 'backup'])(
  '%s says all that is wrong with a configuration, at its lines, and calls no docker',
  async (command) => {
    const { ran, calls } = await act(WRONG, { command })
    expect(ran.code).toBe(1)
    expect(ran.stdout).toMatchInlineSnapshot(`
      "::error title=config.yml%3A3%3A18 instances[0].customImage,file=config.yml,line=3::\`customImage\` must be an image such as localhost/example-backup:latest (no capitals, no spaces)
      ::error title=config.yml%3A4%3A5 instances[0].shedule,file=config.yml,line=4::unknown key \`shedule\`: did you mean \`schedule\`?
      ::error title=config.yml%3A7%3A9 instances[0].targets[0].db,file=config.yml,line=7::the target has both \`volume\` and \`db\`: make two targets of it
      ::error title=config.yml%3A8%3A5 instances[1],file=config.yml,line=8::the instance needs \`customImage\` (an image of your own) or \`repository\` (a restic repository)
      ::error title=config.yml%3A8%3A9 instances[1].id,file=config.yml,line=8::the id \`one\` is taken: the instance of line 2 has it too
      ::error title=config.yml%3A9%3A15 instances[1].schedule,file=config.yml,line=9::\`schedule\` is not a schedule that can be kept: the minute is 61, but goes from 0 to 59
      "
    `)
    expect(calls).toEqual([])
  },
)

test.each([
  ['pull_request', {}, /pull_request/],
  ['issue_comment', {}, /issue_comment/],
  ['workflow_dispatch', { instances: 'nobody' }, /nobody.*one/],
  ['workflow_dispatch', { 'max-parallel': 'many' }, /max-parallel/],
  ['workflow_dispatch', { 'dry-run': 'yes' }, /dry-run/],
])('backup on %s with %j is refused in one sentence, before any docker call', async (event, inputs, sentence) => {
  const good = 'instances:\n  - id: one\n    customImage: a/b\n    targets: []\n'
  const { ran, calls } = await act(good, inputs as Record<string, string>, { GITHUB_EVENT_NAME: event })
  expect(ran.code).toBe(1)
  expect(ran.stdout.match(/^::error/gm)).toHaveLength(1)
  expect(ran.stdout).toMatch(sentence)
  expect(calls).toEqual([])
})

test('a file that is not there, and one that is no YAML', async () => {
  const missing = await act('x: y\n', { command: 'validate', config: 'elsewhere.yml' })
  expect(missing.ran.code).toBe(1)
  expect(missing.ran.stdout).toMatch(/^::error.*elsewhere\.yml/m)
  const broken = await act('instances: [\n  - {', { command: 'validate' })
  expect(broken.ran.code).toBe(1)
  expect(broken.ran.stdout).toMatch(/^::error .*file=config\.yml,line=/m)
})
