/** Two instances that need the same application: the younger waits, and both are good backups. */
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startApp, statusOf, watch } from '../../support/applications.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import {
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  startJob,
  testEngine,
  toldImage,
} from '../../support/run.ts'

const engine = testEngine()
const RUN_1001 = '(run 1001 (attempt 1) of octo/backups: https://github.com/octo/backups/actions/runs/1001)'
const id = (what: string) => engine.name(what)
beforeAll(() => databaseImage(engine))

const instance = async (what: string, target: object) => ({
  id: id(what),
  customImage: await toldImage(engine),
  pull: 'never',
  targets: [target],
  env: { DO: shell('find $MARINA_BACKUP_DIR -type f | sort') },
})

test('side by side in one run, both stop the application, one after the other', async () => {
  const volumes = [await filledVolume(engine, 'meet-one'), await filledVolume(engine, 'meet-two')]
  const app = await startApp(engine, 'meet-app', { volumes })
  const seen = await watch(engine)
  const instances = await Promise.all(
    volumes.map((volume, index) => instance(`meet-${index}`, { volume, stopAttached: true })),
  )
  const ran = await runJob(engine, { instances }, { inputs: { 'max-parallel': '2' } })
  expect(ran.code, ran.stdout).toBe(0)
  expect(seen.of(app).filter((event) => /^(die|start) /.test(event))).toEqual(
    ['die', 'start', 'die', 'start'].map((what) => `${what} ${app}`),
  )
  expect(ran.stdout).toMatch(
    /waiting: instance \S+ \(run 1001 \(attempt 1\) of octo\/backups: \S+\/actions\/runs\/1001\) stops an application that this one needs too/,
  )
  expect(await statusOf(engine, app)).toBe('running')
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})

/** A server whose data lie in a volume of their own, and a run that holds it for some seconds. */
async function meet(what: string, older: 'dumps' | 'stops') {
  const volume = await filledVolume(engine, `${what}-data`)
  const db = id(`${what}-redis`)
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', db])))
  await startServer(engine, 'redis', db, { run: ['-v', `${volume}:/data`] })
  await engine.ok(['exec', db, 'redis-cli', 'set', 'key', 'value'])
  const seen = await watch(engine)
  const slow = { preHook: 'sleep 6' }
  const targets = { dumps: { db }, stops: { volume, stopAttached: true } }
  const younger = older === 'dumps' ? 'stops' : 'dumps'
  const first = await startJob(engine, { instances: [await instance(`${what}-a`, { ...targets[older], ...slow })] })
  await seen.until(`start marina-run-${id(`${what}-a`)}`)
  const second = await runJob(
    engine,
    { instances: [await instance(`${what}-b`, targets[younger])] },
    { env: { GITHUB_RUN_ID: '1002' } },
  )
  const done = await first.done
  for (const ran of [done, second]) {
    expect(ran.code, ran.stdout).toBe(0)
    expectNoTrace(ran)
  }
  expect(await statusOf(engine, db)).toBe('running')
  expect(await leftOf(engine)).toEqual([])
  return { db, volume, first: done, second, seen }
}

test('a database that is being dumped is not stopped under it', async () => {
  const { second, seen, db } = await meet('dumped', 'dumps')
  expect(second.stdout).toContain(
    `waiting: instance ${id('dumped-a')} ${RUN_1001} dumps a database that this one would stop`,
  )
  expect(seen.of(db).filter((event) => event.startsWith('die'))).toHaveLength(1)
  expect(reportOf(second, id('dumped-b')).targets).toMatchObject([{ staging: 'presync', status: 'staged' }])
})

test('a database that will be stopped is dumped when it is up again', async () => {
  const { second, db } = await meet('stopped', 'stops')
  expect(second.stdout).toContain(
    `waiting: instance ${id('stopped-a')} ${RUN_1001} stops an application that this one needs too`,
  )
  expect(second.stdout).toMatch(new RegExp(`/db/${db}/dump\\.rdb$`, 'm'))
})
