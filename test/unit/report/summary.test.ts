import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NOT_REACHED } from '../../../src/outcome.ts'
import { withoutFileNames } from '../../../src/report/hideFileNames.ts'
import { block, code, inline, link } from '../../../src/report/markdown.ts'
import { redactReport } from '../../../src/report/redact.ts'
import { renderSummary, type SummaryOptions } from '../../../src/report/summary.ts'
import { createRedactor } from '../../../src/secrets/redaction.ts'
import { failed, failedTarget, instance, planned, report, target } from './reports.ts'

const LINKS = {
  server: 'https://github.com',
  takesInstances: true,
  workflow: 'https://github.com/o/r/actions/workflows/backup.yml',
  config: 'https://github.com/o/r/blob/0123456/config.yml',
  report: 'https://github.com/o/r/actions/runs/5/artifacts/1',
  logs: 'https://github.com/o/r/actions/runs/5/artifacts/2',
}
const FULL: SummaryOptions = {
  publicRepository: false,
  logDirectory: '/t/logs',
  limitBytes: 1024 * 1024,
  allowPartial: false,
  links: LINKS,
  runner: 'runner-1',
  version: 'v1',
}

const line = 'Fatal: unable to open repository at sftp:backup@nas:/restic: no route to host'
const mounted = (name: string) => target({ name, staging: 'mount', files: null, bytes: null, seconds: 0 })
const ended = 'its script ended with exit code 1 after 1.8 s'

describe('the summary', () => {
  test('of a good run', () => {
    const run = report({
      instances: [
        instance({ id: 'documents', targets: [mounted('nb-docs')], seconds: 0.8 }),
        instance({
          id: 'shop',
          targets: [
            target({ kind: 'db', name: 'nb-pg', staging: 'dump', bytes: 51_000 }),
            target({ staging: 'presync' }),
          ],
          seconds: 5.7,
          downtimeSeconds: 0.7,
        }),
        instance({ id: 'archive', seconds: 3725, targets: [target(), target(), mounted('old')], warnings: ['slow'] }),
      ],
    })
    expect(renderSummary(run, FULL)).toMatchInlineSnapshot(`
      "### ✅ nas: all 3 backups done in 1 min 20 s, with 1 warning

      | | backup | what | time |
      |---|---|---|---:|
      | ✅ | <b>documents</b> | 1 volume read in place | 0.8 s |
      | ✅ | <b>shop</b> | 1 database 51 kB, 1 volume 1.2 MB copied, application away 0.7 s | 5.7 s |
      | ✅ | <b>archive</b> | 2 volumes 2.5 MB copied, 1 volume read in place | 1 h 2 min |

      <details><summary>Targets</summary>

      | target | how | time |
      |---|---|---:|
      | documents: <code>nb-docs</code> | read in place | 0.0 s |
      | shop: <code>nb-pg</code> | dumped, 51 kB | 1.5 s |
      | shop: <code>data</code> | copied around a stop, 1.2 MB | 1.5 s |
      | archive: <code>data</code> | copied, 1.2 MB | 1.5 s |
      | archive: <code>data</code> | copied, 1.2 MB | 1.5 s |
      | archive: <code>old</code> | read in place | 0.0 s |

      </details>

      <details><summary>Timeline</summary>

      \`\`\`mermaid
      gantt
      dateFormat YYYY-MM-DD HH:mm:ss.SSS
      axisFormat %H:%M:%S
      tickInterval 5second
      section documents
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section shop
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section archive
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      \`\`\`

      </details>

      ⚠️ Warnings:

      - <b>archive</b>: slow

      <sub>Begun 2026-11-24 18:00 UTC · <a href="https://github.com/o/r/actions/runs/5/artifacts/1">report and logs</a> · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a> · runner runner-1 · Docker 28.2.2 · Marina v1</sub>
      "
    `)
  })

  test('of a red run: the cause first, with the last words of stderr, and what to do', () => {
    const run = report({
      result: 'failed',
      attempt: 2,
      instances: [
        instance({ id: 'shop' }),
        {
          ...failed('documents', ended, ['uploading', 'uploaded 1 of 2', line]),
          stderr: ['+ restic backup', line],
          targets: [mounted('nb-docs')],
          line: 2,
        },
      ],
    })
    expect(renderSummary(run, FULL)).toMatchInlineSnapshot(`
      "### ❌ nas: 1 of 2 backups failed: documents

      > [!CAUTION]
      > <b>documents</b>: its script ended with exit code 1 after 1.8 s:<br><code>Fatal: unable to open repository at sftp&#58;backup<span>&#64;</span>nas&#58;/restic: no route to host</code> (<a href="https://github.com/o/r/blob/0123456/config.yml#L2">config.yml line 2</a>)

      Applications: none was stopped. <b><a href="https://github.com/o/r/actions/workflows/backup.yml">Run again</a></b> with <code>documents</code> · <a href="https://github.com/o/r/actions/runs/5/artifacts/2">whole log</a>

      <details><summary>Last 2 lines of <b>documents</b> on stderr</summary>

      <pre>
      + restic backup
      Fatal: unable to open repository at sftp:backup@nas:/restic: no route to host
      </pre>

      </details>

      <details><summary>Last 3 lines of <b>documents</b></summary>

      <pre>
      uploading
      uploaded 1 of 2
      Fatal: unable to open repository at sftp:backup@nas:/restic: no route to host
      </pre>

      </details>

      | | backup | what | time |
      |---|---|---|---:|
      | ❌ | <b>documents</b> | failed while your script ran, 1 volume read in place | 1 min 15 s |
      | ✅ | <b>shop</b> | 1 volume 1.2 MB copied | 1 min 15 s |

      <details><summary>Targets</summary>

      | target | how | time |
      |---|---|---:|
      | shop: <code>data</code> | copied, 1.2 MB | 1.5 s |
      | documents: <code>nb-docs</code> | read in place | 0.0 s |

      </details>

      <details><summary>Timeline</summary>

      \`\`\`mermaid
      gantt
      dateFormat YYYY-MM-DD HH:mm:ss.SSS
      axisFormat %H:%M:%S
      tickInterval 5second
      section shop
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section documents
      run, failed :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      \`\`\`

      </details>

      <sub>Begun 2026-11-24 18:00 UTC · attempt 2 · <a href="https://github.com/o/r/actions/runs/5/artifacts/1">report and logs</a> · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a> · runner runner-1 · Docker 28.2.2 · Marina v1</sub>
      "
    `)
  })

  test('of a run with everything in it', () => {
    const run = report({
      result: 'failed',
      warnings: ['the image could not be pulled'],
      instances: [
        instance(),
        instance({
          id: 'db',
          status: 'partial',
          failedPhase: 'dump',
          error: 'password wrong; volume gone',
          targets: [
            target({ warnings: ['stopped by a kill'] }),
            { ...failedTarget('pg', 'password wrong'), kind: 'db' },
            failedTarget('old', 'volume gone'),
          ],
          downtimeSeconds: 0.42,
          notUp: ['web', 'worker'],
          warnings: ['slow'],
        }),
        { ...failed('silent', ended), tail: ['uploading', '--- oh no'] },
        {
          ...failed('a', 'no such image'),
          failedPhase: 'image',
          exitCode: null,
          targets: [failedTarget('x', NOT_REACHED)],
        },
        {
          ...failed('b', 'no such image'),
          failedPhase: 'image',
          exitCode: null,
          targets: [failedTarget('x', NOT_REACHED)],
        },
        instance({ id: 'late', status: 'skipped', startedAt: null, nextRun: null, targets: [] }),
      ],
    })
    expect(renderSummary(run, { ...FULL, runner: null, version: null })).toMatchInlineSnapshot(`
      "### ❌ nas: cancelled; 3 of 6 backups failed and 1 incomplete: silent, a, b, db

      > [!CAUTION]
      > <b>silent</b>: its script ended with exit code 1 after 1.8 s (<a href="https://github.com/o/r/blob/0123456/config.yml#L7">config.yml line 7</a>)

      > [!CAUTION]
      > <b>a</b>, <b>b</b>: no such image

      > [!CAUTION]
      > <b>db</b>: 2 of 3 targets failed (<a href="https://github.com/o/r/blob/0123456/config.yml#L7">config.yml line 7</a>)
      >
      > - database <code>pg</code>: password wrong
      > - volume <code>old</code>: volume gone

      Applications: <b>not up again: <code>web</code>, <code>worker</code></b>. <b><a href="https://github.com/o/r/actions/workflows/backup.yml">Run again</a></b> with <code>silent,a,b,db,late</code> · <a href="https://github.com/o/r/actions/runs/5/artifacts/2">whole log</a>

      <details open><summary>Last 2 lines of <b>silent</b></summary>

      <pre>
      uploading
      --- oh no
      </pre>

      </details>

      | | backup | what | time |
      |---|---|---|---:|
      | ❌ | <b>silent</b> | failed while your script ran, 1 volume 1.2 MB copied | 1 min 15 s |
      | ❌ | <b>a</b> | failed while its image was fetched | 1 min 15 s |
      | ❌ | <b>b</b> | failed while its image was fetched | 1 min 15 s |
      | ❌ | <b>db</b> | incomplete, <b>2 targets missing</b>, 1 volume 1.2 MB copied, application away 0.4 s | 1 min 15 s |
      | ⏭️ | <b>late</b> | not begun | – |
      | ✅ | <b>files</b> | 1 volume 1.2 MB copied | 1 min 15 s |

      <details><summary>Targets</summary>

      | target | how | time |
      |---|---|---:|
      | files: <code>data</code> | copied, 1.2 MB | 1.5 s |
      | db: <code>data</code> | copied, 1.2 MB | 1.5 s |
      | silent: <code>data</code> | copied, 1.2 MB | 1.5 s |

      </details>

      <details><summary>Timeline</summary>

      \`\`\`mermaid
      gantt
      dateFormat YYYY-MM-DD HH:mm:ss.SSS
      axisFormat %H:%M:%S
      tickInterval 5second
      section files
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section db
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section silent
      run, failed :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section a
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section b
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      section late
      run :2026-11-24 18:00:00.000, 2026-11-24 18:00:12.000
      \`\`\`

      </details>

      ⚠️ Warnings:

      - the image could not be pulled
      - <b>db</b>: slow
      - <b>db</b> <code>data</code>: stopped by a kill

      <sub>Begun 2026-11-24 18:00 UTC · <a href="https://github.com/o/r/actions/runs/5/artifacts/1">report and logs</a> · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a> · Docker 28.2.2</sub>
      "
    `)
  })

  test('of thirty with two red: the good ones are folded', () => {
    const good = Array.from({ length: 28 }, (_, i) => instance({ id: `service-${i}`, targets: [mounted(`v${i}`)] }))
    const run = report({
      result: 'failed',
      instances: [
        ...good.slice(0, 20),
        { ...failed('service-x', ended), stderr: [line], tail: [line] },
        ...good.slice(20),
        {
          ...failed('service-y', 'volume "nb-docz" does not exist: did you mean "nb-docs"?'),
          failedPhase: 'resolve',
          exitCode: null,
          startedAt: null,
        },
      ],
    })
    const text = renderSummary(run, FULL)
    const [above = '', below = ''] = text.split('<details><summary>✅ 28 backups done</summary>')
    expect(above).toMatchInlineSnapshot(`
      "### ❌ nas: 2 of 30 backups failed: service-x, service-y

      > [!CAUTION]
      > <b>service-x</b>: its script ended with exit code 1 after 1.8 s:<br><code>Fatal: unable to open repository at sftp&#58;backup<span>&#64;</span>nas&#58;/restic: no route to host</code> (<a href="https://github.com/o/r/blob/0123456/config.yml#L7">config.yml line 7</a>)

      > [!CAUTION]
      > <b>service-y</b>: volume "nb-docz" does not exist: did you mean "nb-docs"? (<a href="https://github.com/o/r/blob/0123456/config.yml#L7">config.yml line 7</a>)

      Applications: none was stopped. <b><a href="https://github.com/o/r/actions/workflows/backup.yml">Run again</a></b> with <code>service-x,service-y</code> · <a href="https://github.com/o/r/actions/runs/5/artifacts/2">whole log</a>

      | | backup | what | time |
      |---|---|---|---:|
      | ❌ | <b>service-x</b> | failed while your script ran, 1 volume 1.2 MB copied | 1 min 15 s |
      | ❌ | <b>service-y</b> | not begun, 1 volume 1.2 MB copied | – |

      "
    `)
    expect(below.match(/^\| ✅ \| <b>service-\d+<\/b>/gm)).toHaveLength(28)
  })

  test('of a dry run: what would be done, and no word of success', () => {
    const dry = report({
      dryRun: true,
      result: 'nothing-due',
      instances: [
        instance({
          status: 'skipped',
          exitCode: null,
          targets: [planned('data', 'mounted in place'), planned('app', 'copied in two passes around a stop')],
        }),
      ],
    })
    const text = renderSummary(dry, FULL)
    expect(text).toMatchInlineSnapshot(`
      "### ⏭️ nas: dry run, nothing was backed up; 1 backup would run

      | | backup | what a run would do |
      |---|---|---|
      | ⏭️ | <b>files</b> | volume <code>data</code> would be mounted in place<br>volume <code>app</code> would be copied in two passes around a stop |

      <sub>Begun 2026-11-24 18:00 UTC · <a href="https://github.com/o/r/actions/runs/5/artifacts/1">report and logs</a> · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a> · runner runner-1 · Docker 28.2.2 · Marina v1</sub>
      "
    `)
    expect(text).not.toMatch(/success|staged|✅|Run again|Applications/)
    const bad = {
      ...dry,
      result: 'failed' as const,
      instances: [...dry.instances, failed('mail', 'volume mail is not there')],
    }
    expect(renderSummary(bad, FULL)).toMatch(
      /^### ❌ nas: dry run, nothing was backed up; 1 of 2 backups would fail: mail\n\n> \[!CAUTION\]\n> <b>mail<\/b>: volume mail is not there/,
    )
  })

  test('of a run in which nothing was due', () => {
    const byHand = { id: 'files', nextRun: null, why: 'it has no schedule', line: 7 }
    const run = report({ result: 'nothing-due', instances: [], notDue: [{ ...byHand, history: [] }] })
    expect(renderSummary(run, FULL)).toMatchInlineSnapshot(`
      "### 💤 nas: nothing was due

      No backup in <code>config.yml</code> has a <code>schedule</code>, so that a scheduled run has nothing to do. Give one a <code>schedule</code>, or start the workflow by hand: that runs all of them.

      <sub>Begun 2026-11-24 18:00 UTC · <a href="https://github.com/o/r/actions/runs/5/artifacts/1">report and logs</a> · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a> · runner runner-1 · Docker 28.2.2 · Marina v1</sub>
      "
    `)
  })

  test('of a run whose backups all belong to other hosts', () => {
    expect(renderSummary(report({ result: 'nothing-due', instances: [] }), FULL)).toMatch(
      /^### 💤 nas: nothing was due\n\nNone of the chosen backups belongs to this host\.\n/,
    )
  })

  const down = 'container "web" could not be started again: its network is gone'
  const cancelled = instance({
    id: 'half',
    status: 'cancelled',
    error: 'cancelled',
    failedPhase: 'run',
    exitCode: null,
  })
  const partial = instance({ status: 'partial', error: 'gone', targets: [target(), failedTarget('old', 'gone')] })
  test.each([
    ['one good', report(), '✅ nas: 1 backup done in 1 min 20 s'],
    ['away from a host', report({ host: '' }), '✅ 1 backup done in 1 min 20 s'],
    ['with warnings', report({ warnings: ['a', 'b'] }), '✅ nas: 1 backup done in 1 min 20 s, with 2 warnings'],
    ['partial', report({ result: 'partial', instances: [partial] }), '❌ nas: 1 of 1 backup incomplete: files'],
    [
      'partial and failed',
      report({ result: 'failed', instances: [partial, failed('mail', 'oh')] }),
      '❌ nas: 1 of 2 backups failed and 1 incomplete: mail, files',
    ],
    [
      'cancelled',
      report({ result: 'cancelled', instances: [instance(), cancelled] }),
      '🚫 nas: cancelled; 1 of 2 backups was done before',
    ],
    [
      'cancelled at once',
      report({ result: 'cancelled', instances: [cancelled] }),
      '🚫 nas: cancelled; no backup was done before',
    ],
    [
      'failed and cancelled',
      report({ result: 'failed', instances: [failed('mail', 'oh'), instance({ id: 'late', status: 'skipped' })] }),
      '❌ nas: cancelled; 1 of 2 backups failed: mail',
    ],
    [
      'an application of an earlier run',
      report({ result: 'failed', errors: [down] }),
      '❌ nas: an application that an earlier run stopped is not up; 1 of 1 backup done',
    ],
  ])('verdict: %s', (_, run, verdict) => {
    expect(renderSummary(run, FULL).split('\n')[0]).toBe(`### ${verdict}`)
  })

  test('after a cancel all that were not backed up are listed', () => {
    const late = instance({ id: 'late', status: 'skipped', startedAt: null, targets: [] })
    const text = renderSummary(report({ result: 'failed', instances: [failed('a', 'oh'), cancelled, late] }), FULL)
    expect(text).toContain('<code>a,half,late</code>')
    expect(renderSummary(report({ result: 'cancelled', instances: [instance(), late] }), FULL)).toContain(
      '<code>late</code>',
    )
  })

  test('a cancelled backup whose application is down has a cause', () => {
    const one = { ...cancelled, error: 'cancelled; container "web" could not be started again', notUp: ['web'] }
    expect(renderSummary(report({ result: 'cancelled', instances: [one] }), FULL)).toContain(
      '<b>half</b>: cancelled; container "web" could not be started again',
    )
  })

  test('sentences of targets that end with a mark are a list all the same', () => {
    const one = instance({
      status: 'partial',
      error: 'no volume "a": did you mean "b"? volume "c" is gone',
      targets: [
        target(),
        failedTarget('a', 'no volume "a": did you mean "b"?'),
        failedTarget('c', 'volume "c" is gone'),
      ],
    })
    expect(renderSummary(report({ result: 'partial', instances: [one] }), FULL)).toContain(
      '<b>files</b>: 2 of 3 targets failed',
    )
  })

  test('the run that holds the lock is a link, and no other address is', () => {
    const held = (server: string) =>
      failed('a', `it is held by run 5 of o_x/r.y: ${server}/o_x/r.y/actions/runs/5 (container z), see ${server}/evil`)
    const own = renderSummary(report({ result: 'failed', instances: [held('https://github.com')] }), FULL)
    expect(own).toContain(
      '<a href="https://github.com/o_x/r.y/actions/runs/5">https&#58;//github.com/o&#95;x/r.y/actions/runs/5</a> (container z)',
    )
    expect(own).not.toContain('href="https://github.com/evil')
    for (const other of [
      'https://github.com.evil',
      'https://evil/https://github.com',
      'http://github.com',
      'https://githubXcom',
    ])
      expect(renderSummary(report({ result: 'failed', instances: [held(other)] }), FULL)).not.toMatch(
        /href="[^"]*(evil|http:|githubX)/,
      )
  })

  test.each([
    [true, '</a></b> with <code>a</code>'],
    [null, '</a></b>: start the workflow by hand, with instances <code>a</code> if it has that input'],
    [false, 'Run again</a></b> · '],
  ])('how to run again, if it is %s that the workflow takes instances', (takesInstances, words) => {
    const run = report({ result: 'failed', instances: [failed('a', 'oh')] })
    expect(renderSummary(run, { ...FULL, links: { ...LINKS, takesInstances } })).toContain(words)
  })

  test('partial is yellow where the job is green', () => {
    const text = renderSummary(report({ result: 'partial', instances: [partial] }), { ...FULL, allowPartial: true })
    expect(text).toMatch(/^### ⚠️ nas: 1 of 1 backup incomplete: files\n\n> \[!WARNING\]\n/)
    expect(text).toContain('\n| ⚠️ | <b>files</b> | incomplete, <b>1 target missing</b>, 1 volume 1.2\u00a0MB copied |')
  })

  test.each([
    [{ notUp: ['web'], downtimeSeconds: 3 }, 'Applications: <b>not up again: <code>web</code></b>.'],
    [
      { notUp: ['web', 'db'], unhealthy: ['db'], downtimeSeconds: 3 },
      'Applications: <b>not up again: <code>web</code></b>; <b><code>db</code> runs but is not healthy</b>.',
    ],
    [
      { postHookFailed: ['web'], downtimeSeconds: 3 },
      'Applications: all were started again; <b>the postHook failed in <code>web</code></b>, which may still be in maintenance.',
    ],
    [
      { postHookFailed: ['web'] },
      'Applications: <b>the postHook failed in <code>web</code></b>, which may still be in maintenance.',
    ],
    [{ downtimeSeconds: 3 }, 'Applications: all are up again.'],
    [{}, 'Applications: none was stopped.'],
  ])('says whether anything is still down: %j', (changes, sentence) => {
    const run = report({ result: 'failed', instances: [{ ...failed('a', 'oh'), ...changes }] })
    expect(renderSummary(run, FULL)).toContain(`\n${sentence} <b><a`)
  })

  test('where the platform has no pages there are no links', () => {
    const links = { server: null, takesInstances: null, workflow: null, config: null, report: null, logs: null }
    const text = renderSummary(report({ result: 'failed', instances: [failed('a', 'oh')] }), { ...FULL, links })
    expect(text).not.toMatch(/<a |null|undefined/)
  })

  test('each sentence once', () => {
    const sentence = 'preHook in container "web" failed: exit code 1'
    const run = report({
      result: 'partial',
      instances: [
        instance({
          status: 'partial',
          error: sentence,
          targets: [target(), failedTarget('a', sentence), failedTarget('b', sentence)],
        }),
      ],
    })
    expect(renderSummary(run, FULL).split('exit code 1')).toHaveLength(2)
  })

  test('always fits, and says that it was cut', () => {
    const run = report({
      result: 'failed',
      instances: Array.from({ length: 300 }, (_, i) =>
        failed(
          `db${i}`,
          `${i}${'e'.repeat(3000)}`,
          Array.from({ length: 50 }, () => '&'.repeat(1000)),
        ),
      ),
      warnings: Array.from({ length: 999 }, () => 'w'.repeat(3000)),
    })
    for (const limitBytes of [1024 * 1024, 100_000, 30_000, 2000, 200, 60, 3]) {
      const text = renderSummary(run, { ...FULL, limitBytes })
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limitBytes)
      const verdict = text.slice(0, 100).split('\n')[0]
      if (limitBytes >= 200) expect(verdict).toMatch(/^### ❌ nas: 300 of 300 backups failed: db0, db1.* and 295 more$/)
      if (limitBytes >= 2000) expect(text.includes('This summary was cut to fit')).toBe(true)
    }
  })

  test('a public repository sees no file names and no lines of containers', () => {
    const text = renderSummary(
      report({
        result: 'failed',
        configFile: 'config.yml',
        instances: [
          {
            ...failed('mail', 'path "etc/secret.key" of volume "mail" is not there (config.yml line 3)', [
              'wrote /srv/x',
            ]),
            stderr: ['cannot read srv-letters'],
            targets: [failedTarget('mail', "cp: can't stat '/data/a b.txt': gone")],
            warnings: ['acme/backup:1 skipped letters/inbox.mbox and notes.odt'],
          },
        ],
      }),
      { ...FULL, publicRepository: true },
    )
    expect(text).not.toMatch(/secret|srv|data\/|a b|inbox|letters|notes/)
    expect(text).toContain('config.yml')
    expect(text).toContain('acme/backup&#58;1')
    expect(text).toContain('mail')
    expect(text).toContain(
      'are not shown here, because the repository is public or may be. The whole log is in the artifact',
    )
    const unlinked = { ...FULL, publicRepository: true, links: { ...LINKS, logs: null } }
    const bad = report({ result: 'failed', instances: [failed('mail', ended)] })
    expect(renderSummary(bad, unlinked)).toMatch(
      /its script ended with exit code 1 after 1\.8 s[\s\S]*The whole log is on the runner, in <code>\/t\/logs<\/code>, until [\s\S]*show-logs: true/,
    )
    expect(renderSummary(report(), unlinked)).not.toContain('are not shown here')
  })
})

describe('text from anywhere', () => {
  const nasty = [
    '<script>alert(1)</script>',
    '</details></pre><h1>x',
    '| a | b |',
    '`code` **bold** _it_ ~~gone~~',
    '[click](javascript:alert(1)) ![i](http://x/y.png)',
    '@everyone #1 :tada: https://evil.example',
    '&lt;b&gt;',
    'line\n\n# heading\n- [x] task',
    '\u202eturned\u202c \x1b[31mred',
  ]

  test.each(nasty)('%j is no markup in a sentence, a name or a block', (text) => {
    for (const shown of [inline(text), code(text)]) {
      const rest = shown.replace(/<\/?(span|code)>/g, '').replace(/&#\d+;/g, '')
      expect(rest).toMatch(/^[\p{L}\p{N} \ufffd,;'"()/%?.=+:-]*$/u)
      expect(rest).not.toMatch(/^\d+[.)]( |$)|^[-+=]|:\S|www\./i)
    }
    const lines = block([text]).split('\n')
    expect([lines.length, lines[0], lines[2]]).toEqual([3, '<pre>', '</pre>'])
    expect(lines[1]).not.toMatch(/[<>]|&(?!#\d+;)/)
  })

  test('nothing that a report holds changes the structure of the page', () => {
    const word = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'grapheme', maxLength: 30 }))
    fc.assert(
      fc.property(fc.array(word, { minLength: 12, maxLength: 12 }), fc.boolean(), (words, publicRepository) => {
        const of = (w: readonly string[]) => {
          const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = '', l = ''] = w
          const bad = {
            ...failed(a, `one ${b}`, [c, d]),
            warnings: [`of it ${e}`],
            stderr: [`it says ${k}`],
            targets: [failedTarget(f, `another ${g}`), target({ name: l })],
          }
          const run = report({
            result: 'failed',
            host: h,
            instances: [bad],
            warnings: [`of the host ${i}`],
            engine: { version: j, apiVersion: '1' },
          })
          return renderSummary(run, { ...FULL, publicRepository })
        }
        const skeleton = (text: string) =>
          text
            .replace(/<pre>\n.*\n.*\n<\/pre>/, '<pre>')
            // inside mermaid's block, where these characters mean nothing
            .replace(/^section [\p{L}\p{N} _.…-]+$/gmu, 'section')
            .split('\n')
            .map((line) => ({
              item: line.startsWith('- '),
              marks: line
                .replace(/<\/?span>|<wbr>/g, '')
                .replace(/&#\d+;/g, '')
                .replace(/[^|<>`*_~[\]\\#&]/g, ''),
            }))
        expect(skeleton(of(words))).toEqual(skeleton(of(Array.from({ length: 12 }, () => 'x'))))
      }),
      { numRuns: 400 },
    )
  })

  test('a link is one of ours or none', () => {
    expect(link('run', 'https://github.com/o/r/actions/runs/5')).toBe(
      '<a href="https://github.com/o/r/actions/runs/5">run</a>',
    )
    expect(link('run', 'javascript:alert(1)')).toBeNull()
    expect(link('run', 'https://x/"><b>')).toBeNull()
  })
})

describe('secrets', () => {
  test('are taken out of the report before it is escaped; our own words stay', () => {
    const run = report({
      result: 'failed',
      instances: [failed('db', 'login with p@ss|word! refused', ['p@ss|word!'])],
      warnings: ['failed'],
    })
    const safe = redactReport(run, createRedactor(['p@ss|word!', 'failed', '2026-11-24']).text)
    expect(safe.instances[0]).toMatchObject({ error: 'login with *** refused', tail: ['***'], status: 'failed' })
    expect(safe).toMatchObject({ result: 'failed', startedAt: run.startedAt, version: 1, warnings: ['***'] })
    expect(safe.engine).toEqual(run.engine)
    expect(renderSummary(safe, FULL)).not.toMatch(/ss&#124;word/)
  })
})

test.each([
  ['volume "data" does not exist on host nas', 'volume "data" does not exist on host nas'],
  ['path "a b/c" is a link', 'path "…" is a link'],
  ['tar: /backup/x/y: Cannot open', 'tar: …: Cannot open'],
  ['see dump.sql.part, or data', 'see …, or data'],
  ['volume data has no path secret: see paths', 'volume data has no path …: see paths'],
  ['"a \\"b\\" c" is gone', '"…" is gone'],
  ["rm: can't remove 'my \"own\" file': busy", "rm: can't remove '…': busy"],
  ['‘x y’ and `z`', '‘…’ and `…`'],
  ['label it dev.polarfox.marina.enabled=true', 'label it dev.polarfox.marina.enabled=true'],
  ['took 1.5 s of 10 s', 'took 1.5 s of 10 s'],
  ["it's 5 o'clock", "it's 5 o'clock"],
  ['script secret has no `set -e`', 'script … has no `…`'],
  ['script scripts/x.sh: it is gone', 'script …: it is gone'],
  ["cp: can't open '/marina/source/docs/letter to Anna.pdf'", "cp: can't open '…'"],
])('in public %j becomes %j', (sentence, shown) => {
  expect(withoutFileNames(sentence, new Set(['data', 'nas']))).toBe(shown)
})
