/**
 * Compares the slots of an instance with the ticks of the workflows that run it. A tick is a start of a workflow by its cron; it serves all
 * slots since the tick before it by one run. Pure.
 */
import type { Schedule } from '../config/model.ts'
import { slotsBetween } from './slots.ts'

const DAY = 86_400_000
/** Time from now on in which all slots lie that are looked at: it has both summer and winter time, and each schedule that fires once a year. */
const HORIZON = 400 * DAY
/** Time over which slots and runs are counted, days: whole weeks, so that each weekday counts alike. */
const SHORT_DAYS = 28
const LONG_DAYS = 364
/** A schedule with fewer slots than this in `SHORT_DAYS` is counted over `LONG_DAYS`. */
const FEW_SLOTS = 4

/** The runs that an instance asks for, and those that the workflows give it. */
export interface TickFit {
  /** The slot that waits longest, and the tick that serves it (ms since 1970 in UTC); `null` if no tick comes after any slot. */
  readonly longest: { readonly slot: number; readonly tick: number } | null
  /** Number of slots in the time that was looked at. */
  readonly slots: number
  /** Number of runs that serve them. All slots after the last tick count as one more. */
  readonly runs: number
  /** Length of that time, days. */
  readonly days: number
}

/** The ticks of some workflows, in their order (ms since 1970 in UTC). */
export type Ticks = readonly number[]

/** Returns all ticks of these crons within twice the horizon, so that each slot in it finds its tick. */
export function ticksOf(crons: readonly Schedule[], now: number): Ticks {
  const to = now + 2 * HORIZON
  const all = crons.flatMap((cron) => slotsBetween(cron, { from: now, to, most: Number.POSITIVE_INFINITY }))
  return [...new Set(all)].sort((a, b) => a - b)
}

/** Compares a schedule with the ticks. Returns `null` if the schedule has no slot in the next 364 days. */
export function fitTicks(schedule: Schedule, ticks: Ticks, now: number): TickFit | null {
  const within = (from: number, days: number) =>
    slotsBetween(schedule, { from, to: from + days * DAY, most: Number.POSITIVE_INFINITY })
  const soon = within(now, SHORT_DAYS)
  const isRare = soon.length < FEW_SLOTS
  const counted = isRare ? within(now, LONG_DAYS) : soon
  if (counted.length === 0) return null
  const days = isRare ? LONG_DAYS : SHORT_DAYS
  const later = isRare ? [] : within(now + HORIZON / 2, SHORT_DAYS) // the other half of the year has the other time
  const waits = [...counted, ...later].flatMap((slot) => {
    const tick = tickAfter(ticks, slot)
    return tick === undefined ? [] : [{ slot, tick }]
  })
  const longest = waits.reduce<TickFit['longest']>(
    (most, one) => (most === null || one.tick - one.slot > most.tick - most.slot ? one : most),
    null,
  )
  return { longest, slots: counted.length, runs: new Set(counted.map((slot) => tickAfter(ticks, slot))).size, days }
}

/** Finds the first tick at or after a slot. */
function tickAfter(ticks: Ticks, slot: number): number | undefined {
  let low = 0
  let high = ticks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ticks[middle] as number) < slot) low = middle + 1
    else high = middle
  }
  return ticks[low]
}

/** Chooses the unit in which to tell that something happens `times` in `days` days. `per` writes any such number for one unit. */
export function rateWords(
  times: number,
  days: number,
): { readonly unit: 'day' | 'week' | 'month' | 'year'; readonly per: (count: number) => string } {
  const [unit, length] = UNITS.find((one) => times / days >= 1 / one[1]) ?? YEAR
  return { unit, per: (count) => String(rounded((count / days) * length)) }
}

const YEAR = ['year', LONG_DAYS] as const
const UNITS = [
  ['day', 1],
  ['week', 7],
  ['month', LONG_DAYS / 12],
] as const

function rounded(value: number): number {
  return value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value)
}
