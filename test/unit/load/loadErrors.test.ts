import { expect, test } from 'vitest'
import { collectErrors } from '../../../src/load/loadErrors.ts'

test('the first error is kept with what explains it, not the notices around it and not the errors behind it', () => {
  const errors = collectErrors((line) => line.includes('ERROR:'))
  for (const line of ['NOTICE:  a', 'psql:1: ERROR:  no', 'DETAIL:  why', 'CONTEXT:  row', 'psql:2: ERROR:  other'])
    errors.add(line)
  expect(errors.words()).toBe('psql:1: ERROR:  no DETAIL:  why')
})

test('without an error there are no words', () => {
  const errors = collectErrors(() => false)
  errors.add('NOTICE:  a')
  expect(errors.words()).toBe('')
})
