// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${VAR}` is the language under test
/** What ends a run before anything is touched: wrong configurations, inputs and events, and engines that cannot be used. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ActionOptions, runAction } from '../../examples/demo/action.ts'
import { ENGINE_VERSION, type Rule, scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const INFO = { Name: 'nas', SystemTime: '2026-11-24T04:00:00Z', SecurityOptions: ['name=seccomp,profile=builtin'] }
const answers = (version: object, info: object = INFO): Rule[] => [
  { on: /^version/, stdout: JSON.stringify(version) },
  { on: /^info/, stdout: JSON.stringify(info) },
]
const GOOD = 'instances:\n  - {id: a, customImage: "img:1", targets: []}\n'

async function start(config: string, rules: readonly Rule[], options: Partial<ActionOptions> = {}) {
  const workspace = await makeWorkspace({ 'config.yml': config })
  const docker = await scriptDocker(join(workspace, '../docker'), rules)
  const ran = await runAction({ workspace, docker, ...options })
  expect(ran.stderr).toBe('')
  expect(ran.stdout).not.toMatch(/^\s+at |A bug in Marina/m)
  return {
    ran,
    calls: (await docker.calls()).map((call) => call.argv.join(' ')),
    said: ran.stdout.trimEnd().split('\n'),
  }
}

describe('engines that cannot be used', () => {
  const down = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
  test.each<[string, Rule[], string]>([
    [
      'none',
      [{ on: /^version/, stdout: '{"Client":{},"Server":null}', stderr: `${down}\n`, code: 1 }],
      `no Docker engine answers: ${down.replace('?', '')}. See that the engine runs and that this runner's user may use it (DOCKER_HOST, docker context, group docker)`,
    ],
    [
      'too old',
      answers({ ...ENGINE_VERSION, Server: { ...ENGINE_VERSION.Server, Version: '19.03.15', ApiVersion: '1.40' } }),
      'Docker Engine 19.03.15 (API 1.40) is too old: 20.10 (API 1.41) or newer is needed',
    ],
    [
      'rootless',
      answers(ENGINE_VERSION, { ...INFO, SecurityOptions: ['name=rootless'] }),
      'rootless Docker is not supported yet: use a rootful Docker Engine 20.10 or newer',
    ],
    [
      'Podman',
      answers({ ...ENGINE_VERSION, Server: { ...ENGINE_VERSION.Server, Components: [{ Name: 'Podman Engine' }] } }),
      'Podman is not supported yet: use a rootful Docker Engine 20.10 or newer',
    ],
    [
      'Windows',
      answers({ ...ENGINE_VERSION, Server: { ...ENGINE_VERSION.Server, Os: 'windows' } }),
      'a windows engine is not supported yet: use a rootful Docker Engine 20.10 or newer',
    ],
    [
      'words that are no answer',
      [{ on: /^version/, stdout: 'Emulate Docker CLI using podman.\n' }],
      'the docker client answered in words that are not Docker’s: "Emulate Docker CLI using podman". See that docker on PATH is Docker’s own client',
    ],
  ])('%s', async (_, rules, sentence) => {
    const { ran, said, calls } = await start(GOOD, rules)
    expect(said).toEqual([`::error::${sentence}`])
    expect(ran.code).toBe(1)
    expect(calls.filter((call) => !/^(version|info) /.test(call))).toEqual([])
  })

  test('no docker client at all', async () => {
    const workspace = await makeWorkspace({ 'config.yml': GOOD })
    const ran = await runAction({ workspace, docker: { env: () => ({}) }, env: { PATH: '/nonexistent' } })
    expect(ran.stdout).toMatch(
      /^::error::the docker client could not be started: .*Install the docker CLI on this runner and see that it is on PATH\n$/,
    )
    expect(ran.code).toBe(1)
  })

  test('one that hangs is left behind after 30 s', async () => {
    const before = Date.now()
    const { ran, said } = await start(GOOD, [{ on: /^version/, hangs: true }])
    expect(said).toEqual([
      expect.stringMatching(/^::error::no Docker engine answers: docker did not answer within 30 s\. See that/),
    ])
    expect(ran.code).toBe(1)
    expect(Date.now() - before).toBeGreaterThan(29_000)
  }, 90_000)

  test('one that hangs is not waited for after a cancel', async () => {
    const workspace = await makeWorkspace({ 'config.yml': GOOD })
    const docker = await scriptDocker(join(workspace, '../docker'), [{ on: /^version/, hangs: true }])
    const { startAction } = await import('../../examples/demo/action.ts')
    const running = await startAction({ workspace, docker })
    await expect.poll(async () => (await docker.calls()).length, { timeout: 150_000 }).toBe(1)
    running.kill('SIGINT')
    const ran = await running.done
    expect(ran.stdout).toMatch(/cancelled/)
    expect(ran.code).toBe(1)
  })
})

/** Each is a file that somebody might write. */
const WRONG: Readonly<Record<string, string>> = {
  'a key that is misspelt': `instances:
  - id: a
    customImage: img:1
    shedule: "0 4 * * *"
    targets:
      - volume: data
        excludes: ["*.log"]
retension: 7d
`,
  'no instances': 'timeout: 1h\n',
  'the same id twice': `instances:
  - {id: a, customImage: "img:1"}
  - {id: a, customImage: "img:2"}
`,
  'neither image nor repository, and both': `instances:
  - id: neither
  - id: both
    customImage: img:1
    repository: s3:x
`,
  'schedules that cannot be kept': `instances:
  - {id: a, customImage: "img:1", schedule: "2 * * *"}
  - {id: b, customImage: "img:1", schedule: "@daily"}
  - {id: c, customImage: "img:1", schedule: "0 25 * * *", timezone: Europe/Berlni}
`,
  'no YAML': 'instances:\n  - id: a\n   customImage: x\n\t- b\n',
  'a list where a map belongs': 'instances:\n  a: {customImage: "img:1"}\n',
  'paths that lead out, reserved variables, mounts that hide the data': `instances:
  - id: a
    customImage: img:1
    env: {MARINA_HOSTNAME: me}
    mounts: ["data:/backup/x", "/etc"]
    script: ../outside.sh
    targets:
      - {volume: data, paths: ["../x"]}
      - {volume: "a/b"}
`,
  'durations, booleans and sizes': `timeout: 5
instances:
  - id: a
    customImage: Img:1
    stopAttached: perhaps
    pull: sometimes
    resources: {memory: lots}
    layout: flat
`,
  'targets of both kinds, and of none': `instances:
  - id: a
    customImage: img:1
    targets:
      - {volume: data, db: pg}
      - {paths: [x]}
      - {db: pg, exclude: [x]}
      - data
`,
}

describe('wrong configurations', () => {
  test('what GitHub shows no more as annotations has its place too', async () => {
    const keys = Array.from({ length: 12 }, (_, index) => `unknown${index}: x\n`).join('')
    const { said } = await start(`${keys}${GOOD}`, [])
    expect(said).toHaveLength(13)
    expect(said[9]).toMatch(/^::error title=unknown9,file=config\.yml,line=10::config\.yml:10:1: unknown key/)
    expect(said[10]).toMatch(/^error: config\.yml:11:1: unknown key `unknown10`/)
    expect(said[12]).toMatch(/^2 more errors, beyond the 10 shown/)
  })

  test.each(Object.entries(WRONG))('%s', async (_, config) => {
    const { ran, said, calls } = await start(config, [])
    expect(ran.code).toBe(1)
    expect(calls).toEqual([])
    // nothing but errors, each at its line, column and path
    const AT = /^::error (?:title=(\S+?),)?file=config\.yml,line=\d+::config\.yml:(\d+):(\d+):/
    for (const line of said) expect(line).toMatch(AT)
    expect(
      said.map((line) =>
        line.replace(AT, (_, path, at, column) => [`${at}:${column}`, ...(path ? [path] : [])].join(' ')),
      ),
    ).toMatchSnapshot()
    // `validate` says the same
    expect((await start(config, [], { inputs: { command: 'validate' } })).said).toEqual(said)
  })

  test('a file that is not there', async () => {
    const { ran, said, calls } = await start(GOOD, [], { inputs: { config: 'nas/config.yml' } })
    expect(said).toEqual([
      '::error::nas/config.yml could not be read: there is no such file in the workspace, but config.yml is there: set the input config to it',
    ])
    expect([ran.code, calls]).toEqual([1, []])
    const folder = await start(GOOD, [], { inputs: { config: '.' } })
    expect(folder.said).toEqual([
      '::error::. could not be read: it is a folder: name the file in it, such as config.yml, by the input config',
    ])
  })
})

test('a secret of two lines is refused, and no part of it is shown', async () => {
  const config = 'instances:\n  - {id: a, customImage: "img:1", env: {PASSPHRASE: "${PASSPHRASE}"}, targets: []}\n'
  const { ran, said, calls } = await start(config, [], {
    inputs: { variables: 'PASSPHRASE=cXV4cXV4cXV4\nQmFzZTY0TGluZQ==\n' },
  })
  const shown = said.filter((line) => !line.startsWith('::add-mask::'))
  expect([ran.code, calls, shown.length]).toEqual([1, [], 1])
  expect(shown[0]).toContain('this may be a further line of the value of line 1')
  expect(shown[0]).not.toMatch(/cXV4|QmFz/)
})

test('Marina 0.9’s own example is valid, with one notice for each thing of its daemon', async () => {
  const example = await readFile(join(import.meta.dirname, '../unit/config/fixtures/marina-0.9.yml'), 'utf8')
  const { ran, said, calls } = await start(example, [], { inputs: { command: 'validate' } })
  expect([ran.code, calls]).toEqual([0, []])
  expect(said).toMatchSnapshot()
})

describe('inputs and events', () => {
  const byHand = (name: string, inputs: Readonly<Record<string, string>>): Partial<ActionOptions> => ({
    inputs: { command: 'restore', instances: 'a', ...inputs },
    env: { GITHUB_EVENT_NAME: name },
  })
  test.each<[string, Partial<ActionOptions>, string[]]>([
    [
      'a command',
      { inputs: { command: 'remove' } },
      ['command is "remove": it must be backup, plan, validate, check, summary, restore or drill'],
    ],
    ['a restore by schedule', byHand('schedule', {}), ['A restore runs only when somebody starts it by hand']],
    ['a restore of nothing', byHand('workflow_dispatch', { instances: '' }), ['instances must name the one instance']],
    ['a restore of two', byHand('workflow_dispatch', { instances: 'a,b' }), ['and it names 2']],
    [
      'a restore into place that is not confirmed',
      byHand('workflow_dispatch', { point: 'latest', into: 'place', confirm: 'b' }),
      ['into: place replaces the data of a: write its id into confirm, which is "b"'],
    ],
    [
      'a restore into place of no point',
      byHand('workflow_dispatch', { into: 'place', confirm: 'a' }),
      ['point is empty, which lists the points'],
    ],
    [
      'a point that is a command',
      byHand('workflow_dispatch', { point: '$(reboot)' }),
      ['write latest or an id that the list of points has'],
    ],
    [
      'booleans and numbers',
      { inputs: { 'dry-run': 'maybe', 'allow-partial': 'yes', 'max-parallel': '0', 'artifact-retention-days': 'x' } },
      ['max-parallel is "0"', 'allow-partial is "yes"', 'dry-run is "maybe"', 'artifact-retention-days is "x"'],
    ],
    ['a duration', { inputs: { 'lock-wait': '5' } }, ['lock-wait is "5": write a duration such as 30s, 10m or 1h30m']],
    [
      'an unknown instance',
      { inputs: { instances: 'a, b\nc' } },
      ['instances: b, c are not in the configuration, which has a'],
    ],
    [
      'one foreign to its command',
      { inputs: { command: 'validate', 'dry-run': 'true' } },
      ['dry-run means nothing to the command "validate"'],
    ],
    ...['pull_request', 'pull_request_target', 'issues', 'issue_comment', 'discussion', 'watch', 'workflow_run'].map(
      (name): [string, Partial<ActionOptions>, string[]] => [
        `the event ${name}`,
        { env: { GITHUB_EVENT_NAME: name } },
        [`Backups do not run on "${name}" events, which others can start: use schedule`],
      ],
    ),
  ])('%s', async (_, options, sentences) => {
    const { ran, said, calls } = await start(GOOD, [], options)
    expect([ran.code, calls, said.length]).toEqual([1, [], 1])
    expect(said[0]).toMatch(/^::error::/)
    for (const sentence of sentences) expect(said[0]).toContain(sentence)
  })

  test.each([
    ['backup', '❌ Nothing was backed up', '❌ config.yml: 1 error, nothing was backed up'],
    ['restore', '❌ Nothing was restored', '❌ config.yml: 1 error, nothing was restored'],
    ['drill', '❌ Nothing was drilled', '❌ config.yml: 1 error, nothing was drilled'],
    ['plan', '❌ The plan could not be made', '❌ config.yml: 1 error'],
    ['validate', '❌ The configuration could not be checked', '❌ config.yml: 1 error'],
  ])('the page of a refused %s says what was not done', async (command, refused, wrong) => {
    const heading = async (config: string, options: Partial<ActionOptions>) =>
      (await start(config, [], options)).ran.summary.split('\n')[0]
    const event = { env: { GITHUB_EVENT_NAME: 'workflow_dispatch' } }
    expect(await heading(GOOD, { inputs: { command, 'lock-wait': 'x' }, ...event })).toBe(`### ${refused}`)
    const inputs = command === 'restore' ? { command, instances: 'a' } : { command }
    expect(await heading('instances: [{id: a}]\n', { inputs, ...event })).toBe(`### ${wrong}`)
  })
})
