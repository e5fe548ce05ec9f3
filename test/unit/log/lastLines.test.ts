import { expect, test } from 'vitest'
import { createLastLines } from '../../../src/log/lastLines.ts'
import { createRedactor } from '../../../src/secrets/redaction.ts'

const BOUNDS = { lines: 3, lineCharacters: 10, characters: 25 }

function kept(lines: readonly string[], bounds = BOUNDS, secrets: readonly string[] = []) {
  const last = createLastLines(createRedactor(secrets), bounds)
  for (const line of lines) {
    const isProgress = line.endsWith('\r')
    const data = Buffer.from(`>${line}`)
    last.pushLine(data, 1, data.length - (isProgress ? 1 : 0), isProgress)
  }
  return last.lines()
}

test.each([
  ['the last ones', ['a', 'b', 'c', 'd'], ['b', 'c', 'd']],
  ['each cut', ['0123456789abc'], ['012345678…']],
  [
    'all together bounded, the oldest left out',
    ['0123456789', 'abcdefghij', 'klmnopqrst'],
    ['abcdefghij', 'klmnopqrst'],
  ],
  ['progress is replaced by what follows', ['a', '1 %\r', '2 %\r', 'b'], ['a', 'b']],
  ['the last progress stays', ['a', '1 %\r', '2 %\r'], ['a', '2 %']],
  ['without colours', ['\x1b[31mred\x1b[0m'], ['red']],
])('%s', (_, lines, shown) => {
  expect(kept(lines)).toEqual(shown)
})

test('a secret that colours tore apart is hidden', () => {
  expect(kept(['pw hun\x1b[0mter22'], { ...BOUNDS, lineCharacters: 50 }, ['hunter22'])).toEqual(['pw ***'])
})

test('memory stays flat, whatever is said', () => {
  const last = createLastLines(createRedactor([]), { lines: 20, lineCharacters: 1000, characters: 8000 })
  const line = Buffer.from('x'.repeat(16_000))
  for (let i = 0; i < 5000; i++) last.pushLine(line, 0, line.length, i % 2 === 0)
  const lines = last.lines()
  expect(lines).toHaveLength(8)
  expect(lines.join('').length).toBeLessThanOrEqual(8000)
})

test('what was said before is forgotten', () => {
  const last = createLastLines(createRedactor([]), BOUNDS)
  last.push(Buffer.from('a hook\n'))
  last.clear()
  last.push(Buffer.from('the script\n'))
  expect(last.lines()).toEqual(['the script'])
})
