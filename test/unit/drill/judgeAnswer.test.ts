import { expect, test } from 'vitest'
import { judgeAnswer } from '../../../src/drill/judgeAnswer.ts'

const ANY = { equals: null, atLeast: null, atMost: null, matches: null }

test.each([
  [{ equals: '5' }, '5', true, '"5"'],
  [{ equals: '5' }, '5.0', false, '"5.0", and must be "5"'],
  [{ equals: 'a\nb' }, 'a\nb', true, '"a\nb"'],
  [{ equals: '' }, '', true, 'nothing'],
  [{ equals: 'x' }, '', false, 'nothing, and must be "x"'],
  [{ atLeast: 5 }, '5', true, '"5"'],
  [{ atLeast: 5 }, '4.9', false, '"4.9", and must be 5 at least'],
  [{ atMost: 5 }, ' 5 ', true, '" 5 "'],
  [{ atMost: 5 }, '6', false, '"6", and must be 5 at most'],
  [{ atLeast: -3, atMost: 3 }, '-2', true, '"-2"'],
  [{ atLeast: 1, atMost: 3 }, '9', false, 'must be 3 at most'],
  [{ atLeast: 1 }, '', false, 'nothing, and must be a number'],
  [{ atLeast: 1 }, '12 rows', false, '"12 rows", and must be a number'],
  [{ atMost: 1 }, '0x1', false, 'must be a number'],
  [{ atMost: 1 }, '1\n2', false, 'must be a number'],
  [{ matches: '^2026-' }, '2026-11-28', true, '"2026-11-28"'],
  [{ matches: '^2026-' }, '2025', false, '"2025", and must match ^2026-'],
  [
    { equals: '1', atLeast: 5, matches: 'x' },
    '2',
    false,
    '"2", and must be "1", and must be 5 at least, and must match x',
  ],
])('%j of %j: %s', (wanted, answer, passed, words) => {
  const judged = judgeAnswer({ ...ANY, ...wanted }, answer)
  expect(judged.passed).toBe(passed)
  expect(judged.words).toContain(words)
})

test('a long answer is quoted in part', () => {
  const { words } = judgeAnswer({ ...ANY, equals: 'a' }, 'b'.repeat(10_000))
  expect(words.length).toBeLessThan(300)
  expect(words).toContain('…')
})
