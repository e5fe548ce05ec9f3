/** What of a host is in no backup, and backups of everything: on a real engine, through the action. */

import { expect, test } from 'vitest'
import type { ActionResult } from '../../../examples/demo/action.ts'
import { IDLES, startApp } from '../../support/applications.ts'
import { expectNoTrace, filledVolume, given, leftOf, reportOf, runJob } from '../../support/run.ts'

const { engine, id, volume, instance } = given('cover')
const NEVER = { 'dev.polarfox.marina.enabled': 'false' }
const LOOKS_LIKE_POSTGRES = ['-e', 'POSTGRES_PASSWORD=x']

/** Starts a container that looks like a PostgreSQL server with its data in a volume. */
async function startDatabase(what: string, more: readonly string[] = []): Promise<void> {
  const data = await filledVolume(engine, `${what}-data`)
  const mount = ['--mount', `type=volume,src=${data},dst=/var/lib/postgresql/data`]
  await startApp(engine, what, { script: IDLES, args: [...LOOKS_LIKE_POSTGRES, ...mount, ...more] })
}

/** The uncovered objects of this engine's names: a reachable engine may have others. */
function uncovered(ran: ActionResult): readonly string[] {
  const objects = ran.report?.coverage?.objects ?? []
  return objects.filter(({ name }) => name.startsWith(engine.prefix)).map(({ kind, name }) => `${kind} ${name}`)
}

/** Everything on the host that is not of this engine's names. */
async function strangers(): Promise<readonly string[]> {
  const said = `${await engine.ok(['volume', 'ls', '-q'])}\n${await engine.ok(['ps', '-a', '--format', '{{.Names}}'])}`
  return said.split('\n').filter((name) => name !== '' && !name.startsWith(engine.prefix))
}

test('a run names what no instance has, and fails for it only with coverage: enforce', async () => {
  const lost = await filledVolume(engine, 'lost')
  await filledVolume(engine, 'never', '', NEVER)
  await startDatabase('pg')
  await startDatabase('dumped')
  await startDatabase('no-pg', ['--label', 'dev.polarfox.marina.enabled=false'])
  await startApp(engine, 'shop', {
    script: IDLES,
    args: [...LOOKS_LIKE_POSTGRES, '-e', 'POSTGRES_HOST=pg', '-v', '/data'],
  })
  const instances = [
    instance('files', 'exit 0'),
    // in the file, but not taken: it covers its names, even if a variable is not set
    instance('other', 'exit 0', { targets: [{ db: id('dumped') }], env: { KEY: `${'$'}{NOT_SET}` } }),
  ]
  const inputs = { instances: id('files') }
  const names = [`volume ${lost}`, `volume ${id('pg-data')}`, `db ${id('pg')}`]
  const told = await runJob(engine, { instances }, { inputs })
  expect(told).toMatchObject({ code: 0, outputs: { result: 'success' } })
  expect(uncovered(told)).toEqual(names)
  expect(told.stdout).toMatch(/^::notice::\d+ volumes and \d+ databases? are in no backup of host /m)
  expect(told.summary).toContain('in no backup</summary>')
  expect(told.summary).toContain(`- <code>${lost}</code>`.replace('- ', '- volume '))
  expectNoTrace(told)

  const failed = await runJob(engine, { instances, coverage: 'enforce' } as never, { inputs })
  expect(failed).toMatchObject({ code: 1, outputs: { result: 'failed', succeeded: JSON.stringify([id('files')]) } })
  expect(uncovered(failed)).toEqual(names)
  expect(failed.stdout).toMatch(/^::error::.* are in no backup of host .*coverage: enforce makes this an error$/m)
  expect(failed.summary).toMatch(/^### ❌ .* are in no backup; 1 of 1 backup done$/m)

  const dry = await runJob(engine, { instances, coverage: 'enforce' } as never, {
    inputs: { ...inputs, 'dry-run': 'true' },
  })
  expect(dry.code).toBe(1)
  expect(dry.summary).toMatch(/^### ❌ .*nothing was backed up; .* are in no backup$/m)

  const off = await runJob(engine, { instances, coverage: 'off' } as never, { inputs })
  expect(off).toMatchObject({ code: 0, report: { coverage: null } })

  const plan = await runJob(engine, { instances, coverage: 'enforce' } as never, { inputs: { command: 'plan' } })
  expect(plan.code).toBe(1)
  expect(plan.outputs.due).toBe(JSON.stringify([id('files'), id('other')]))
  expect(plan.summary).toContain('in no backup</summary>')
  expect(await leftOf(engine)).toEqual([])
})

test('discover: all takes what was made after the file was written, without what except and labels leave out', async () => {
  const all = instance('all', 'ls -R $MARINA_BACKUP_DIR', {
    discover: 'all',
    except: [...(await strangers()), '*-cache'],
  })
  const { targets: _, ...everything } = all
  const config = { coverage: 'enforce', instances: [instance('files', 'exit 0'), everything] }
  const fresh = await filledVolume(engine, 'fresh')
  const empty = await filledVolume(engine, 'new-and-empty', '')
  await filledVolume(engine, 'web-cache')
  await filledVolume(engine, 'never', '', NEVER)
  await engine.ok(['volume', 'create', '--label', 'com.docker.volume.anonymous=', id('nobody')])
  const ran = await runJob(engine, config)
  await engine.ok(['volume', 'rm', id('nobody')])
  expect(ran.code, ran.stdout).toBe(0)
  expect(reportOf(ran, id('all')).targets.map(({ name }) => name)).toEqual([fresh, empty])
  expect(reportOf(ran, id('files')).targets.map(({ name }) => name)).toEqual([volume])
  expect(ran.report?.coverage).toEqual({ mode: 'enforce', objects: [], problem: null })
  expectNoTrace(ran)

  await startDatabase('pg')
  const dry = await runJob(engine, config, { inputs: { 'dry-run': 'true' } })
  expect(reportOf(dry, id('all')).targets.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    `volume ${fresh}`,
    `volume ${empty}`,
    `db ${id('pg')}`,
  ])
  expect(dry.stdout).toContain(
    `volume ${id('pg-data')} is left out: it holds the data of database ${id('pg')}, which is dumped`,
  )
})
