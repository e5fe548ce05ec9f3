/** Draws the run's page in the Actions tab, as markdown: what happened, why, what to do, and then the rest. Pure: a report in, text out. */

import { count, minute } from '../format.ts'
import type { NotDue, RunReport } from '../outcome.ts'
import { backupTables, targetFold } from './backupTable.ts'
import { badInstances, causes, lastLines, nextSteps } from './causes.ts'
import { breakable, code, inline, link } from './markdown.ts'
import type { PageLinks } from './pageLinks.ts'
import { pastRuns } from './pastRuns.ts'
import { publicPage } from './publicPage.ts'
import { timeline } from './timeline.ts'
import { toldFold } from './toldResult.ts'
import { uncoveredFold } from './uncovered.ts'
import { verdictLine } from './verdict.ts'
import { warningList } from './warningList.ts'

export interface SummaryOptions {
  /** True on a public repository, where strangers read the page: it then shows no names of files and no lines of containers. */
  readonly publicRepository: boolean
  /** Path of the folder of the logs on the runner. */
  readonly logDirectory: string
  /** Longest page, bytes of UTF-8; what does not fit is cut, and that is said. */
  readonly limitBytes: number
  /** True if an incomplete backup leaves the job green. */
  readonly allowPartial: boolean
  readonly links: PageLinks
  /** The runner's name; `null` if the platform does not say. `version` is that of the action as the workflow names it, `null` likewise. */
  readonly runner: string | null
  readonly version: string | null
}

/**
 * The amount of detail: the largest number of last lines (of each backup), causes, rows, targets and warnings. Each step of `DETAILS` shows
 * less than the one before.
 */
interface Detail {
  readonly lines: number
  readonly causes: number
  readonly rows: number
  readonly targets: number
  readonly warnings: number
}

const ALL = Number.POSITIVE_INFINITY
const DETAILS: readonly Detail[] = [
  { lines: 20, causes: ALL, rows: ALL, targets: ALL, warnings: ALL },
  { lines: 20, causes: ALL, rows: ALL, targets: 200, warnings: 200 },
  { lines: 5, causes: 500, rows: 500, targets: 0, warnings: 50 },
  { lines: 0, causes: 100, rows: 500, targets: 0, warnings: 20 },
  { lines: 0, causes: 30, rows: 100, targets: 0, warnings: 5 },
  { lines: 0, causes: 3, rows: 10, targets: 0, warnings: 0 },
  { lines: 0, causes: 0, rows: 0, targets: 0, warnings: 0 },
]
/** Largest number of backups of which the timeline and the last runs are drawn. */
const CHARTED = 50
const CUT_NOTE = '_This summary was cut to fit: the whole is in the report and the logs._'

/**
 * Draws the page of a run, never longer than `limitBytes`. Texts of users and containers cannot become markup. The caller has taken the
 * secrets out.
 */
export function renderSummary(report: RunReport, options: SummaryOptions): string {
  const page = publicPage(report, options.publicRepository)
  for (const [step, detail] of DETAILS.entries()) {
    const text = joinWithin(parts(page, options, detail, step > 1), options.limitBytes)
    if (text !== null) return text
  }
  const verdict = `${verdictLine(page, options.allowPartial)}\n`
  return Buffer.byteLength(verdict) <= options.limitBytes ? verdict : ''
}

/** Joins parts as paragraphs; `null` as soon as they are longer than the limit. */
export function joinWithin(paragraphs: Iterable<string>, limitBytes: number): string | null {
  const taken: string[] = []
  let size = 0
  for (const paragraph of paragraphs) {
    size += Buffer.byteLength(paragraph) + 2
    if (size > limitBytes) return null
    taken.push(`${paragraph}\n`)
  }
  return taken.join('\n')
}

function* parts(report: RunReport, options: SummaryOptions, detail: Detail, isCut: boolean): Generator<string> {
  const { allowPartial, links } = options
  yield verdictLine(report, allowPartial)
  if (isCut) yield CUT_NOTE
  yield* causes(report, { allowPartial, links, most: detail.causes })
  yield* nextSteps(report, links)
  yield* hiddenWords(report, options)
  for (const one of badInstances(report)) yield* lastLines(one, detail.lines)
  yield* nothingDue(report, Math.min(detail.rows, NOT_DUE_ROWS))
  yield* backupTables(report, { allowPartial, rows: detail.rows })
  yield* targetFold(report, detail.targets)
  yield* toldFold(report, detail.targets)
  yield* timeline(report, Math.min(detail.targets, CHARTED))
  yield* pastRuns(report, Math.min(detail.targets, CHARTED))
  yield* warningList(report, detail.warnings)
  yield* uncoveredFold(report.coverage, Math.min(detail.warnings, 200))
  yield* footer(report, options)
}

/** Says below a failure on a public page that words are missing there, and where they are. */
function hiddenWords(report: RunReport, { publicRepository, links, logDirectory }: SummaryOptions): readonly string[] {
  if (!publicRepository || report.dryRun || badInstances(report).length === 0) return []
  const where =
    links.logs === null
      ? `The whole log is on the runner, in ${code(logDirectory)}, until the runner empties that folder, at the latest for its next job. <code>show-logs: true</code> shows it in the job's log, <code>upload-logs: true</code> uploads it.`
      : "The whole log is in the artifact; <code>show-logs: true</code> shows it in the job's log."
  return [
    `What the backups printed, and names of files, are not shown here, because the repository is public or may be. ${where}`,
  ]
}

/** Says of a run that took nothing when each backup comes next, and why it does not now. */
function nothingDue({ instances, notDue, configFile }: RunReport, rows: number): readonly string[] {
  if (instances.length > 0) return []
  if (notDue.length === 0) return ['None of the chosen backups belongs to this host.']
  if (notDue.some(({ nextRun }) => nextRun !== null)) return notDueTable(notDue, rows)
  return [
    `No backup in ${code(configFile)} has a <code>schedule</code>, so that a scheduled run has nothing to do. Give one a <code>schedule</code>, or start the workflow by hand: that runs all of them.`,
  ]
}

/** Largest number of backups that are shown as not due. */
const NOT_DUE_ROWS = 50

function notDueTable(notDue: readonly NotDue[], rows: number): readonly string[] {
  const sorted = notDue.toSorted((a, b) => ((a.nextRun ?? '~') < (b.nextRun ?? '~') ? -1 : 1))
  const lines = sorted.slice(0, rows).map(({ id, nextRun, why }) => {
    const next = nextRun === null ? 'by hand' : minute(nextRun)
    return `| <b>${breakable(inline(id))}</b> | ${next} | ${inline(why)} |`
  })
  const more = notDue.length - lines.length
  return [
    ['| backup | next | why not now |', '|---|---|---|', ...lines].join('\n'),
    ...(more > 0 ? [`_And ${count(more, 'more backup')}, in the report._`] : []),
    'The next run is the first start of the workflow after that time.',
  ]
}

function footer(report: RunReport, { links, runner, version }: SummaryOptions): readonly string[] {
  const engine = report.engine === null ? null : `Docker ${inline(report.engine.version)}`
  const parts = [
    report.startedAt === '' ? null : `Begun ${minute(report.startedAt)}`,
    report.attempt > 1 ? `attempt ${report.attempt}` : null,
    link(links.logs === null ? 'report' : 'report and logs', links.report),
    link(report.configFile, links.config),
    runner === null ? null : `runner ${inline(runner)}`,
    engine,
    version === null ? null : `Marina ${inline(version)}`,
  ]
  const text = parts.filter((part) => part !== null).join(' · ')
  return text === '' ? [] : [`<sub>${text}</sub>`]
}
