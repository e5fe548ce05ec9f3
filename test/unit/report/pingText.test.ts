import { expect, test } from 'vitest'
import type { CoverageReport } from '../../../src/outcome.ts'
import { endText, startText, unreportedText } from '../../../src/report/pingText.ts'
import { saysUnchecked, saysUncovered } from '../../../src/report/uncovered.ts'
import { failed, instance, report } from './reports.ts'

test('a failure: the line names what failed, the body each instance, the worst first, and no words of theirs', () => {
  const { line, body } = endText(
    report({ result: 'failed', instances: [instance(), failed('mail', 'secret words', ['container line'])] }),
  )
  expect(line).toBe('failed: 1 of 2 backups: mail')
  expect(body).toBe(
    'failed: 1 of 2 backups: mail\nhost: nas\nrun: https://github.com/o/r/actions/runs/5\nmail: failed\nfiles: success',
  )
})

test.each`
  changes                                                                                        | line
  ${{ result: 'success' }}                                                                       | ${'success: 1 backup done'}
  ${{ result: 'nothing-due', instances: [] }}                                                    | ${'success: nothing was due'}
  ${{ result: 'partial', instances: [instance({ id: 'shop', status: 'partial' }), instance()] }} | ${'partial: 1 of 2 backups incomplete: shop'}
  ${{ result: 'cancelled', instances: [instance(), instance({ status: 'cancelled' })] }}         | ${'cancelled: 1 of 2 backups done'}
  ${{ result: 'failed', errors: ['web is down'] }}                                               | ${'failed: an application is not up'}
`('$line', ({ changes, line }) => {
  expect(endText(report(changes)).line).toBe(line)
})

test('a run that failed for its coverage alone does not speak of an application', () => {
  const lineOf = (coverage: CoverageReport) => {
    const errors = [saysUncovered(coverage, 'nas'), saysUnchecked(coverage)].flatMap((error) => error ?? [])
    return endText(report({ result: 'failed', errors, coverage })).line
  }
  const base = { mode: 'enforce', objects: [], problem: null } as const
  expect(lineOf({ ...base, objects: [{ kind: 'volume', name: 'a', dataOf: null }] })).toBe(
    'failed: 1 volume is in no backup',
  )
  expect(lineOf({ ...base, problem: 'no answer' })).toBe('failed: it could not be checked what is in no backup')
})

test('ten thousand instances: a line of an address, a body of at most 10 kB that says how many it leaves out', () => {
  const instances = Array.from({ length: 10_000 }, (_, i) => failed(`backup-${i}`, 'x'))
  const { line, body } = endText(report({ result: 'failed', instances, host: '名'.repeat(30) }))
  expect(line.length).toBeLessThanOrEqual(200)
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(10_000)
  const listed = body.match(/: failed$/gm)?.length ?? 0
  expect(listed).toBeGreaterThan(300)
  expect(body).toMatch(new RegExp(`\\nand ${10_000 - listed} more$`))
})

test('the start, and an end without a report', () => {
  expect(startText({ host: 'nas', runUrl: null }, ['a', 'b']).body).toBe('started: 2 backups\nhost: nas\na\nb')
  expect(unreportedText('https://f/1', 'cancelled').body).toBe('cancelled\nrun: https://f/1')
})
