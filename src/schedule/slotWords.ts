/** Writes schedules and their slots for people. Pure. */
import type { Schedule } from '../config/model.ts'
import { minute } from '../format.ts'

const UTC = ['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT']
const formats = new Map<string, Intl.DateTimeFormat>()

/** Writes a slot in UTC and, unless the schedule's zone is UTC, in that zone too: `2026-11-28 23:30 UTC (29 Nov, 00:30 Europe/Berlin)`. */
export function slotWords(slot: Date, { timezone }: Pick<Schedule, 'timezone'>): string {
  const utc = minute(slot.toISOString())
  return UTC.includes(timezone) ? utc : `${utc} (${formatOf(timezone).format(slot)} ${timezone})`
}

/** Writes a schedule, `0 4 * * * Europe/Berlin`. */
export function scheduleWords({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): string {
  return `${cron} ${timezone}`
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const options = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone, hourCycle: 'h23' })
  formats.set(timeZone, format)
  return format
}
