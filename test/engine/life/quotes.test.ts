/** What applications and database tools print is not read by strangers, though sentences of ours quote it; the log on the runner has it. */
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { filledVolume, reportOf, runJob, shell, testEngine, toldImage } from '../../support/run.ts'

const engine = testEngine()
const SAYS = 'echo "row of Anna Bauer is locked" >&2'
const FALLS = `${SAYS}; exit 3`
/** An application that runs once, and says why it does not run again. */
const ONCE = `[ -e /seen ] && { ${FALLS}; }; touch /seen; trap 'exit 0' TERM; while :; do sleep 0.1; done`
const TOOL = `printf '#!/bin/sh\\ncase $* in *--version*) echo tool 16; exit;; esac\\n${FALLS.replaceAll('"', '')}\\n'`
const TOOLS = `for tool in pg_dump pg_dumpall psql; do ${TOOL} >/bin/$tool; chmod +x /bin/$tool; done; sleep 100000`

async function started(what: string, script: string, args: readonly string[] = []): Promise<string> {
  const name = engine.name(what)
  await engine.ok(['run', '-d', '--name', name, '--network', 'none', ...args, engine.baseImage, 'sh', '-c', script])
  onTestFinished(async () => void (await engine.docker(['rm', '-fv', name])))
  return name
}

test.each([
  ['a public repository', false, true],
  ['a private repository', true, false],
])('%s', async (what, isPrivate, isHidden) => {
  const image = await toldImage(engine)
  const own = (part: string) => engine.name(`quotes-${part}-${isPrivate}`)
  const [hooked, down] = [await filledVolume(engine, own('hooked')), await filledVolume(engine, own('down'))]
  await started(`${own('app')}`, 'sleep 100000', ['-v', `${hooked}:/data`])
  await started(`${own('once')}`, ONCE, ['-v', `${down}:/data`])
  const db = await started(`${own('db')}`, TOOLS)
  const instance = (id: string, target: object) => ({
    ...{ id: own(id), customImage: image, pull: 'never', targets: [target] },
    env: { DO: shell('true') },
  })
  const ran = await runJob(
    engine,
    {
      instances: [
        instance('hook', { volume: hooked, preHook: FALLS }),
        instance('start', { volume: down, stopAttached: true }),
        instance('dump', { db, dbKind: 'postgres' }),
      ],
    },
    { event: { repository: { private: isPrivate } } },
  )
  expect(ran.code, what).toBe(1)
  for (const id of ['hook', 'start', 'dump']) {
    const report = reportOf(ran, own(id))
    expect(report.error, id).toContain('row of Anna Bauer is locked')
    expect(readFileSync(report.log ?? '', 'utf8'), id).toContain('Anna')
  }
  expect(ran.stdout.includes('Anna')).toBe(!isHidden)
  expect(ran.summary.includes('Anna')).toBe(!isHidden)
  expect(ran.stdout).toContain('failed: exit code 3')
  expect(ran.stdout.includes('exit code 3 (its words are in the log)')).toBe(isHidden)
})
