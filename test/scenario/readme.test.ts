/** What the README and the examples tell people to write is accepted by what ships. */

import { readdirSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runAction } from '../../examples/demo/action.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const ROOT = join(import.meta.dirname, '../..')
const DOCS = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const IMAGES = readdirSync(join(ROOT, 'examples/images'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('README.md'))
  .map((name) => `examples/images/${name}`)
const PAGES = [
  'README.md',
  ...DOCS,
  ...IMAGES,
  'examples/custom-backup-image/README.md',
  'examples/runner/README.md',
  'test/README.md',
]

async function yamlOf(page: string, begins: RegExp): Promise<string[]> {
  const text = await readFile(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
    .map(([, yaml = '']) => yaml)
    .filter((yaml) => begins.test(yaml))
}

test('README.md fits on a few screens: it has at most 1,500 words', async () => {
  const words = (await readFile(join(ROOT, 'README.md'), 'utf8')).split(/\s+/)
  expect(words.length).toBeLessThanOrEqual(1500)
})

/** A workflow that starts any of the configurations soon after its slots. */
const HOURLY = 'on: {schedule: [{cron: "*/30 * * * *"}]}\njobs: {a: {steps: [{uses: me/marina@v1}]}}\n'

test.each(PAGES)('the configurations in %s are valid', async (page) => {
  const configs = await yamlOf(page, /^(# config\.yml\n)?instances:/)
  for (const config of configs) {
    const { instances } = parse(config) as { instances: { script?: string }[] }
    const scripts = instances.flatMap(({ script }) => (script === undefined ? [] : [[script, '#!/bin/sh\nset -eu\n']]))
    const workspace = await makeWorkspace({
      'config.yml': config,
      '.github/workflows/backup.yml': HOURLY,
      ...Object.fromEntries(scripts),
    })
    const docker = await scriptDocker(join(workspace, '../docker'), [])
    const ran = await runAction({ inputs: { command: 'validate' }, workspace, docker })
    expect(ran, config).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).not.toMatch(/::(error|warning)/)
  }
})

test('the workflows give inputs that action.yml or the reusable workflow has', async () => {
  const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as { inputs: Record<string, unknown> }
  const called = parse(await readFile(join(ROOT, '.github/workflows/marina.yml'), 'utf8')) as Reusable
  const folder = join(ROOT, 'examples/workflows')
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  const written = await Promise.all(PAGES.map((page) => yamlOf(page, /^name:/)))
  const workflows = [...files, ...written.flat()].map((text) => parse(text) as Workflow)
  expect(workflows.length).toBeGreaterThan(1)
  for (const workflow of workflows) {
    expect(workflow.permissions).toMatchObject({ contents: 'read', actions: 'read' })
    for (const job of Object.values(workflow.jobs)) {
      if (job.uses !== undefined) {
        expect(job.uses).toBe('OWNER/marina-for-github-actions/.github/workflows/marina.yml@v1')
        for (const name of Object.keys(job.with ?? {})) expect(called.on.workflow_call.inputs).toHaveProperty(name)
        continue
      }
      expect(job['timeout-minutes']).toEqual(expect.any(Number))
      const ours = (job.steps ?? []).filter((step) => step.uses?.includes('marina-for-github-actions'))
      expect(ours).toHaveLength(1)
      const inputs = ours[0]?.with ?? {}
      for (const name of Object.keys(inputs)) expect(action.inputs).toHaveProperty(name)
      // a second backup on the same host waits, rather than fails at the lock
      if ((inputs.command ?? 'backup') === 'backup')
        expect(job).toMatchObject({ concurrency: { group: expect.any(String) } })
    }
  }
})

test('the reusable workflow gives inputs that action.yml has, and its jobs have no permission but to read', async () => {
  const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as { inputs: Record<string, unknown> }
  const called = parse(await readFile(join(ROOT, '.github/workflows/marina.yml'), 'utf8')) as Reusable
  expect(called.permissions).toEqual({})
  for (const job of Object.values(called.jobs)) {
    for (const right of Object.values(job.permissions)) expect(right).toBe('read')
    const ours = (job.steps ?? []).filter((step) => step.uses === './.marina')
    expect(ours).toHaveLength(1)
    for (const name of Object.keys(ours[0]?.with ?? {})) expect(action.inputs).toHaveProperty(name)
  }
  const { backup } = called.jobs
  expect(backup).toMatchObject({ strategy: { 'fail-fast': false }, concurrency: { 'cancel-in-progress': false } })
})

test('the workflows of the page about hosts are the examples, word for word', async () => {
  const folder = join(ROOT, 'examples/workflows')
  const page = await yamlOf('docs/hosts.md', /^# \.github/)
  for (const name of ['fleet.yml', 'hosts.yml']) expect(page).toContain(await readFile(join(folder, name), 'utf8'))
})

test.each(PAGES)('every link in %s leads somewhere', async (page) => {
  const text = await readFile(join(ROOT, page), 'utf8')
  for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
    if (/^https?:/.test(target)) continue
    const [file = '', heading] = target.split('#')
    const path = file === '' ? join(ROOT, page) : join(ROOT, page, '..', file)
    if (heading === undefined) {
      await expect(
        readFile(path).catch(() => readdir(path)),
        target,
      ).resolves.toBeDefined()
    } else {
      const anchors = [...(await readFile(path, 'utf8')).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => anchor(title))
      expect(anchors, target).toContain(heading)
    }
  }
})

interface Job {
  readonly uses?: string
  readonly with?: Record<string, unknown>
  readonly steps?: { uses?: string; with?: Record<string, unknown> }[]
  readonly [key: string]: unknown
}

interface Workflow {
  readonly permissions: unknown
  readonly jobs: Record<string, Job>
}

interface Reusable {
  readonly on: { workflow_call: { inputs: Record<string, unknown> } }
  readonly permissions: unknown
  readonly jobs: Record<string, Job & { permissions: Record<string, string> }>
}

/** As GitHub makes them: lower case, no punctuation, dashes for spaces. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}
