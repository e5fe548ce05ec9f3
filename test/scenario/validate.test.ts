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
  expect(ran.stdout).not.toMatch(/^::error/m)
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
      "::error title=instances[0].customImage,file=config.yml,line=3::config.yml:3:18: \`customImage\` must be an image such as localhost/example-backup:latest (no capitals, no spaces)
      ::error title=instances[0].shedule,file=config.yml,line=4::config.yml:4:5: unknown key \`shedule\`: did you mean \`schedule\`?
      ::error title=instances[0].targets[0].db,file=config.yml,line=7::config.yml:7:9: the target has both \`volume\` and \`db\`: make two targets of it
      ::error title=instances[1],file=config.yml,line=8::config.yml:8:5: the instance needs \`customImage\` (an image of your own) or \`repository\` (a restic repository)
      ::error title=instances[1].id,file=config.yml,line=8::config.yml:8:9: the id \`one\` is taken: the instance of line 2 has it too
      ::error title=instances[1].schedule,file=config.yml,line=9::config.yml:9:15: \`schedule\` is not a schedule that can be kept: the minute is 61, but goes from 0 to 59
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

const CRLF_SCRIPT = '#!/bin/sh\r\nset -e\r\n'

test('validate refuses what a run would refuse: scripts that cannot be started', async () => {
  const config = `instances:
  - {id: a, repository: "s3:x", runsOn: nas}
  - {id: b, customImage: "img:1", script: windows.sh}
  - {id: c, customImage: "img:1", script: gone.sh}
  - {id: d, customImage: "img:1", script: bare.sh, entrypoint: ""}
  - {id: e, customImage: "img:1", script: bare.sh}
  - {id: f, customImage: "img:1", script: windows.sh, entrypoint: python3}
  - {id: g, customImage: "img:1", discover: all}
  - {id: h, customImage: "img:1", discover: "\${D:-all}"}
  - {id: i, customImage: "img:1", script: "\${S:-none.sh}"}
  - {id: j, customImage: "img:1", script: "\${S:-}", discover: "\${D:-labels}"}
  - {id: k, customImage: "img:1", script: "\${S}", discover: "\${D}"}
  - {id: l, customImage: "img:1", script: windows.sh, entrypoint: "\${E:-python3}"}
  - {id: m, customImage: "img:1", script: windows.py}
  - {id: n, customImage: "img:1", script: windows.py, entrypoint: ""}
`
  const workspace = await makeWorkspace({
    'config.yml': config,
    'windows.sh': CRLF_SCRIPT,
    'windows.py': '#!/usr/bin/env python3\r\nprint()\r\n',
    'bare.sh': 'echo\n',
  })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ inputs: { command: 'validate' }, workspace, docker })
  const said = ran.stdout.split('\n').filter((line) => line.startsWith('::error'))
  expect(said.map((line) => line.replace(/^.*?::(?=config)/, ''))).toEqual([
    'config.yml:3:43: script windows.sh ends its first line with a Windows line end (CRLF): save it with Unix line ends (LF), and write "*.sh text eol=lf" into .gitattributes, so that Git keeps them',
    'config.yml:4:43: script gone.sh is not in the repository: check its name, and that the repository is checked out',
    'config.yml:5:43: script bare.sh has no first line that names an interpreter: begin it with #!/bin/sh',
    'config.yml:10:43: script none.sh is not in the repository: check its name, and that the repository is checked out',
    expect.stringMatching(/^config\.yml:15:43: script windows\.py ends its first line with a Windows line end/),
  ])
  expect(ran.stdout).toMatch(
    /^::notice file=config\.yml,line=14::script windows\.py ends its first line .* It does no harm if the image's ENTRYPOINT is an interpreter/m,
  )
  expect(ran.code).toBe(1)
  expect(await docker.calls()).toEqual([])
})

test('validate says once what a tag means, and what a script without set -e does', async () => {
  const config = `instances:
  - {id: a, customImage: "restic/restic:0.18.0", script: backup.sh, entrypoint: /bin/sh}
  - {id: b, customImage: "me/b"}
  - {id: c, customImage: "localhost/c:1", helperImage: busybox}
  - {id: d, customImage: "me/d@sha256:${'a'.repeat(64)}"}
  - {id: e, customImage: "me/e", pull: never}
  - {id: f, customImage: "\${IMAGE}"}
  - {id: g, customImage: "\${IMAGE:-me/g}"}
  - {id: h, customImage: "localhost/h:1", helperImage: busybox, pull: never}
`
  const workspace = await makeWorkspace({ 'config.yml': config, 'backup.sh': '#!/bin/sh\ntar -cf /x .\necho done\n' })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ inputs: { command: 'validate' }, workspace, docker })
  expect(ran.code).toBe(0)
  expect(ran.stdout.split('\n').filter((line) => line.startsWith('::'))).toEqual([
    '::notice file=config.yml,line=2::a, b, c (helperImage), g: the image is named by a tag, and whoever may push to that name decides what runs beside your data. A digest (image@sha256:…) always means the same image; one that is built on the host is best named localhost/…, for which no registry is asked',
    '::notice file=config.yml,line=2::script backup.sh has no `set -e`: a command in it that fails does not end it, and the backup counts as good if the last command succeeds. Write `set -e` into its second line',
    ...[
      [3, 'b: customImage me/b'],
      [4, 'c: helperImage busybox'],
      [8, 'g: customImage me/g'],
    ].map(([line, words]) =>
      expect.stringMatching(new RegExp(`^::notice file=config.yml,line=${line}::${words} has neither tag nor digest`)),
    ),
  ])
})

const WORKFLOW = `on:
  schedule:
    - cron: "17 2 * * *"
    - cron: "@daily"
jobs:
  nas: {steps: [{uses: "me/marina-for-github-actions@v1", with: {instances: "hourly, late, one, two, soon"}}]}
`

/** What a run says as annotations, without the place in the log that repeats it. */
function annotations(stdout: string): string[] {
  return stdout.split('\n').filter((line) => /^::(error|warning|notice) /.test(line))
}

test('validate says what no workflow starts in time, what stops twice, and what is written in clear, each at its line', async () => {
  const config = `stopAttached: true
instances:
  - {id: hourly, customImage: "localhost/a:1", schedule: "0 * * * *"}
  - {id: late, customImage: "localhost/a:1", schedule: "0 3 * * *"}
  - {id: soon, customImage: "localhost/a:1", schedule: "0 2 * * *"}
  - {id: never, customImage: "localhost/a:1", schedule: "0 2 * * *"}
  - id: one
    customImage: localhost/a:1
    schedule: "30 1 * * *"
    targets: [{volume: data}, {volume: live, stopAttached: false}]
    env:
      DATABASE: postgres://app:hunter2@db/shop
      RESTIC_PASSWORD: x9kQ2pZr7mW4vB1n
      TOKEN: \${TOKEN}
  - {id: two, runsOn: self-hosted, customImage: "localhost/a:1", schedule: "30 1 1 * *", targets: [{volume: data}, {volume: live, stopAttached: false}]}
`
  const workspace = await makeWorkspace({ 'config.yml': config, '.github/workflows/backup.yml': WORKFLOW })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ inputs: { command: 'validate' }, workspace, docker })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const said = annotations(ran.stdout)
  const expected = [
    /^::warning file=config\.yml,line=12::one: `env\.DATABASE` holds a URL with a password in clear: .*write `\$\{DATABASE\}` here/,
    /^::warning file=config\.yml,line=13::one: `env\.RESTIC_PASSWORD` holds a value that looks like a secret in clear/,
    /^::warning file=config\.yml,line=3::hourly asks for 24 runs a day, the workflow starts 1 \(\.github\/workflows\/backup\.yml: 17 2 \* \* \* UTC\): .* its slot of \S+ 03:00 UTC waits 23 h 17 min for the next start/,
    /^::warning file=config\.yml,line=4::late waits for its workflow: its slot of \S+ 03:00 UTC waits 23 h 17 min for the next start/,
    /^::warning file=config\.yml,line=6::never has a `schedule`, but no workflow with a schedule runs it: the input `instances`/,
    /^::warning file=config\.yml,line=15::two and one \(line 9\) both stop the containers of the volume data at the same slot, next \S+-01 01:30 UTC/,
    /^::warning file=\.github\/workflows\/backup\.yml,line=4::the cron "@daily" starts nothing/,
    /^::notice file=config\.yml,line=15::the volume data is a target of 2 instances: one \(line 10\), two \(line 15\)/,
    /^::notice file=config\.yml,line=15::the volume live is a target of 2 instances/,
  ]
  expect(said).toEqual(expected.map((one) => expect.stringMatching(one)))
  for (const secret of ['hunter2', 'x9kQ2pZr7mW4vB1n']) expect(`${ran.stdout}${ran.summary}`).not.toContain(secret)
  expect(ran.summary).toContain('> [!WARNING]')
  expect(ran.summary).toContain('waits 23 h 17 min')
  expect(await docker.calls()).toEqual([])
})

test.each([
  [
    'no workflow',
    {},
    /^::warning file=config\.yml,line=2::a has a `schedule`, but no workflow with a schedule runs `command: backup` with config\.yml: nothing starts it/,
  ],
  [
    'a workflow without a schedule',
    { '.github/workflows/b.yml': 'on: workflow_dispatch\njobs: {a: {steps: [{uses: me/marina@v1}]}}' },
    /^::warning .*nothing starts it/,
  ],
  [
    'a schedule of another command',
    {
      '.github/workflows/c.yml':
        'on: {schedule: [{cron: "1 2 * * *"}]}\njobs: {a: {steps: [{uses: me/marina@v1, with: {command: check}}]}}',
    },
    /^::warning .*\(\.github\/workflows\/c\.yml has a schedule, and runs another command or another configuration\)/,
  ],
  [
    'a schedule of another configuration',
    {
      '.github/workflows/c.yml':
        'on: {schedule: [{cron: "1 2 * * *"}]}\njobs: {a: {steps: [{uses: me/marina@v1, with: {config: b.yml}}]}}',
    },
    /^::warning .*another configuration/,
  ],
  [
    'a zone of its own',
    {
      '.github/workflows/c.yml':
        'on: {schedule: [{cron: "17 4 * * *", timezone: Europe/Berlin}]}\njobs: {a: {steps: [{uses: me/marina@v1}]}}',
    },
    null,
  ],
])('an instance with a schedule, and %s', async (_, files, warning) => {
  const workspace = await makeWorkspace({
    'config.yml':
      'timezone: Europe/Berlin\ninstances: [{id: a, customImage: "localhost/a:1", schedule: "0 4 * * *"}]\n',
    ...files,
  })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({ inputs: { command: 'validate' }, workspace, docker })
  expect(ran.code).toBe(0)
  expect(annotations(ran.stdout)).toEqual(warning === null ? [] : [expect.stringMatching(warning)])
})
