/** The cause of a failure is never lost in what else a backup prints: how stdout and stderr mix is chance, so it is tried twenty times. */

import { expect, test } from 'vitest'
import { expectNoTrace, filledVolume, reportOf, runJob, shell, testEngine, toldImage } from '../../support/run.ts'

const engine = testEngine()
const RUNS = 20

test('one line on stderr among 400 on stdout stands in annotation, log, summary and report, each time', async () => {
  const image = await toldImage(engine)
  const volume = await filledVolume(engine, 'last-words')
  const runs = Array.from({ length: RUNS }, (_, i) => ({
    id: engine.name(`words-${i}`),
    said: `Fatal: unable to open repository ${i}: no route to host`,
  }))
  const lines = (from: number, to: number) =>
    `i=${from}; while [ $i -le ${to} ]; do echo "processed volume/uploads/IMG_$i.jpg"; i=$((i+1)); done`
  const instances = runs.map(({ id, said }) => ({
    id,
    customImage: image,
    pull: 'never',
    targets: [{ volume }],
    env: { DO: shell(`${lines(1, 200)}; echo "${said}" >&2; ${lines(201, 400)}; exit 1`) },
  }))
  const ran = await runJob(engine, { instances }, { inputs: { 'max-parallel': '4' } })
  expectNoTrace(ran)
  for (const { id, said } of runs) {
    const report = reportOf(ran, id)
    expect(report.stderr).toEqual([said])
    expect(report.error).toMatch(/^its script ended with exit code 1( after \d+(\.\d)? s)?$/)
    const sentence = `${report.error}: ${said}`
    expect(ran.stdout).toMatch(new RegExp(`^(::error .*::|error: config.yml:\\d+: )${id}: ${sentence}$`, 'm'))
    expect(ran.stdout).toContain(`\nfailed: ${sentence}\n`)
    expect(ran.summary).toContain(`<b>${id}</b>: ${report.error}:<br><code>${said}</code> (`)
  }
})

test('what the job prints and shows of stderr has no secret, no colour, no markup and no command', async () => {
  const image = await toldImage(engine)
  const volume = await filledVolume(engine, 'last-words-2')
  const id = engine.name('wild')
  const say = [
    'echo first >&2',
    'printf \'\\033[31mFatal\\033[0m: <img src=x> **bold** ::error::no %s\\n\' "$TOKEN" >&2',
    "printf '1 %%\\r2 %%\\r3 %%\\r' >&2",
    "printf '##[error]last, without an end' >&2",
    'exit 3',
  ].join('; ')
  const env = { DO: shell(say), TOKEN: 'hunter22-hunter22' }
  const ran = await runJob(engine, {
    instances: [{ id, customImage: image, pull: 'never', targets: [{ volume }], env }],
  })
  const { stderr, error } = reportOf(ran, id)
  expect(stderr).toEqual(['first', 'Fatal: <img src=x> **bold** ::error::no ***', '##[error]last, without an end'])
  expect(ran.stdout).toContain(`${id}: ${error}: ${stderr.join(' | ')}`)
  expect(ran.summary).toContain('<code>Fatal: &#60;img src=x&#62; &#42;&#42;bold')
  expect(ran.summary).not.toContain('hunter22')
})
