import { expect, test } from 'vitest'
import type { PastRun } from '../../../src/outcome.ts'
import { latestFirst } from '../../../src/record/hostRecords.ts'
import {
  credibleStart,
  type InstanceRecord,
  parseRecord,
  RUNS_KEPT,
  recordLabels,
  recordName,
  recordNameFor,
  withDrill,
  withRun,
} from '../../../src/record/recordLabels.ts'
import { pastDrill } from '../report/drills.ts'

const START = Date.parse('2026-11-28T03:00:00.000Z')
const EMPTY: InstanceRecord = {
  instance: 'a',
  repository: 'o/r https://x',
  host: null,
  lastScheduled: null,
  runs: [],
  drills: [],
}
const run = (more: Partial<PastRun> & { readonly at?: number } = {}): PastRun => {
  const { at = START, ...rest } = more
  return {
    startedAt: new Date(at).toISOString(),
    status: 'success',
    isScheduled: true,
    seconds: 12.3,
    bytes: 4567,
    runId: '7',
    attempt: 1,
    ...rest,
  }
}

test('what is written is read again', () => {
  const runs = [
    run(),
    run({ at: START - 1, status: 'died', seconds: null, bytes: null, runId: '', isScheduled: false }),
  ]
  const record = runs.reduceRight(withRun, EMPTY)
  expect(record.lastScheduled).toBe(START)
  expect(parseRecord({ name: recordName('a'), labels: recordLabels(record, 'w') })).toEqual(record)
})

test('a second repository has a record of its own, under a name that no instance of the first can have', () => {
  const other = { ...EMPTY, repository: 'o/other https://x', host: 'nas self-hosted' }
  const name = recordNameFor('a', other.repository)
  expect(name).toMatch(/^marina-record\.[0-9a-f]{12}-a$/)
  expect(parseRecord({ name, labels: recordLabels(other, 'w', name) })).toEqual(other)
  expect(parseRecord({ name, labels: recordLabels(EMPTY, 'w', name) })).toBeNull()
  expect(parseRecord({ name, labels: recordLabels(other, 'w') })).toBeNull()
})

test.each([
  ['another name', 'other', {}],
  ['no label', recordName('a'), { 'dev.polarfox.marina-action.kind': 'staging' }],
  ['another version', recordName('a'), { 'dev.polarfox.marina-action.version': '2' }],
])('a volume with %s is none of ours', (_, name, labels) => {
  expect(parseRecord({ name, labels: { ...recordLabels(EMPTY, 'w'), ...labels } })).toBeNull()
})

test('a run that cannot be read is left out, the rest is read', () => {
  const labels = { ...recordLabels(withRun(EMPTY, run()), 'w'), 'dev.polarfox.marina-action.run.01': 'nonsense' }
  expect(parseRecord({ name: recordName('a'), labels })?.runs).toHaveLength(1)
})

test('the latest runs are kept, and each once: the end that was seen goes before what a sweeper finds', () => {
  let record = EMPTY
  for (let index = 0; index < RUNS_KEPT + 5; index += 1) record = withRun(record, run({ at: START + index * 1000 }))
  expect(record.runs).toHaveLength(RUNS_KEPT)
  const again = withRun(record, run({ at: START + (RUNS_KEPT + 4) * 1000, status: 'died' }))
  expect(again.runs[0]?.status).toBe('success')
})

test('a start by hand serves no slot; a dead run takes no later start back; a wrong clock is forgotten', () => {
  const known = { ...EMPTY, lastScheduled: START }
  expect(withRun(known, run({ at: START + 1, isScheduled: false })).lastScheduled).toBe(START)
  expect(withRun(known, run({ at: START - 1, status: 'died' })).lastScheduled).toBe(START)
  const year = { ...EMPTY, lastScheduled: START + 365 * 86_400_000 }
  expect(credibleStart(year, START)).toBeNull()
  expect(credibleStart(known, START)).toBe(START)
  expect(withRun(year, run()).lastScheduled).toBe(START)
})

test('drills are written and read beside the runs, and neither counts as the other', () => {
  const drills = [
    pastDrill(),
    pastDrill({
      ...{ startedAt: '2026-11-27T04:00:00.000Z', verdict: 'nothing-to-drill', isScheduled: false },
      ...{ ageSeconds: null, restoreSeconds: null, runId: '', attempt: 2 },
    }),
  ] as const
  const record = drills.reduceRight(withDrill, withRun(EMPTY, run({ isScheduled: false })))
  expect(record).toMatchObject({ drills, lastScheduled: null, runs: [run({ isScheduled: false })] })
  expect(parseRecord({ name: recordName('a'), labels: recordLabels(record, 'w') })).toEqual(record)
})

test.each(['2026-11-28T04:00:00.000Z green schedule 1 1 7 1', 'never proven schedule 1 1 7 1', ''])(
  'a drill that cannot be read is left out: %s',
  (text) => {
    const labels = { ...recordLabels(withDrill(EMPTY, pastDrill()), 'w'), 'dev.polarfox.marina-action.drill.01': text }
    expect(parseRecord({ name: recordName('a'), labels })?.drills).toEqual([pastDrill()])
  },
)

test('the latest drills are kept, whatever their order', () => {
  let record = EMPTY
  const at = (index: number) => pastDrill({ startedAt: new Date(START - index * 1000).toISOString() })
  for (let index = 0; index < RUNS_KEPT + 5; index += 1) record = withDrill(record, at(index))
  expect(record.drills).toHaveLength(RUNS_KEPT)
  expect(record.drills[0]).toEqual(at(0))
})

test('of two records for one instance, that with the latest run counts, and of two without runs that with the latest drill', () => {
  const runs = { ...EMPTY, runs: [run()] }
  const older = { ...EMPTY, runs: [run({ at: START - 1000 })] }
  const drill = { ...EMPTY, drills: [pastDrill()] }
  const olderDrill = { ...EMPTY, drills: [pastDrill({ startedAt: '2026-11-20T04:00:00.000Z' })] }
  const all = [EMPTY, olderDrill, drill, older, runs]
  expect(all.toSorted(latestFirst)).toEqual([runs, older, drill, olderDrill, EMPTY])
  expect(all.toReversed().toSorted(latestFirst)).toEqual([runs, older, drill, olderDrill, EMPTY])
  expect(latestFirst(EMPTY, EMPTY)).toBe(0)
})
