import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { beginProgress } from '../../../src/dump/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a dump shows how far it is every 30 s, also while nothing comes, and no more when it has ended', async () => {
  const lines: string[] = []
  const progress = beginProgress('dump.sql', async (line) => void lines.push(line))
  progress.add(100_000_000)
  progress.add(20_000_000)
  await vi.advanceTimersByTimeAsync(29_999)
  expect(lines).toEqual([])
  await vi.advanceTimersByTimeAsync(30_001)
  expect(lines).toEqual(['dump.sql: 120.0 MB after 30 s (4.0 MB/s)', 'dump.sql: 120.0 MB after 60 s (2.0 MB/s)'])
  await progress.end()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(lines).toHaveLength(2)
})

test('a log that cannot be written is not passed over', async () => {
  const progress = beginProgress('dump.sql', () => Promise.reject(new Error('no room for the log')))
  await vi.advanceTimersByTimeAsync(30_000)
  await expect(progress.end()).rejects.toThrow('no room for the log')
})
