/**
 * A year of 200 instances by hourly ticks, of which some come late, some not at all, and some stand before a host that is off. No slot may be
 * served twice, and each is served by the first run that really comes after it. With `catchUp: false` that is so as long as a tick can be late.
 */
import { expect, test } from 'vitest'
import type { PastRun } from '../../../src/outcome.ts'
import { lastStartOf, previousTickOf, tickOf } from '../../../src/schedule/due.ts'
import { type Candidate, planRun } from '../../../src/schedule/planRun.ts'
import { nextSlot } from '../../../src/schedule/slots.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const BEGIN = Date.UTC(2026, 0, 1)
const END = BEGIN + 365 * DAY
/** The last ticks come late, and serve slots of the next year. */
const LAST_SLOT = END + 2 * DAY
/** Longest time by which a tick is taken to be late. */
const LATE = 6 * HOUR
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Santiago']
const TICK = { cron: '7 * * * *', timezone: 'UTC', line: 1 }

/** Random numbers that a seed repeats (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Instance extends Candidate {
  readonly slots: readonly number[]
  /** What its host remembers. */
  lastScheduled: number | null
  runs: PastRun[]
  /** When it was taken, ms, and whether as a repetition. */
  readonly starts: { readonly at: number; readonly isAgain: boolean }[]
}

const seed = Number(process.env.YEAR_SEED ?? Date.now() % 2 ** 31)

test(`a simulated year (YEAR_SEED=${seed})`, { timeout: 300_000 }, () => {
  const random = randomOf(seed)
  const pick = (most: number) => Math.floor(random() * most)
  const instances = Array.from({ length: 200 }, (_, index) => instanceOf(index, pick))
  const outages = [1, 2, 3].map((third) => BEGIN + third * 90 * DAY + pick(20 * DAY)).map((at) => [at, at + 26 * HOUR])
  const whenUp = (at: number) => outages.find(([from = 0, to = 0]) => at >= from && at < to)?.[1] ?? at
  const arrivals: number[] = []
  for (let tick = BEGIN + 7 * MINUTE; tick < END; tick += HOUR) {
    if (random() < 0.05) continue
    const late = random() < 0.1 ? random() * 3 * HOUR : random() * 10 * MINUTE
    const queued = whenUp(tick + late)
    if (queued - tick - late < DAY) arrivals.push(queued + pick(1000)) // GitHub drops a job that has waited a day
  }
  arrivals.sort((a, b) => a - b)
  const runs = arrivals.flatMap((at, index) => {
    const first = { at, runId: String(index + 1), attempt: 1 }
    return random() < 0.01 ? [first, { ...first, at: at + 20 * MINUTE, attempt: 2 }] : [first]
  })
  for (const { at, ...attempt } of runs.sort((a, b) => a.at - b.at)) run(instances, at, attempt, random)
  let served = 0
  for (const one of instances) served += judge(one, arrivals)
  expect(served).toBeGreaterThan(200 * 100)
})

function instanceOf(index: number, pick: (most: number) => number): Instance {
  const hour = pick(3) === 0 ? '*' : pick(3) === 0 ? `*/${2 + pick(10)}` : String(pick(24))
  const day = pick(8) === 0 ? String(1 + pick(28)) : '*'
  const weekday = pick(5) === 0 ? `${pick(3)},${4 + pick(3)}` : '*'
  const schedule = {
    cron: `${pick(60)} ${hour} ${day} * ${weekday}`,
    timezone: ZONES[pick(ZONES.length)] as string,
    line: 1,
  }
  const slots: number[] = []
  for (let at = nextSlot(schedule, new Date(BEGIN)); at.getTime() < LAST_SLOT; at = nextSlot(schedule, at))
    slots.push(at.getTime())
  return {
    id: `i${index}`,
    schedule,
    isOpen: false,
    catchUp: index % 3 !== 0,
    isNamed: false,
    slots,
    lastScheduled: null,
    runs: [],
    starts: [],
  }
}

/** Runs what is due at a moment, as `backup` does, and lets a tenth of it fail. */
function run(
  instances: readonly Instance[],
  now: number,
  attempt: { readonly runId: string; readonly attempt: number },
  random: () => number,
): void {
  const byId = new Map(instances.map((one) => [one.id, one]))
  const tick = { fired: [TICK], createdAt: now }
  const previousTick = previousTickOf(tick, null)
  const items = planRun({
    candidates: instances,
    mode: 'due',
    past: (id) => {
      const { lastScheduled, runs } = byId.get(id) as Instance
      return { last: lastStartOf({ record: lastScheduled, runs: null, previousTick, now }), runs }
    },
    previousTick,
    tick: tickOf(tick),
    attempt,
    now,
  })
  for (const { id, isTaken } of items) {
    if (!isTaken) continue
    const one = byId.get(id) as Instance
    one.starts.push({ at: now, isAgain: attempt.attempt > 1 })
    one.lastScheduled = Math.max(now, one.lastScheduled ?? 0)
    const status = random() < 0.1 ? 'failed' : 'success'
    const past = { startedAt: new Date(now).toISOString(), status, isScheduled: true, seconds: 1, bytes: null } as const
    one.runs = [{ ...past, ...attempt }, ...one.runs].slice(0, 30)
  }
}

/** Checks an instance's year, and returns how many slots were served. */
function judge(one: Instance, arrivals: readonly number[]): number {
  const first = one.starts[0]?.at ?? Number.POSITIVE_INFINITY
  const slots = one.slots.filter((slot) => slot >= BEGIN + DAY) // before its first start nothing is remembered of it
  for (const slot of slots.filter((at) => at > first)) {
    const run = firstFrom(arrivals, slot, (at) => at)
    const start = firstFrom(one.starts, slot, ({ at }) => at)
    if (run === undefined) continue
    // a repetition that comes between a slot and its tick serves it, too
    if (start?.isAgain && start.at <= run) continue
    if (!one.catchUp && run - slot >= LATE && (start === undefined || start.at > run)) continue
    if (start?.at !== run)
      throw new Error(
        `${one.id} (${JSON.stringify(one.schedule)}): ${iso(slot)} was served at ${iso(start?.at)}, not at ${iso(run)}`,
      )
  }
  for (const [index, { at, isAgain }] of one.starts.entries()) {
    const before = one.starts[index - 1]?.at
    if (before === undefined || isAgain) continue
    const slot = firstFrom(one.slots, before + 1e-3, (time) => time) ?? Number.POSITIVE_INFINITY
    if (slot > at) throw new Error(`${one.id} started at ${iso(at)} for nothing new`)
  }
  const last = one.starts.at(-1)?.at ?? 0
  return slots.filter((slot) => slot <= last).length
}

const iso = (time: number | undefined) => (time === undefined ? 'no time' : new Date(time).toISOString())

/** Returns the first of sorted items whose time is not before `from`. */
function firstFrom<T>(items: readonly T[], from: number, timeOf: (item: T) => number): T | undefined {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (timeOf(items[middle] as T) < from) low = middle + 1
    else high = middle
  }
  return items[low]
}
