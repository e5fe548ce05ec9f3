import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { artifactName, uploadArtifact } from '../../../src/action/artifact.ts'
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts'
import { readAsRunner } from './runner-model.ts'

const child = fileURLToPath(new URL('fixtures/upload-child.ts', import.meta.url))
let folder: string
let service: ArtifactService
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-artifact-'))
  await writeFile(join(folder, 'report.json'), '{}')
  await writeFile(join(folder, 'db.log'), 'hello')
  service = await startArtifactService()
})
afterEach(async () => {
  service.stop()
  await rm(folder, { recursive: true })
})

describe('uploads', () => {
  test('the report and the logs, each as an artifact', async () => {
    const { result, acted } = await step({ logs: [join(folder, 'db.log')], retentionDays: 14 })
    expect(result).toEqual({
      report: {
        kind: 'uploaded',
        id: 1,
        url: 'http://marina.localhost/o/r/actions/runs/5/artifacts/1',
        name: 'marina-nas-1',
      },
      logs: {
        kind: 'uploaded',
        id: 2,
        url: 'http://marina.localhost/o/r/actions/runs/5/artifacts/2',
        name: 'marina-nas-1-logs',
      },
    })
    expect(service.created.map((request) => request.name)).toEqual(['marina-nas-1', 'marina-nas-1-logs'])
    const days = (Date.parse(String(service.created[0]?.expires_at)) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.9)
    expect(days).toBeLessThan(7.1) // the repository allows no more than 7
    expect([...service.archives.keys()]).toEqual(['marina-nas-1', 'marina-nas-1-logs'])
    expect(acted).toEqual(['group', 'add-mask', 'endgroup', 'group', 'add-mask', 'endgroup']) // no annotation
  })

  test('no log: one artifact', async () => {
    expect((await step({})).result).toMatchObject({ report: { kind: 'uploaded' }, logs: null })
    expect(service.created).toHaveLength(1)
  })

  test('a name that is taken gets a number', async () => {
    service.taken = ['marina-nas-1', 'marina-nas-1.2']
    expect((await step({})).result.report).toMatchObject({ kind: 'uploaded', name: 'marina-nas-1.3' })
  })

  test('a server that refuses is a reason, and nobody waits twice', async () => {
    service.status = 403
    const { result } = await step({ logs: [join(folder, 'db.log')] })
    expect(result.report).toEqual({ kind: 'unavailable', why: expect.stringMatching(/CreateArtifact.*\(403\)/) })
    expect(result.logs).toEqual(result.report)
    expect(service.created).toHaveLength(1)
  })

  test('a server that keeps failing is given up at the deadline', async () => {
    service.status = 500
    const { result } = await step({ deadlineMs: 1000 })
    expect(result.report).toEqual({ kind: 'unavailable', why: 'the artifact service took longer than 1 s' }) // the client would go on for 30 s
  })

  test('a file that is gone or cannot be read is left out', async () => {
    expect((await step({ report: join(folder, 'none') })).result.report).toEqual({
      kind: 'unavailable',
      why: 'there was no file to upload',
    })
    const logs = [join(folder, 'none.log'), join(folder, 'db.log'), folder]
    expect((await step({ logs })).result.logs).toMatchObject({ kind: 'uploaded' })
  })
})

describe('places without artifacts', () => {
  const upload = { name: 'a', files: [], rootDirectory: '/', retentionDays: null, deadlineMs: 1000 }
  const service = { ACTIONS_RUNTIME_TOKEN: 't', ACTIONS_RESULTS_URL: 'http://x' }

  test.each([
    ['no service', {}, 'this platform offers no artifact service'],
    ['no token', { ACTIONS_RESULTS_URL: 'http://x' }, 'this platform offers no artifact service'],
    [
      'Enterprise Server',
      { ...service, GITHUB_SERVER_URL: 'https://git.acme.example' },
      'the artifact client works with github.com only, not with https://git.acme.example',
    ],
    [
      'no address',
      { ...service, GITHUB_SERVER_URL: 'nonsense' },
      'the artifact client works with github.com only, not with nonsense',
    ],
    [
      'github.com, but nothing to upload',
      { ...service, GITHUB_SERVER_URL: 'https://github.com' },
      'there was no file to upload',
    ],
    [
      'ghe.com, but nothing to upload',
      { ...service, GITHUB_SERVER_URL: 'https://acme.ghe.com' },
      'there was no file to upload',
    ],
  ])('%s', async (_, env, why) => {
    expect(await uploadArtifact(upload, env)).toEqual({ kind: 'unavailable', why })
  })
})

test.each([
  [null, 'nas', 2, 'marina-nas-2'],
  ['mine', 'nas', 1, 'mine'],
  [null, 'a/b:c"d<e>f|g*h?i\\j\nk', 1, 'marina-a_b_c_d_e_f_g_h_i_j_k-1'],
  ['…/..', 'nas', 1, '__'],
  ['. .', 'nas', 1, '_'],
  ['x'.repeat(300), 'nas', 1, 'x'.repeat(120)],
])('artifact-name %j on %j in attempt %d is %j', (wanted, host, attempt, name) => {
  expect(artifactName(wanted, host, attempt)).toBe(name)
})

async function step(run: { report?: string; logs?: string[]; retentionDays?: number; deadlineMs?: number }) {
  const given = {
    name: 'marina-nas-1',
    report: join(folder, 'report.json'),
    logs: [],
    rootDirectory: folder,
    retentionDays: null,
    deadlineMs: 20_000,
    ...run,
  }
  const running = spawn(process.execPath, [child, JSON.stringify(given)], {
    env: {
      PATH: process.env.PATH,
      ...service.env,
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_RUN_ID: '5',
      GITHUB_RETENTION_DAYS: '7',
      GITHUB_WORKSPACE: folder,
    },
  })
  let printed = ''
  let told = ''
  running.stdout.on('data', (chunk) => (printed += chunk))
  running.stderr.on('data', (chunk) => (told += chunk))
  const [code] = await once(running, 'close')
  expect(code, told).toBe(0)
  return {
    result: JSON.parse(told),
    acted: readAsRunner(printed)
      .obeyed.map((c) => c.name)
      .filter((name, i, names) => name !== 'debug' && name !== names[i - 1]),
  }
}
