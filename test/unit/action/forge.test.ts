import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openForge } from '../../../src/action/forge/askForge.ts'
import { listArtifacts, readArtifactFile } from '../../../src/action/forge/runArtifacts.ts'
import {
  getRepositoryActivity,
  getWorkflow,
  listJobs,
  listRuns,
  ownWorkflow,
} from '../../../src/action/forge/workflowRuns.ts'
import { zipEntry } from '../../../src/action/forge/zipEntry.ts'
import {
  type ForgeReply,
  type ForgeServer,
  forgeArtifact,
  forgeJob,
  forgeRun,
  startForgeServer,
  zipOf,
} from '../../support/forge-server.ts'

let server: ForgeServer
beforeEach(async () => {
  server = await startForgeServer()
})
afterEach(() => server.stop())

const open = (more = {}) => openForge({ token: 't0ken', baseUrl: server.baseUrl, repository: 'octo/backups', ...more })
const RUNS = { workflow: 'backup.yml', perPage: 100 } as const
const hour = (n: number) => new Date(Date.UTC(2026, 10, 1) + n * 3_600_000).toISOString()

test('lists runs: the latest first, by event and time, page after page up to the bound', async () => {
  server.runs = Array.from({ length: 250 }, (_, n) =>
    forgeRun(n, hour(n), { event: n % 2 === 0 ? 'schedule' : 'push' }),
  )
  const forge = open()
  const three = await listRuns(forge, { ...RUNS, mostPages: 5 })
  expect(three).toMatchObject({ value: { isCut: false } })
  expect('value' in three && three.value.items.map(({ id }) => id)).toEqual(
    Array.from({ length: 250 }, (_, n) => 249 - n),
  )
  expect(forge.sent()).toBe(3)
  expect(await listRuns(forge, RUNS)).toMatchObject({ value: { isCut: true, items: { length: 100 } } })
  const few = await listRuns(forge, { ...RUNS, event: 'schedule', created: `>=${hour(240)}` })
  expect('value' in few && few.value.items.map(({ id }) => id)).toEqual([248, 246, 244, 242, 240])
  expect(server.asked[0]).toMatchObject({ path: '/actions/workflows/backup.yml/runs', token: 'token t0ken' })
})

test('a run that begins between two pages is no second one, and a list without Link goes by its total', async () => {
  server.runs = Array.from({ length: 150 }, (_, n) => forgeRun(n, hour(n)))
  server.fault = ({ query }) => {
    if (query.get('page') === '2' && server.runs.length === 150) server.runs.push(forgeRun(999, hour(999)))
    return null
  }
  const all = await listRuns(open(), { ...RUNS, mostPages: 5 })
  expect('value' in all && new Set(all.value.items.map(({ id }) => id)).size).toBe(150)
  server.fault = () => ({ status: 200, body: { total_count: 1, workflow_runs: [forgeRun(1, hour(1))] } })
  expect(await listRuns(open(), { ...RUNS, mostPages: 5 })).toMatchObject({
    value: { isCut: false, items: { length: 1 } },
  })
})

test('tells of a job whether a runner really began it', async () => {
  server.jobs.set(5, [
    forgeJob(1, hour(1)),
    forgeJob(2, hour(1), { status: 'queued', conclusion: null, runner_name: null, labels: ['self-hosted', 'nas'] }),
    forgeJob(3, hour(1), { conclusion: 'skipped', runner_name: '' }),
    { ...forgeJob(4, hour(1), { status: 'in_progress' }), runner_name: undefined },
    { ...forgeJob(5, hour(1), { status: 'queued' }), runner_name: undefined },
  ])
  const jobs = await listJobs(open(), 5)
  expect('value' in jobs && jobs.value.items.map(({ startedAt }) => startedAt)).toEqual([
    hour(1),
    null,
    null,
    hour(1),
    null,
  ])
  expect(jobs).toMatchObject({
    value: { items: { 1: { status: 'queued', labels: ['self-hosted', 'nas'], runnerName: null } } },
  })
  await listJobs(open(), 5, 2)
  expect(server.asked.map(({ path }) => path)).toEqual(['/actions/runs/5/jobs', '/actions/runs/5/attempts/2/jobs'])
})

test('tells the state of a workflow, and the last commit of the default branch', async () => {
  server.workflow = { name: 'Backup', state: 'disabled_inactivity' }
  expect(await getWorkflow(open(), 'backup.yml')).toEqual({ value: { name: 'Backup', state: 'disabled_inactivity' } })
  server.repository = { private: false, default_branch: 'trunk', has_issues: true }
  server.lastCommitAt = hour(7)
  expect(await getRepositoryActivity(open())).toEqual({
    value: { isPublic: true, defaultBranch: 'trunk', lastCommitAt: hour(7) },
  })
  expect(server.asked.at(-1)?.query.get('sha')).toBe('trunk')
  server.lastCommitAt = null
  expect(await getRepositoryActivity(open())).toMatchObject({ value: { lastCommitAt: null } })
})

test('reads the report in an artifact, which comes from another address', async () => {
  server.artifacts.set(5, [forgeArtifact(77, 'marina-nas-1', { 'other.txt': 'x', 'report.json': '{"a":1}' })])
  const artifacts = await listArtifacts(open(), 5)
  const first = 'value' in artifacts ? artifacts.value.items[0] : undefined
  if (first === undefined) throw new Error('no artifact')
  expect(await readArtifactFile(open(), first, 'report.json')).toEqual({ value: '{"a":1}' })
  expect(await readArtifactFile(open(), first, 'gone.json')).toEqual({ value: null })
  server.fault = ({ path }) =>
    path.endsWith('/zip') ? { status: 410, body: { message: 'Artifact has expired' } } : null
  expect(await readArtifactFile(open(), first, 'report.json')).toEqual({ value: null })
  server.fault = ({ path }) => (path.endsWith('/zip') ? { status: 404, body: { message: 'Not Found' } } : null)
  expect(await readArtifactFile(open(), first, 'report.json')).toHaveProperty('unknown')
  const sent = server.asked.length
  expect(await readArtifactFile(open(), { ...first, isExpired: true }, 'report.json')).toEqual({ value: null })
  expect(await readArtifactFile(open(), { ...first, bytes: 2e9 }, 'report.json')).toEqual({ value: null })
  expect(server.asked.length).toBe(sent)
})

test('an archive that lies about its size is read as far as the bound', async () => {
  const big = randomBytes(9 * 1024 * 1024) // cannot be packed smaller
  server.artifacts.set(5, [forgeArtifact(78, 'marina-nas-1', { 'report.json': big }, { size_in_bytes: 10 })])
  const artifact = { id: 78, name: 'marina-nas-1', bytes: 10, isExpired: false, createdAt: null }
  expect(await readArtifactFile(open(), artifact, 'report.json')).toMatchObject({
    unknown: expect.stringMatching(/larger than 8 MiB/),
  })
})

test('a zip bomb, damaged and foreign archives are refused', () => {
  const bomb = zipOf({ 'report.json': Buffer.alloc(50 * 1024 * 1024) })
  expect(bomb.length).toBeLessThan(100_000)
  expect(zipEntry(bomb, 'report.json', 1024 * 1024)).toEqual({ why: 'its file is larger than 1 MiB' })
  const good = zipOf({ 'a.txt': 'hello', 'report.json': '{"a":1}' })
  expect(zipEntry(good, 'report.json', 100)).toEqual(Buffer.from('{"a":1}'))
  for (let length = 0; length < good.length; length++)
    expect(zipEntry(good.subarray(0, length), 'report.json', 100)).toHaveProperty('why')
  for (let at = 0; at < good.length; at++) {
    const damaged = Buffer.from(good)
    damaged[at] = (damaged[at] as number) ^ 0xff
    const read = zipEntry(damaged, 'report.json', 100)
    expect(Buffer.isBuffer(read) ? read.toString() : '{"a":1}').toBe('{"a":1}')
  }
  expect(zipEntry(Buffer.from('<html>no</html>'.repeat(5)), 'report.json', 100)).toHaveProperty('why')
})

const GITHUB = { documentation_url: 'https://docs.github.com/rest' }
const failures: readonly [string, ForgeReply, RegExp, number][] = [
  [
    'no permission',
    { status: 403, body: { ...GITHUB, message: 'Resource not accessible by integration' } },
    /may not ask this \(403\): give the job the permission actions: read/,
    1,
  ],
  [
    'the limit',
    {
      status: 403,
      body: { ...GITHUB, message: 'API rate limit exceeded for installation ID 5.' },
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795831200' },
    },
    /used up .* until 2026-11-28 02:00 UTC$/,
    1,
  ],
  [
    'the second limit',
    {
      status: 429,
      body: { ...GITHUB, message: 'You have exceeded a secondary rate limit.' },
      headers: { 'retry-after': '60' },
    },
    /used up/,
    1,
  ],
  ['a bad token', { status: 401, body: { ...GITHUB, message: 'Bad credentials' } }, /refuses the token \(401\)/, 1],
  [
    'another refusal',
    { status: 403, body: { ...GITHUB, message: 'Resource protected by organization SAML enforcement.' } },
    /refuses \(403: Resource protected by organization SAML enforcement\)/,
    1,
  ],
  [
    'not found',
    { status: 404, body: { ...GITHUB, message: 'Not Found' } },
    /no such thing, or the token may not see it \(404\).*actions: read/,
    1,
  ],
  ['gone', { status: 410, body: { ...GITHUB, message: 'Gone.' } }, /answered 410 \(Gone\)/, 1],
  ['an error of the server', { status: 502, body: '<html>' }, /failed with 502: /, 2],
  [
    'a cut answer',
    { status: 200, body: { total_count: 1, workflow_runs: [forgeRun(1, hour(1))] }, cutAt: 60 },
    /cut off/,
    1,
  ],
  ['another thing', { status: 200, body: [] }, /not the expected one/, 1],
  [
    'a run of another shape',
    { status: 200, body: { total_count: 1, workflow_runs: [{ id: 'x' }] } },
    /not the expected one/,
    1,
  ],
  ['a text', { status: 200, body: '<html>log in</html>' }, /not the expected one/, 1],
]
test.each(failures)('%s is an unknown answer in plain words', async (_, reply, words, sent) => {
  server.fault = () => reply
  const forge = open()
  const answer = await listRuns(forge, RUNS)
  expect('unknown' in answer && answer.unknown).toMatch(/^The API does not tell the runs of backup.yml: /)
  expect('unknown' in answer && answer.unknown).toMatch(words)
  expect(forge.sent()).toBe(sent)
})

test('an error of the server that passes is asked again; a second page that fails makes the list unknown', async () => {
  server.runs = Array.from({ length: 150 }, (_, n) => forgeRun(n, hour(n)))
  let failed = false
  server.fault = () => {
    if (failed) return null
    failed = true
    return { status: 500, body: { message: 'Server Error' } }
  }
  expect(await listRuns(open(), { ...RUNS, mostPages: 5 })).toMatchObject({ value: { items: { length: 150 } } })
  server.fault = ({ query }) => (query.get('page') === '2' ? { status: 500, body: {} } : null)
  expect(await listRuns(open(), { ...RUNS, mostPages: 5 })).toMatchObject({
    unknown: expect.stringMatching(/500/),
    status: 500,
  })
})

test('nobody there, no token, no repository, a spent budget: unknown, and said why', async () => {
  server.stop()
  expect(await listRuns(open(), RUNS)).toMatchObject({
    unknown: expect.stringMatching(/cannot be reached/),
    status: null,
  })
  expect(await listRuns(open({ token: '' }), RUNS)).toMatchObject({ unknown: expect.stringMatching(/no token/) })
  expect(await listRuns(open({ repository: '' }), RUNS)).toMatchObject({
    unknown: expect.stringMatching(/repository is not known/),
  })
  expect(await listRuns(open({ mostQuestions: 0 }), RUNS)).toMatchObject({
    unknown: expect.stringMatching(/0 questions/),
  })
})

test('a server that never answers is given up after ten seconds', async () => {
  const begun = Date.now()
  const real = AbortSignal.timeout
  AbortSignal.timeout = () => real.call(AbortSignal, 300) // the deadline, sooner
  try {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const forge = openForge({ token: 't', baseUrl: `http://127.0.0.1:${port}`, repository: 'o/r' })
    expect(await listRuns(forge, RUNS)).toMatchObject({ unknown: expect.stringMatching(/did not answer within 10 s/) })
    expect(forge.sent()).toBe(1)
    silent.close()
  } finally {
    AbortSignal.timeout = real
  }
  expect(Date.now() - begun).toBeLessThan(9000)
})

test.each([
  ['octo/backups/.github/workflows/backup.yml@refs/heads/main', 'backup.yml'],
  ['octo/backups/.github/workflows/nightly backup.yaml@refs/tags/v1', 'nightly backup.yaml'],
  ['o/r/.gitea/workflows/b.yml@x', 'b.yml'],
  ['', null],
  ['nonsense', null],
])('the workflow of %s is %s', (ref, file) => {
  expect(ownWorkflow({ GITHUB_WORKFLOW_REF: ref })).toBe(file)
})
