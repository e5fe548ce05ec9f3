import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LineKind, splitLines, type TakeLine } from '../../../src/log/lines.ts'

interface Line extends LineKind {
  readonly text: string
}

function split(limit: number, chunks: readonly (Buffer | string)[]): Line[] {
  const splitter = splitLines(limit)
  const lines: Line[] = []
  const take: TakeLine = (data, start, end, kind) => lines.push({ text: data.toString('utf8', start, end), ...kind })
  for (const chunk of chunks) splitter.write(Buffer.from(chunk as string), take)
  splitter.end(take)
  return lines
}

const shown = (lines: readonly Line[]) =>
  lines.map((line) => `${line.continued ? '+' : ''}${line.text}${line.progress ? '<' : ''}`)

describe('lines', () => {
  test.each([
    ['newlines', 'a\nb\n', ['a', 'b']],
    ['a last line without newline', 'a\nb', ['a', 'b']],
    ['nothing', '', []],
    ['empty lines stay', '\n\na\n\n', ['', '', 'a', '']],
    ['lines of Windows', 'a\r\n\r\nb\r\n', ['a', '', 'b']],
    ['progress', '1%\r2%\r3%\ndone', ['1%<', '2%<', '3%', 'done']],
    ['progress that begins with the return', '\r1%\r2%\n', ['1%<', '2%']],
    ['progress at the end', '1%\r', ['1%<']],
    ['a long line', 'abcdefgh\nij', ['abcde', '+fgh', 'ij']],
    ['a line just long enough', 'abcde\nabcde', ['abcde', 'abcde']],
    ['a long line is cut between characters', 'abc€uro', ['abc', '+€ur', '+o']],
  ])('%s', (_, text, lines) => {
    expect(shown(split(5, [text]))).toEqual(lines)
  })

  test('a character split over two chunks', () => {
    const euro = Buffer.from('€')
    expect(shown(split(50, [euro.subarray(0, 1), euro.subarray(1), '\n']))).toEqual(['€'])
  })

  test('every chunking gives the same lines', () => {
    const pieces = fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', 'é', '€', '😀', '\u0000')
    const bytes = fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((p) => Buffer.from(p.join(''))),
      fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
    )
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 10 }), fc.integer({ min: 4, max: 9 }), (data, cuts, limit) => {
        const borders = [0, ...cuts.map((cut) => cut % (data.length + 1)).sort((a, b) => a - b), data.length]
        const chunks = borders.slice(1).map((end, i) => data.subarray(borders[i], end))
        expect(split(limit, chunks)).toEqual(split(limit, [data]))
      }),
      { numRuns: 3000 },
    )
  })

  test('no text is lost, and no piece is longer than the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const clean = text.replace(/[\r\n]/g, '')
        const lines = split(4, [clean])
        expect(lines.map((line) => line.text).join('')).toBe(Buffer.from(clean).toString())
        expect(lines.every((line) => Buffer.byteLength(line.text) <= 4)).toBe(true)
      }),
    )
  })
})
