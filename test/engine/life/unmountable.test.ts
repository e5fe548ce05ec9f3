/** Volumes that the engine cannot mount, or that lie on several disks: their own affair, told without secrets. */
import { expect, test } from 'vitest'
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
const SECRET = 'pass,word-of-the-share'

/** A volume that is created, and cannot be mounted. */
async function brokenVolume(what: string, options: Readonly<Record<string, string>>): Promise<string> {
  const opts = Object.entries(options).flatMap(([key, value]) => ['--opt', `${key}=${value}`])
  await engine.ok(['volume', 'create', ...opts, id(what)])
  return id(what)
}

test('each fails its own target, the rest is backed up, and no option of a mount is shown', async () => {
  const image = await toldImage(engine)
  const good = await filledVolume(engine, 'u-good')
  const gone = await brokenVolume('u-gone', { type: 'none', o: 'bind', device: '/nowhere/at/all' })
  const o = `addr=192.0.2.1,username=someone,password=${SECRET}`
  const share = await brokenVolume('u-share', { type: 'cifs', o, device: '//192.0.2.1/share' })
  const instance = (what: string, targets: readonly object[], more: object = {}) => ({
    id: id(what),
    customImage: image,
    pull: 'never',
    env: { DO: shell('ls "$MARINA_BACKUP_DIR/volume"; cat "$MARINA_BACKUP_DIR"/volume/*/file') },
    targets,
    ...more,
  })
  const mount = { staging: 'mount' }
  const ran = await runJob(engine, {
    instances: [
      instance('copied', [{ volume: gone }, { volume: share }, { volume: good, staging: 'copy' }]),
      instance('mounted', [
        { volume: gone, ...mount },
        { volume: share, ...mount, allowEmpty: true },
        { volume: good },
      ]),
      instance('none', [{ volume: share, stopAttached: true }]),
    ],
  })

  for (const what of ['copied', 'mounted']) {
    const report = reportOf(ran, id(what))
    expect(report).toMatchObject({ status: 'partial', exitCode: 0 })
    expect(report.targets.map(({ name, status }) => [name, status])).toEqual([
      [id('u-gone'), 'failed'],
      [id('u-share'), 'failed'],
      [id('u-good'), 'staged'],
    ])
    const [first, second] = report.targets
    expect(first?.error).toMatch(
      new RegExp(`^volume ${id('u-gone')} could not be mounted: .*/nowhere/at/all.*no such file or directory`),
    )
    expect(second?.error).toMatch(/could not be mounted: .*192\.0\.2\.1\/share.*data: \*\*\*: /)
  }
  // where no target is left the image does not run
  expect(reportOf(ran, id('none'))).toMatchObject({ status: 'failed', exitCode: null })
  expectNoTrace(ran)
  const said = `${ran.stdout}${ran.summary}${JSON.stringify(ran.report)}`
  expect(said).not.toMatch(/pass,word|word-of-the-share|someone/)
  expect(await leftOf(engine)).toEqual([])
})
