/** `check` with `issue: true`, through the bundle: one issue for each overdue backup, changed, and closed when the backup is there again. */

import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { addRun } from '../support/checked-runs.ts'
import { type ForgeServer, startForgeServer } from '../support/forge-server.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

let forge: ForgeServer
let slot: number
let schedule: string
beforeEach(async () => {
  forge = await startForgeServer()
  slot = Math.floor((Date.now() - 2.5 * 60 * MINUTE) / MINUTE) * MINUTE
  const at = new Date(slot)
  schedule = `schedule: "${at.getUTCMinutes()} ${at.getUTCHours()} * * *"`
})
afterEach(() => forge.stop())

const MINUTE = 60_000
const instances = (...ids: readonly string[]) =>
  `instances:\n${ids.map((id) => `  - {id: ${id}, customImage: a/b, ${schedule}, targets: []}\n`).join('')}`

async function act(config: string, inputs: Record<string, string> = {}) {
  const workspace = await makeWorkspace({ 'config.yml': config })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  return runAction({
    inputs: { command: 'check', workflow: 'backup.yml', issue: 'true', 'github-token': 't0ken', ...inputs },
    env: { GITHUB_API_URL: forge.baseUrl },
    ...{ workspace, docker },
  })
}

const open = () => forge.issues.filter(({ state }) => state === 'open')
const writes = () => forge.asked.filter(({ method }) => method !== 'GET').length

test('an issue is opened once, left alone, told of a new cause once, and closed by a success', async () => {
  const first = await act(instances('one'))
  expect(first.code, first.stdout).toBe(1)
  expect(forge.issues).toMatchObject([
    { title: 'Backup one is overdue', labels: ['marina'], state: 'open', comments: [] },
  ])
  expect(forge.issues[0]?.body).toMatch(/^<!-- marina-check:one -->\n/)
  expect(forge.issues[0]?.body).toContain('no run of backup.yml has taken it since.')
  expect(writes()).toBe(1)
  await act(instances('one'))
  expect(writes()).toBe(1)

  addRun(forge, { at: slot + MINUTE, instances: { one: { status: 'failed', error: 'exit code 3 <!-- @all -->' } } })
  await act(instances('one'))
  await act(instances('one'))
  expect(forge.issues).toMatchObject([
    { state: 'open', comments: [expect.stringMatching(/^The cause has changed: its run of .* failed/)] },
  ])
  expect(forge.issues[0]?.body).not.toContain('@all')
  // a further failure of the same kind changes the text, and is no news
  addRun(forge, { at: slot + 9 * MINUTE, instances: { one: { status: 'failed', error: 'exit code 4 <!-- @all -->' } } })
  await act(instances('one'))
  expect(forge.issues[0]?.body).toContain('exit code 4')
  expect(forge.issues[0]?.comments.length).toBe(1)

  addRun(forge, { at: slot + 20 * MINUTE, instances: { one: 'success' } })
  expect(await act(instances('one'))).toMatchObject({ code: 0 })
  expect(forge.issues).toMatchObject([
    { state: 'closed', comments: { 1: expect.stringMatching(/^Backed up again: \d{4}-/) } },
  ])
  const before = writes()
  await act(instances('one'))
  expect(writes()).toBe(before)
})

test('issues of people, of other configurations and without the label stay; a backup that is gone closes its own', async () => {
  await act(instances('one', 'two'))
  const [one] = open()
  forge.issues.push(
    { number: 3, title: 'mine', body: 'by hand', state: 'open', labels: ['marina'], comments: [] },
    {
      number: 4,
      title: 'x',
      body: `${one?.body.replace('config.yml', 'other.yml')}`,
      state: 'open',
      labels: ['marina'],
      comments: [],
    },
    { number: 5, title: 'x', body: `${one?.body}`, state: 'open', labels: [], comments: [] },
  )
  await act(instances('two'), { instances: 'two' })
  expect(open().map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  await act(instances('two'))
  expect(open().map(({ number }) => number)).toEqual([2, 3, 4, 5])
  expect(forge.issues[0]?.comments).toEqual([expect.stringContaining('has no schedule in the configuration any more')])
})

test('what fails for one issue stops no other, and repeats no comment', async () => {
  await act(instances('one', 'two'))
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success', two: { status: 'failed', error: 'exit code 3' } } })
  forge.fault = ({ method, path }) =>
    method !== 'GET' && path.startsWith('/issues/1') ? { status: 403, body: { message: 'locked' } } : null
  const ran = await act(instances('one', 'two', 'three'))
  expect(ran.stdout).toMatch(/^::warning::The API does not change issue 1/m)
  expect(forge.issues.map(({ state, comments }) => [state, comments.length])).toEqual([
    ['open', 0],
    ['open', 1],
    ['open', 0],
  ])
  expect(forge.issues[2]?.title).toBe('Backup three is overdue')
})

test('a job that only seems to have made the backup closes no issue, and an id in a cause is no news', async () => {
  await act(instances('one'))
  addRun(forge, { at: slot + 60 * MINUTE })
  expect(await act(instances('one'))).toMatchObject({ code: 0 })
  expect(forge.issues).toMatchObject([{ state: 'open', comments: [] }])
  const failed = (error: string, minutes: number) =>
    addRun(forge, { at: slot + minutes * MINUTE, instances: { one: { status: 'failed', error } } })
  failed('container 3f2a9c1b77de is gone since 02:11', 70)
  await act(instances('one'))
  failed('container a8b7c6d5e4f3 is gone since 03:12', 80)
  await act(instances('one'))
  expect(forge.issues).toMatchObject([{ state: 'open', comments: [expect.stringContaining('3f2a9c1b77de')] }])
  expect(forge.issues[0]?.body).toContain('a8b7c6d5e4f3')
})

test('two checks at once leave one issue: the older', async () => {
  const both = await Promise.all([act(instances('one', 'two')), act(instances('one', 'two'))])
  expect(both.map(({ code }) => code)).toEqual([1, 1])
  const left = open().map(({ title }) => title)
  await act(instances('one', 'two')) // closes what both could not see
  expect(new Set(left).size).toBe(2)
  expect(
    open()
      .map(({ title }) => title)
      .sort(),
  ).toEqual(['Backup one is overdue', 'Backup two is overdue'])

  const twin = structuredClone(open()[0])
  forge.issues.length = 0
  forge.fault = ({ method, path }) => {
    // another check is a moment faster
    if (method === 'POST' && path === '/issues' && twin !== undefined) forge.issues.push({ ...twin, number: 1 })
    return null
  }
  await act(instances('one'))
  expect(forge.issues.map(({ number, state }) => [number, state])).toEqual([
    [1, 'open'],
    [2, 'closed'],
  ])
})

test.each([
  [
    403,
    { message: 'Resource not accessible by integration' },
    /::warning::The API does not tell the open issues: the token may not ask this \(403\): give the job the permission issues: write/,
  ],
  [
    410,
    { message: 'Issues has been disabled in this repository.' },
    /::warning::The API does not tell the open issues: it answered 410 \(Issues has been disabled in this repository\)/,
  ],
])('%i: the job still tells', async (status, body, words) => {
  forge.fault = ({ path }) => (path.startsWith('/issues') ? { status, body } : null)
  const ran = await act(instances('one'))
  expect(ran.code).toBe(1)
  expect(ran.stdout).toMatch(words)
  expect(ran.stdout).toMatch(/::one: no backup since its slot/)
})

test('a token that may open issues and set no label leaves none behind; an unknown state changes nothing', async () => {
  forge.dropsLabels = true
  const ran = await act(instances('one', 'two'))
  expect(ran.stdout).toMatch(/::warning::The API does not open an issue with the label marina/)
  expect(open()).toEqual([])
  expect(forge.issues.length).toBe(1)

  forge.dropsLabels = false
  forge.issues.length = 0
  await act(instances('one'))
  const before = structuredClone(forge.issues)
  addRun(forge, { at: slot + MINUTE, instances: { one: 'success' } })
  forge.fault = ({ path }) => (path.endsWith('/artifacts') ? { status: 500, body: {} } : null)
  expect(await act(instances('one'))).toMatchObject({ code: 1 })
  expect(forge.issues).toEqual(before)
})

test('many overdue backups open their issues over several checks', async () => {
  const ids = Array.from({ length: 45 }, (_, n) => `b${n}`)
  const first = await act(instances(...ids))
  expect(open().length).toBe(20)
  expect(first.stdout).toMatch(/::warning::25 issues more would be opened/)
  await act(instances(...ids))
  await act(instances(...ids))
  expect(new Set(open().map(({ title }) => title)).size).toBe(45)
  expect(open().length).toBe(45)
})
