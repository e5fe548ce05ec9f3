import { expect, test } from 'vitest'
import { openQuotes } from '../../../src/report/quotes.ts'

test('what a container printed is hidden wherever it stands, redacted or not', () => {
  const quotes = openQuotes((text) => text.replaceAll('hunter2', '***'))
  quotes.note('exit code 3: no hunter2 for Anna', 'exit code 3')
  quotes.note('exit code 3: no', 'exit code 3')
  quotes.note('exit code 4', 'exit code 4')
  quotes.note('; it said last: $& | $1', '')
  expect(quotes.hide('preHook failed: exit code 3: no hunter2 for Anna; and more')).toBe(
    'preHook failed: exit code 3; and more',
  )
  expect(quotes.hide('preHook failed: exit code 3: no *** for Anna')).toBe('preHook failed: exit code 3')
  expect(quotes.hide('exit code 3: no')).toBe('exit code 3')
  expect(quotes.hide('exit code 4. web is down; it said last: $& | $1')).toBe('exit code 4. web is down')
})
