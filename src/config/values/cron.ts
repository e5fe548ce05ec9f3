/**
 * Parses cron expressions of five fields by the rules of Marina's parser (robfig/cron v3), without its shorthands such as `@daily`, and
 * with 7 for Sunday. Knows the names of time zones. It is stricter than cron-parser, which accepts `""`, `H`, seconds and more. The result
 * is lists of numbers, which no second parser can read differently.
 */

/** The fields of one cron expression, as sorted numbers. A day field is `null` if it does not restrict the days. */
export interface Cron {
  /** The five fields as written, separated by single spaces. */
  readonly expression: string
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly daysOfMonth: readonly number[] | null
  readonly months: readonly number[]
  /** 0 is Sunday; there is no 7. */
  readonly daysOfWeek: readonly number[] | null
  /** The time zone of a `CRON_TZ=` or `TZ=` prefix; `null` if there is none. */
  readonly timezone: string | null
}

type CronResult = { readonly ok: true; readonly cron: Cron } | { readonly ok: false; readonly message: string }

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MINUTE: Field = { name: 'minute', min: 0, max: 59 }
const HOUR: Field = { name: 'hour', min: 0, max: 23 }
const DAY: Field = { name: 'day of the month', min: 1, max: 31 }
const MONTH: Field = { name: 'month', min: 1, max: 12, names: MONTHS }
const WEEKDAY: Field = { name: 'day of the week', min: 0, max: 6, names: WEEKDAYS }
/** Number that stands for the Sunday after Saturday: the end of a range such as `5-7` or `fri-sun`. Crontabs also write it alone. */
const LAST_SUNDAY = 7
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Expressions that were parsed: each is asked for by the schema, the rules and the slots. */
const parsed = new Map<string, CronResult>()

/** Parses a cron expression, or says in one sentence what is wrong with it. An expression that can never fire is wrong. */
export function parseCron(text: string): CronResult {
  const known = parsed.get(text) ?? parseFields(text)
  parsed.set(text, known)
  return known
}

function parseFields(text: string): CronResult {
  try {
    return { ok: true, cron: readCron(text) }
  } catch (error) {
    if (error instanceof CronProblem) return { ok: false, message: error.message }
    throw error
  }
}

/** Names that Intl was asked for, with its answer: asking is slow, and thousands of schedules share a few zones. */
const zones = new Map<string, boolean>()

/** Tells whether `name` is a time zone of the IANA database (`Europe/Berlin`, `UTC`). An offset or a path is not. */
export function isTimezone(name: string): boolean {
  const known = zones.get(name) ?? knowsZone(name)
  zones.set(name, known)
  return known
}

function knowsZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false // Intl also takes offsets such as +02:00, which know no summer time
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

class CronProblem extends Error {}

function readCron(text: string): Cron {
  const { timezone, rest } = splitTimezone(text.trim())
  if (rest.startsWith('@')) {
    throw new CronProblem(
      `shorthands such as ${rest} are not taken: write five fields, such as "0 2 * * *" for daily at two`,
    )
  }
  const fields = rest.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== 5) {
    throw new CronProblem(
      `a schedule has five fields (minute, hour, day of the month, month, day of the week), this one has ${fields.length}`,
    )
  }
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string]
  const cron = {
    expression: fields.join(' '),
    minutes: readField(minute, MINUTE).values,
    hours: readField(hour, HOUR).values,
    ...readDays(readField(day, DAY), readField(weekday, WEEKDAY)),
    months: readField(month, MONTH).values,
    timezone,
  }
  refuseNever(cron)
  return cron
}

function splitTimezone(text: string): { timezone: string | null; rest: string } {
  const prefix = /^(?:CRON_)?TZ=(\S*)\s*/.exec(text)
  if (prefix === null) return { timezone: null, rest: text }
  const timezone = prefix[1] as string
  if (!isTimezone(timezone))
    throw new CronProblem(`"${timezone}" is not a time zone: write a name such as Europe/Berlin`)
  return { timezone, rest: text.slice(prefix[0].length) }
}

/**
 * Decides on which days a schedule fires. If both fields restrict, a day that fits either of them fires; if one is a star, the other alone
 * decides. A step (every second day) restricts and is not a star: that is robfig/cron's rule, which Marina's users rely on. If both
 * restrict and one of them names every day, every day fires.
 */
function readDays(day: ReadField, weekday: ReadField): Pick<Cron, 'daysOfMonth' | 'daysOfWeek'> {
  const everyDay = day.values.length === 31 || weekday.values.length === 7
  if (!day.star && !weekday.star && everyDay) return { daysOfMonth: null, daysOfWeek: null }
  return {
    daysOfMonth: day.star ? null : day.values,
    daysOfWeek: weekday.star ? null : weekday.values,
  }
}

interface ReadField {
  readonly values: readonly number[]
  readonly star: boolean
}

function readField(text: string, field: Field): ReadField {
  const values = new Set<number>()
  let star = false
  for (const item of text.split(',')) {
    const range = readItem(item, field)
    for (let value = range.from; value <= range.to; value += range.step)
      values.add(field === WEEKDAY ? value % LAST_SUNDAY : value)
    star ||= range.star && range.step === 1
  }
  return { values: [...values].sort((a, b) => a - b), star }
}

function readItem(item: string, field: Field): { from: number; to: number; step: number; star: boolean } {
  const shape = /^([^-/]*)(?:-([^-/]*))?(?:\/(.*))?$/.exec(item)
  if (shape === null || item === '')
    throw new CronProblem(`the ${field.name} field holds "${item}", which is no number, range or step`)
  const [, low = '', high, stepText] = shape
  const step = stepText === undefined ? 1 : readStep(stepText, field)
  if (low === '*' || low === '?') {
    if (high !== undefined) throw new CronProblem(`the ${field.name} field holds "${item}": a range needs two numbers`)
    return { from: field.min, to: field.max, step, star: true }
  }
  const { from, to } = readRange(low, high ?? (stepText === undefined ? low : null), field)
  if (from > to) throw new CronProblem(`the ${field.name} field holds the range "${item}", which ends before it begins`)
  return { from, to, step, star: false }
}

/** Parses a number or a range. `high` is `null` for the first part of a step such as `5/15`, which means 5-59/15. */
function readRange(low: string, high: string | null, field: Field): { from: number; to: number } {
  const from = readNumber(low, field)
  const to = high === null ? field.max : readNumber(high, field)
  if (field !== WEEKDAY) return { from, to }
  // a Sunday that ends a range is the one after Saturday; any other is the one before Monday
  if (to === 0 && from > 0 && from < LAST_SUNDAY) return { from, to: LAST_SUNDAY }
  return from === LAST_SUNDAY && to !== LAST_SUNDAY ? { from: 0, to } : { from, to }
}

function readStep(text: string, field: Field): number {
  const step = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (step === 0) throw new CronProblem(`the ${field.name} field has the step "${text}": a step is a number from 1`)
  return step
}

function readNumber(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + field.min
  if (!/^\d{1,9}$/.test(text))
    throw new CronProblem(`the ${field.name} field holds "${text}", which is no number${namesHint(field)}`)
  const value = Number(text)
  const max = field === WEEKDAY ? LAST_SUNDAY : field.max
  if (value < field.min || value > max)
    throw new CronProblem(`the ${field.name} is ${value}, but goes from ${field.min} to ${max}`)
  return value
}

function namesHint(field: Field): string {
  return field.names === undefined ? '' : ` and no name such as ${(field.names[1] as string).toUpperCase()}`
}

function refuseNever(cron: Cron): void {
  if (cron.daysOfMonth === null || cron.daysOfWeek !== null) return
  const first = cron.daysOfMonth[0] as number
  if (cron.months.every((month) => first > (LONGEST_MONTH[month - 1] as number))) {
    throw new CronProblem(`day ${first} never comes in the months of this schedule, so it would never fire`)
  }
}
