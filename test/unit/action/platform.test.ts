import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runOutputs } from '../../../src/action/outputs.ts'
import { readPages } from '../../../src/action/pages.ts'
import { readEvent, refusedEvent } from '../../../src/action/platform.ts'
import { isPost, readState } from '../../../src/action/state.ts'
import { openSummary } from '../../../src/action/stepSummary.ts'
import { instance, report } from '../report/reports.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'marina-env-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('events', () => {
  test('a schedule on GitHub', () => {
    const event = { schedule: '0 4 * * *', repository: { private: true, visibility: 'internal' } }
    const run = readEvent({
      GITHUB_EVENT_NAME: 'schedule',
      GITHUB_EVENT_PATH: file('event.json', JSON.stringify(event)),
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_RUN_ID: '77',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SERVER_URL: 'https://github.com',
      RUNNER_TEMP: '/temp',
    })
    expect(run).toMatchObject({
      name: 'schedule',
      publicRepository: false,
      repository: 'o/r',
      runId: '77',
      attempt: 2,
      runUrl: 'https://github.com/o/r/actions/runs/77/attempts/2',
      temp: '/temp',
      problem: null,
    })
  })

  test.each([
    [{ repository: { private: false } }, true],
    [{ repository: { private: false, visibility: 'internal' } }, false],
    [{ repository: { private: true } }, false],
    [{ repository: {} }, null],
    [{ repository: null }, null],
    [{}, null],
    [[], null],
    ['text', null],
    [null, null],
  ])('the repository of %j is public: %j', (event, isPublic) => {
    const path = file('event.json', JSON.stringify(event))
    expect(readEvent({ GITHUB_EVENT_PATH: path }).publicRepository).toBe(isPublic)
  })

  test.each([
    ['workflow_dispatch', { inputs: { instances: '' } }, true],
    ['workflow_dispatch', { inputs: null }, false],
    ['workflow_dispatch', { inputs: { what: 'x' } }, null],
    ['workflow_dispatch', {}, null],
    ['schedule', { inputs: { instances: '' } }, null],
  ])('%s with %j: whether the workflow takes instances: %j', (name, event, takes) => {
    const path = file('event.json', JSON.stringify(event))
    expect(readEvent({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path }).takesInstances).toBe(takes)
  })

  test('an event file that cannot be read is told, and ends nothing', () => {
    const problemOf = (path: string) => readEvent({ GITHUB_EVENT_PATH: path }).problem
    expect(problemOf(file('event.json', '{'))).toBe(
      `The event file ${join(folder, 'event.json')} could not be read (it is not JSON), so that it is not known whether the repository is public: it is taken for public`,
    )
    expect(problemOf(join(folder, 'none'))).toMatch(/\(ENOENT\)/)
    expect(problemOf(folder)).toMatch(/\(it is no file\)/)
    expect(problemOf('/dev/null')).toMatch(/\(it is no file\)/)
    expect(problemOf(file('event.json', ''))).toMatch(/\(it is not JSON\)/)
    for (const text of ['null', '[]', '"x"', '3']) expect(problemOf(file('event.json', text))).toMatch(/no JSON object/)
    expect(readEvent({})).toMatchObject({ name: '', runUrl: null, attempt: 1, publicRepository: null, problem: null })
  })

  test.each([
    ['Gitea', { GITEA_ACTIONS: 'true', GITHUB_RUN_ATTEMPT: '2' }, 'https://git.example/o/r/actions/runs/77'],
    ['Forgejo', { GITEA_ACTIONS: 'true', FORGEJO_ACTIONS: 'true' }, 'https://git.example/o/r/actions/runs/5'],
    ['act', { ACT: 'true' }, null],
  ])('the run page on %s', (_, env, url) => {
    const base = {
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_RUN_ID: '77',
      GITHUB_RUN_NUMBER: '5',
      GITHUB_SERVER_URL: 'https://git.example',
    }
    expect(readEvent({ ...base, ...env }).runUrl).toBe(url)
  })

  test.each([
    ...['pull_request', 'pull_request_target', 'pull_request_review', 'pull_request_review_comment', 'merge_group'],
    ...['issues', 'issue_comment', 'discussion', 'discussion_comment', 'watch', 'fork', 'gollum', 'workflow_run'],
    ...['check_run', 'check_suite', 'status', 'deployment', 'label', 'Push', 'an event of tomorrow'],
  ])('%s is refused', (name) => {
    expect(refusedEvent(name)).toMatch(new RegExp(`^Backups do not run on "${name}" events, [^.]*\\.$`))
  })

  test.each(['schedule', 'workflow_dispatch', 'repository_dispatch', 'push', 'release', 'workflow_call', ''])(
    '%j is not',
    (name) => {
      expect(refusedEvent(name)).toBeNull()
    },
  )
})

/** Runs a line of the action in a process of its own, as the runner does, and gives its output. */
function inStep(env: Record<string, string>, code: string): string {
  const source = fileURLToPath(new URL('../../../src/action/', import.meta.url))
  return execFileSync(process.execPath, ['--input-type=module', '-e', code.replaceAll('SRC', `file://${source}`)], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  })
}

/** The runner's file commands: NAME<<DELIMITER … DELIMITER; the last of a name counts. */
function fileCommands(path: string): Record<string, string> {
  const matches = readFileSync(path, 'utf8').matchAll(/^(.*?)<<(.*)\n([\s\S]*?)\n\2$/gm)
  return Object.fromEntries([...matches].map((match) => [match[1], match[3]]))
}

describe('state', () => {
  test('what main saved last is what post reads', () => {
    const path = file('state', '')
    const printed = inStep(
      { GITHUB_STATE: path },
      `import { saveState } from 'SRCstate.ts'; await saveState({}); await saveState({ claims: 'a\\nb', log: '/x' })`,
    )
    expect(printed).toBe('')
    const post = { STATE_marina: fileCommands(path).marina }
    expect([isPost({}), isPost(post)]).toEqual([false, true])
    expect(readState(post)).toEqual({ claims: 'a\nb', log: '/x' })
  })

  test('an empty state still tells that this is post; a broken one is empty', () => {
    expect(isPost({ STATE_marina: '{}' })).toBe(true)
    expect([readState({ STATE_marina: '{"a":' }), readState({ STATE_marina: '[1]' }), readState({})]).toEqual([
      {},
      {},
      {},
    ])
    expect(readState({ STATE_marina: '{"a":1,"b":"c"}' })).toEqual({ b: 'c' })
  })
})

describe('outputs', () => {
  test('of a run', () => {
    const run = report({
      result: 'cancelled',
      instances: (['success', 'partial', 'failed', 'cancelled', 'skipped'] as const).map((status) =>
        instance({ id: status, status }),
      ),
    })
    const places = {
      report: '/t/report.json',
      logDirectory: '/t/logs',
      artifact: { id: 9, url: 'https://x/9' },
      due: ['a'],
    }
    expect(runOutputs(run, places)).toEqual({
      result: 'cancelled',
      succeeded: '["success"]',
      partial: '["partial"]',
      failed: '["failed","cancelled"]',
      skipped: '["skipped"]',
      report: '/t/report.json',
      'log-directory': '/t/logs',
      'artifact-id': '9',
      'artifact-url': 'https://x/9',
      due: '["a"]',
      matrix: '[]',
      points: '[]',
      restored: '[]',
      proven: '[]',
      inconclusive: '[]',
    })
    expect(runOutputs(run, {})).toMatchObject({ report: '', 'artifact-id': '', due: '[]' })
  })

  test('are written to the runner', () => {
    const path = file('output', '')
    inStep(
      { GITHUB_OUTPUT: path },
      `import { setOutputs } from 'SRCoutputs.ts'; await setOutputs({ result: 'success', report: '/t/r\\nx' })`,
    )
    expect(fileCommands(path)).toEqual({ result: 'success', report: '/t/r\nx' })
  })
})

describe('the step summary', () => {
  test('is added to what is there', async () => {
    const path = file('summary', 'before\n')
    const summary = await openSummary({ GITHUB_STEP_SUMMARY: path })
    expect(await summary.write('# hello to all')).toBeNull()
    expect(readFileSync(path, 'utf8')).toBe('before\n# hello to all\n')
    expect(await summary.write('# bye')).toBeNull()
    expect(readFileSync(path, 'utf8'), 'in place of the first').toBe('before\n# bye\n')
  })

  test('what fits the room fits the file; what does not is refused whole', async () => {
    const env = { GITHUB_STEP_SUMMARY: file('summary', 'x'.repeat(1000)) }
    const summary = await openSummary(env)
    const room = summary.roomBytes
    expect(room).toBe(1024 * 1024 - 1001)
    expect(await summary.write('y'.repeat(room + 1))).toMatch(/no room left/)
    expect(await summary.write('y'.repeat(room))).toBeNull()
    expect(readFileSync(env.GITHUB_STEP_SUMMARY).length).toBe(1024 * 1024)
    expect((await openSummary(env)).roomBytes).toBe(0)
  })

  test('a platform without summaries is no problem; a folder that is not there is', async () => {
    const none = await openSummary({})
    expect([none.roomBytes, await none.write('x')]).toEqual([0, null])
    const nowhere = await openSummary({ GITHUB_STEP_SUMMARY: join(folder, 'no', 'file') })
    expect(await nowhere.write('x')).toMatch(/ENOENT/)
  })

  test('what takes nothing back is written once', async () => {
    const full = await openSummary({ GITHUB_STEP_SUMMARY: '/dev/full' })
    expect(await full.write('x')).toMatch(/ENOSPC/)
    const device = await openSummary({ GITHUB_STEP_SUMMARY: '/dev/null' })
    expect([await device.write('x'), await device.write('y')]).toEqual([null, null])
  })
})

describe('the pages of a run', () => {
  const env = {
    GITHUB_REPOSITORY: 'octo/backups',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: '0123456789abcdef',
    GITHUB_WORKFLOW_REF: 'octo/backups/.github/workflows/night ly.yml@refs/heads/a/b',
  }
  const none = { workflow: null, config: null }

  test('are the workflow with its button, and the configuration at this commit', () => {
    expect(readPages(env, './hosts/my nas.yml')).toEqual({
      workflow: 'https://github.com/octo/backups/actions/workflows/night%20ly.yml',
      config: 'https://github.com/octo/backups/blob/0123456789abcdef/hosts/my%20nas.yml',
    })
  })

  test.each([
    ['away from a forge', {}, none],
    ['act, which makes them up', { ...env, ACT: 'true' }, none],
    [
      'a workflow of another repository',
      { ...env, GITHUB_WORKFLOW_REF: 'octo/other/.github/workflows/x.yml@main' },
      { workflow: null },
    ],
    ['no commit', { ...env, GITHUB_SHA: '' }, { config: null }],
    [
      'Gitea',
      { ...env, GITEA_ACTIONS: 'true', GITHUB_SERVER_URL: 'https://git.example.com' },
      { workflow: null, config: 'https://git.example.com/octo/backups/src/commit/0123456789abcdef/c.yml' },
    ],
  ])('%s', (_, given, pages) => {
    expect(readPages(given, 'c.yml')).toMatchObject(pages)
  })

  const sha = '0123456789abcdef0123456789abcdef01234567'
  const other = 'f'.repeat(40)
  test.each<[string, Record<string, string>, string, boolean]>([
    ['that commit', { HEAD: `${sha}\n` }, 'c.yml', true],
    ['another commit', { HEAD: `${other}\n` }, 'c.yml', false],
    ['a branch at that commit', { HEAD: 'ref: refs/heads/main\n', 'refs/heads/main': `${sha}\n` }, 'c.yml', true],
    ['a branch at another', { HEAD: 'ref: refs/heads/main\n', 'refs/heads/main': `${other}\n` }, 'c.yml', false],
    [
      'a packed branch',
      { HEAD: 'ref: refs/heads/x\n', 'packed-refs': `# pack\n${other} refs/heads/x\n` },
      'c.yml',
      false,
    ],
    ['nothing readable', { HEAD: 'ref: refs/heads/x\n' }, 'c.yml', true],
    ['no git', {}, 'c.yml', true],
    ['a checkout below the workspace', { '../sub/.git/HEAD': `${sha}\n` }, 'sub/c.yml', false],
  ])('the checkout is of %s: a link, or none', (_, files, config, isLinked) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, '.git', name)), { recursive: true })
      file(join('.git', name), text)
    }
    const pages = readPages({ ...env, GITHUB_SHA: sha, GITHUB_WORKSPACE: folder }, config)
    expect(pages.config !== null).toBe(isLinked)
  })

  test.each(['/etc/config.yml', '../config.yml'])('a configuration outside the checkout has none: %s', (path) => {
    expect(readPages(env, path).config).toBeNull()
  })
})
