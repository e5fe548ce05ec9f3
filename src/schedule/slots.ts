/**
 * Computes when a schedule fires. A slot is a moment at which it fires. A wall-clock time (`wall`) is what the clock of the schedule's time
 * zone shows, in ms as if it were UTC.
 *
 * The calendar is walked on wall-clock times, which never skip; what a change of the clock does to them is decided afterwards, the same in
 * both directions. (cron-parser's `prev` disagrees with its `next` there, and takes over fifteen times as long: ten thousand instances are
 * planned in a second or two. The tests compare with it.) A time that the clock skips fires at the first moment after the gap. A time that
 * comes twice fires the first time only. A schedule of every hour fires whenever the clock shows its minutes: twice where an hour comes
 * twice, and not for an hour that is skipped.
 */
import type { Schedule } from '../config/model.ts'
import { type Cron, parseCron } from '../config/values/cron.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const QUARTER = HOUR / 4
/** Longest set-back of a clock that is looked for, ms. No time zone has had a longer one in this century (Antarctica/Casey has had this one). */
const BACK = 3 * HOUR

/** Returns the first slot after `after`. Throws a `TypeError` if `schedule.cron` is not valid. */
export function nextSlot(schedule: Schedule, after: Date): Date {
  const clock = clockOf(schedule)
  const wall = clock.wallAt(after.getTime())
  const start = clock.isSteady(wall) ? wall : wall - BACK
  return search(clock, clock.walls(start, 'next'), (slot) => slot > after.getTime(), 'next')
}

/** Returns the last slot at or before `before`. Throws a `TypeError` if `schedule.cron` is not valid. */
export function previousSlot(schedule: Schedule, before: Date): Date {
  const clock = clockOf(schedule)
  const wall = clock.wallAt(before.getTime()) + 1 // walking back leaves out where it starts
  const start = clock.isSteady(wall) ? wall : wall + BACK
  return search(clock, clock.walls(start, 'prev'), (slot) => slot <= before.getTime(), 'prev')
}

/**
 * Returns the slots from `from` on and before `to` (ms since 1970 in UTC), in their order, the first `most` of them at most. It is much
 * faster than `nextSlot` for many slots. Throws a `TypeError` if `schedule.cron` is not valid.
 */
export function slotsBetween(schedule: Schedule, { from, to, most }: SlotRange): readonly number[] {
  const clock = clockOf(schedule)
  const found = new Set<number>()
  const end = clock.wallAt(to) + BACK
  for (let day = Math.floor((clock.wallAt(from) - BACK) / DAY) * DAY; day <= end; day += DAY) {
    if (!firesOn(clock.cron, new Date(day))) continue
    const isSteady = clock.isSteady(day) && clock.isSteady(day + DAY)
    for (const hour of clock.cron.hours) {
      for (const minute of clock.cron.minutes) {
        const wall = day + hour * HOUR + minute * MINUTE
        const moments = isSteady ? [wall - (clock.wallAt(day) - day)] : clock.slotsAt(wall)
        for (const moment of moments) if (moment >= from && moment < to) found.add(moment)
      }
    }
    if (isSteady && found.size >= most) break
  }
  return [...found].sort((a, b) => a - b).slice(0, most)
}

interface SlotRange {
  readonly from: number
  readonly to: number
  readonly most: number
}

/** Tells whether a schedule fires on a day: a day that fits either of two restricted fields does. */
function firesOn({ months, daysOfMonth, daysOfWeek }: Cron, day: Date): boolean {
  if (!months.includes(day.getUTCMonth() + 1)) return false
  const fits = [daysOfMonth?.includes(day.getUTCDate()), daysOfWeek?.includes(day.getUTCDay())]
  return fits.includes(true) || fits.every((one) => one === undefined)
}

/**
 * Searches `walls`, wall-clock times of the schedule in this direction, for the nearest slot that fits. Where the clock is set back, a
 * later wall-clock time can be an earlier moment: then the search goes on for `BACK` after the first hit and takes the nearest of all.
 */
function search(
  clock: Clock,
  walls: Iterable<number>,
  fits: (slot: number) => boolean,
  direction: 'next' | 'prev',
): Date {
  const found: number[] = []
  let first: number | null = null
  for (const wall of walls) {
    if (first !== null && Math.abs(wall - first) > BACK) break
    const slots = clock.slotsAt(wall).filter(fits)
    found.push(...slots)
    if (slots.length > 0) first ??= wall
    if (slots.length > 0 && clock.isSteady(wall)) break
  }
  return new Date(direction === 'next' ? Math.min(...found) : Math.max(...found))
}

interface Clock {
  readonly cron: Cron
  /** Returns what the clock shows at a moment (ms in UTC), as a wall-clock time. */
  wallAt(moment: number): number
  /** Tells whether no change of the clock is near: its offset from UTC is the same a day and a half before and after `wall`. */
  isSteady(wall: number): boolean
  /** Yields the schedule's wall-clock times after (`next`) or before (`prev`) `start`, the nearest first, without end. */
  walls(start: number, direction: 'next' | 'prev'): Generator<number>
  /** Returns the moments at which the schedule fires for one of its wall-clock times: none, one or two, the earliest first. */
  slotsAt(wall: number): readonly number[]
}

/** The clocks of the schedules that were asked for, each of which is asked for several times. */
const clocks = new WeakMap<Schedule, Clock>()

function clockOf(schedule: Schedule): Clock {
  const known = clocks.get(schedule) ?? makeClock(schedule)
  clocks.set(schedule, known)
  return known
}

function makeClock(schedule: Schedule): Clock {
  const result = parseCron(schedule.cron)
  if (!result.ok) throw new TypeError(`not a schedule: ${result.message}`)
  const { cron } = result
  const offset = offsetOf(schedule.timezone)
  const everyHour = cron.hours.length === 24
  const inDay = cron.hours.flatMap((hour) => cron.minutes.map((minute) => hour * HOUR + minute * MINUTE))
  const times = { next: inDay, prev: inDay.toReversed() }
  return {
    cron,
    wallAt: (moment) => moment + offset(moment),
    isSteady: (wall) => offset(wall - 36 * HOUR) === offset(wall + 36 * HOUR),
    walls: (start, direction) => walk(cron, { start, direction, times: times[direction] }),
    slotsAt: (wall) => {
      const moments = momentsOf(wall, offset)
      if (moments.length === 0) return everyHour ? [] : [endOfGap(wall, offset)]
      return everyHour ? moments : moments.slice(0, 1)
    },
  }
}

interface Walk {
  readonly start: number
  readonly direction: 'next' | 'prev'
  /** The times of a day at which the schedule fires, ms since midnight, in the direction of the walk. */
  readonly times: readonly number[]
}

function* walk(cron: Cron, { start, direction, times }: Walk): Generator<number> {
  const sign = direction === 'next' ? 1 : -1
  for (let day = Math.floor(start / DAY) * DAY; ; day = followingDay(cron, day, sign)) {
    if (!firesOn(cron, new Date(day))) continue
    for (const time of times) if (sign * (day + time - start) > 0) yield day + time
  }
}

/** Returns the day after (`sign` 1) or before (-1) a day, ms. Months in which nothing fires are skipped. */
function followingDay({ months }: Cron, day: number, sign: 1 | -1): number {
  const date = new Date(day)
  if (months.includes(date.getUTCMonth() + 1)) return day + sign * DAY
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return sign === 1 ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, 0)
}

/** Returns by how many ms a zone's clock is ahead of UTC at a moment (ms in UTC). */
type Offset = (moment: number) => number

/** The offsets of the zones that were asked for: asking Intl is slow, and thousands of schedules share a few zones. */
const offsets = new Map<string, Offset>()

function offsetOf(timezone: string): Offset {
  const known = offsets.get(timezone) ?? readOffsets(timezone)
  offsets.set(timezone, known)
  return known
}

function readOffsets(timezone: string): Offset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const known = new Map<number, number>()
  const read = (moment: number) => {
    const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) as number
    const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
    return wall - Math.floor(moment / 1000) * 1000
  }
  return (moment) => {
    const quarter = Math.floor(moment / QUARTER) // clocks change on quarters of an hour, and asking Intl is slow
    const ahead = known.get(quarter) ?? read(moment)
    known.set(quarter, ahead)
    return ahead
  }
}

/** Returns the moments (ms in UTC) at which the clock shows `wall`, the earliest first; empty if the clock skips it. */
function momentsOf(wall: number, offset: Offset): number[] {
  const offsets = new Set([offset(wall - 36 * HOUR), offset(wall + 36 * HOUR)]) // before and after any change nearby
  const moments = [...offsets].map((ahead) => wall - ahead).filter((moment) => moment + offset(moment) === wall)
  return moments.sort((a, b) => a - b)
}

/** Returns the first moment (ms in UTC) after the gap in which `wall` lies. Only for a wall-clock time that the clock skips. */
function endOfGap(wall: number, offset: Offset): number {
  const after = offset(wall + 36 * HOUR)
  let low = wall - after // still before the jump
  let high = wall - offset(wall - 36 * HOUR) // already after it
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000
    if (offset(middle) === after) high = middle
    else low = middle
  }
  return high
}
