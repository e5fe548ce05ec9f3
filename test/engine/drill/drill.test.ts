/** Drills through the built action on a real engine: what proves a backup, what does not, and that the originals are left alone. */
import { expect, test } from 'vitest'
import { drilled, type Lies } from '../../support/drilling.ts'
import { drillProblems } from '../../support/drillSchema.ts'
import { filledVolume, testEngine } from '../../support/run.ts'

const engine = testEngine()
const TREE = 'echo one >one; mkdir sub; echo two >sub/two; chown 1234:77 sub/two; chmod 640 sub/two; ln -s one link'

async function given(name: string, more: Readonly<Record<string, unknown>> = {}, target: object = {}) {
  const volume = await filledVolume(engine, `${name}-data`, TREE)
  return { volume, ...(await drilled(engine, name, [{ volume, staging: 'copy', ...target }], more)) }
}

test('proves a backup that comes back whole, by what the manifest tells and by checks, and touches nothing that is there', async () => {
  const { volume, id, backUp, drill } = await given('proven', {
    drill: {
      schedule: '0 4 * * 0',
      maxAge: '1h',
      maxDuration: '10m',
      controls: ['ISO27001-A.8.13'],
      checks: [
        { volume: engine.name('proven-data'), file: 'sub/two', contains: 'two', canary: '1h' },
        { volume: engine.name('proven-data'), files: 3 },
      ],
    },
  })
  await backUp()
  const before = (await engine.ok(['volume', 'ls', '-q'])).split('\n').sort()
  const ran = await drill()
  expect(ran, ran.stdout).toMatchObject({ code: 0, outputs: { result: 'proven', proven: `["${id}"]`, failed: '[]' } })
  expect(ran.one).toMatchObject({ rpoMet: true, rtoMet: true, controls: ['ISO27001-A.8.13'], tries: 1 })
  expect(ran.one.checks.filter(({ looked }: { looked: boolean }) => looked)).toHaveLength(3)
  expect(ran.one.checks.every(({ passed }: { passed: boolean }) => passed)).toBe(true)
  expect(drillProblems(ran.report)).toEqual([])
  expect(ran.one.hashes.map(({ path }: { path: string }) => path)).toEqual(['manifest.json', expect.any(String)])
  expect(ran.summary).toContain('1 proven')
  expect((await engine.ok(['volume', 'ls', '-q'])).split('\n').sort()).toEqual(before)
  const again = await drill()
  expect(again.one.history).toHaveLength(2)
  expect(again.summary).toContain('xychart-beta')
  expect(volume).toContain('proven')
})

test('a backup that comes back otherwise than it was made is failed, and each difference is named', async () => {
  const { id, volume, store, backUp, drill } = await given('bad', {}, { verify: 'content' })
  await backUp()
  const cases: readonly [Lies, Readonly<Record<string, unknown>>, string][] = [
    [{ lie: 'rm volume/*/one' }, {}, `volume ${volume} is not what was backed up: "one" did not come back`],
    [{ lie: 'chmod 600 volume/*/one' }, {}, '"one" has mode 0600, and had 0644'],
    [{ lie: 'cp manifest.json "$(echo volume/*)/more"' }, {}, '"more" came back, and the backup did not hold it'],
    [{ lie: 'printf O | dd of="$(echo volume/*/one)" conv=notrunc bs=1' }, {}, '"one" has other content than it had'],
    [{ lie: 'rm manifest.json' }, {}, 'the image restored no manifest.json'],
    [{ before: 'echo no such store >&2; exit 3' }, {}, 'the image did not restore the newest point'],
    [{}, { maxAge: '1s' }, 'RPO missed'],
    [{ before: 'sleep 1' }, { maxDuration: '1s' }, 'RTO missed'],
    [{}, { checks: [{ volume, file: 'one', contains: 'two' }] }, `one of volume ${volume} does not contain the text`],
    [{}, { checks: [{ volume, file: 'none' }] }, `none of volume ${volume} did not come back`],
  ]
  for (const [lie, config, words] of cases) {
    const ran = await drill(lie, { drill: config })
    expect(ran, words).toMatchObject({ code: 1, outputs: { result: 'failed', proven: '[]', failed: `["${id}"]` } })
    expect(ran.one.error).toContain(words)
    expect(ran.summary).toContain('1 failed')
  }
  await backUp()
  const stale = await drill({ before: 'POINT=$(ls *.tar | head -n 1)' })
  expect(stale).toMatchObject({ code: 1, outputs: { result: 'failed' } })
  expect(stale.one.error).toContain('the data is older than it is said to be')
  await engine.ok(['run', '--rm', '-v', `${store}:/s`, engine.baseImage, 'sh', '-c', 'rm /s/*'])
  const gone = await drill()
  expect(gone.one).toMatchObject({ verdict: 'failed', error: expect.stringContaining('remembers 2 good backups') })
})

test('what the surroundings lack says nothing of a backup, and without a backup there is nothing to drill', async () => {
  const { drill, backUp } = await given('amber')
  const nothing = await drill()
  expect(nothing).toMatchObject({ code: 0, outputs: { result: 'nothing-to-drill', proven: '[]', failed: '[]' } })
  expect(nothing.one.error).toContain('nothing was backed up yet')
  expect(nothing.stdout).toContain('::notice')
  await backUp()
  const gone = await drill({}, { customImage: engine.name('gone') })
  expect(gone).toMatchObject({ code: 0, outputs: { result: 'inconclusive', proven: '[]', failed: '[]' } })
  expect(gone.one).toMatchObject({ tries: 2, verdict: 'inconclusive' })
  const away = await drill({ before: 'echo no route to the store >&2; exit 75' })
  expect(away).toMatchObject({ code: 0, outputs: { result: 'inconclusive' } })
  expect(away.one.error).toContain('its store could not be reached')
  const memory = await drill({ before: 'x=$(tail /dev/zero)' }, { resources: { memory: '8m' } })
  expect(memory).toMatchObject({ code: 0, outputs: { result: 'inconclusive' } })
  expect(memory.one.error).toContain('memory')
})
