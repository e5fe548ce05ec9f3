/** Draws the first line of a run's summary: what happened, in one line of a phone. Pure. */
import { count, seconds } from '../format.ts'
import type { InstanceReport, InstanceStatus, RunReport } from '../outcome.ts'
import { inline } from './markdown.ts'
import { isOnlyCoverage, uncoveredCount } from './uncovered.ts'
import { warningsOf } from './warningList.ts'

const NAMES_SHOWN = 5

/**
 * Draws the verdict as a heading, with a sign: ❌ for a failure, ⚠️ for incomplete backups that leave the job green, 🚫 for a cancel, which
 * makes it red, too.
 */
export function verdictLine(report: RunReport, allowPartial: boolean): string {
  const host = report.host === '' ? '' : `${inline(report.host)}: `
  const [sign, words] = report.dryRun ? dryRunVerdict(report) : verdict(report, allowPartial)
  return `### ${sign} ${host}${words}`
}

/** Returns the words of the verdict, for a heading that says something else first. */
export function verdictWords(report: RunReport, allowPartial: boolean): string {
  return (report.dryRun ? dryRunVerdict(report) : verdict(report, allowPartial))[1]
}

function verdict(report: RunReport, allowPartial: boolean): readonly [sign: string, words: string] {
  const { instances, result } = report
  const total = count(instances.length, 'backup')
  const done = of(instances, 'success').length
  switch (result) {
    case 'nothing-due':
      return ['💤', 'nothing was due']
    case 'success':
      return [
        '✅',
        `${instances.length > 1 ? 'all ' : ''}${total} done in ${seconds(report.seconds)}${withWarnings(report)}`,
      ]
    case 'cancelled':
      return [
        '🚫',
        `cancelled; ${done === 0 ? 'no backup' : `${done} of ${total}`} ${done > 1 ? 'were' : 'was'} done before`,
      ]
    case 'partial':
    case 'failed':
      return [result === 'partial' && allowPartial ? '⚠️' : '❌', badVerdict(report)]
  }
}

function badVerdict(report: RunReport): string {
  const { instances, errors } = report
  const failed = of(instances, 'failed')
  const partial = of(instances, 'partial')
  const total = count(instances.length, 'backup')
  if (failed.length + partial.length === 0) {
    if (errors.length === 0) return 'the run failed'
    const uncovered = onlyUncovered(report)
    if (uncovered !== null)
      return `${uncovered}${instances.length === 0 ? '' : `; ${of(instances, 'success').length} of ${total} done`}`
    return `an application that an earlier run stopped is not up; ${of(instances, 'success').length} of ${total} done`
  }
  const also = failed.length > 0 && partial.length > 0 ? ` and ${partial.length} incomplete` : ''
  const what =
    failed.length > 0 ? `${failed.length} of ${total} failed${also}` : `${partial.length} of ${total} incomplete`
  // only a cancel keeps a backup from beginning
  const isCancelled = instances.some(
    ({ status, why }) => status === 'cancelled' || (status === 'skipped' && why === null),
  )
  return `${isCancelled ? 'cancelled; ' : ''}${what}: ${namesOf([...failed, ...partial])}`
}

/** Says what is in no backup, if the run failed for that alone; else `null`. */
export function onlyUncovered({ coverage, errors }: RunReport): string | null {
  if (errors.length === 0 || !isOnlyCoverage(errors)) return null
  if (coverage !== null && coverage.objects.length > 0) return uncoveredCount(coverage)
  return coverage === null ? 'something is in no backup' : 'it could not be checked what is in no backup'
}

function withWarnings(report: RunReport): string {
  const { length } = warningsOf(report)
  return length === 0 ? '' : `, with ${count(length, 'warning')}`
}

/** Says what a run would do, for a dry run, which backs nothing up. */
function dryRunVerdict(report: RunReport): readonly [sign: string, words: string] {
  const { instances, result } = report
  const total = count(instances.length, 'backup')
  const bad = [...of(instances, 'failed'), ...of(instances, 'partial')]
  if (result === 'cancelled') return ['🚫', 'dry run, cancelled']
  const words = 'dry run, nothing was backed up'
  if (bad.length > 0) return ['❌', `${words}; ${bad.length} of ${total} would fail: ${namesOf(bad)}`]
  return result === 'failed'
    ? ['❌', `${words}; ${onlyUncovered(report) ?? 'it failed'}`]
    : ['⏭️', `${words}; ${total} would run`]
}

function of(instances: readonly InstanceReport[], status: InstanceStatus): readonly InstanceReport[] {
  return instances.filter((one) => one.status === status)
}

function namesOf(instances: readonly InstanceReport[]): string {
  const shown = instances
    .slice(0, NAMES_SHOWN)
    .map(({ id }) => inline(id))
    .join(', ')
  return instances.length > NAMES_SHOWN ? `${shown} and ${instances.length - NAMES_SHOWN} more` : shown
}
