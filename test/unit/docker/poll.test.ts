/** Waits end when they should, and say what they wait for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { poll, tellWhile } from '../../../src/docker/poll.ts'

const counting = (from: number) => {
  let looks = 0
  return { look: async () => (++looks >= from ? looks : null), looks: () => looks }
}

test('looks until it finds something', async () => {
  const { look } = counting(3)
  expect(await poll(look, { everyMs: 1, until: Date.now() + 60_000 })).toBe(3)
})

test('looks once where there is no time at all, and once more when the time is over', async () => {
  const never = counting(Number.POSITIVE_INFINITY)
  expect(await poll(never.look, { everyMs: 1, until: 0 })).toBeNull()
  expect(never.looks()).toBe(1)
  const late = counting(2)
  expect(await poll(late.look, { everyMs: 60_000, until: Date.now() + 50 })).toBe(2)
})

test('a signal ends the wait at once', async () => {
  const { look } = counting(Number.POSITIVE_INFINITY)
  const ending = new AbortController()
  const waiting = poll(look, { everyMs: 60_000, until: Date.now() + 60_000, signal: ending.signal })
  ending.abort()
  expect(await waiting).toBeNull()
})

test('what looking throws ends the wait', async () => {
  const broken = () => Promise.reject(new Error('no engine'))
  await expect(poll(broken, { everyMs: 1, until: Date.now() + 60_000 })).rejects.toThrow('no engine')
})

test('says what it waits for as long as it waits, and no longer', async () => {
  const lines: string[] = []
  let name = 'db'
  const said = async (count: number) => {
    while (lines.length < count) await sleep(1)
  }
  const told = tellWhile(
    { what: () => `waiting for ${name}`, say: (line) => void lines.push(line), everyMs: 5 },
    async () => {
      await said(1)
      name = 'web'
      await said(3)
      return 'up'
    },
  )
  expect(await told).toBe('up')
  const count = lines.length
  await sleep(30)
  expect(lines).toHaveLength(count)
  expect(lines[0]).toBe('waiting for db (0 s)')
  expect(lines.at(-1)).toMatch(/^waiting for web \(\d+ s\)$/)
})

test('a line that cannot be written ends no wait; work that fails is thrown on', async () => {
  const full = () => Promise.reject(new Error('disk full'))
  expect(await tellWhile({ what: () => 'x', say: full, everyMs: 1 }, () => sleep(20, 'done'))).toBe('done')
  const failing = tellWhile({ what: () => 'x', say: full, everyMs: 1 }, () => Promise.reject(new Error('work')))
  await expect(failing).rejects.toThrow('work')
})
