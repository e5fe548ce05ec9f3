// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${VAR}` is the language under test
/** `check` of drills through the bundle: drills that stop, backups older than `maxAge`, and that neither counts as the other. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { addDrillRun, addRun } from '../support/checked-runs.ts'
import { type ForgeServer, startForgeServer } from '../support/forge-server.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
let forge: ForgeServer
let slot: number
let cron: string
beforeEach(async () => {
  forge = await startForgeServer()
  slot = Math.floor((Date.now() - 2.5 * HOUR) / MINUTE) * MINUTE
  const at = new Date(slot)
  cron = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *` // daily: the two hours of grace were over half an hour ago
})
afterEach(() => forge.stop())

const workflow = (command: string) => `on: {schedule: [{cron: '0 * * * *'}]}
jobs: {x: {runs-on: nas, steps: [{uses: 'polarfoxDev/marina-for-github-actions@v1', with: {command: ${command}}}]}}
`
const WORKFLOWS = {
  '.github/workflows/backup.yml': workflow('backup'),
  '.github/workflows/drill.yml': workflow('drill'),
}

async function act(
  instances: readonly Record<string, unknown>[],
  inputs: Record<string, string> = {},
  files: Record<string, string> = WORKFLOWS,
) {
  const config = { instances: instances.map((one) => ({ customImage: 'a/b', targets: [], ...one })) }
  const workspace = await makeWorkspace({ 'config.yml': JSON.stringify(config), ...files })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({
    inputs: { command: 'check', workflow: 'backup.yml', 'github-token': 't0ken', ...inputs },
    env: { GITHUB_API_URL: forge.baseUrl, GITHUB_EVENT_NAME: 'schedule' },
    event: { repository: { private: true, full_name: 'octo/backups' } },
    ...{ workspace, docker },
  })
  expect(ran.stderr).toBe('')
  return { ...ran, errors: ran.stdout.match(/^::error.*/gm) ?? [] }
}

const drilled = (id: string, more: object = {}) => ({ id, drill: { schedule: cron, ...more } })

test('a drill that was proven is in time; one that failed, could not be made or was not made is overdue, and says why', async () => {
  const ids = ['good', 'bad', 'amber', 'empty', 'never', 'old']
  addDrillRun(forge, { at: slot - 20 * HOUR, verdicts: { old: 'proven' } })
  addDrillRun(forge, {
    at: slot + 10 * MINUTE,
    verdicts: { good: 'proven', bad: 'failed', amber: 'inconclusive', empty: 'nothing-to-drill' },
  })
  const ran = await act(ids.map((id) => drilled(id)))
  expect(ran.code).toBe(1)
  expect(JSON.parse(ran.outputs.failed ?? '')).toEqual(['bad', 'amber', 'never', 'old'])
  expect(ran.errors).toHaveLength(4)
  expect(ran.errors[0]).toMatch(
    /title=Drill bad%3A overdue,.*::bad: no drill since its slot of .*: its drill of .* failed: a file is/,
  )
  expect(ran.errors[1]).toMatch(/its drill of .* failed: inconclusive: a file is missing/)
  expect(ran.errors[2]).toContain('no run of drill.yml has taken it since')
  expect(ran.summary).toMatch(/^### ❌ 4 drills of 6 are overdue/)
  expect(ran.summary).toContain('| drill | no success since | why |')
  addDrillRun(forge, { at: slot + 20 * MINUTE, verdicts: Object.fromEntries(ids.map((id) => [id, 'proven'])) })
  const again = await act(ids.map((id) => drilled(id)))
  expect(again, again.stdout).toMatchObject({ code: 0, outputs: { failed: '[]' } })
  expect(again.summary).toMatch(/all 6 drills are in time/i)
})

test('a drill is no backup and a backup is no drill, also in one workflow; what the host remembers of drills counts', async () => {
  const both = [{ ...drilled('one'), schedule: cron }]
  addDrillRun(forge, { at: slot + 10 * MINUTE, verdicts: { one: 'proven' }, workflow: 'backup.yml' })
  const drill = await act(both, {}, { '.github/workflows/backup.yml': workflow('drill') })
  expect(drill.errors).toHaveLength(1)
  expect(drill.errors[0]).toMatch(
    /title=Backup one%3A overdue,.*::one: no backup since its slot of .*: no run of backup.yml has taken/,
  )

  forge.runs.length = 0
  addRun(forge, { at: slot + 10 * MINUTE, instances: { one: 'success' } })
  const backup = await act(both, {}, { '.github/workflows/backup.yml': workflow('backup') })
  expect(backup.errors).toHaveLength(1)
  expect(backup.errors[0]).toContain('no drill since its slot of')
  expect(backup.errors[0]).toContain('no workflow in .github/workflows runs the command drill')

  const startedAt = new Date(slot + 5 * MINUTE).toISOString()
  addDrillRun(forge, {
    at: slot + 30 * MINUTE,
    verdicts: { one: 'failed' },
    history: [{ startedAt, verdict: 'proven' }],
  })
  expect((await act(both)).code).toBe(0)
})

test('a newest backup that is older than maxAge alarms once, whatever its schedule', async () => {
  const old = Date.now() - 30 * HOUR
  addRun(forge, { at: old, instances: { hand: 'success', slow: 'success', young: 'success' } })
  addRun(forge, { at: slot + 5 * MINUTE, instances: { young: 'success', daily: 'success' } })
  const ran = await act([
    { id: 'hand', drill: { maxAge: '26h' } },
    { id: 'slow', drill: { maxAge: '31h' } },
    { id: 'young', drill: { maxAge: '26h' } },
    { id: 'daily', schedule: cron, drill: { maxAge: '1h' } },
    { id: 'lost', drill: { maxAge: '26h' } },
    { id: 'missed', schedule: cron, drill: { maxAge: '1h' } },
    { id: 'untold', drill: { maxAge: '${GONE}' } },
  ])
  expect(JSON.parse(ran.outputs.failed ?? '')).toEqual(['missed', 'hand', 'daily', 'lost', 'untold'])
  expect(ran.errors).toHaveLength(5)
  const of = (id: string) => ran.errors.find((one) => one.includes(`::${id}: `)) ?? ''
  expect(of('hand')).toMatch(
    /title=Backup hand%3A too old,.*::hand: its newest backup is of \S+ \S+ UTC: it may be 1 d 2 h old at most \(drill.maxAge\), and no run/,
  )
  expect(of('daily')).toContain('it may be 1 h old at most')
  expect(of('lost')).toContain('its newest backup is not known')
  expect(of('missed')).toContain('no backup since its slot')
  expect(of('untold')).toContain('its drill.maxAge needs GONE')
  expect(ran.summary).toContain('3 backups are older than maxAge')
})

test('each alarm has an issue of its own, which closes when its cause is gone', async () => {
  const instances = [{ ...drilled('one', { maxAge: '26h' }), schedule: cron }, drilled('two')]
  const titles = (state: string) => forge.issues.filter((one) => one.state === state).map(({ title }) => title)
  await act(instances, { issue: 'true' })
  expect(titles('open').sort()).toEqual(['Backup one is overdue', 'Drill one is overdue', 'Drill two is overdue'])
  const body = forge.issues.find(({ title }) => title === 'Drill one is overdue')?.body
  expect(body).toMatch(/^<!-- marina-check:drill:one -->/)
  expect(body).toMatch(/Start .*drill.yml.* by hand to drill it now/)
  addRun(forge, { at: slot + 10 * MINUTE, instances: { one: 'success' } })
  addDrillRun(forge, { at: slot + 20 * MINUTE, verdicts: { one: 'proven' } })
  await act([instances[0] as object, { id: 'two' }] as never, { issue: 'true' })
  expect(titles('open')).toEqual([])
  const comments = forge.issues.flatMap((one) => one.comments)
  expect(comments.filter((one) => one.startsWith('Drilled again: '))).toHaveLength(1)
  expect(comments.filter((one) => one.startsWith('Backed up again: '))).toHaveLength(1)
  expect(comments.filter((one) => one.includes('no schedule of drills'))).toHaveLength(1)
})
