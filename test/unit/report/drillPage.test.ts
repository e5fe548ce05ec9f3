import { expect, test } from 'vitest'
import { type DrillPage, renderDrill } from '../../../src/report/drillPage.ts'
import { check, drilled, drillReport, pastDrill } from './drills.ts'

const NO_LINKS = { workflow: null, config: null, report: null, logs: null }
const LINKS = {
  workflow: 'https://x/drill.yml',
  config: 'https://x/config.yml',
  report: 'https://x/1',
  logs: 'https://x/2',
}
const page = (changes: Partial<DrillPage> = {}) =>
  renderDrill({
    report: drillReport(),
    links: NO_LINKS,
    whyNone: 'no drill is due now',
    isPublic: false,
    limitBytes: 100_000,
    ...changes,
  })

const failed = drilled({
  id: 'wiki',
  verdict: 'failed',
  error: 'a file is missing',
  rpoMet: false,
  checks: [check(), check({ passed: false, seen: 'volume data: `a|b` <script> did not come back' })],
  stderr: ['no such file'],
})

test('a drill that proved a backup', () => {
  expect(page()).toMatchInlineSnapshot(`
    "### ✅ Drill on nas: 1 proven

    | drill | newest backup | restore |
    |---|---|---|
    | ✅ <b>shop</b><br>proven | 2 h old<br>RPO met | 12 s |

    <details><summary><code>shop</code>: proven, the backup of 2026-11-28 02:00 UTC</summary>

    - ✅ volume data came back

    </details>

    <sub>Host nas</sub>
    "
  `)
})

test('the worst comes first, with what was seen, and what was good of it', () => {
  const report = drillReport({
    result: 'failed',
    instances: [
      drilled(),
      drilled({ id: 'mail', verdict: 'nothing-to-drill', error: 'nothing was backed up yet', checks: [], point: null }),
      drilled({ id: 'shop2', verdict: 'inconclusive', error: 'the disk is full', checks: [check()], rpoMet: null }),
      failed,
    ],
  })
  expect(page({ report, links: LINKS })).toMatchInlineSnapshot(`
    "### ❌ Drill on nas: 1 failed, ⚠️ 1 inconclusive, ⏭️ 1 with nothing to drill, ✅ 1 proven

    | drill | newest backup | restore |
    |---|---|---|
    | ❌ <b>wiki</b><br>failed | 2 h old<br>RPO <b>missed</b> | 12 s |
    | ⚠️ <b>shop2</b><br>inconclusive | 2 h old | 12 s |
    | ⏭️ <b>mail</b><br>with nothing to drill | 2 h old<br>RPO met | 12 s |
    | ✅ <b>shop</b><br>proven | 2 h old<br>RPO met | 12 s |

    #### ❌ <code>wiki</code>: failed, the backup of 2026-11-28 02:00 UTC (<a href="https://x/config.yml#L3">config.yml line 3</a>)

    - ❌ volume data: &#96;a&#124;b&#96; &#60;script&#62; did not come back

    <pre>
    no such file
    </pre>

    <details><summary>What was good of it</summary>

    - ✅ volume data came back

    </details>

    #### ⚠️ <code>shop2</code>: inconclusive, the backup of 2026-11-28 02:00 UTC (<a href="https://x/config.yml#L3">config.yml line 3</a>)

    the disk is full

    <details><summary>What was good of it</summary>

    - ✅ volume data came back

    </details>

    #### ⏭️ <code>mail</code>: with nothing to drill, the backup of 2026-11-28 02:00 UTC (<a href="https://x/config.yml#L3">config.yml line 3</a>)

    nothing was backed up yet

    <details><summary><code>shop</code>: proven, the backup of 2026-11-28 02:00 UTC</summary>

    - ✅ volume data came back

    </details>

    <a href="https://x/drill.yml">Run the workflow again</a>

    <sub>Host nas · <a href="https://x/1">report and logs</a> · <a href="https://x/config.yml">config.yml</a></sub>
    "
  `)
})

test('strangers read no words of the container', () => {
  const report = drillReport({ result: 'failed', instances: [failed] })
  expect(page({ report })).toContain('no such file')
  expect(page({ report, isPublic: true })).not.toContain('no such file')
})

test('the chart begins with the second drill that came to an end, and has the newest at the right', () => {
  const history = [
    pastDrill({ startedAt: '2026-11-28T04:00:00.000Z', restoreSeconds: 3 }),
    pastDrill({ startedAt: '2026-11-21T04:00:00.000Z', restoreSeconds: null, verdict: 'inconclusive' }),
    pastDrill({ startedAt: '2026-11-14T04:00:00.000Z', restoreSeconds: 1.26 }),
  ]
  const shown = (many: number) =>
    page({ report: drillReport({ instances: [drilled({ history: history.slice(0, many) })] }) })
  expect(shown(2)).not.toContain('xychart')
  expect(shown(3)).toContain('line [1.3, 3.0]')
  expect(shown(3)).toContain('last 2 drills (11-14 to 11-28), in seconds')
  expect(shown(3)).toContain('x-axis ["1", "2"]')
  expect(shown(3)).toContain('y-axis "s" 0 --> 4')
  const many = Array.from({ length: 9 }, (_, index) => pastDrill({ startedAt: `2026-11-1${9 - index}T04:00:00.000Z` }))
  expect(page({ report: drillReport({ instances: [drilled({ history: many })] }) })).toContain(
    'last 9 drills (11-11 to 11-19), in seconds</summary>\n\n```mermaid',
  )
})

test('nothing to drill, errors, and a page that does not fit', () => {
  expect(page({ report: drillReport({ instances: [], result: 'nothing-to-drill' }) })).toBe(
    '### ⏭️ Nothing to drill on nas\n\nNo drill is due now.\n\n<sub>Host nas</sub>\n',
  )
  expect(page({ report: drillReport({ errors: ['a claim was left'] }) })).toContain('a claim was left')
  expect(page({ report: drillReport({ instances: [], errors: ['a claim was left'] }) })).toContain(
    '❌ Nothing was drilled',
  )
  const many = Array.from({ length: 50 }, (_, index) => ({ ...failed, id: `wiki${index}` }))
  const report = drillReport({ result: 'failed', instances: many })
  const short = page({ report, limitBytes: 6_000 })
  expect(Buffer.byteLength(short)).toBeLessThanOrEqual(6_000)
  expect(short).toContain('❌ Drill on nas: 50 failed')
  expect(short).toContain('is in the report')
  expect(page({ report, limitBytes: 10 })).toBe('')
})
