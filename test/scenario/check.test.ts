/** `check` through the bundle, against a local API: which backups are overdue and why, and what it says where it cannot know. */

import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runAction } from '../../examples/demo/action.ts'
import { addRun } from '../support/checked-runs.ts'
import { blocks, neverRun } from '../support/cookbook.ts'
import { type ForgeServer, startForgeServer } from '../support/forge-server.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

let forge: ForgeServer
let now: number
let slot: number
let cron: string
let ONE: string
beforeEach(async () => {
  forge = await startForgeServer()
  now = Date.now()
  slot = Math.floor((now - 2.5 * HOUR) / MINUTE) * MINUTE
  const at = new Date(slot)
  cron = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *` // daily: the two hours of grace were over half an hour ago
  ONE = `instances:
  - id: one
    customImage: a/b
    schedule: "${cron}"
    targets: []
`
})
afterEach(() => forge.stop())

const HOUR = 3_600_000
const MINUTE = 60_000
const PUBLIC = { repository: { private: false, full_name: 'octo/backups' } }

async function act(
  config: string,
  more: {
    files?: Record<string, string>
    inputs?: Record<string, string>
    event?: unknown
    env?: Record<string, string>
  } = {},
) {
  const workspace = await makeWorkspace({ 'config.yml': config, ...more.files })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const inputs = { command: 'check', workflow: 'backup.yml', 'github-token': 't0ken', ...more.inputs }
  const env = { GITHUB_API_URL: forge.baseUrl, GITHUB_EVENT_NAME: 'schedule', ...more.env }
  const ran = await runAction({
    inputs,
    env,
    workspace,
    docker,
    ...(more.event === undefined ? {} : { event: more.event }),
  })
  expect(await docker.calls()).toEqual([])
  expect(ran.stderr).toBe('')
  return ran
}

const errors = (stdout: string) => stdout.match(/^::error.*/gm) ?? []

test('a backup that succeeded since its slot is in time', async () => {
  addRun(forge, { at: slot + 10 * MINUTE, instances: { one: 'success', other: 'failed' } })
  const ran = await act(ONE)
  expect(ran, ran.stdout).toMatchObject({ code: 0, outputs: { result: 'success', succeeded: '["one"]', failed: '[]' } })
  expect(errors(ran.stdout)).toEqual([])
  expect(ran.summary).toMatch(/^### ✅ The backup is in time/)
  expect(ran.stdout).toMatch(/^✅ The backup is in time$/m)
})

test('a success before the slot does not count, nor one of another configuration, repository, a dry run or a stranger’s event', async () => {
  addRun(forge, { at: slot - 50 * MINUTE, instances: { one: 'success' } })
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' }, report: { configFile: 'other.yml' } })
  addRun(forge, { at: slot + 2 * MINUTE, instances: { one: 'success' }, report: { repository: 'octo/other' } })
  addRun(forge, { at: slot + 3 * MINUTE, instances: { one: 'skipped' }, report: { dryRun: true } })
  addRun(forge, { at: slot + 4 * MINUTE, instances: { one: 'success' }, run: { event: 'pull_request' } })
  addRun(forge, { at: slot + 5 * MINUTE, instances: { two: 'success' } })
  const ran = await act(ONE)
  expect(ran, ran.stdout).toMatchObject({ code: 1, outputs: { result: 'failed', succeeded: '[]', failed: '["one"]' } })
  expect(errors(ran.stdout)).toEqual([
    expect.stringMatching(
      /^::error title=Backup one%3A overdue,file=config.yml,line=2::one: no backup since its slot of \d{4}-\d\d-\d\d \d\d:\d\d UTC: no run of backup.yml has taken it since$/,
    ),
  ])
  expect(ran.summary).toMatch(/^### ❌ 1 backup of 1 is overdue\n/)
  expect(ran.summary).toContain('| backup | no success since | why |')
})

test('what failed says how; a later success, a further attempt, or one that a host remembers makes it good', async () => {
  addRun(forge, {
    at: slot + MINUTE,
    instances: { one: { status: 'failed', error: 'exit code 3: no space.' }, two: 'partial' },
  })
  const config = `${ONE}  - {id: two, customImage: a/b, schedule: "${cron}", targets: []}\n`
  const failed = await act(config)
  expect(failed.code).toBe(1)
  expect(errors(failed.stdout)).toEqual([
    expect.stringMatching(/::one: .*its run of .* UTC failed: exit code 3: no space$/),
    expect.stringMatching(/::two: .*its run of .* UTC lacks some of its targets$/),
  ])
  expect(await act(config, { inputs: { instances: 'two', 'allow-partial': 'true' } })).toMatchObject({ code: 0 })
  const open = await act(config, { event: PUBLIC })
  expect(open.stdout + open.summary).not.toContain('no space')
  expect(open.code).toBe(1)

  addRun(forge, {
    at: slot - 30 * MINUTE,
    instances: { one: 'success' },
    run: {
      run_attempt: 2,
      run_started_at: new Date(slot + 40 * MINUTE).toISOString(),
      updated_at: new Date(slot + 50 * MINUTE).toISOString(),
    },
    artifact: { created_at: new Date(slot + 45 * MINUTE).toISOString() },
    report: {
      instances: [{ id: 'one', status: 'success', error: null, startedAt: new Date(slot + 41 * MINUTE).toISOString() }],
    },
  })
  addRun(forge, {
    at: slot + 50 * MINUTE,
    instances: { two: 'failed' },
    report: {
      instances: [
        {
          ...{ id: 'two', status: 'failed', error: 'x', startedAt: new Date(slot + 51 * MINUTE).toISOString() },
          history: [{ startedAt: new Date(slot + 20 * MINUTE).toISOString(), status: 'success' }],
        },
      ],
    },
  })
  expect(await act(config)).toMatchObject({ code: 0, outputs: { succeeded: '["one","two"]' } })
})

test('a runner’s wrong clock hides nothing', async () => {
  addRun(forge, {
    at: slot - 20 * MINUTE,
    run: { updated_at: new Date(slot + MINUTE).toISOString() },
    instances: { one: 'success' },
    artifact: { created_at: new Date(slot - 10 * MINUTE).toISOString() },
    report: {
      instances: [{ id: 'one', status: 'success', error: null, startedAt: new Date(slot + 5 * HOUR).toISOString() }],
    },
  })
  expect(await act(ONE)).toMatchObject({ code: 1 })
  addRun(forge, {
    at: slot + 10 * MINUTE,
    instances: { one: 'success' },
    report: {
      instances: [{ id: 'one', status: 'success', error: null, startedAt: new Date(slot - 5 * HOUR).toISOString() }],
    },
  })
  expect(await act(ONE)).toMatchObject({ code: 0 })
})

test('without a report the job speaks: it succeeded, failed, runs, or waits for its runner', async () => {
  const config = ONE.replace('targets', 'runsOn: [self-hosted, nas]\n    targets')
  const labels = ['self-hosted', 'nas']
  const other = { labels: ['self-hosted', 'cloud'] }
  const say = async (job: Record<string, unknown>, run = {}) => {
    forge.runs.length = 0
    addRun(forge, { at: slot + HOUR, jobs: [other, { labels, ...job }], run })
    return act(config)
  }
  const good = await say({})
  expect(good.code, good.stdout).toBe(0)
  expect(good.summary).toContain('by its job: there is no report')
  const failed = await say({ conclusion: 'failure' })
  expect(errors(failed.stdout)[0]).toMatch(/the job "backup" of .* did not succeed, and left no report$/)
  const runs = await say({ status: 'in_progress', conclusion: null }, { status: 'in_progress', conclusion: null })
  expect(runs.code, runs.stdout).toBe(0)
  expect(runs.summary).toContain('runs since')
  const waits = await say(
    { status: 'queued', conclusion: null, runner_name: null },
    { status: 'queued', conclusion: null },
  )
  expect(waits.code).toBe(1)
  expect(errors(waits.stdout)).toEqual([
    expect.stringMatching(
      /^::error::The job "backup" has waited since .* UTC for a runner with the labels self-hosted, nas: that runner is offline/,
    ),
    expect.stringMatching(
      /::one: .* the job "backup" has waited since .* for a runner with the labels self-hosted, nas$/,
    ),
  ])
  const elsewhere = await say({ labels: ['self-hosted', 'cloud'] })
  expect(errors(elsewhere.stdout)[0]).toMatch(/no run of backup.yml has taken it since$/)
})

test('an expired or damaged report counts as none; a job whose report does not name the backup is no success', async () => {
  addRun(forge, { at: slot + HOUR, instances: { one: 'failed' }, artifact: { expired: true } })
  expect((await act(ONE)).summary).toContain('by its job: there is no report')
  addRun(forge, { at: slot + 2 * MINUTE, instances: { two: 'success' } })
  forge.runs.shift()
  expect(await act(ONE)).toMatchObject({ code: 1 })
})

test('a job without a report is believed for the time of grace only', async () => {
  addRun(forge, { at: slot + MINUTE })
  const ran = await act(ONE)
  expect(ran).toMatchObject({ code: 1, outputs: { succeeded: '[]', failed: '["one"]' } })
  expect(errors(ran.stdout)).toEqual([
    expect.stringMatching(
      /::one: whether it was backed up since its slot of .* is not known: the job "backup" of .* succeeded, but no report says whether it took this backup/,
    ),
  ])
  expect(await act(ONE, { inputs: { grace: '140m' } })).toMatchObject({ code: 1 }) // the slot before is judged then
  addRun(forge, { at: slot + 10 * MINUTE, instances: { one: 'success' } })
  expect(await act(ONE)).toMatchObject({ code: 0 })
})

test('a job that left the backup out is no success: neither if its report says so, nor after one that failed without a report', async () => {
  const notDue = [{ id: 'one', why: 'its slot was served', nextRun: null, line: 2, history: [] }]
  const two = { labels: ['self-hosted', 'cloud'] }
  addRun(forge, { at: slot + HOUR, jobs: [{}, two], instances: { two: 'success' }, report: { notDue } })
  const leftOut = await act(ONE)
  expect(leftOut.code, leftOut.stdout).toBe(1)
  expect(errors(leftOut.stdout)[0]).toMatch(/::one: .*no run of backup.yml has taken it since$/)

  forge.runs.length = 0
  addRun(forge, { at: slot + HOUR, jobs: [{ conclusion: 'failure' }], run: { conclusion: 'failure' } })
  addRun(forge, { at: slot + HOUR + 20 * MINUTE })
  const later = await act(ONE)
  expect(later.code, later.stdout).toBe(1)
  expect(errors(later.stdout)[0]).toMatch(/::one: .*the job "backup" of .* did not succeed, and left no report$/)
  addRun(forge, { at: slot + HOUR + 25 * MINUTE, run: { event: 'workflow_dispatch' } }) // by hand, which takes all
  expect(await act(ONE)).toMatchObject({ code: 0 })
})

test('a report that left the backup out tells what its host remembers: older reports may have expired', async () => {
  const told = (status: string, at: number) => ({
    notDue: [
      {
        id: 'one',
        why: 'served',
        nextRun: null,
        line: 2,
        history: [{ startedAt: new Date(at).toISOString(), status }],
      },
    ],
  })
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' }, artifact: { expired: true } })
  addRun(forge, { at: slot + HOUR, instances: { two: 'success' }, report: told('success', slot + 2 * MINUTE) })
  const known = await act(ONE)
  expect(known, known.stdout).toMatchObject({ code: 0, outputs: { succeeded: '["one"]' } })
  expect(known.summary).not.toContain('by its job')
  forge.runs.length = 0
  addRun(forge, { at: slot + HOUR, instances: { two: 'success' }, report: told('died', slot + 2 * MINUTE) })
  expect(errors((await act(ONE)).stdout)[0]).toMatch(/::one: .*its run of .* UTC failed$/)
  forge.runs.length = 0
  addRun(forge, { at: slot + HOUR, instances: { two: 'success' }, report: told('success', slot - MINUTE) })
  expect((await act(ONE)).code).toBe(1)
})

test('a disabled schedule fails the check, an idle repository warns', async () => {
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' } })
  forge.workflow.state = 'disabled_inactivity'
  const disabled = await act(ONE)
  expect(disabled.code).toBe(1)
  expect(errors(disabled.stdout)).toEqual([
    '::error::GitHub has disabled backup.yml, because the repository had no commit for 60 days: nothing is backed up by schedule. Enable it again: gh workflow enable backup.yml --repo octo/backups',
  ])
  expect(disabled.summary).toMatch(/^### ❌ Backups are in danger\n\n> \[!CAUTION\]/)
  forge.workflow.state = 'active'
  forge.repository.private = false
  forge.lastCommitAt = new Date(now - 50 * 24 * HOUR).toISOString()
  const idle = await act(ONE)
  expect(idle.code).toBe(0)
  expect(idle.stdout).toMatch(/^::warning::GitHub will disable the schedules of backup.yml in 10 days: /m)
})

test.each([
  [401, { message: 'Bad credentials' }, {}, /refuses the token/],
  [403, { message: 'Resource not accessible by integration' }, {}, /actions: read/],
  [
    403,
    { message: 'API rate limit exceeded' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795831200' },
    /until 2026-11-28 02:00 UTC/,
  ],
  [500, { message: 'Server Error' }, {}, /failed with 500/],
] as const)('an API that answers %i makes the check red, in plain words', async (status, body, headers, words) => {
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' } })
  forge.fault = () => ({ status, body, headers })
  const ran = await act(ONE)
  expect(ran.code).toBe(1)
  expect(ran.summary).toMatch(/^### ❌ It is not known whether 1 backup of 1 is in time/)
  expect(errors(ran.stdout).length).toBe(2)
  for (const line of errors(ran.stdout)) expect(line).toMatch(words)
})

test('a report that cannot be had makes only what depends on it unknown', async () => {
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' } })
  const second = addRun(forge, { at: slot + 2 * MINUTE, instances: { two: 'success' } })
  forge.fault = ({ path }) => (path.includes(`/${second}000/`) ? { status: 502, body: {} } : null)
  const ran = await act(`${ONE}  - {id: two, customImage: a/b, schedule: "${cron}", targets: []}\n`)
  expect(ran).toMatchObject({ code: 1, outputs: { succeeded: '["one"]', failed: '["two"]' } })
  expect(errors(ran.stdout)).toEqual([
    expect.stringMatching(
      /line=6::two: whether it was backed up since its slot of .* is not known: The API does not tell what is in the artifact marina-nas-1: it failed with 502/,
    ),
  ])
})

test('by hand only, a schedule of variables, a wrong grace or workflow', async () => {
  const config = `instances:
  - {id: hand, customImage: a/b, targets: []}
  - {id: open, customImage: a/b, schedule: "\${WHEN}", targets: []}
`
  const open = await act(config)
  expect(open.code).toBe(1)
  expect(errors(open.stdout)).toEqual([
    expect.stringMatching(/line=3::open: its schedule needs WHEN: give it by the step's `env`/),
  ])
  addRun(forge, { at: slot + MINUTE, instances: { open: 'success' } })
  const given = await act(config, { env: { WHEN: cron } })
  expect(given.code, given.stdout).toBe(0)
  expect(given.summary).toContain('by hand only')
  expect((await act(config, { inputs: { grace: 'soon' } })).stdout).toMatch(
    /^::error::Input grace is "soon": write a duration/,
  )
  expect((await act(config, { inputs: { instances: 'nobody' } })).stdout).toMatch(/nobody is not in the configuration/)
  forge.fault = ({ path }) => (path.includes('/workflows/') ? { status: 404, body: { message: 'Not Found' } } : null)
  expect((await act(config, { inputs: { workflow: '.github/workflows/gone.yml' } })).stdout).toMatch(
    /Is there a file .github\/workflows\/gone.yml/,
  )
})

test('the workflow is found by itself, unless there are several or none', async () => {
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' } })
  const file = (command: string, more = '') =>
    `on:\n  schedule: [{cron: "7 * * * *"}]\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n      - uses: octo/marina-for-github-actions@v1\n        with: {command: ${command}${more}}\n`
  const files = {
    '.github/workflows/nightly.yml': file('backup'),
    '.github/workflows/check.yml': file('check'),
    '.github/workflows/other.yml': file('backup', ', config: other.yml'),
  }
  const inputs = { workflow: '' }
  const found = await act(ONE, { files, inputs })
  expect(found.code, found.stdout).toBe(0)
  expect(forge.asked.map(({ path }) => path)).toContain('/actions/workflows/nightly.yml/runs')
  const two = await act(ONE, { files: { ...files, '.github/workflows/z.yml': file('backup') }, inputs })
  expect(two.stdout).toMatch(/^::error::Several workflows run backups \(nightly.yml, z.yml\): name one/)
  expect((await act(ONE, { inputs })).stdout).toMatch(
    /^::error::No workflow in .github\/workflows is known to run the backups/,
  )
})

test('the workflow of docs/check.md finds the backup workflow beside it, and keeps an issue', async () => {
  const [block] = await blocks({ words: { OWNER: 'octo' } }, 'missing-backups', '')
  const recipe = parse(block?.text ?? '')
  expect(recipe.permissions).toEqual({ actions: 'read', contents: 'read', issues: 'write' })
  const [, step] = recipe.jobs.check.steps
  const inputs = Object.fromEntries(Object.entries(step.with).map(([key, value]) => [key, String(value)]))
  const backup =
    'on: {schedule: [{cron: "7 * * * *"}]}\njobs: {a: {runs-on: x, steps: [{uses: octo/marina-for-github-actions@v1}]}}\n'
  const files = { '.github/workflows/check-backups.yml': block?.text ?? '', '.github/workflows/backup.yml': backup }
  const ran = await act(ONE, { files, inputs: { workflow: '', ...inputs } })
  expect(ran.code, ran.stdout).toBe(1)
  expect(forge.issues).toMatchObject([{ title: 'Backup one is overdue' }])
  expect(await neverRun('scenario/check.test.ts')).toEqual([])
})
