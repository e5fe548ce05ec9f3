import { CronExpressionParser } from 'cron-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextSlot, previousSlot, slotsBetween } from '../../../src/schedule/slots.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

const schedule = (cron: string, timezone: string) => ({ cron, timezone, line: 1 })
const slotsFrom = (cron: string, timezone: string, from: string, count: number): string[] => {
  let at = new Date(from)
  return Array.from({ length: count }, () => {
    at = nextSlot(schedule(cron, timezone), at)
    return at.toISOString().replace(':00.000Z', 'Z')
  })
}

test.each`
  what                                      | cron               | zone                     | from                          | slots
  ${'daily'}                                | ${'0 4 * * *'}     | ${'UTC'}                 | ${'2026-11-24T04:00:00Z'}     | ${['2026-11-25T04:00Z', '2026-11-26T04:00Z']}
  ${'a moment before'}                      | ${'0 4 * * *'}     | ${'UTC'}                 | ${'2026-11-24T03:59:59.999Z'} | ${['2026-11-24T04:00Z', '2026-11-25T04:00Z']}
  ${'in a zone'}                            | ${'0 4 * * *'}     | ${'Asia/Kolkata'}        | ${'2026-11-24T00:00:00Z'}     | ${['2026-11-24T22:30Z', '2026-11-25T22:30Z']}
  ${'either day field'}                     | ${'0 0 1,15 * 1'}  | ${'UTC'}                 | ${'2026-11-01T00:00:00Z'}     | ${['2026-11-02T00:00Z', '2026-11-09T00:00Z', '2026-11-15T00:00Z', '2026-11-16T00:00Z']}
  ${'a step is no star: either day'}        | ${'0 0 */20 * 1'}  | ${'UTC'}                 | ${'2026-11-01T00:00:00Z'}     | ${['2026-11-02T00:00Z', '2026-11-09T00:00Z', '2026-11-16T00:00Z', '2026-11-21T00:00Z']}
  ${'a star in the list is a star'}         | ${'0 0 *,5 * 1'}   | ${'UTC'}                 | ${'2026-11-03T00:00:00Z'}     | ${['2026-11-09T00:00Z', '2026-11-16T00:00Z']}
  ${'all days by numbers beside a weekday'} | ${'0 0 1-31 * 1'}  | ${'UTC'}                 | ${'2026-11-03T00:00:00Z'}     | ${['2026-11-04T00:00Z', '2026-11-05T00:00Z']}
  ${'29 February'}                          | ${'0 0 29 2 *'}    | ${'UTC'}                 | ${'2026-01-01T00:00:00Z'}     | ${['2028-02-29T00:00Z', '2032-02-29T00:00Z']}
  ${'29 February over a year without'}      | ${'0 0 29 2 *'}    | ${'UTC'}                 | ${'2096-03-01T00:00:00Z'}     | ${['2104-02-29T00:00Z']}
  ${'7 is Sunday'}                          | ${'0 3 * * 7'}     | ${'UTC'}                 | ${'2026-11-27T00:00:00Z'}     | ${['2026-11-29T03:00Z', '2026-12-06T03:00Z']}
  ${'Friday to Sunday'}                     | ${'0 3 * * 5-7'}   | ${'UTC'}                 | ${'2026-11-26T00:00:00Z'}     | ${['2026-11-27T03:00Z', '2026-11-28T03:00Z', '2026-11-29T03:00Z']}
  ${'new year'}                             | ${'59 23 31 12 *'} | ${'UTC'}                 | ${'2026-12-31T23:59:00Z'}     | ${['2027-12-31T23:59Z']}
  ${'skipped: at the end of the gap'}       | ${'30 2 * * *'}    | ${'Europe/Berlin'}       | ${'2026-03-28T12:00:00Z'}     | ${['2026-03-29T01:00Z', '2026-03-30T00:30Z']}
  ${'skipped twice: once'}                  | ${'0,30 2 * * *'}  | ${'Europe/Berlin'}       | ${'2026-03-28T12:00:00Z'}     | ${['2026-03-29T01:00Z', '2026-03-30T00:00Z']}
  ${'twice: the first time'}                | ${'30 2 * * *'}    | ${'Europe/Berlin'}       | ${'2026-10-24T12:00:00Z'}     | ${['2026-10-25T00:30Z', '2026-10-26T01:30Z']}
  ${'hourly where an hour is skipped'}      | ${'15 * * * *'}    | ${'Europe/Berlin'}       | ${'2026-03-29T00:00:00Z'}     | ${['2026-03-29T00:15Z', '2026-03-29T01:15Z', '2026-03-29T02:15Z']}
  ${'hourly where an hour comes twice'}     | ${'15 * * * *'}    | ${'Europe/Berlin'}       | ${'2026-10-25T00:00:00Z'}     | ${['2026-10-25T00:15Z', '2026-10-25T01:15Z', '2026-10-25T02:15Z']}
  ${'half an hour comes twice'}             | ${'45 1 * * *'}    | ${'Australia/Lord_Howe'} | ${'2026-04-03T12:00:00Z'}     | ${['2026-04-03T14:45Z', '2026-04-04T14:45Z', '2026-04-05T15:15Z']}
  ${'midnight is skipped'}                  | ${'0 0 * * *'}     | ${'America/Sao_Paulo'}   | ${'2018-11-03T12:00:00Z'}     | ${['2018-11-04T03:00Z', '2018-11-05T02:00Z']}
  ${'a whole day is skipped'}               | ${'0 12 * * *'}    | ${'Pacific/Apia'}        | ${'2011-12-29T12:00:00Z'}     | ${['2011-12-29T22:00Z', '2011-12-30T10:00Z', '2011-12-30T22:00Z']}
`('$what: $cron in $zone', ({ cron, zone, from, slots }) => {
  expect(slotsFrom(cron, zone, from, slots.length)).toEqual(slots)
})

test('the latest slot is the one that begins at this very moment, and no later one', () => {
  const daily = schedule('0 4 * * *', 'UTC')
  const latest = (at: string) => previousSlot(daily, new Date(at)).toISOString()
  expect(latest('2026-11-24T04:00:00.000Z')).toBe('2026-11-24T04:00:00.000Z')
  expect(latest('2026-11-24T04:00:00.001Z')).toBe('2026-11-24T04:00:00.000Z')
  expect(latest('2026-11-24T03:59:59.999Z')).toBe('2026-11-23T04:00:00.000Z')
})

describe('agreement with a matcher that looks at every minute', () => {
  /** What the clock shows at each minute from a day before `from` on, as [month, day, weekday, hour, minute] and one number. */
  const clocks = new Map<string, ReturnType<typeof readClock>>()
  function clock(timezone: string, from: number, minutes: number) {
    const key = `${timezone} ${from}`
    const known = clocks.get(key) ?? readClock(timezone, from, minutes)
    clocks.set(key, known)
    return known
  }

  function readClock(timezone: string, from: number, minutes: number) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      dateStyle: 'short',
      timeStyle: 'short',
      hourCycle: 'h23',
    })
    return Array.from({ length: minutes }, (_, index) => {
      const moment = from + index * MINUTE
      const shown = format.format(moment).match(/\d+/g) ?? []
      const [month, day, year, hour, minute] = shown.map(Number) as [number, number, number, number, number]
      return { moment, wall: Date.UTC(2000 + year, month - 1, day, hour, minute) }
    })
  }

  const covers = (field: string, value: number, max: number): boolean =>
    field.split(',').some((item) => {
      const [range = '', step] = item.split('/')
      const [low = '', high] = range.split('-')
      const from = low === '*' ? (max === 31 || max === 12 ? 1 : 0) : Number(low)
      const to = low === '*' ? max : high !== undefined ? Number(high) : step !== undefined ? max : from
      return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0
    })

  function fires(cron: string, wall: number): boolean {
    const [minute = '', hour = '', day = '', month = '', weekday = ''] = cron.split(' ')
    const at = new Date(wall)
    const byDay = covers(day, at.getUTCDate(), 31)
    const byWeekday = covers(weekday, at.getUTCDay(), 6)
    const either = day !== '*' && weekday !== '*'
    return (
      covers(minute, at.getUTCMinutes(), 59) &&
      covers(hour, at.getUTCHours(), 23) &&
      covers(month, at.getUTCMonth() + 1, 12) &&
      (either ? byDay || byWeekday : byDay && byWeekday)
    )
  }

  function expectedSlots(cron: string, timezone: string, from: number, to: number): number[] {
    const everyHour = Array.from({ length: 24 }, (_, hour) => hour).every((hour) =>
      covers(cron.split(' ')[1] ?? '', hour, 23),
    )
    const seen = new Set<number>()
    const slots: number[] = []
    let before: number | null = null
    for (const { moment, wall } of clock(timezone, from - DAY, (to - from + DAY) / MINUTE)) {
      const skipped = before === null ? [] : range(before + MINUTE, wall)
      const matches =
        (fires(cron, wall) && (everyHour || !seen.has(wall))) ||
        (!everyHour && skipped.some((gone) => fires(cron, gone)))
      if (matches && moment > from) slots.push(moment)
      seen.add(wall)
      before = wall
    }
    return slots
  }

  const range = (from: number, to: number) =>
    Array.from({ length: Math.max(0, (to - from) / MINUTE) }, (_, index) => from + index * MINUTE)

  const field = (min: number, max: number) => {
    const number = fc.integer({ min, max })
    const span = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
    const step = fc
      .tuple(fc.oneof(fc.constant('*'), span, number.map(String)), fc.integer({ min: 1, max: max + 2 }))
      .map(([a, b]) => `${a}/${b}`)
    const item = fc.oneof(number.map(String), span, step)
    return fc.oneof(
      fc.constant('*'),
      fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
    )
  }
  // A step of one is a star again, and a number in it: what that means is in the table above.
  const plain = (text: string) => !/\/1(,|$)/.test(text)
  const dayField = (min: number, max: number) => field(min, max).filter(plain)
  const crons = fc
    .tuple(
      field(0, 59),
      fc.oneof(field(0, 23), fc.constantFrom('*', '0-23', '1-3', '2')),
      dayField(1, 31),
      fc.constantFrom('*', '1-12', '3,4,10,11'),
      dayField(0, 6),
    )
    .map((fields) => fields.join(' '))

  const moments = fc.constantFrom(
    ['UTC', '2026-11-23T00:00Z'],
    ['Europe/Berlin', '2026-03-28T12:00Z'],
    ['Europe/Berlin', '2026-10-24T12:00Z'],
    ['America/New_York', '2026-03-07T21:00Z'],
    ['America/New_York', '2026-10-31T21:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T06:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T06:00Z'],
    ['America/Sao_Paulo', '2018-11-03T18:00Z'],
    ['Africa/Casablanca', '2026-02-14T18:00Z'],
    ['Asia/Kathmandu', '2026-02-27T18:00Z'],
  ) as fc.Arbitrary<[string, string]>

  test('forwards and backwards, around changes of the clock', () => {
    fc.assert(
      fc.property(crons, moments, fc.nat(40), fc.nat(59_999), (cron, [timezone, start], skip, odd) => {
        const from = Date.parse(start)
        const to = from + 30 * HOUR
        const all = expectedSlots(cron, timezone, from, to)
        const expected = all.slice(skip, skip + 12)
        const forwards: number[] = []
        let at = (expected[0] ?? to) - 1
        while (forwards.length < expected.length) {
          at = nextSlot(schedule(cron, timezone), new Date(at)).getTime()
          forwards.push(at)
        }
        expect(forwards).toEqual(expected)
        for (const [index, slot] of expected.entries()) {
          const until = Math.min(all[skip + index + 1] ?? to, slot + 60_000 + odd) - 1
          expect(previousSlot(schedule(cron, timezone), new Date(until)).getTime()).toBe(slot)
        }
      }),
      { numRuns: 40 },
    )
  })
})

const ZONES = ['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Apia']

test('many slots at once are the same as one after the other', () => {
  const field = (...words: string[]) => fc.constantFrom(...words)
  const cron = fc
    .tuple(
      field('0', '30', '*/20', '5,50'),
      field('0', '2', '*', '1-3', '23', '*/6'),
      field('*', '*', '1', '*/10', '29,31'),
      field('*', '*', 'MAR', '2,10'),
      field('*', '*', '0', 'MON-FRI'),
    )
    .map((fields) => fields.join(' '))
  const from = fc.date({ min: new Date('2011-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(cron, fc.constantFrom(...ZONES), from, (expression, zone, start) => {
      const one = schedule(expression, zone)
      const to = start.getTime() + 400 * DAY
      const expected: number[] = []
      for (let at = nextSlot(one, new Date(start.getTime() - 1)); at.getTime() < to && expected.length < 60; ) {
        expected.push(at.getTime())
        at = nextSlot(one, at)
      }
      expect(slotsBetween(one, { from: start.getTime(), to, most: 60 })).toEqual(expected)
    }),
    { numRuns: 100 },
  )
})

/** A field of random numbers, as cron writes them. */
const field = (min: number, max: number) =>
  fc
    .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
    .map((values) => values.toSorted((a, b) => a - b).join(','))
const anyDay = fc.constant('*')

test('where no clock changes, the slots are those of cron-parser, in both directions', () => {
  fc.assert(
    fc.property(
      fc.tuple(
        field(0, 59),
        field(0, 23),
        fc.oneof(anyDay, field(1, 28)),
        fc.oneof(anyDay, field(1, 12)),
        fc.oneof(anyDay, field(0, 6)),
      ),
      fc.date({ min: new Date('2020-01-01T00:00:00Z'), max: new Date('2040-01-01T00:00:00Z'), noInvalidDate: true }),
      (fields, from) => {
        const cron = fields.join(' ')
        const oracle = () => CronExpressionParser.parse(cron, { currentDate: from, tz: 'UTC' })
        expect(nextSlot(schedule(cron, 'UTC'), from).getTime()).toBe(oracle().next().getTime())
        const before = new Date(from.getTime() - 1)
        expect(previousSlot(schedule(cron, 'UTC'), before).getTime()).toBe(oracle().prev().getTime())
      },
    ),
    { numRuns: 1000 },
  )
})
