import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listTail } from '../../../src/restore/listTail.ts'
import { parsePoints } from '../../../src/restore/points.ts'

test('the newest point of a list that is too long is kept, and no line is cut', () => {
  const lines = Array.from({ length: 40_000 }, (_, n) => `p${n} 2026-11-27T02:00:00Z host nas, the point ${n}`)
  const tail = listTail()
  const list = Buffer.from(`${lines.join('\n')}\n`)
  for (let at = 0; at < list.length; at += 50_000) tail.add(list.subarray(at, at + 50_000))
  const { text, isCut } = tail.end()
  expect(isCut).toBe(true)
  const { points, unread } = parsePoints(text)
  expect([points.at(-1)?.id, unread]).toEqual(['p39999', 0])
  expect(text.split('\n')[0]).toMatch(/^p\d+ 2026-11-27T02:00:00Z host nas, the point \d+$/)
})

test('any text in any pieces: whole lines of its end', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', '\n'), maxLength: 30 })), (pieces) => {
      const tail = listTail(40)
      for (const piece of pieces) tail.add(Buffer.from(piece))
      const whole = pieces.join('')
      const { text, isCut } = tail.end()
      expect(isCut).toBe(Buffer.byteLength(whole) > 40)
      expect(whole.endsWith(text)).toBe(true)
      if (!isCut) expect(text).toBe(whole)
      else if (text !== '') expect(whole.at(whole.length - text.length - 1)).toBe('\n')
    }),
  )
})
