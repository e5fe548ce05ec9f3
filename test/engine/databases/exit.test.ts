/** Fifty of the runs of `npm run soak`; they lie here since the image with the database servers is made for this folder's tests. */

import { expect, test } from 'vitest'
import { countEndings } from '../../support/endings.ts'
import { testEngine } from '../../support/run.ts'

test('50 runs, some with a copy or a dump, half of them on a busy machine: each process ends', async () => {
  const { ended, failures } = await countEndings({ engine: testEngine(), runs: 50 })
  expect(failures).toEqual([])
  expect(ended).toBe(60) // ten of them with their post
})
