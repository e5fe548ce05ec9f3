/** The artifacts of a run, uploaded by the built action to a service like GitHub's. */

import { readFile } from 'node:fs/promises'
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type ArtifactService, startArtifactService, unzipped } from '../../support/artifact-service.ts'
import { expectNoTrace, reportOf, runJob, shell, testEngine, toldImage } from '../../support/run.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)
const NAME = 'marina-my-nas-1'
const SECRET = 'secret-of-the-artifacts'

let image: string
let service: ArtifactService
beforeAll(async () => {
  image = await toldImage(engine)
})
beforeEach(async () => {
  service = await startArtifactService()
  onTestFinished(() => service.stop())
})

const PRIVATE = { repository: { private: true, full_name: 'octo/backups' } }
const PUBLIC = { repository: { private: false, full_name: 'octo/backups' } }

async function backUp(event: unknown, inputs: Readonly<Record<string, string>> = {}) {
  const instance = (what: string, text: string) => ({
    id: id(what),
    customImage: image,
    pull: 'never',
    targets: [],
    env: { DO: shell(text), TOKEN: SECRET },
  })
  const instances = [instance('good', 'echo "fine $TOKEN"'), instance('bad', 'echo broken; exit 3')]
  const ran = await runJob(engine, JSON.stringify({ nodeName: 'my-nas', instances }), {
    event,
    env: service.env,
    inputs: { 'artifact-retention-days': '3', ...inputs },
  })
  expectNoTrace(ran)
  return ran
}

const filesOf = (name: string) => unzipped(service.archives.get(name) ?? Buffer.alloc(0))

test('report and logs, as they lie in the log directory, without secrets', async () => {
  const ran = await backUp(PRIVATE)
  expect(ran.outputs['artifact-id']).toBe('1')
  expect(ran.outputs['artifact-url']).toBe('http://marina.localhost/octo/backups/actions/runs/1001/artifacts/1')
  expect([...service.archives.keys()]).toEqual([NAME, `${NAME}-logs`])
  const days = (Date.parse(service.created[0]?.expires_at ?? '') - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(2.9)
  expect(days).toBeLessThan(3.1)
  const { 'report.json': report, ...others } = filesOf(NAME)
  expect(Object.keys(others)).toEqual([])
  expect(JSON.parse(report ?? '')).toEqual(ran.report)
  const logs = filesOf(`${NAME}-logs`)
  expect(Object.keys(logs).sort()).toEqual([`${id('bad')}.log`, `${id('good')}.log`])
  expect(logs[`${id('good')}.log`]).toContain(' out fine ***\n')
  for (const what of ['good', 'bad'])
    expect(logs[`${id(what)}.log`]).toBe(await readFile(reportOf(ran, id(what)).log ?? '', 'utf8'))
  for (const archive of service.archives.values()) expect(JSON.stringify(unzipped(archive))).not.toContain(SECRET)
})

test('on a public repository the logs stay, and so do their last lines', async () => {
  const ran = await backUp(PUBLIC)
  expect([...service.archives.keys()]).toEqual([NAME])
  expect(filesOf(NAME)['report.json']).not.toContain('broken')
  expect(ran.stdout).toMatch(/^::notice::Logs are not uploaded, because the repository is public/m)
  expect(ran.summary).not.toContain('broken')
  expect(ran.stdout).not.toMatch(/broken|^fine/m)
  expect(ran.stdout.match(/^::notice::The repository is public, so everybody can read this log/gm)).toHaveLength(1)
})

test('show-logs: true shows there what the backups print', async () => {
  const ran = await backUp(PUBLIC, { 'show-logs': 'true' })
  expect(ran.stdout).toMatch(/^broken$/m)
  expect(ran.stdout).not.toMatch(/so everybody can read this log/)
})

test('upload-logs: true uploads them there too; a name that is taken gets a number', async () => {
  service.taken = ['mine', 'mine-logs']
  await backUp(PUBLIC, { 'upload-logs': 'true', 'artifact-name': 'mine' })
  expect([...service.archives.keys()]).toEqual(['mine.2', 'mine-logs.2'])
})

test('a service that refuses is one warning, and no failure of its own', async () => {
  service.status = 403
  const ran = await backUp(PRIVATE)
  expect(reportOf(ran, id('good')).status).toBe('success')
  expect(ran.outputs['artifact-id'] ?? '').toBe('')
  expect(ran.stdout.match(/^::warning::Not all artifacts were uploaded/gm)).toHaveLength(1)
})
