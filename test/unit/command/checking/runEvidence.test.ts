import { afterEach, beforeEach, expect, test } from 'vitest'
import { openForge } from '../../../../src/action/forge/askForge.ts'
import { BACKUP_REPORTS } from '../../../../src/command/checking/reportReader.ts'
import { collectEvidence } from '../../../../src/command/checking/runEvidence.ts'
import { addRun, iso } from '../../../support/checked-runs.ts'
import { type ForgeServer, forgeArtifact, startForgeServer } from '../../../support/forge-server.ts'

let server: ForgeServer
beforeEach(async () => {
  server = await startForgeServer()
})
afterEach(() => server.stop())

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 28, 12, 30)
const MOST = 750

async function evidence(wanted: readonly { id: string; slot: number; runsOn: readonly string[] }[]) {
  const forge = openForge({ token: 't', baseUrl: server.baseUrl, repository: 'octo/backups', mostQuestions: MOST })
  const answer = await collectEvidence({
    ...{
      forge,
      wanted,
      workflow: 'backup.yml',
      kind: BACKUP_REPORTS,
      configFile: 'config.yml',
      repository: 'octo/backups',
    },
    ...{ allowPartial: false, now: NOW, signal: new AbortController().signal },
  })
  if ('unknown' in answer) throw new Error(answer.unknown)
  return { found: answer.value, sent: forge.sent() }
}

/** A month of hourly runs. 200 hosts with 50 instances each report once a day, a few of them in each hour. */
function fleet(status: string) {
  const wanted: { id: string; slot: number; runsOn: string[] }[] = []
  for (let hour = 0; hour < 24; hour++) {
    for (let host = hour; host < 200; host += 24)
      for (let one = 0; one < 50; one++)
        wanted.push({
          id: `h${host}-${one}`,
          slot: Date.UTC(2026, 10, 28 - (hour > 10 ? 1 : 0), hour),
          runsOn: [`h${host}`],
        })
  }
  for (let ago = 0; ago < 30 * 24; ago++) {
    const at = NOW - 20 * 60_000 - ago * HOUR
    const id = addRun(server, { at, jobs: [{}] })
    const hour = new Date(at).getUTCHours()
    const artifacts = []
    for (let host = hour; ago < 48 && host < 200; host += 24) {
      const instances = Array.from({ length: 50 }, (_, one) => ({
        ...{ id: `h${host}-${one}`, status, error: status === 'success' ? null : 'x' },
        startedAt: new Date(at + 60_000).toISOString(),
      }))
      const report = {
        version: 1,
        dryRun: false,
        repository: 'octo/backups',
        configFile: 'config.yml',
        startedAt: iso(at),
        instances,
      }
      const files = { 'report.json': JSON.stringify(report) }
      const name = `marina-h${host}-1${host % 2 === 0 ? '' : '.2'}` // a name that was taken gets a number
      artifacts.push(forgeArtifact(id * 1000 + host, name, files, { created_at: iso(at + 120_000) }))
    }
    server.artifacts.set(id, artifacts)
  }
  return wanted
}

test('10,000 instances on 200 hosts take some 250 questions', async () => {
  const wanted = fleet('success')
  expect(wanted.length).toBe(10_000)
  const { found, sent } = await evidence(wanted)
  for (const { id, slot } of wanted) expect(found.of(id).success?.at, id).toBeGreaterThanOrEqual(slot)
  expect(found.problems).toEqual([])
  expect(sent).toBeLessThan(260)
})

test('when all of them fail, the questions stay below the limit, and all that fail are known', async () => {
  const wanted = fleet('failed')
  const { found, sent } = await evidence(wanted)
  for (const { id } of wanted) expect(found.of(id), id).toMatchObject({ success: null, failure: { status: 'failed' } })
  expect(sent).toBeLessThanOrEqual(MOST)
})

test('a monthly backup is found at its slot, not by reading all that came after it', async () => {
  fleet('success')
  const slot = Math.floor((NOW - 25 * 24 * HOUR) / HOUR) * HOUR
  addRun(server, { at: slot + 600_000, instances: { monthly: 'success' } })
  const { found, sent } = await evidence([{ id: 'monthly', slot, runsOn: [] }])
  expect(found.of('monthly').success).not.toBeNull()
  expect(sent).toBeLessThan(20)
})

test('a yearly backup is asked for around its slot', async () => {
  const slot = NOW - 200 * 24 * HOUR
  addRun(server, { at: slot + 600_000, instances: { yearly: 'success' } })
  const { found, sent } = await evidence([{ id: 'yearly', slot, runsOn: [] }])
  expect(found.of('yearly').success).not.toBeNull()
  expect(sent).toBeLessThan(10)
})

test('many instances that no run takes use up no more than the questions that are allowed, and are not called good', async () => {
  fleet('success')
  const wanted = Array.from({ length: 500 }, (_, n) => ({
    id: `gone${n}`,
    slot: NOW - (26 + n) * HOUR,
    runsOn: [`gone${n}`],
  }))
  const { found, sent } = await evidence(wanted)
  expect(sent).toBeLessThanOrEqual(MOST)
  for (const { id } of wanted) expect(found.of(id)).toMatchObject({ success: null, job: null })
})
