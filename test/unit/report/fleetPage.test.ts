/** The summary of a fleet: what a person reads, and that it stays below its limit with each failure on it. */
import { expect, test } from 'vitest'
import type { InstanceReport, RunReport } from '../../../src/outcome.ts'
import { type FleetHost, type FleetJobs, joinFleet, parseReport, slimReport } from '../../../src/report/fleet.ts'
import { renderFleet } from '../../../src/report/fleetPage.ts'
import { cpuTime } from '../../support/cpuTime.ts'
import { failed, instance, report, target } from './reports.ts'

const LINKS = {
  server: 'https://github.com',
  takesInstances: true,
  workflow: 'https://github.com/o/r/actions/workflows/backup.yml',
  config: 'https://github.com/o/r/blob/0123456/config.yml',
  report: null,
  logs: null,
}
const MIB = 1024 * 1024
const OPTIONS = { limitBytes: MIB, allowPartial: false, links: LINKS }
const FACTS = { repository: 'o/r', runUrl: null, runId: '5', attempt: 1, configFile: 'config.yml' }

function page(hosts: readonly FleetHost[], jobs: Partial<FleetJobs> = {}, limitBytes = MIB): string {
  const given = {
    plan: 'success',
    backup: 'failure',
    attempt: 1,
    hosts: hosts.map(({ name }) => name),
    ...jobs,
  } as const
  return renderFleet(joinFleet(given, hosts, FACTS, false), { ...OPTIONS, limitBytes })
}

const host = (name: string, instances: readonly InstanceReport[], changes: Partial<RunReport> = {}): FleetHost => ({
  name,
  report: report({
    result: instances.some(({ status }) => status === 'failed') ? 'failed' : 'success',
    instances,
    ...changes,
  }),
  missing: null,
})
const gone = (name: string, due: readonly string[] = []): FleetHost => ({
  name,
  report: null,
  missing: 'its job was killed',
  due,
})

test('of a good night', () => {
  const text = page([host('nas', [instance({ id: 'documents' })]), host('web', [instance({ id: 'shop' })])], {
    backup: 'success',
  })
  expect(text).toMatchInlineSnapshot(`
    "### ✅ 2 hosts: all 2 backups done in 1 min 20 s

    | | host | backups | time |
    |---|---|---|---:|
    | ✅ | <b>nas</b> | 1 of 1 done | 1 min 20 s |
    | ✅ | <b>web</b> | 1 of 1 done | 1 min 20 s |

    | | backup | what | time |
    |---|---|---|---:|
    | ✅ | <b>documents</b> | 1 volume 1.2 MB copied | 1 min 15 s |
    | ✅ | <b>shop</b> | 1 volume 1.2 MB copied | 1 min 15 s |

    <sub>Begun 2026-11-24 18:00 UTC · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a></sub>
    "
  `)
})

test('of a bad night', () => {
  const text = page([
    host('nas', [instance({ id: 'documents' }), failed('photos', 'no route to host')]),
    host('web', [failed('shop', 'no route to host'), instance({ id: 'blog', notUp: ['blog-1'] })]),
    host('old', [], { result: 'nothing-due' }),
    gone('pi', ['garden', 'lights']),
  ])
  expect(text).toMatchInlineSnapshot(`
    "### ❌ 1 of 4 hosts gave no report: pi; 2 of 4 backups failed: photos, shop

    > [!CAUTION]
    > There is no report of host pi (its job was killed), so nothing tells that its backups were made: garden, lights

    > [!CAUTION]
    > <b>photos</b>, <b>shop</b>: no route to host

    Applications: <b>not up again: <code>web: blog-1</code></b>. <b><a href="https://github.com/o/r/actions/workflows/backup.yml">Run again</a></b> with <code>photos,shop</code>

    <details open><summary>Failed or incomplete, by host</summary>

    <pre>
    nas:
      photos
    web:
      shop
    pi, no report:
      garden, lights
    </pre>

    </details>

    | | host | backups | time |
    |---|---|---|---:|
    | ❌ | <b>nas</b> | 1 of 2 done, 1 failed | 1 min 20 s |
    | ❌ | <b>web</b> | 1 of 2 done, 1 failed | 1 min 20 s |
    | ❓ | <b>pi</b> | <b>no report</b> | – |
    | 💤 | <b>old</b> | nothing was due | 1 min 20 s |

    | | backup | what | time |
    |---|---|---|---:|
    | ❌ | <b>photos</b> | failed while your script ran, 1 volume 1.2 MB copied | 1 min 15 s |
    | ❌ | <b>shop</b> | failed while your script ran, 1 volume 1.2 MB copied | 1 min 15 s |
    | ✅ | <b>documents</b> | 1 volume 1.2 MB copied | 1 min 15 s |
    | ✅ | <b>blog</b> | 1 volume 1.2 MB copied | 1 min 15 s |

    <sub>Begun 2026-11-24 18:00 UTC · <a href="https://github.com/o/r/blob/0123456/config.yml">config.yml</a></sub>
    "
  `)
})

test.each<[string, readonly FleetHost[], Partial<FleetJobs>, RegExp]>([
  [
    'the plan failed',
    [],
    { plan: 'failure', backup: 'skipped' },
    /^### ❌ the plan failed, so that no backup was started\n/,
  ],
  ['the plan was cancelled', [], { plan: 'cancelled', backup: 'skipped' }, /^### 🚫 the plan was cancelled/],
  ['nothing was due', [], { backup: 'skipped' }, /^### 💤 0 hosts: nothing was due/],
  ['one host, no report', [gone('nas')], {}, /^### ❌ 1 host gave no report: nas\n/],
  [
    'a job failed without a word',
    [host('nas', [instance()])],
    {},
    /^### ❌ a backup job failed, although the report of every host is good; 1 backup done/,
  ],
  [
    'no report of one, an old application down on the other',
    [gone('nas'), host('web', [instance()], { result: 'failed', errors: ['db is down'] })],
    {},
    /^### ❌ 1 of 2 hosts gave no report: nas; an application that an earlier run stopped is not up; 1 of 1 backup done/,
  ],
])('the heading where %s', (_, hosts, jobs, expected) => {
  expect(page(hosts, jobs)).toMatch(expected)
})

test('the row of a host says what its own errors are about', () => {
  const row = (...errors: string[]) => page([host('nas', [instance()], { result: 'failed', errors })])
  const uncovered = 'volume a is in no backup. coverage: enforce makes this an error'
  expect(row('db is down')).toContain('1 of 1 done, <b>an application of an earlier run is not up</b>')
  expect(row(uncovered)).toContain('1 of 1 done, <b>something is, or may be, in no backup</b>')
  expect(row(uncovered, 'db is down')).toContain('<b>an application of an earlier run is not up</b>')
})

test('where a report is missing, the page does not say that every application is up', () => {
  const stopped = instance({ id: 'a', downtimeSeconds: 3 })
  const failing = failed('b', 'no route')
  expect(page([host('nas', [stopped, failing])])).toContain('Applications: all are up again.')
  expect(page([host('nas', [stopped, failing]), gone('web')])).not.toContain('all are up')
})

test('names of hosts and texts of reports cannot become markup', () => {
  const text = page([host('<b>x</b> | @you', [failed('a', '<img src=x> | [x](y)')]), gone('`a`')])
  expect(text.replace(/<pre>[\s\S]*?<\/pre>/g, '')).not.toMatch(/<img|@you|\[x\]\(y\)|`a`|<b>x/)
})

/** A fleet of 200 hosts with 50 instances each. `isBad` chooses those that failed. */
function large(isBad: (number: number) => boolean, id = (number: number) => `host-${number % 200}-volume-${number}`) {
  const words = (number: number) =>
    `the upload of part ${number} ended with "connection reset by peer" after 3 attempts`
  const one = (number: number) =>
    isBad(number)
      ? failed(
          id(number),
          words(number),
          Array.from({ length: 20 }, (_, line) => `${line} of ${number}: ${'x'.repeat(150)}`),
        )
      : instance({
          id: id(number),
          targets: [target(), target({ name: 'more' })],
          tail: Array(20).fill('y'.repeat(150)),
        })
  return Array.from({ length: 200 }, (_, at) =>
    host(
      `host-${at}`,
      Array.from({ length: 50 }, (_, item) => one(at + item * 200)),
    ),
  )
}

test.each<[string, (number: number) => boolean]>([
  ['none', () => false],
  ['one', (number) => number === 4711],
  ['one of each host', (number) => number < 200],
  ['one in ten', (number) => number % 10 === 3],
  ['all', () => true],
])('200 reports with 10,000 backups, of which %s failed: one page below 1 MiB with each failure', (_, isBad) => {
  const texts = large(isBad).map(({ name, report: one }) => ({ name, text: JSON.stringify(one) }))
  const spent = cpuTime()
  const hosts = texts.map(({ name, text }): FleetHost => {
    const read = parseReport(text)
    if (typeof read === 'string') throw new Error(read)
    return { name, report: slimReport(read), missing: null }
  })
  const text = page(hosts)
  expect(spent()).toBeLessThan(20_000)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MIB)
  for (let number = 0; number < 10_000; number++)
    if (isBad(number)) expect(text).toMatch(new RegExp(`\\b${`host-${number % 200}-volume-${number}`}\\b`))
})

test('10,000 failures with the longest ids that there are still have each id on the page', () => {
  const id = (number: number) => `${'a_'.repeat(29)}${String(number).padStart(5, '0')}`
  const text = page(large(() => true, id))
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MIB)
  for (let number = 0; number < 10_000; number++) expect(text.includes(id(number)), id(number)).toBe(true)
})

test('200 hosts without a report are each named', () => {
  const hosts = Array.from({ length: 200 }, (_, at) => gone(`host-${at}-of-the-fleet`))
  const text = page(hosts)
  for (const { name } of hosts) expect(text).toContain(`of host ${name} `)
})

test('a page for little room is cut, and one for none is empty', () => {
  const hosts = large((number) => number % 100 === 0)
  for (const limit of [100_000, 20_000, 4_000, 1_000, 100, 10, 0])
    expect(Buffer.byteLength(page(hosts, {}, limit))).toBeLessThanOrEqual(limit)
  expect(page(hosts, {}, 1_000)).toMatch(/^### ❌/)
})
