/** Parses the `schedule` of a workflow file by GitHub's rules, which differ from those of an instance's schedule. Pure. */
import type { Schedule } from '../config/model.ts'
import { isTimezone, parseCron } from '../config/values/cron.ts'

/**
 * A cron of a workflow. `schedule` is `null` if it starts nothing. `problem` says what is wrong with it, for a place after "the cron ", also
 * beside a schedule; `null` if it is right.
 */
export interface WorkflowCron {
  readonly schedule: Schedule | null
  readonly problem: string | null
}

/** The shortest time between two starts of a workflow by schedule, minutes (GitHub's documentation of `on.schedule`). */
const SHORTEST_INTERVAL = 5

/** Parses a cron and the `timezone` beside it (`undefined`: UTC). */
export function readWorkflowCron(text: string, timezone: string | undefined, line: number): WorkflowCron {
  const wrong = (why: string): WorkflowCron => ({ schedule: null, problem: `"${text}" starts nothing: ${why}` })
  if (/^\s*(?:CRON_)?TZ=/.test(text))
    return wrong('GitHub takes no time zone in it. Write `timezone: Europe/Berlin` beside `cron`')
  const result = parseCron(text)
  if (!result.ok) return wrong(result.message)
  const zone = timezone ?? 'UTC'
  if (!isTimezone(zone)) return wrong(`"${zone}" is no time zone: write a name such as Europe/Berlin`)
  return {
    schedule: { cron: result.cron.expression, timezone: zone, line },
    problem: doubtOf(text, result.cron.minutes),
  }
}

function doubtOf(text: string, minutes: readonly number[]): string | null {
  if (text.includes('?')) return `"${text}" has a ? in it, which GitHub does not take: write *`
  const weekdays = text.trim().split(/\s+/)[4] ?? ''
  if (/(?:^|[,-])7(?:$|[,/-])/.test(weekdays))
    return `"${text}" has a 7 for Sunday, which GitHub does not take: write 0 or SUN`
  const gaps = minutes.map((minute, index) => (minutes[index + 1] ?? (minutes[0] as number) + 60) - minute)
  const shortest = Math.min(...gaps)
  if (shortest >= SHORTEST_INTERVAL) return null
  return `"${text}" asks for a start every ${shortest === 1 ? 'minute' : `${shortest} minutes`}: GitHub's shortest interval is ${SHORTEST_INTERVAL} minutes`
}
