import { expect, test } from 'vitest'
import { coincidences } from '../../../src/schedule/coincidence.ts'
import { slotWords } from '../../../src/schedule/slotWords.ts'
import { fitTicks, rateWords, ticksOf } from '../../../src/schedule/ticks.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')
const schedule = (cron: string, timezone = 'UTC') => ({ cron, timezone, line: 1 })

test.each`
  cron             | zone               | ticks                           | asks           | starts  | waitMinutes
  ${'0 2 * * *'}   | ${'UTC'}           | ${['17 2 * * *']}               | ${'1 a day'}   | ${'1'}  | ${17}
  ${'17 2 * * *'}  | ${'UTC'}           | ${['17 2 * * *']}               | ${'1 a day'}   | ${'1'}  | ${0}
  ${'0 * * * *'}   | ${'UTC'}           | ${['17 2 * * *']}               | ${'24 a day'}  | ${'1'}  | ${23 * 60 + 17}
  ${'0 * * * *'}   | ${'UTC'}           | ${['17 * * * *']}               | ${'24 a day'}  | ${'24'} | ${17}
  ${'0 2,3 * * *'} | ${'UTC'}           | ${['17 4 * * *', '0 16 * * *']} | ${'2 a day'}   | ${'1'}  | ${137}
  ${'0 4 * * *'}   | ${'Europe/Berlin'} | ${['17 2 * * *']}               | ${'1 a day'}   | ${'1'}  | ${23 * 60 + 17}
  ${'0 3 * * 1'}   | ${'UTC'}           | ${['17 2 * * *']}               | ${'1 a week'}  | ${'1'}  | ${23 * 60 + 17}
  ${'0 3 1 * *'}   | ${'UTC'}           | ${['0 4 * * 0']}                | ${'1 a month'} | ${'1'}  | ${6 * 1440 + 60}
  ${'0 3 24 12 *'} | ${'UTC'}           | ${['0 4 * * *']}                | ${'1 a year'}  | ${'1'}  | ${60}
`('$cron $zone beside $ticks', ({ cron, zone, ticks, asks, starts, waitMinutes }) => {
  const fit = fitTicks(
    schedule(cron, zone),
    ticksOf(
      (ticks as string[]).map((one) => schedule(one)),
      NOW,
    ),
    NOW,
  )
  const { unit, per } = rateWords(fit?.slots ?? 0, fit?.days ?? 1)
  expect([`${per(fit?.slots ?? 0)} a ${unit}`, per(fit?.runs ?? 0)]).toEqual([asks, starts])
  expect(((fit?.longest?.tick ?? 0) - (fit?.longest?.slot ?? 0)) / 60_000).toBe(waitMinutes)
})

test('a schedule without a slot in the time that is looked at says nothing', () => {
  expect(
    fitTicks(
      schedule('0 0 29 2 *'),
      ticksOf([schedule('0 2 * * *')], Date.parse('2028-03-01')),
      Date.parse('2028-03-01'),
    ),
  ).toBeNull()
})

test('who stops the same volume at the same slot', () => {
  const stopper = (id: string, cron: string, volume = 'data', zone = 'UTC') => ({
    id,
    schedule: schedule(cron, zone),
    volume,
  })
  const found = (...all: ReturnType<typeof stopper>[]) =>
    coincidences(all, NOW).map(
      ({ first, second, slot }) => `${first.id} ${second.id} ${new Date(slot).toISOString().slice(0, 16)}`,
    )
  expect(found(stopper('a', '0 2 * * *'), stopper('b', '0 2 * * *'))).toEqual(['a b 2026-11-29T02:00'])
  expect(found(stopper('a', '0 2 * * *'), stopper('b', '0 2 * * *', 'other'))).toEqual([])
  expect(found(stopper('a', '0 2 * * *'), stopper('b', '30 2 * * *'))).toEqual([])
  expect(found(stopper('a', '0 2 * * *'), stopper('b', '0 2 1 7 *'))).toEqual(['a b 2027-07-01T02:00'])
  expect(found(stopper('a', '0 2 * * *'), stopper('b', '0 3 * * *', 'data', 'Europe/Berlin'))).toEqual([
    'a b 2026-11-29T02:00',
  ])
  expect(found(stopper('a', '0 2 * * *'), stopper('b', '0 2 * * *'), stopper('c', '0 2 * * 1'))).toEqual([
    'a b 2026-11-29T02:00',
    'a c 2026-11-30T02:00',
  ])
  expect(found(stopper('a', '0 2 * * *'), stopper('a', '0 3 * * *', 'b'))).toEqual([])
})

test('thousands of instances on one volume stay quick', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    id: `i${i}`,
    schedule: schedule(`${i % 60} ${Math.floor(i / 60) % 24} * * *`, ['UTC', 'Europe/Berlin'][i % 2]),
    volume: 'data',
  }))
  const started = performance.now()
  expect(coincidences(many, NOW).length).toBeGreaterThan(7000)
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('a slot in UTC and in its own zone', () => {
  const slot = new Date('2026-11-28T23:30:00Z')
  expect(slotWords(slot, { timezone: 'UTC' })).toBe('2026-11-28 23:30 UTC')
  expect(slotWords(slot, { timezone: 'Europe/Berlin' })).toBe('2026-11-28 23:30 UTC (29 Nov, 00:30 Europe/Berlin)')
})
