/** The page of a restore: what came back, and of one that failed what its state is and where to look. */
import { expect, test } from 'vitest'
import type { RestoreReport } from '../../../src/outcome.ts'
import { renderRestore, untouched } from '../../../src/report/restorePage.ts'
import { instance } from './reports.ts'

const LINKS = {
  workflow: 'https://x/restore.yml',
  config: 'https://x/config.yml',
  report: 'https://x/1',
  logs: 'https://x/2',
}

function restoreReport(changes: Partial<RestoreReport> = {}): RestoreReport {
  return {
    version: 1,
    result: 'failed',
    dryRun: false,
    host: 'nas',
    repository: 'o/r',
    runUrl: null,
    configFile: 'config.yml',
    into: 'place',
    point: 'latest',
    backupOf: null,
    points: [],
    restored: [],
    warnings: [],
    errors: [],
    instance: instance({
      id: 'shop',
      status: 'failed',
      failedPhase: 'run',
      error: 'its script ended with exit code 1',
      line: 7,
    }),
    ...changes,
  }
}

const page = (report: RestoreReport) => renderRestore({ report, links: LINKS, isPublic: false, limitBytes: 100_000 })

test('one that failed says that all is as it was, and leads to its line, its logs and the next try', () => {
  expect(page(restoreReport())).toMatchInlineSnapshot(`
    "### ❌ <code>shop</code> was not restored

    > [!CAUTION]
    > its script ended with exit code 1 (<a href="https://x/config.yml#L7">config.yml line 7</a>)

    **Nothing was replaced, and no application was stopped.**

    <a href="https://x/restore.yml">Run the workflow again</a>

    <sub>Host nas · <a href="https://x/1">report and logs</a> · <a href="https://x/config.yml">config.yml</a></sub>
    "
  `)
})

test('one that succeeded leads to its report', () => {
  const restored = [{ kind: 'volume', name: 'data', to: 'data-restored-1', kept: null } as const]
  const good = restoreReport({ result: 'restored', into: 'new', instance: instance({ status: 'success' }), restored })
  expect(page(good)).toMatch(
    /docker volume rm NAME`\.\n\n<sub>Host nas · <a href="https:\/\/x\/1">report and logs<\/a> · /,
  )
})

test.each<[string, Partial<RestoreReport>, string | null]>([
  ['fetched, into place', {}, 'Nothing was replaced, and no application was stopped'],
  ['fetched, into new', { into: 'new' }, 'Nothing was restored, and the running data was not touched'],
  [
    'not begun',
    { instance: instance({ status: 'failed', failedPhase: null, startedAt: null }) },
    'Nothing was replaced, and no application was stopped',
  ],
  [
    'cancelled while it was fetched',
    { instance: instance({ status: 'cancelled', failedPhase: 'run' }) },
    'Nothing was replaced, and no application was stopped',
  ],
  [
    'brought into place: the error says what is there now',
    { instance: instance({ status: 'failed', failedPhase: 'place' }) },
    null,
  ],
  ['cleaned up', { instance: instance({ status: 'failed', failedPhase: 'release' }) }, null],
  ['listed', { point: '' }, null],
  ['restored, beside an error of the host', { instance: instance({ status: 'success' }) }, null],
])('a restore that failed while it was %s', (_, changes, fate) => {
  expect(untouched(restoreReport(changes))).toBe(fate)
})
