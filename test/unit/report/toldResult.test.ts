/** What images told of their backups, on the page: sizes, names and links in the table, the rest in a fold, nothing of strangers' words as markup. */
import { expect, test } from 'vitest'
import type { ImageResult, TargetReport } from '../../../src/outcome.ts'
import { backupTables, targetFold } from '../../../src/report/backupTable.ts'
import { parseReport } from '../../../src/report/fleet.ts'
import { publicPage, withoutLines } from '../../../src/report/publicPage.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { toldFold } from '../../../src/report/toldResult.ts'
import { instance, report, target } from './reports.ts'

const mounted = target({ staging: 'mount', files: null, bytes: null })
const dumped = target({ kind: 'db', name: 'pg', staging: 'dump', bytes: 51_000 })
const ALL: ImageResult = {
  ...{ bytes: 3_200_000_000, files: 20_001, addedBytes: 12_300_000, snapshot: '3f2a9c1b' },
  ...{ url: 'https://s.example/b?id=3&x=1', text: 'kept 7 daily', metrics: { ratio: 1.5, new: 0 } },
}

function whatOf(result: ImageResult | undefined, targets: readonly TargetReport[] = [mounted]): string {
  const one = instance({ targets, ...(result === undefined ? {} : { result }) })
  const [table = ''] = backupTables(report({ instances: [one] }), { allowPartial: false, rows: 9 })
  return (table.split('\n')[2]?.split(' | ')[2] ?? '').replaceAll('\u00a0', ' ').replaceAll('<wbr>', '')
}

test.each<[string, ImageResult | undefined, readonly TargetReport[], string]>([
  ['nothing told', undefined, [mounted], '1 volume read in place'],
  ['a mounted volume has the size', { bytes: 3_200_000_000 }, [mounted], '1 volume 3.2 GB read in place'],
  ['several have it together', { bytes: 5 }, [mounted, mounted], '2 volumes 5 B read in place'],
  [
    'beside a dump it is the whole',
    { bytes: 70_000 },
    [mounted, dumped],
    '1 database 51 kB, 1 volume read in place, 70 kB in all',
  ],
  ['what was counted needs none', { bytes: 70_000 }, [target()], '1 volume 1.2 MB copied'],
  ['without targets it is the whole', { bytes: 0 }, [], '0 B in all'],
  ['without targets or sizes', { files: 3 }, [], 'no targets'],
  ['added', { addedBytes: 0 }, [mounted], '1 volume read in place, 0 B added'],
  ['a long name is cut', { snapshot: 'ab'.repeat(32) }, [], 'snapshot abababababab'],
  ['a name of words is not', { snapshot: 'nas-2026-11-28T04:00' }, [], 'snapshot nas-2026-11-28T04&#58;00'],
  ['an address alone', { url: 'https://s.example/1' }, [], '<a href="https://s.example/1">details</a>'],
  [
    'all',
    ALL,
    [mounted],
    '1 volume 3.2 GB read in place, 12 MB added, snapshot <a href="https://s.example/b?id=3&#38;x=1">3f2a9c1b</a>',
  ],
])('%s', (_, result, targets, shown) => {
  expect(whatOf(result, targets)).toBe(shown)
})

test('the only target that is mounted shows the size in its own row, one of several does not', () => {
  const rows = (targets: readonly TargetReport[]) =>
    targetFold(report({ instances: [instance({ targets, result: { bytes: 3_200_000 } })] }), 9)
      .join('')
      .replaceAll('\u00a0', ' ')
  expect(rows([mounted])).toContain('| read in place, 3.2 MB |')
  expect(rows([mounted, dumped])).toContain('| read in place |')
})

test('the fold has texts, files and numbers; none without them', () => {
  expect(toldFold(report({ instances: [instance(), instance({ id: 'b', result: ALL })] }), 9)).toMatchInlineSnapshot(`
    [
      "<details><summary>What the images told</summary>

    | backup | told by its image |
    |---|---|
    | <b>b</b> | kept 7 daily<br>20001 files<br>ratio: 1.5<br>new: 0 |

    </details>",
    ]
  `)
  expect(toldFold(report({ instances: [instance({ result: { bytes: 1, snapshot: 'a' } })] }), 9)).toEqual([])
  expect(toldFold(report({ instances: [instance({ notices: ['size is no | number'] })] }), 9).join('')).toContain(
    '<b>files</b> | ℹ️ size is no &#124; number |',
  )
  const many = Array.from({ length: 5 }, (_, at) => instance({ id: `b${at}`, result: { files: 1 } }))
  expect(toldFold(report({ instances: many }), 3).join('')).toContain('_And 2 more backups, in the report._')
  expect(toldFold(report({ instances: many }), 0)).toEqual([])
})

test('words of the image cannot be markup, nor end their cell', () => {
  const evil = '</td>|<img src=x> [a](javascript:x) @all `c`'
  const result: ImageResult = { snapshot: evil, text: evil, metrics: { [evil]: 1 }, url: 'javascript:alert(1)' }
  const text = renderSummary(report({ instances: [instance({ result })] }), {
    ...{ publicRepository: false, logDirectory: '/t', limitBytes: 100_000, allowPartial: false },
    ...{ runner: null, version: null },
    links: { server: null, takesInstances: false, workflow: null, config: null, report: null, logs: null },
  })
  expect(text).not.toMatch(/<img|<\/td>|\[a\]|href|@all|`c`/)
  for (const line of text.split('\n').filter((one) => one.startsWith('| ') && one.includes('img')))
    expect(line.match(/ \| /g)?.length).toBeLessThanOrEqual(3)
})

test('strangers see sizes only, as do readers of a report without logs', () => {
  const one = instance({ result: ALL })
  const sizes = { bytes: 3_200_000_000, files: 20_001, addedBytes: 12_300_000 }
  expect(publicPage(report({ instances: [one] }), true).instances[0]?.result).toEqual(sizes)
  expect(publicPage(report({ instances: [one] }), false).instances[0]?.result).toEqual(ALL)
  expect(withoutLines(one).result).toEqual(sizes)
  expect(withoutLines(instance())).not.toHaveProperty('result')
})

test('a report of a host is read with it, and refused where it is broken', () => {
  const read = (result: unknown) =>
    parseReport(JSON.stringify(report({ instances: [{ ...instance(), result } as never] })))
  expect(read(ALL)).toMatchObject({ instances: [{ result: ALL }] })
  for (const bad of [null, 7, { bytes: '1' }, { text: 1 }, { metrics: [1] }, { metrics: { a: 'b' } }])
    expect(read(bad)).toBe('it lacks a part')
})
