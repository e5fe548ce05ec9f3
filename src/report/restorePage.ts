/** Draws the page of a restore: what was brought back and where it is, or the points that there are. Pure. */
import { count } from '../format.ts'
import type { RestoreReport } from '../outcome.ts'
import { block, breakable, code, inline, link } from './markdown.ts'
import { lineLink, type ReportLinks, reportFooter } from './reportFooter.ts'
import { joinWithin } from './summary.ts'

export interface RestorePage {
  readonly report: RestoreReport
  readonly links: ReportLinks
  /**
   * True if strangers may read the page: lines of stderr are then left out. The points are shown in any case: the caller takes the image's
   * words about them out of the report (`publicRestore`).
   */
  readonly isPublic: boolean
  readonly limitBytes: number
}

const STEPS = [1000, 200, 50, 10, 0]

/**
 * Draws the page. If it does not fit into `limitBytes`, the older points are left out, and that is said; then all points, and warnings,
 * without a word. Empty if nothing fits.
 */
export function renderRestore(page: RestorePage): string {
  for (const most of STEPS) {
    const text = joinWithin(parts(page, most), page.limitBytes)
    if (text !== null) return text
  }
  return ''
}

function* parts({ report, links, isPublic }: RestorePage, most: number): Generator<string> {
  const { instance, errors } = report
  yield `### ${heading(report)}`
  const own = instance.error === null ? [] : [`${inline(instance.error)}${lineLink(report, instance.line, links)}`]
  const causes = [...own, ...errors.map((error) => inline(error))]
  if (causes.length > 0) yield ['> [!CAUTION]', ...causes.map((cause) => `> ${cause}`)].join('\n')
  const fate = untouched(report)
  if (fate !== null) yield `**${fate}.**`
  if (instance.notUp.length > 0)
    yield `**Down now: ${instance.notUp.map((name) => code(name)).join(', ')}.** See <code>docker logs</code>; every run on this host tries to start them.`
  if (!isPublic && instance.status === 'failed' && instance.stderr.length > 0) yield block(instance.stderr.slice(-20))
  if (report.restored.length > 0) yield table(report)
  yield* next(report)
  if (report.points.length > 0 && most > 0) yield points(report, most)
  const warnings = [...instance.warnings, ...report.warnings]
  if (warnings.length > 0 && most > 0)
    yield ['> [!WARNING]', ...warnings.slice(0, most).map((one) => `> - ${inline(one)}`)].join('\n')
  const again = link('Run the workflow again', links.workflow)
  if (again !== null && report.result !== 'restored') yield again
  yield reportFooter(report, links)
}

/** Says of a restore that ended before it touched anything that all is as it was; `null` of every other one. */
export function untouched({ instance, into, point }: RestoreReport): string | null {
  const { status, failedPhase } = instance
  if (status === 'success' || point === '' || failedPhase === 'place' || failedPhase === 'release') return null
  return into === 'new'
    ? 'Nothing was restored, and the running data was not touched'
    : 'Nothing was replaced, and no application was stopped'
}

function heading({ result, dryRun, instance, backupOf, point, points, into, host }: RestoreReport): string {
  const what = `<code>${inline(instance.id)}</code>`
  const of = backupOf === null ? inline(point) : `the backup of ${inline(moment(backupOf))}`
  if (result === 'listed') return `🗂️ ${what} has ${count(points.length, 'point')} to restore, on ${inline(host)}`
  if (result === 'cancelled') return `🚫 The restore of ${what} was cancelled`
  if (result === 'failed') return `❌ ${what} was not restored`
  if (dryRun) return `✅ ${of} of ${what} came back whole. Dry run: nothing was changed`
  return `✅ ${of} of ${what} is restored ${into === 'new' ? 'beside the running data' : 'into place'}`
}

/** Writes `20261128-020000` as `2026-11-28 02:00:00 UTC`. */
function moment(timestamp: string): string {
  const at = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(timestamp)
  return at === null ? timestamp : `${at[1]}-${at[2]}-${at[3]} ${at[4]}:${at[5]}:${at[6]} UTC`
}

function table({ restored }: RestoreReport): string {
  return [
    '| target | is now in | old data |',
    '|---|---|---|',
    ...restored.map(
      ({ name, to, kept }) =>
        `| <b>${breakable(inline(name))}</b> | ${breakable(code(to))} | ${kept === null ? '–' : breakable(code(kept))} |`,
    ),
  ].join('\n')
}

function* next({ result, dryRun, restored, into }: RestoreReport): Generator<string> {
  if (result !== 'restored' || dryRun) return
  const kept = restored.flatMap(({ kept: name }) => name ?? [])
  if (into === 'new')
    yield 'The running data was not touched. Look at what came back, and remove the volumes when you are done: `docker volume rm NAME`.'
  else if (kept.length > 0)
    yield `When all is well, remove the old data: <code>docker volume rm ${inline(kept.join(' '))}</code>`
}

function points({ points: all, point }: RestoreReport, most: number): string {
  const shown = [...all].reverse().slice(0, most)
  return [
    ...(point === '' ? ['To restore one, run the workflow again with its id as `point`, or `latest`.', ''] : []),
    '| point | time (UTC) | |',
    '|---|---|---|',
    ...shown.map(
      ({ id, time, text }) =>
        `| ${breakable(code(id))} | ${time === null ? '–' : inline(time.replace('T', ' ').slice(0, 16))} | ${breakable(inline(text))} |`,
    ),
    ...(all.length > shown.length ? ['', `_And ${count(all.length - shown.length, 'older point')}._`] : []),
  ].join('\n')
}
