/** A dump that fails half way, through the action: never a success, nothing that could pass for a dump, no tool left running. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ActionResult, RunningAction } from '../../../examples/demo/action.ts'
import { type Engine, startPrivateEngine } from '../../../examples/demo/engine.ts'
import { copyDatabaseImage, databaseImage, startServer } from '../../support/databases.ts'
import { programs } from '../../support/dumping.ts'
import { expectNoTrace, leftOf, reportOf, runJob, shell, startJob, testEngine, toldImage } from '../../support/run.ts'

const engine = testEngine()
beforeAll(() => databaseImage(engine))

const CLIENT = /pg_dump/

/** A server with one large table, whose dump is held at half of it by a lock. */
async function startHeld(on: Engine, what: string): Promise<string> {
  const name = on.name(what)
  onTestFinished(async () => void (await on.docker(['rm', '-fv', name])))
  await startServer(on, 'postgres', name, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'right' } })
  await on.ok(['exec', '-i', name, 'psql', '-U', 'app', '-q', '-v', 'ON_ERROR_STOP=1'], {
    input: `CREATE TABLE a AS SELECT i, repeat(md5(i::text), 30) body FROM generate_series(1, 60000) i;
      CREATE ROLE reader LOGIN PASSWORD 'x'; GRANT SELECT ON a TO reader; CREATE TABLE b (n int);`,
  })
  return name
}

async function configOf(on: Engine, what: string, target: object) {
  const instance = {
    id: on.name(what),
    customImage: await toldImage(on),
    pull: 'never',
    targets: [target],
    env: { DO: shell('echo the image ran') },
  }
  return { instances: [instance] }
}

/** Starts the dump and resolves when some of it lies in the helper: its tool is slowed down, so that it is caught half way. */
async function startDump(what: string, name: string): Promise<RunningAction> {
  await engine.ok(['update', '--cpus', '0.1', name])
  const running = await startJob(engine, await configOf(engine, what, { db: name }))
  const begun = 'until [ -n "$(find /backup -name "*.part" -size +64k)" ]; do sleep 0.05; done'
  const bench = `marina-run-${engine.name(what)}`
  await running.says(/claim \d/)
  await engine.ok(['exec', bench, 'sh', '-c', begun])
  await engine.ok(['update', '--cpus', '2', name])
  return running
}

async function expectFailed(on: Engine, ran: ActionResult, what: string, words: RegExp): Promise<void> {
  expect(ran.code, ran.stdout).toBe(1)
  expect(reportOf(ran, on.name(what))).toMatchObject({
    status: 'failed',
    failedPhase: 'dump',
    exitCode: null,
    targets: [{ status: 'failed', staging: null, error: expect.stringMatching(words) }],
  })
  expect(ran.stdout).not.toContain('the image ran\n')
  expectNoTrace(ran)
  expect(await leftOf(on)).toEqual([])
}

describe('a dump of PostgreSQL by the action', () => {
  test.each([
    ['whose tool is killed', (name: string) => engine.ok(['exec', name, 'pkill', '-KILL', 'pg_dump'])],
    ['whose container is stopped', (name: string) => engine.ok(['stop', '-t', '1', name])],
    ['whose client is killed', (name: string) => killClient(name)],
  ])('%s half way', async (_, kill) => {
    const name = await startHeld(engine, 'half')
    const running = await startDump('half', name)
    await kill(name)
    await expectFailed(engine, await running.done, 'half', new RegExp(name))
    if ((await engine.ok(['inspect', '-f', '{{.State.Running}}', name])) === 'true')
      await expect.poll(() => programs(engine, name, CLIENT), { timeout: 150_000 }).toEqual([])
  })

  test.each([
    ['a wrong password', ['-h', '127.0.0.1', '--username=app', '--password=wrong'], /password authentication failed/],
    ['a role without rights on one table', ['-h', '127.0.0.1', '-U', 'reader', '--password=x'], /permission denied/],
  ])('with %s', async (_, dumpArgs, words) => {
    const name = await startHeld(engine, 'denied')
    const target = { db: name, databases: ['app'], dumpArgs }
    const ran = await runJob(engine, await configOf(engine, 'denied', target))
    await expectFailed(engine, ran, 'denied', words)
    expect(await programs(engine, name, CLIENT)).toEqual([])
  })

  test('on a disk that fills up half way', async () => {
    const small = await startPrivateEngine({ diskMiB: 1200 })
    try {
      await copyDatabaseImage(engine, small)
      const name = await startHeld(small, 'full')
      const filler = small.name('filler')
      const mount = `${small.folder}/data:/host`
      await small.ok(['run', '-d', '--name', filler, '-v', mount, small.baseImage, 'sleep', '1000'])
      const room =
        'free=$(df -k /host | awk "NR==2{print \\$4}"); dd if=/dev/zero of=/host/filler bs=1M count=$((free/1024-40))'
      await small.ok(['exec', filler, 'sh', '-c', room])
      const ran = await runJob(small, await configOf(small, 'full', { db: name }))
      await expectFailed(small, ran, 'full', /No space left on device/)
      expect(await programs(small, name, CLIENT)).toEqual([])
    } finally {
      await small.stop()
    }
  })
})

/** Ends the docker client of the dump, and no other. */
async function killClient(name: string): Promise<void> {
  const script = 'pkill -KILL -f "^docker exec .*$1.* marina-[0-9a-f]"'
  const { id } = JSON.parse(await engine.ok(['inspect', '-f', '{"id":"{{.Id}}"}', name]))
  const { run } = await import('../../../examples/demo/process.ts')
  expect((await run('sh', ['-c', script, 'sh', id])).code).toBe(0)
}
