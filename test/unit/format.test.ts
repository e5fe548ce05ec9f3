import { expect, test } from 'vitest'
import { bytes, count, joinSentences, minute, seconds, withoutEnd } from '../../src/format.ts'

test.each([
  [0, '0.0 s'],
  [0.44, '0.4 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [185, '3 min 5 s'],
  [3599.6, '1 h'],
  [7800, '2 h 10 min'],
  [86399, '1 d'],
  [100_800, '1 d 4 h'],
])('%d seconds are %s', (value, text) => expect(seconds(value)).toBe(text))

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9951, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [785_000_000, '785 MB'],
  [2.5e15, '2.5 PB'],
  [2.5e18, '2500 PB'],
])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text))

test('counts and minutes', () => {
  expect([count(1, 'instance'), count(0, 'instance')]).toEqual(['1 instance', '0 instances'])
  expect(minute('2026-11-25T04:00:00.000Z')).toBe('2026-11-25 04:00 UTC')
})

test.each([
  [['a', 'b'], 'a; b'],
  [['a: b', 'Did you mean "x"?', 'c'], 'a: b; Did you mean "x"? c'],
  [['It ends.', 'b'], 'It ends. b'],
  [['a'], 'a'],
  [[], ''],
])('%j are one text', (sentences, text) => expect(joinSentences(sentences)).toBe(text))

test.each([
  ['Is the docker daemon running?', 'Is the docker daemon running'],
  ['no such host.\n', 'no such host'],
  ['(see "x")', '(see "x")'],
  ['...', ''],
])('%j, with which a sentence of ours goes on, is %j', (text, bare) => expect(withoutEnd(text)).toBe(bare))
