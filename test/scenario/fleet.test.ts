/** `summary`: the reports that a fleet's jobs left, read and joined by the built action. */

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'
import { failed, instance, report } from '../unit/report/reports.ts'

const FLEET = { plan: 'success', backup: 'success', attempt: 1, hosts: ['nas', 'web'] }
const good = report({ instances: [instance({ id: 'documents' })] })
const bad = report({ result: 'failed', instances: [failed('shop', 'no route to host')] })

const PLAN = {
  version: 1,
  matrix: [{ name: 'web', 'runs-on': ['web'], instances: '' }], // as for a list that is too long
  instances: [
    { id: 'shop', host: 'web', isDue: true },
    { id: 'blog', host: 'web', isDue: true },
    { id: 'wiki', host: 'web', isDue: false },
    { id: 'documents', host: 'nas', isDue: true },
  ],
}

async function summarise(
  fleet: object,
  reports: Readonly<Record<string, unknown>>,
  { inputs = {}, attempt = '1' }: { inputs?: Record<string, string>; attempt?: string } = {},
) {
  const workspace = await makeWorkspace()
  for (const [name, value] of Object.entries(reports)) {
    const path = join(workspace, 'reports', name, name.startsWith('marina.plan-') ? 'plan.json' : 'report.json')
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
  }
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({
    inputs: { command: 'summary', fleet: JSON.stringify(fleet), reports: 'reports', ...inputs },
    env: { GITHUB_RUN_ATTEMPT: attempt },
    workspace,
    docker,
  })
  expect(await docker.calls()).toEqual([])
  expect(ran.stderr).toBe('')
  return ran
}

test('all reports are joined, and the outputs are those of all hosts', async () => {
  const both = await summarise(FLEET, { 'marina-nas-1': good, 'marina-web-1': good })
  expect(both).toMatchObject({ code: 0, outputs: { result: 'success', failed: '[]' } })
  expect(both.summary).toMatch(/^### ✅ 2 hosts: all 2 backups done/)
  const one = await summarise({ ...FLEET, backup: 'failure' }, { 'marina-nas-1': good, 'marina-web-1': bad })
  expect(one).toMatchObject({ code: 1, outputs: { result: 'failed', failed: '["shop"]', succeeded: '["documents"]' } })
  expect(one.summary).toContain('no route to host')
  expect(one.stdout).not.toContain('::error') // the job of that host has said it at its line
})

test('a host without a report, or with one that cannot be read, fails the job and is named', async () => {
  const none = await summarise(FLEET, { 'marina-nas-1': good })
  expect(none).toMatchObject({ code: 1, outputs: { result: 'failed' } })
  expect(none.stdout).toMatch(/^::error ?::there is no report of host web \(/m)
  const planned = await summarise(FLEET, { 'marina-nas-1': good, 'marina.plan-1': PLAN })
  expect(planned.outputs).toMatchObject({ failed: '["shop","blog"]', succeeded: '["documents"]' })
  expect(planned.summary).toContain('web, no report:\n  shop, blog\n')
  const broken = await summarise(FLEET, { 'marina-nas-1': good, 'marina-web-1': '{' })
  expect(broken.code).toBe(1)
  expect(broken.stdout).toContain('the one in marina-web-1 cannot be read, it is no JSON')
  const nothing = await summarise(FLEET, {})
  expect(nothing.code).toBe(1)
  expect(nothing.summary).toMatch(/^### ❌ 2 of 2 hosts gave no report: nas, web\n/)
})

test('the latest attempt counts, and none from before the plan was made again', async () => {
  const reports = { 'marina-nas-1': bad, 'marina-nas-2': good, 'marina-web-1': good }
  // only the failed job was run again
  expect(await summarise(FLEET, reports, { attempt: '2' })).toMatchObject({ code: 0 })
  // all jobs were run again, and that of web died
  const again = await summarise({ ...FLEET, attempt: 2, backup: 'failure' }, reports, { attempt: '2' })
  expect(again.code).toBe(1)
  expect(again.summary).toMatch(/^### ❌ 1 of 2 hosts gave no report: web; 1 backup done/)
})

test('a plan that failed, and one that found nothing', async () => {
  const plan = await summarise({ ...FLEET, plan: 'failure', backup: 'skipped', hosts: [] }, {})
  expect(plan).toMatchObject({ code: 1, outputs: { result: 'failed' } })
  expect(plan.stdout).toContain('::error::the plan failed, so that no backup was started')
  expect(await summarise({ ...FLEET, backup: 'skipped', hosts: [] }, {})).toMatchObject({
    code: 0,
    outputs: { result: 'nothing-due' },
  })
})

test('an incomplete backup is good where that is allowed', async () => {
  const half = report({ result: 'partial', instances: [instance({ status: 'partial', error: 'one is missing' })] })
  const reports = { 'marina-nas-1': good, 'marina-web-1': half }
  expect(await summarise({ ...FLEET, backup: 'failure' }, reports)).toMatchObject({ code: 1 })
  expect(await summarise(FLEET, reports, { inputs: { 'allow-partial': 'true' } })).toMatchObject({ code: 0 })
})

test('a wrong request is refused in one sentence', async () => {
  const wrong = await summarise({ plan: 'success' }, {})
  expect(wrong.code).toBe(1)
  expect(wrong.stdout).toMatch(/Input fleet cannot be read \(.*\): use the workflow marina\.yml, which writes it/)
  const none = await summarise(FLEET, {}, { inputs: { reports: '' } })
  expect(none.stdout).toContain('Input reports is empty')
})

test('200 reports with 10,000 failures, each with its last lines, take below 400 MB and make one page below 1 MiB', async () => {
  const tail = Array.from({ length: 20 }, (_, line) => `${line}: ${'x'.repeat(150)}`)
  const hosts = Array.from({ length: 200 }, (_, at) => `host-${at}`)
  const ids = (host: string) => Array.from({ length: 50 }, (_, at) => `${host}-volume-${at}`)
  const reports = hosts.map((host) => {
    const instances = ids(host).map((id) => failed(id, `the upload of ${id} ended with connection reset by peer`, tail))
    return [`marina-${host}-1`, report({ result: 'failed', instances })] as const
  })
  const ran = await summarise({ ...FLEET, backup: 'failure', hosts }, Object.fromEntries(reports))
  expect(ran.code).toBe(1)
  expect(Buffer.byteLength(ran.summary)).toBeLessThanOrEqual(1024 * 1024)
  for (const id of hosts.flatMap(ids)) expect(ran.summary.includes(id), id).toBe(true)
  expect(ran.peakRssBytes / 1e6).toBeLessThan(400)
  expect(JSON.parse(ran.outputs.failed ?? '')).toHaveLength(10_000)
})
