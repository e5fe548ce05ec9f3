import { expect, test } from 'vitest'
import { lastWords, withLastWords } from '../../../src/report/lastWords.ts'
import { failed, instance } from './reports.ts'

const long = 'x'.repeat(399)

test.each([
  ['one line', ['Fatal: no route to host'], ['Fatal: no route to host']],
  ['the last three', ['a', 'b', 'c', 'd'], ['b', 'c', 'd']],
  ['empty lines say nothing', ['Fatal: oh', '', '  '], ['Fatal: oh']],
  ['the trace of a shell is not the cause', ['+ restic backup', 'Fatal: oh', '+ exit 1', '++ date'], ['Fatal: oh']],
  ['but better than nothing', ['+ restic backup', '+ exit 1'], ['+ restic backup', '+ exit 1']],
  ['no more than a sentence takes', [long, 'the last'], ['the last']],
  ['the last, cut', ['y'.repeat(500)], [`${'y'.repeat(399)}…`]],
  ['the cause, before a clean-up', ['a', 'Fatal: oh', 'b', 'c', 'd', 'e'], ['Fatal: oh', 'b', 'c']],
  ['of a program', ['pg_dump: error: oh', 'b', 'c', 'd'], ['pg_dump: error: oh', 'b', 'c']],
  ['the cause always', ['panic: oh', long, 'c', 'd'], ['panic: oh']],
  ['a later cause', ['Fatal: oh', 'b', 'error: ah', 'd'], ['b', 'error: ah', 'd']],
  [
    'the cause, before what follows from it',
    [
      'tar: /a.tar: Cannot open: No space left on device',
      'a',
      'tar: -: Wrote only 4096 of 10240 bytes',
      'gzip: stdout: Broken pipe',
      'tar: Error is not recoverable: exiting now',
    ],
    ['tar: /a.tar: Cannot open: No space left on device', 'a'],
  ],
  [
    'what may follow, where nothing is the cause',
    [
      'tar: x: file changed as we read it',
      'tar: /a.tar: Wrote only 4096 of 10240 bytes',
      'tar: Error is not recoverable: exiting now',
    ],
    ['tar: x: file changed as we read it', 'tar: /a.tar: Wrote only 4096 of 10240 bytes'],
  ],
  [
    'giving up, where that is all',
    ['tar: Error is not recoverable: exiting now'],
    ['tar: Error is not recoverable: exiting now'],
  ],
  ['nothing', [], []],
])('%s', (_, stderr, words) => {
  expect(lastWords({ stderr })).toEqual(words)
})

const ended = 'its script ended with exit code 7 after 1.8 s'
test.each([
  ['after one clause, a colon', { error: ended, stderr: ['Fatal: oh'] }, `${ended}: Fatal: oh`],
  ['several lines', { error: ended, stderr: ['a', 'b'] }, `${ended}: a | b`],
  [
    'after a colon, a sentence',
    { error: 'it was killed: see its log', stderr: ['oh'] },
    'it was killed: see its log. Its last words on stderr: oh',
  ],
  [
    'of stdout, where that is all',
    { error: ended, stderr: [], tail: ['working', '--- error: disk full', ' '] },
    `${ended}. It wrote nothing to stderr; its last line was: --- error: disk full`,
  ],
  ['it printed nothing', { error: ended, stderr: [], tail: [] }, ended],
  [
    'another phase failed',
    { error: 'no image', failedPhase: 'image' as const, exitCode: null, tail: ['pulling'] },
    'no image',
  ],
])('a failure says why in one sentence: %s', (_, changes, sentence) => {
  expect(withLastWords({ ...failed('a', ''), ...changes })).toBe(sentence)
})

test('one that did not fail says how it ended', () => {
  expect(withLastWords(instance({ status: 'cancelled' }))).toBe('cancelled')
})
