/**
 * Decides which instances are due. An instance is due if its latest slot is later than its last start by schedule, and `catchUp` does not leave
 * that slot out. However many slots were missed, it runs once. Pure: the time and what is known of the past are given.
 */
import type { Schedule } from '../config/model.ts'
import { limit, minute } from '../format.ts'
import type { PastRun } from '../outcome.ts'
import { nextSlot, previousSlot } from './slots.ts'
import { slotWords } from './slotWords.ts'

/** The last start by schedule, ms since 1970 in UTC, and who remembers it. */
export interface LastStart {
  readonly at: number
  /**
   * `record`: the host. `runs`: the API, whose runs tell when this workflow last ran by schedule. `tick`: nobody; the time of the tick
   * before this one is taken. `none`: nobody, and no tick is known either; a day ago is taken.
   */
  readonly source: 'record' | 'runs' | 'tick' | 'none'
}

export interface DueRequest {
  readonly schedule: Schedule | null
  readonly catchUp: boolean | number
  readonly last: LastStart
  /** Time for which the tick before this one was planned, at the earliest, ms since 1970 in UTC; `null` if no tick is known. */
  readonly previousTick: number | null
  /** ms since 1970 in UTC. */
  readonly now: number
}

export interface DueDecision {
  readonly isDue: boolean
  /** The latest slot; `null` without a schedule. */
  readonly slot: Date | null
  /** The first slot after now; `null` without a schedule. */
  readonly next: Date | null
  /** The reason in words, for a place after "due: " or "not due: ". */
  readonly why: string
}

/** Longest delay of a tick that is expected, ms. */
const LATE_MS = 6 * 3_600_000
/** Time that a start without any memory looks back, ms. */
const NO_MEMORY_MS = 24 * 3_600_000
/** Number of missed slots that are counted. */
const MOST_COUNTED = 20

/** Decides one instance. */
export function decideDue({ schedule, catchUp, last, previousTick, now }: DueRequest): DueDecision {
  if (schedule === null)
    return { isDue: false, slot: null, next: null, why: 'it has no schedule, and is started by hand only' }
  const slot = previousSlot(schedule, new Date(now))
  const next = nextSlot(schedule, new Date(now))
  const decision = { slot, next }
  if (slot.getTime() <= last.at)
    return { ...decision, isDue: false, why: `its slot of ${slotWords(slot, schedule)} ${served(last)}` }
  const age = now - slot.getTime()
  const tolerated = typeof catchUp === 'number' ? catchUp : catchUp ? Number.POSITIVE_INFINITY : null
  const isMissed = tolerated === null ? slot.getTime() <= (previousTick ?? now - LATE_MS) : age > tolerated
  if (isMissed) {
    const rule = tolerated === null ? '`catchUp: false`' : `\`catchUp\` (${limit(tolerated)})`
    return {
      ...decision,
      isDue: false,
      why: `its slot of ${slotWords(slot, schedule)} was missed, and ${rule} leaves it out`,
    }
  }
  const missed = countMissed(schedule, last.at, slot)
  const also =
    missed === 0
      ? ''
      : `; ${missed > MOST_COUNTED ? `more than ${MOST_COUNTED}` : missed} before it ${missed === 1 ? 'was' : 'were'} missed, and one run serves all`
  return { ...decision, isDue: true, why: `its slot of ${slotWords(slot, schedule)} ${notServed(last)}${also}` }
}

/** Makes the last start from what remembers it best: the host's record, else the runs of the workflow, else the ticks. */
export function lastStartOf(known: {
  readonly record: number | null
  readonly runs: number | null
  readonly previousTick: number | null
  readonly now: number
}): LastStart {
  if (known.record !== null) return { at: known.record, source: 'record' }
  if (known.runs !== null) return { at: known.runs, source: 'runs' }
  if (known.previousTick !== null) return { at: known.previousTick, source: 'tick' }
  return { at: known.now - NO_MEMORY_MS, source: 'none' }
}

/** The tick that started a run. */
export interface Tick {
  /** The crons that may have fired: that of the event or, if it does not say, those of the workflow. */
  readonly fired: readonly Schedule[]
  /** Time when the forge created the run, or a later time if it does not tell, ms. */
  readonly createdAt: number
}

/** Returns when a tick was planned, at the latest, ms; `null` if no cron is known. */
export function tickOf({ fired, createdAt }: Tick): number | null {
  const ticks = fired.map((cron) => previousSlot(cron, new Date(createdAt)).getTime())
  return ticks.length === 0 ? null : Math.max(...ticks)
}

/**
 * Returns the earliest time for which the tick before this one can have been planned, ms; `null` if no cron is known. `earlierRun` is when the
 * workflow's run before this one was created; without it, this tick may be six hours late.
 */
export function previousTickOf({ fired, createdAt }: Tick, earlierRun: number | null): number | null {
  const known = Math.max(earlierRun ?? Number.NEGATIVE_INFINITY, createdAt - LATE_MS)
  const ticks = fired.map((cron) => {
    const planned = previousSlot(cron, new Date(createdAt)).getTime()
    const before = previousSlot(cron, new Date(planned - 1)).getTime()
    return Math.min(before, previousSlot(cron, new Date(Math.min(known, createdAt))).getTime())
  })
  return ticks.length === 0 ? null : Math.max(...ticks)
}

/**
 * Tells whether the run before this one decides if the instance missed its slot: only with `catchUp: false`, and if a slot is later than its
 * last start or no start is known.
 */
export function dependsOnEarlierRun(
  { schedule, catchUp }: Pick<DueRequest, 'schedule' | 'catchUp'>,
  lastStart: number | null,
  now: number,
): boolean {
  if (schedule === null || catchUp !== false) return false
  const slot = previousSlot(schedule, new Date(now)).getTime()
  return lastStart === null || slot > lastStart
}

/** One attempt of a run. `attempt` is its number, from 1; a later one repeats the run. */
export interface Attempt {
  readonly runId: string
  readonly attempt: number
}

/**
 * Says what the last earlier attempt of this run that began an instance made of it: `done` if its backup succeeded, `again` if it did not,
 * `null` if no earlier attempt began it.
 */
export function earlierAttempt(runs: readonly PastRun[], { runId, attempt }: Attempt): 'again' | 'done' | null {
  const own = runs.filter((run) => run.runId === runId && run.runId !== '' && run.attempt < attempt)
  const latest = own.toSorted((a, b) => a.attempt - b.attempt).at(-1)
  if (latest === undefined) return null
  return latest.status === 'success' ? 'done' : 'again'
}

function countMissed(schedule: Schedule, since: number, slot: Date): number {
  let missed = 0
  let at = nextSlot(schedule, new Date(since))
  while (at < slot && missed <= MOST_COUNTED) {
    missed += 1
    at = nextSlot(schedule, at)
  }
  return missed
}

function at(last: LastStart): string {
  return minute(new Date(last.at).toISOString())
}

function served(last: LastStart): string {
  switch (last.source) {
    case 'record':
      return `was served by the start of ${at(last)} (record of this host)`
    case 'runs':
      return `lies before the workflow's last run by schedule, of ${at(last)} (this host has no record)`
    case 'tick':
      return `lies before the tick of ${at(last)}, and no record says that it was missed`
    case 'none':
      return 'is over a day old, and no record says that it was missed'
  }
}

function notServed(last: LastStart): string {
  switch (last.source) {
    case 'record':
      return `is later than its last start by schedule, of ${at(last)} (record of this host)`
    case 'runs':
      return `is later than the workflow's last run by schedule, of ${at(last)} (this host has no record)`
    case 'tick':
      return `is later than the tick of ${at(last)} (there is no record of an earlier start)`
    case 'none':
      return 'is less than a day old (there is no record of an earlier start)'
  }
}
