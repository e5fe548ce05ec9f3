/** A report without secrets, before anything is drawn from it: escaping would hide a secret from a later search. Pure. */
import type { RunReport } from '../outcome.ts'

/**
 * Values that are words of ours, times and numbers, and ids, links and paths that hold nothing of a secret although they may
 * happen to hold the same word: a secret that is `failed`, or `backup`, must not break them.
 */
const OURS = new Set([
  'version',
  'result',
  'status',
  'failedPhase',
  'phase',
  'kind',
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
])

/** The report with `redact` applied to every text of users, tools and containers in it. */
export function redactReport(report: RunReport, redact: (text: string) => string): RunReport {
  return redactValue(report, redact) as RunReport
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
