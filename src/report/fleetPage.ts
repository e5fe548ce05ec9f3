/** Draws the summary of a fleet's run: what failed on all hosts, why, and a row for each host. Pure. */
import { count, minute, seconds } from '../format.ts'
import type { RunReport } from '../outcome.ts'
import { backupTables } from './backupTable.ts'
import { badInstances, causes, lastLines, nextSteps } from './causes.ts'
import { type Fleet, type FleetHost, shortList } from './fleet.ts'
import { block, breakable, inline, link } from './markdown.ts'
import type { PageLinks } from './pageLinks.ts'
import { joinWithin } from './summary.ts'
import { isOnlyCoverage } from './uncovered.ts'
import { verdictLine, verdictWords } from './verdict.ts'
import { warningList } from './warningList.ts'

export interface FleetPageOptions {
  /** Longest page, bytes of UTF-8; what does not fit is cut, and that is said. */
  readonly limitBytes: number
  readonly allowPartial: boolean
  readonly links: PageLinks
}

/** The amount of detail: the largest number of last lines (of each backup), causes, rows of backups and warnings. */
interface Detail {
  readonly lines: number
  readonly causes: number
  readonly rows: number
  readonly warnings: number
}

const ALL = Number.POSITIVE_INFINITY
const DETAILS: readonly Detail[] = [
  { lines: 20, causes: ALL, rows: ALL, warnings: ALL },
  { lines: 5, causes: ALL, rows: 1000, warnings: 200 },
  { lines: 0, causes: 500, rows: 500, warnings: 50 },
  { lines: 0, causes: 100, rows: 100, warnings: 20 },
  { lines: 0, causes: 30, rows: 0, warnings: 5 },
  { lines: 0, causes: 3, rows: 0, warnings: 0 },
]
const CUT_NOTE = "_This summary was cut to fit: the summaries of the hosts' own jobs have the rest._"
/** If there are more hosts than this, the good ones are folded. */
const UNFOLDED = 10
const NAMES_SHOWN = 5

/**
 * Draws the page, never longer than `limitBytes`. However much else is cut for a fleet of several hosts, the id of each backup that failed
 * stays on it as long as the ids fit: 10,000 of the longest fit in 1 MiB.
 */
export function renderFleet(fleet: Fleet, options: FleetPageOptions): string {
  for (const [step, detail] of DETAILS.entries()) {
    const text = joinWithin(parts(fleet, options, detail, step > 0), options.limitBytes)
    if (text !== null) return text
  }
  const heading = headingOf(fleet, options.allowPartial)
  const least = [[heading, ...failedByHost(fleet)], [heading], []].map((paragraphs) =>
    joinWithin(paragraphs, options.limitBytes),
  )
  return least.find((text) => text !== null) ?? ''
}

function* parts(
  fleet: Fleet,
  { allowPartial, links }: FleetPageOptions,
  detail: Detail,
  isCut: boolean,
): Generator<string> {
  const { run, problems } = fleet
  yield headingOf(fleet, allowPartial)
  if (isCut) yield CUT_NOTE
  // the problems come first, as errors of the run; they also keep `nextSteps` from saying that every application is up
  const all: RunReport = { ...run, errors: [...problems, ...run.errors] }
  yield* causes(all, { allowPartial, links, most: detail.causes + problems.length })
  yield* nextSteps(all, links)
  yield* failedByHost(fleet)
  for (const one of badInstances(run)) yield* lastLines(one, detail.lines)
  yield* hostTables(fleet, allowPartial)
  yield* backupTables(run, { allowPartial, rows: detail.rows })
  yield* warningList(run, detail.warnings)
  yield* footer(run, links)
}

function headingOf(fleet: Fleet, allowPartial: boolean): string {
  const { run, hosts, problems, reported } = fleet
  const missing = hosts.flatMap((host) => (host.missing === null ? [] : [host.name]))
  if (problems.length === 0) return verdictLine(run, allowPartial)
  const of = hosts.length === 1 ? '1 host' : `${missing.length} of ${hosts.length} hosts`
  const what =
    missing.length === 0
      ? (problems[0] ?? '').split(':')[0]
      : `${of} gave no report: ${shortList(missing, NAMES_SHOWN)}`
  const others = run.instances.length === 0 ? '' : `; ${verdictWords({ ...run, result: reported }, allowPartial)}`
  return `### ${run.result === 'cancelled' ? '🚫' : '❌'} ${inline(what ?? '')}${others}`
}

/**
 * Names every backup that did not end well, or of which nothing is known, below its host, in lines that fit a phone. Empty if none failed,
 * or if there is only one host.
 */
function failedByHost({ hosts }: Fleet): readonly string[] {
  const lines = hosts.flatMap((host) => {
    const bad = host.report === null ? host.due : badInstances(host.report).map(({ id }) => id)
    return bad.length === 0 ? [] : [`${host.name}${host.report === null ? ', no report' : ''}:`, ...wrapped(bad)]
  })
  if (lines.length === 0 || hosts.length < 2) return []
  return [`<details open><summary>Failed or incomplete, by host</summary>\n\n${block(lines)}\n\n</details>`]
}

const LINE_CHARACTERS = 40

/** Joins words with commas into indented lines; a word that is longer than a line has one of its own. */
function wrapped(words: readonly string[]): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const [at, word] of words.entries()) {
    const item = at === words.length - 1 ? word : `${word},`
    if (line !== '' && line.length + item.length > LINE_CHARACTERS) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? `  ${item}` : `${line} ${item}`
  }
  return line === '' ? lines : [...lines, line]
}

function hostTables({ hosts }: Fleet, allowPartial: boolean): readonly string[] {
  const rows = hosts.map((host) => ({ isGood: isGood(host, allowPartial), row: hostRow(host, allowPartial) }))
  const sorted = [...rows.filter((one) => !one.isGood), ...rows.filter((one) => one.isGood)]
  if (sorted.length <= UNFOLDED) return sorted.length === 0 ? [] : [hostTable(sorted)]
  const bad = sorted.filter((one) => !one.isGood)
  const good = sorted.filter((one) => one.isGood)
  return [
    ...(bad.length === 0 ? [] : [hostTable(bad)]),
    ...(good.length === 0
      ? []
      : [
          `<details><summary>✅ ${count(good.length, 'host')} without a failure</summary>\n\n${hostTable(good)}\n\n</details>`,
        ]),
  ]
}

function hostTable(rows: readonly { readonly row: string }[]): string {
  return ['| | host | backups | time |', '|---|---|---|---:|', ...rows.map(({ row }) => row)].join('\n')
}

function isGood({ report }: FleetHost, allowPartial: boolean): boolean {
  if (report === null) return false
  return report.result === 'success' || report.result === 'nothing-due' || (allowPartial && report.result === 'partial')
}

const SIGNS: Readonly<Record<RunReport['result'], string>> = {
  success: '✅',
  partial: '❌',
  failed: '❌',
  cancelled: '🚫',
  'nothing-due': '💤',
}

function hostRow({ name, report }: FleetHost, allowPartial: boolean): string {
  const shown = `<b>${breakable(inline(name))}</b>`
  if (report === null) return `| ❓ | ${shown} | <b>no report</b> | – |`
  const sign = allowPartial && report.result === 'partial' ? '⚠️' : SIGNS[report.result]
  const time = seconds(report.seconds).replaceAll(' ', '\u00a0')
  return `| ${sign} | ${shown} | ${whatOf(report)} | ${time} |`
}

/** Says how the backups of a host ended, such as `3 of 5 done, 1 failed, 1 incomplete`. */
function whatOf({ instances, errors, dryRun }: RunReport): string {
  const number = (status: string) => instances.filter((one) => one.status === status).length
  const part = (value: number, word: string) => (value === 0 ? [] : [`${value} ${word}`])
  if (instances.length === 0 && errors.length === 0) return 'nothing was due'
  return [
    dryRun ? 'dry run' : `${number('success')} of ${instances.length} done`,
    ...part(number('failed'), 'failed'),
    ...part(number('partial'), 'incomplete'),
    ...part(number('cancelled'), 'cancelled'),
    ...(dryRun ? [] : part(number('skipped'), 'not begun')),
    ...hostErrors(errors),
  ].join(', ')
}

function hostErrors(errors: readonly string[]): readonly string[] {
  if (errors.length === 0) return []
  return [
    isOnlyCoverage(errors)
      ? '<b>something is, or may be, in no backup</b>'
      : '<b>an application of an earlier run is not up</b>',
  ]
}

function footer(run: RunReport, links: PageLinks): readonly string[] {
  const items = [
    run.startedAt === '' ? null : `Begun ${minute(run.startedAt)}`,
    run.attempt > 1 ? `attempt ${run.attempt}` : null,
    link(run.configFile, links.config),
  ].filter((item) => item !== null)
  return items.length === 0 ? [] : [`<sub>${items.join(' · ')}</sub>`]
}
