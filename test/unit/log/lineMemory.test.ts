import { expect, test } from 'vitest'
import { createLineMemory, startOfLast } from '../../../src/log/lineMemory.ts'

test.each([
  ['', 2, ''],
  ['a\n', 2, 'a\n'],
  ['a\nb\n', 2, 'a\nb\n'],
  ['a\nb\nc\n', 2, 'b\nc\n'],
  ['a\n\n\n', 2, '\n\n'],
  ['a\nb\n', 0, ''],
])('of %j the last %d lines', (text, lines, last) => {
  const bytes = Buffer.from(text)
  expect(bytes.subarray(startOfLast(bytes, lines)).toString()).toBe(last)
})

test('what is added stays whole while the memory grows, and is used again', () => {
  const memory = createLineMemory()
  const line = Buffer.from(`${'x'.repeat(999)}\n`)
  for (let i = 0; i < 100; i++) memory.add(line)
  expect(memory.bytes().toString()).toBe(line.toString().repeat(100))
  memory.keepLast(3)
  expect(memory.bytes().toString()).toBe(line.toString().repeat(3))
  memory.clear()
  memory.add(Buffer.from('abc\n'), 1)
  expect(memory.bytes().toString()).toBe('bc\n')
})

test('bytes that are no UTF-8 are replaced', () => {
  const memory = createLineMemory()
  memory.add(Buffer.from([0x61, 0xff, 0xc3, 0x0a]))
  expect(memory.bytes().toString()).toBe('a\ufffd\ufffd\n')
  expect(memory.bytes().equals(Buffer.from('a\ufffd\ufffd\n'))).toBe(true)
})
