/** What an image tells in the file $MARINA_RESULT, on a real engine: mounted or staged, as root or not, in either layout, in a good backup or a failed one. */
import { expect, test } from 'vitest'
import { expectNoTrace, given, leftOf, reportOf, runJob } from '../../support/run.ts'

const { engine, id, volume, instance } = given('told-data')
const copied = [{ volume, staging: 'copy' }]
const WRITES = `[ ! -e "$MARINA_RESULT" ] || exit 9; echo '{"bytes": 4200, "snapshot": "s1"}' >"$MARINA_RESULT"`
const TOLD = { bytes: 4200, snapshot: 's1' }

test('is read wherever the staging volume lies, whoever the image runs as', async () => {
  const cases: [string, string, Record<string, unknown>][] = [
    ['mounted', WRITES, {}],
    ['copied', WRITES, { targets: copied }],
    ['user', WRITES, { user: '1000:1000' }],
    ['user-copied', WRITES, { user: '1000:1000', targets: copied }],
    ['stable', WRITES, { layout: 'stable' }],
    ['failed', `${WRITES}; exit 4`, {}],
    ['nothing', 'true', {}],
    ['link', 'ln -s /etc/passwd "$MARINA_RESULT"', {}],
    ['folder', 'mkdir "$MARINA_RESULT"', { targets: copied }],
    ['fifo', 'mkfifo "$MARINA_RESULT"', {}],
    ['huge', 'dd if=/dev/zero of="$MARINA_RESULT" bs=1 count=1 seek=9999999999', {}],
    ['no-more-directory', 'rm -rf "$MARINA_BACKUP_DIR"; true', { targets: copied }],
  ]
  const instances = cases.map(([name, script, more]) => instance(name, script, more))
  const ran = await runJob(engine, { instances }, { inputs: { 'max-parallel': '4' } })
  expectNoTrace(ran)
  const seen = (name: string) => {
    const { status, exitCode, result, warnings, notices = [] } = reportOf(ran, id(name))
    return [status, exitCode, result, ...warnings, ...notices.map((one) => one.replace(/^.*MARINA_RESULT /, ''))]
  }
  for (const name of ['mounted', 'copied', 'user', 'user-copied', 'stable'])
    expect([name, ...seen(name)]).toEqual([name, 'success', 0, TOLD])
  expect(seen('failed')).toEqual(['failed', 4, TOLD])
  expect(seen('nothing')).toEqual(['success', 0, undefined])
  expect(seen('no-more-directory')).toEqual(['success', 0, undefined])
  const left = (why: string) => ['success', 0, undefined, why]
  expect(seen('link')).toEqual(left('is a symbolic link, which is not followed: write the file itself'))
  expect(seen('folder')).toEqual(left('is a directory'))
  expect(seen('fifo')).toEqual(left('is no regular file'))
  expect(seen('huge')).toEqual(left('has 10 GB, and at most 66 kB are read'))
  // what was read in place has a size to compare, and what was copied keeps its own
  expect(reportOf(ran, id('mounted')).history[0]).toMatchObject({ bytes: 4200 })
  expect(reportOf(ran, id('copied')).history[0]?.bytes).not.toBe(4200)
  expect(ran.summary.replaceAll('\u00a0', ' ')).toContain('1 volume 4.2 kB read in place, snapshot s1')

  const again = await runJob(engine, { instances: [instance('stable', WRITES, { layout: 'stable', targets: copied })] })
  expect(reportOf(again, id('stable'))).toMatchObject({ status: 'success', result: TOLD })
  expect(await leftOf(engine)).toEqual([])
})
