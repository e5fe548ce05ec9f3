import { expect, test } from 'vitest'
import { drillReportSchema } from '../../src/drillReport.ts'
import { drillProblems, isDrillReport } from '../support/drillSchema.ts'
import { drilled, drillReport } from './report/drills.ts'

test('a report is what its published schema says, and nothing more', () => {
  expect(drillProblems(drillReport())).toEqual([])
  expect(drillProblems(drillReport({ instances: [], result: 'nothing-to-drill' }))).toEqual([])
  const empty = drilled({ point: null, backupOf: null, ageSeconds: null, startedAt: null, log: null, checks: [] })
  expect(drillProblems(drillReport({ instances: [empty] }))).toEqual([])
  expect(drillProblems({ ...drillReport(), secret: 1 })).toHaveLength(1)
  expect(drillReportSchema.parse(drillReport())).toEqual(drillReport())
})

test('a file of a later release, with more keys, is taken', () => {
  expect(isDrillReport({ ...drillReport(), more: 1, instances: [{ ...drilled(), more: [] }] })).toBe(true)
})

test.each([
  ['another version', { version: 2 }],
  ['a verdict that is none', { result: 'green' }],
  ['a time in words', { startedAt: 'yesterday' }],
  ['an instance without a verdict', { instances: [{ ...drilled(), verdict: undefined }] }],
  ['a hash that is none', { instances: [drilled({ hashes: [{ target: '', path: 'x', sha256: 'abc' }] })] }],
])('%s is refused', (_, changes) => {
  expect(isDrillReport(JSON.parse(JSON.stringify({ ...drillReport(), ...changes })))).toBe(false)
})
