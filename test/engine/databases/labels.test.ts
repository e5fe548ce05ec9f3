/** Discovery by label, on volumes and on containers, databases among them: through the action. */
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { IDLES, startApp } from '../../support/applications.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import {
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  testEngine,
  toldImage,
} from '../../support/run.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)
const P = 'dev.polarfox.marina.'
const SECRET = 'known-to-a-label-alone'
beforeAll(() => databaseImage(engine))

const TREE = 'mkdir -p docs/old cache; echo a >docs/a; echo b >docs/old/b; echo c >cache/c; echo d >d.tmp'

test('volumes and containers ask for their backup, each by its own labels', async () => {
  const all = id('labels')
  const of = (more: Record<string, string>, instance = all) => ({
    [`${P}enabled`]: 'true',
    [`${P}instanceID`]: instance,
    ...more,
  })
  const flags = (labels: Record<string, string>) =>
    Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const plain = await filledVolume(engine, 'l-plain', TREE, of({}))
  const part = await filledVolume(
    engine,
    'l-part',
    TREE,
    of({ [`${P}paths`]: ' docs , cache', [`${P}exclude`]: 'old, cache/*' }),
  )
  const byApp = await filledVolume(engine, 'l-app', TREE)
  const disabled = await filledVolume(engine, 'l-disabled', TREE, of({ [`${P}enabled`]: 'false' }))
  const stranger = await filledVolume(engine, 'l-stranger', TREE, of({ [`${P}tags`]: 'x' }, id('nobody')))
  const made = [plain, part, byApp, disabled, stranger]
  onTestFinished(async () => void (await engine.docker(['volume', 'rm', ...made])))
  const app = await startApp(engine, 'l-owner', {
    volumes: [byApp],
    script: IDLES,
    args: flags(
      of({
        [`${P}volumes`]: byApp,
        [`${P}exclude`]: 'cache/',
        [`${P}stopAttached`]: 'yes',
        [`${P}pre`]: 'echo "preHook of the label"',
        [`${P}post`]: 'echo "postHook of the label"',
      }),
    ),
  })
  const db = id('l-pg')
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', db])))
  await startServer(engine, 'postgres', db, {
    env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' },
    run: flags(
      of({
        [`${P}db`]: 'postgres',
        [`${P}dump.args`]: `--no-role-passwords, --quote-all-identifiers, --password=${SECRET}`,
      }),
    ),
  })
  const told = `echo "it tells ${SECRET}"; cd $MARINA_BACKUP_DIR; find volume -type f | sort; grep -c 'CREATE ROLE "app"' db/${db}/dump.sql`
  const ran = await runJob(engine, {
    instances: [
      { id: all, customImage: await toldImage(engine), pull: 'never', env: { DO: shell(told) } },
      { id: id('other'), customImage: await toldImage(engine), pull: 'never', targets: [], env: { DO: 'true' } },
    ],
  })
  expect(ran.code, ran.stdout).toBe(0)
  const { targets } = reportOf(ran, all)
  expect(targets.map(({ kind, name, staging }) => [kind, name, staging])).toEqual([
    ['volume', part, 'copy'],
    ['volume', plain, 'mount'],
    ['volume', byApp, 'presync'],
    ['db', db, 'dump'],
  ])
  const files = ran.stdout.split('\n').filter((line) => line.startsWith('volume/'))
  expect(files).toEqual(
    [
      ...['d.tmp', 'docs/a', 'docs/old/b'].map((path) => `volume/${byApp}/${path}`),
      `volume/${part}/docs/a`,
      ...['cache/c', 'd.tmp', 'docs/a', 'docs/old/b'].map((path) => `volume/${plain}/${path}`),
    ].sort(),
  )
  expect(ran.stdout).toContain('\npreHook of the label\n')
  expect(ran.stdout).toContain('\npostHook of the label\n')
  expect(ran.stdout).toContain(`stopping ${app}`)
  expect(ran.stdout).toMatch(/^1$/m)
  // a password that only a label of the host knows is hidden from the dump on
  expect(ran.stdout).toContain('\nit tells ***\n')
  const shown = ran.stdout.split('\n').filter((line) => line.includes(SECRET) && !line.startsWith('::add-mask::'))
  expect(shown).toEqual([])
  const warnings = (ran.report?.warnings ?? []).join('\n')
  expect(warnings).toContain(stranger)
  expect(warnings).toContain(id('nobody'))
  expect(ran.stdout).not.toContain(disabled)
  expectNoTrace(ran)
  expect(await leftOf(engine)).toEqual([])
})
