import { expect, test } from 'vitest'
import { showing } from '../../../src/command/postCleanup.ts'
import { openQuotes } from '../../../src/report/quotes.ts'

const message =
  'instance shop: the dump dump.sql was not loaded: psql ended with exit code 3: ERROR: duplicate key, DETAIL: Key (mail)=(ann@example.org); /srv/data/ann.pdf could not be put back'
const quotes = openQuotes((text) => text)
quotes.note('exit code 3: ERROR: duplicate key, DETAIL: Key (mail)=(ann@example.org)', 'exit code 3')

test('the words of a database are never shown, and names of files only where no stranger reads', () => {
  expect(showing({}, quotes.hide)(message)).toBe(
    'instance shop: the dump dump.sql was not loaded: psql ended with exit code 3; /srv/data/ann.pdf could not be put back',
  )
  const strange = { GITHUB_REPOSITORY: 'octo/backups' }
  expect(showing(strange, quotes.hide)(message)).toBe(
    'instance shop: the dump … was not loaded: psql ended with exit code 3; … could not be put back',
  )
})
