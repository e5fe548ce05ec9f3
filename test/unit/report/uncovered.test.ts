/** How people are told what is in no backup. */
import { expect, test } from 'vitest'
import type { CoverageReport, UncoveredObject } from '../../../src/outcome.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { isCoverageBroken, saysUnchecked, saysUncovered, uncoveredFold } from '../../../src/report/uncovered.ts'
import { verdictLine } from '../../../src/report/verdict.ts'
import { report } from './reports.ts'

const volume = (name: string, dataOf: string | null = null): UncoveredObject => ({ kind: 'volume', name, dataOf })
const db = (name: string): UncoveredObject => ({ kind: 'db', name, dataOf: null })
const found = (...objects: UncoveredObject[]): CoverageReport => ({ mode: 'report', objects, problem: null })
const enforced = (coverage: CoverageReport): CoverageReport => ({ ...coverage, mode: 'enforce' })

test('a sentence names ten at most, and says what to do', () => {
  expect(saysUncovered(found(), 'nas')).toBeNull()
  expect(saysUncovered(found(volume('d', 'p'), db('p')), 'nas')).toBe(
    '1 volume and 1 database are in no backup of host nas: volume d (the data of p), database container p. Add each to the targets of an instance (- volume: NAME, - db: NAME), or give what needs no backup the label dev.polarfox.marina.enabled=false. coverage: off at the top of the configuration ends this notice',
  )
  expect(saysUncovered(found(volume('d')), 'nas')).toMatch(/^1 volume is in no backup of host nas: volume d\. Add/)
  const many = Array.from({ length: 12 }, (_, index) => volume(`v${index}`))
  expect(saysUncovered(found(...many), 'nas')).toMatch(/^12 volumes are .* volume v9 and 2 more\. Add/)
})

test('a fold names them, with lines to paste: of a database and its data only the database', () => {
  expect(uncoveredFold(found(), 10)).toEqual([])
  expect(uncoveredFold(null, 10)).toEqual([])
  const [fold = ''] = uncoveredFold(found(volume('a'), volume('d', 'p'), db('p')), 10)
  expect(fold).toContain('<details><summary>📦 2 volumes and 1 database are in no backup</summary>')
  expect(fold).toContain(
    '- volume <code>a</code>\n- volume <code>d</code>, the data of p\n- database container <code>p</code>',
  )
  expect(fold).toMatch(/targets:\n {2}- volume: a\n {2}- db: p\n/)
  expect(uncoveredFold(found(volume('a'), volume('b')), 1)[0]).toContain('- and 1 more, in the report')
  expect(uncoveredFold(found(volume('a')), 0)).toEqual(['📦 1 volume is in no backup, in the report.'])
})

test.each<[string, CoverageReport, boolean]>([
  ['a report', found(volume('a')), false],
  ['all in a backup', enforced(found()), false],
  ['something in none', enforced(found(volume('a'))), true],
  ['not checked', enforced({ ...found(), problem: 'no answer' }), true],
])('what fails a run: %s', (_, coverage, isBroken) => {
  expect(isCoverageBroken(coverage)).toBe(isBroken)
})

test('the verdict is about coverage, unless something else is wrong too', () => {
  const coverage = enforced(found(volume('a')))
  const error = saysUncovered(coverage, 'nas') ?? ''
  const verdict = (...errors: string[]) => verdictLine(report({ result: 'failed', errors, coverage }), false)
  expect(verdict(error)).toBe('### ❌ nas: 1 volume is in no backup; 1 of 1 backup done')
  expect(verdict('application down', error)).toContain('an application that an earlier run stopped is not up')
  const joined = verdictLine(report({ result: 'failed', errors: [`on host nas: ${error}`] }), false)
  expect(joined).toBe('### ❌ nas: something is in no backup; 1 of 1 backup done')
  const unknown = enforced({ ...found(), problem: 'no answer' })
  const dry = report({ result: 'failed', dryRun: true, errors: [saysUnchecked(unknown) ?? ''], coverage: unknown })
  expect(verdictLine(dry, false)).toMatch(/nothing was backed up; it could not be checked what is in no backup$/)
})

test('the page of a run has the fold', () => {
  const links = { server: null, config: null, workflow: null, takesInstances: null, report: null, logs: null } as never
  const options = { publicRepository: false, logDirectory: '/l', limitBytes: 1e6, allowPartial: false, links }
  const page = renderSummary(report({ coverage: found(volume('a')) }), { ...options, runner: null, version: null })
  expect(page).toContain('📦 1 volume is in no backup</summary>')
})
