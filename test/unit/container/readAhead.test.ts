/** Output that is read on while its reader stands still. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readAhead } from '../../../src/container/readAhead.ts'

const KIB = 1 << 10

/** A source that counts what was taken from it. */
function source(chunks: number, bytes = 64 * KIB) {
  const taken = { chunks: 0, isEnded: false }
  async function* from(): AsyncGenerator<Buffer> {
    for (let i = 0; i < chunks; i++) {
      taken.chunks++
      yield Buffer.alloc(bytes, i)
    }
    taken.isEnded = true
  }
  return { from: from(), taken }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5)
}

test('all comes in order, also to one that frees what it has taken', async () => {
  const { from } = source(200, 5 * KIB)
  const { chunks, mayLackEnd } = readAhead(from)
  const seen: number[] = []
  for await (const chunk of chunks) {
    seen.push(chunk[0] ?? -1)
    structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] })
    await delay(0)
  }
  expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i))
  expect(mayLackEnd()).toBe(false)
})

test('while nothing is taken the source is read to its end, at the pace', async () => {
  const { from, taken } = source(8)
  const { chunks, mayLackEnd } = readAhead(from, { bytesPerSecond: 1024 * KIB, most: 1024 * KIB, stillMs: 10_000 })
  const began = performance.now()
  await chunks.next()
  await until(() => taken.isEnded)
  expect(performance.now() - began).toBeGreaterThan(400) // 8 chunks of 1/16 s, the first of them at once
  let left = 0
  for await (const _ of chunks) left++
  expect(left).toBe(7)
  expect(mayLackEnd()).toBe(false)
})

test('it holds no more than its bound, and tells when it stood still at it', async () => {
  const { from, taken } = source(100)
  const { chunks, mayLackEnd } = readAhead(from, { bytesPerSecond: 1 << 30, most: 640 * KIB, stillMs: 50 })
  await chunks.next()
  await until(() => taken.chunks >= 10)
  await delay(100)
  expect(taken.chunks).toBe(10)
  let left = 0
  for await (const _ of chunks) left++
  expect(left).toBe(99)
  expect(mayLackEnd()).toBe(true)
})

test('a standstill long before the end is none at the end', async () => {
  const { from } = source(300)
  const { chunks, mayLackEnd } = readAhead(from, { bytesPerSecond: 1 << 30, most: 128 * KIB, stillMs: 50 })
  await chunks.next()
  await delay(100)
  for await (const _ of chunks);
  expect(mayLackEnd()).toBe(false)
})

test('what the source throws is thrown at once, before what is held', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield Buffer.from('a')
    yield Buffer.from('b')
    throw new Error('closed')
  }
  const { chunks } = readAhead(failing())
  await chunks.next()
  await delay(20)
  await expect(chunks.next()).rejects.toThrow('closed')
})

test('one that takes no more ends it', async () => {
  const { from, taken } = source(1000)
  const { chunks } = readAhead(from)
  for await (const _ of chunks) break
  await delay(20)
  expect(taken.chunks).toBeLessThan(5)
  expect((await from.next()).done).toBe(true)
})
