/** Redacts a report before anything is rendered from it: escaping would hide a secret from a later search. Pure. */
import type { DrillReport } from '../drillReport.ts'
import type { RestoreReport, RunReport } from '../outcome.ts'

/**
 * Keys whose values are words of ours, times, numbers, ids, links or paths. They contain no secrets, although they may happen to equal one:
 * a secret that is `failed`, or `backup`, must not break them. The id of a restore's point is the image's, and is not redacted either.
 */
const OURS = new Set([
  'version',
  'result',
  'status',
  'failedPhase',
  'phase',
  'kind',
  'mode',
  'staging',
  'startedAt',
  'nextRun',
  'apiVersion',
  'runId',
  'id',
  'runUrl',
  'repository',
  'configFile',
  'log',
  'into',
  'point',
  'time',
  'backupOf',
  'verdict',
])

/** Applies `redact` to every text in the report, except to the values of the keys in `OURS`. */
export function redactReport<Report extends RunReport | RestoreReport | DrillReport>(
  report: Report,
  redact: (text: string) => string,
): Report {
  return redactValue(report, redact) as Report
}

function redactValue(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redact))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      OURS.has(key) && typeof item !== 'object' ? item : redactValue(item, redact),
    ]),
  )
}
