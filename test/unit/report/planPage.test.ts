import { expect, test } from 'vitest'
import { renderPlan } from '../../../src/report/planPage.ts'

test('the time zone of a slot may be broken, since it is wider than a column of a phone', () => {
  const row = {
    ...{ id: 'a', isDue: true, why: 'its slot of 2026-11-28 02:17 UTC has come', slot: null, next: null },
    ...{ nextWords: '2026-11-29 02:17 UTC (03:17 Europe/Berlin)', host: 'nas', runsOn: ['nas'] },
    ...{ variables: [], optionalVariables: [], line: 2 },
  }
  const page = { rows: [row], basis: 'x', coverage: null, nodeNameVariables: [], config: null, limitBytes: 10_000 }
  expect(renderPlan(page)).toContain('17 Europe/<wbr>Berlin) |')
})
