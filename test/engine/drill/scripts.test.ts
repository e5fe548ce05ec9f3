/** Checks of a drill that are scripts: in which image they run, what they may do, and what their ends say. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { drilled } from '../../support/drilling.ts'
import { filledVolume, leftOf, runJob, testEngine } from '../../support/run.ts'

const engine = testEngine()

/** Fails unless it sees the restored data, and can change nothing and reach nobody. */
const GOOD = `#!/bin/sh
set -e
[ "$MARINA_RESTORE_DIR" = /restore ]
[ "$(cat "/restore/volume/$NAME/one")" = one ]
[ -f /restore/manifest.json ]
if touch /restore/x 2>/dev/null; then echo "it could write"; exit 9; fi
[ "$(ls /sys/class/net)" = lo ]
grep -q '^CapEff:.*0000000000000*cb$' /proc/self/status || { grep CapEff /proc/self/status; exit 8; }
[ -z "$SECRET" ]
echo "all is well"
`

test('scripts see the restored data in the image of the source or of the backup; what keeps them from an answer is no fault of the backup', async () => {
  const volume = await filledVolume(engine, 'scripts-data', 'echo one >one')
  const source = await engine.debian()
  const user = engine.name('scripts-user')
  await engine.ok(['create', '--name', user, '-v', `${volume}:/data`, source, 'sleep', '1'])
  const { id, backUp, configOf, options } = await drilled(engine, 'scripts', [{ volume, staging: 'copy' }])
  await backUp()
  const files = {
    'good.sh': GOOD.replace('$NAME', volume),
    'source.sh': '#!/bin/bash\n[ -f /etc/debian_version ] && [ ! -e /restore.sh ] && echo "here is Debian"\n',
    'bad.sh': '#!/bin/sh\necho "customers are missing" >&2\nexit 3\n',
    'lacks.sh': '#!/bin/sh\nno-such-tool\n',
  }
  const drill = async (...checks: readonly object[]) => {
    const ran = await runJob(engine, configOf({}, { drill: { checks } }), { ...options(), files })
    expect(await leftOf(engine, id)).toEqual([])
    return { ...ran, one: JSON.parse(readFileSync(ran.outputs.report ?? '', 'utf8')).instances[0] }
  }
  const good = await drill({ run: 'good.sh' }, { run: 'source.sh', volume })
  expect(good.one.error).toBeNull()
  expect(good).toMatchObject({ code: 0, outputs: { result: 'proven' } })
  expect(good.one.checks.filter(({ kind }: { kind: string }) => kind === 'run')).toMatchObject([
    { passed: true, seen: 'the check good.sh passed: all is well' },
    { passed: true, seen: 'the check source.sh passed: here is Debian', target: volume },
  ])
  expect(good.one.images).toMatchObject([
    { use: 'backup' },
    { use: 'check', name: 'good.sh' },
    { use: 'check', name: 'source.sh', reference: source },
  ])
  const lacks = await drill({ run: 'lacks.sh' }, { run: 'gone.sh' })
  expect(lacks).toMatchObject({ code: 0, outputs: { result: 'inconclusive' } })
  expect(lacks.one.error).toMatch(/lacks.sh ended with exit code 127: a command is not in its image: .*no-such-tool/)
  expect(lacks.one.error).toContain('script gone.sh is not in the repository')
  // what is inconclusive hides no fault
  const bad = await drill({ run: 'lacks.sh' }, { run: 'bad.sh' })
  expect(bad).toMatchObject({ code: 1, outputs: { result: 'failed' } })
  expect(bad.one.error).toBe('the check bad.sh failed with exit code 3: customers are missing')
  await engine.ok(['rm', user])
})
