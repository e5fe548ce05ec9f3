import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPointId, parsePoints } from '../../../src/restore/points.ts'

test('a line is an id, a time and text', () => {
  const text =
    '3f2a9c1b 2026-11-27T02:00:00Z host nas\n\n20261128-020000 2026-11-28T03:00:00+01:00\nnightly  no time here\n'
  expect(parsePoints(text)).toEqual({
    points: [
      { id: '3f2a9c1b', time: '2026-11-27T02:00:00.000Z', text: 'host nas' },
      { id: '20261128-020000', time: '2026-11-28T02:00:00.000Z', text: '' },
      { id: 'nightly', time: null, text: 'no time here' },
    ],
    unread: 0,
  })
})

test.each(['$(reboot)', '-rf', '"quoted"', '', 'a'.repeat(201), 'a b', '../up'])('%j is no id', (id) => {
  expect(isPointId(id)).toBe(false)
})

test('lines that name no point are counted', () => {
  expect(parsePoints('--- list ---\na 2026-11-27T02:00:00Z\n<b>x</b>\n')).toMatchObject({
    points: [{ id: 'a' }],
    unread: 2,
  })
})

test('only the newest are kept', () => {
  const { points } = parsePoints(Array.from({ length: 3000 }, (_, n) => `p${n} 2026-11-27T02:00:00Z`).join('\n'))
  expect([points.length, points[0]?.id, points.at(-1)?.id]).toEqual([1000, 'p2000', 'p2999'])
})

test('no text makes it throw, and every id can be asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      for (const { id } of parsePoints(text).points) expect(isPointId(id)).toBe(true)
    }),
  )
})
