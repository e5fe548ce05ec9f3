import { expect, test } from 'vitest'
import { engineOf } from '../../../src/databases/engines.ts'
import { collectWarnings } from '../../../src/dump/warnings.ts'

const postgres = engineOf('postgres')
const PLAN = postgres.plan({
  kind: 'postgres',
  tools: new Map([['pg_dumpall', '']]),
  databases: [],
  given: postgres.extractSecrets([]),
  command: [],
  env: [],
})

function collected(...lines: string[]): readonly string[] {
  const warnings = collectWarnings(PLAN)
  for (const line of lines) warnings.add(line)
  return warnings.list()
}

test('details and hints belong to their line', () => {
  expect(
    collected(
      'pg_dump: warning: there are circular foreign-key constraints on this table:',
      'pg_dump: detail: loop',
      'pg_dump: hint: You might not be able to restore the dump without using --disable-triggers.',
      'pg_dump: reading extensions',
      'pg_dump: detail: of a line that is no warning',
      'WARNING:  database "app" has a collation version mismatch',
      'DETAIL:  The database was created using collation version 2.31.',
      'HINT:  Rebuild all objects in this database.',
      'mysqldump: Warning: a partial dump',
    ),
  ).toEqual([
    'pg_dump: warning: there are circular foreign-key constraints on this table: pg_dump: detail: loop pg_dump: hint: You might not be able to restore the dump without using --disable-triggers.',
    'WARNING:  database "app" has a collation version mismatch DETAIL:  The database was created using collation version 2.31. HINT:  Rebuild all objects in this database.',
    'mysqldump: Warning: a partial dump',
  ])
})

test.each`
  what                              | line                                 | warnings
  ${'behind progress'}              | ${'10%\r 50%\rWARNING: a loop'}      | ${['WARNING: a loop']}
  ${'written over by progress'}     | ${'WARNING: a loop\r100%'}           | ${['WARNING: a loop']}
  ${'ended as on Windows'}          | ${'WARNING: a loop\r'}               | ${['WARNING: a loop']}
  ${'with its detail behind'}       | ${'WARNING: a loop\rDETAIL: of a\r'} | ${['WARNING: a loop DETAIL: of a']}
  ${'two, written over each other'} | ${'WARNING: a\rWARNING: b'}          | ${['WARNING: a', 'WARNING: b']}
  ${'none, but progress'}           | ${'10%\r50%\r100%'}                  | ${[]}
`('a warning $what is shown without carriage returns', ({ line, warnings }) => {
  expect(collected(line)).toEqual(warnings)
})

test('after 20, the rest is counted; their details are not', () => {
  const lines = Array.from({ length: 25 }, (_, i) => [`WARNING: ${i}`, `DETAIL: of ${i}`]).flat()
  const warnings = collected(...lines)
  expect(warnings).toHaveLength(21)
  expect(warnings[19]).toBe('WARNING: 19 DETAIL: of 19')
  expect(warnings[20]).toBe("and 5 more: the instance's log has them all")
})
