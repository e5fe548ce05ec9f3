import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openAbort } from '../../../src/instance/abort.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const HOUR = 3_600_000

test('an instance whose time is over is stopped, and its sentence says how long it had and what it was doing', async () => {
  const abort = openAbort(new AbortController().signal)
  abort.arm(HOUR)
  expect(abort.until).toBe(Date.now() + HOUR)
  void abort.during('it waited for the lock', () => new Promise(() => {}))
  vi.advanceTimersByTime(HOUR - 1)
  expect([abort.signal.aborted, abort.reason()]).toEqual([false, null])
  vi.advanceTimersByTime(1)
  expect(abort.signal.aborted).toBe(true)
  expect(abort.reason()).toMatchObject({ kind: 'failed' })
  expect(abort.reason()).toHaveProperty(
    'sentence',
    expect.stringMatching(/^it did not end within .* while it waited for the lock: /),
  )
})

test('what is over is not what it was doing', async () => {
  const abort = openAbort(new AbortController().signal)
  abort.arm(HOUR)
  await abort.during('it waited for the lock', async () => {})
  await abort.during('it broke', () => Promise.reject(new Error('x'))).catch(() => {})
  vi.advanceTimersByTime(HOUR)
  expect(abort.reason()).toHaveProperty('sentence', expect.not.stringContaining('while'))
})

test('its clock starts once, and not after its end', () => {
  const abort = openAbort(new AbortController().signal)
  abort.arm(HOUR)
  abort.arm(10 * HOUR)
  abort.disarm()
  vi.advanceTimersByTime(20 * HOUR)
  expect([abort.signal.aborted, abort.reason()]).toEqual([false, null])
})

test('more time than a timer holds does not end at once', () => {
  const abort = openAbort(new AbortController().signal)
  abort.arm(60 * 24 * HOUR)
  vi.advanceTimersByTime(HOUR)
  expect(abort.signal.aborted).toBe(false)
  abort.disarm()
})

test('a cancel is a cancel; a failure that came first stays the reason', () => {
  const cancel = new AbortController()
  const [cancelled, lost] = [openAbort(cancel.signal), openAbort(cancel.signal)]
  const helper = new AbortController()
  lost.also(helper.signal, 'its helper died')
  helper.abort()
  cancel.abort()
  expect(cancelled.signal.aborted && lost.signal.aborted).toBe(true)
  expect(cancelled.reason()).toEqual({ kind: 'cancelled' })
  expect(lost.reason()).toEqual({ kind: 'failed', sentence: 'its helper died' })
})

test('what has already fired ends it at once', () => {
  const abort = openAbort(new AbortController().signal)
  abort.also(AbortSignal.abort(), 'its helper died')
  expect(abort.reason()).toEqual({ kind: 'failed', sentence: 'its helper died' })
})
