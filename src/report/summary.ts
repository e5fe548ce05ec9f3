/** The run's page in the Actions tab, as markdown. Pure: a report in, text out. */

import { bytes, count, minute, seconds } from '../format.ts'
import type { InstanceReport, InstanceStatus, RunReport, TargetReport } from '../outcome.ts'
import { withoutFileNames } from './hideFileNames.ts'
import { block, code, inline, link } from './markdown.ts'

interface SummaryOptions {
  /** Strangers read it: no names of files, no lines of logs. */
  readonly publicRepository: boolean
  /** The most that the platform shows, in bytes of UTF-8; what does not fit is cut, and that is said. */
  readonly limitBytes: number
}

/** The amount of detail. Each step of `DETAILS` shows less than the one before. */
interface Detail {
  readonly tailLines: number
  readonly rows: number
  readonly warnings: number
  readonly targets: boolean
}

const ALL = Number.POSITIVE_INFINITY
const DETAILS: readonly Detail[] = [
  { tailLines: ALL, rows: ALL, warnings: ALL, targets: true },
  { tailLines: 20, rows: ALL, warnings: 200, targets: true },
  { tailLines: 5, rows: 500, warnings: 50, targets: true },
  { tailLines: 0, rows: 500, warnings: 20, targets: false },
  { tailLines: 0, rows: 100, warnings: 5, targets: false },
  { tailLines: 0, rows: 10, warnings: 0, targets: false },
  { tailLines: 0, rows: 0, warnings: 0, targets: false },
]
const CUT_NOTE = '_This summary was cut to fit: the whole is in the report and the logs._'

/**
 * A verdict, a table of the instances, a fold for each that did not end well, and the warnings. Never longer than
 * `limitBytes`. Texts of users and containers cannot become markup; secrets must have been taken out before.
 */
export function renderSummary(report: RunReport, options: SummaryOptions): string {
  const page = publicPage(report, options.publicRepository)
  for (const [step, detail] of DETAILS.entries()) {
    const text = joinWithin(parts(page, detail, step > 0), options.limitBytes)
    if (text !== null) return text
  }
  const verdict = `${verdictLine(page)}\n`
  return Buffer.byteLength(verdict) <= options.limitBytes ? verdict : ''
}

/** The report without what strangers must not see: on a public repository, no names of files. */
export function publicPage(report: RunReport, isPublic: boolean): RunReport {
  if (!isPublic) return report
  const targets = report.instances.flatMap((one) => one.targets.map((target) => target.name))
  const images = report.instances.map((one) => one.image.reference)
  const known = new Set([
    report.host,
    report.configFile,
    ...report.instances.map((one) => one.id),
    ...targets,
    ...images,
  ])
  const hide = (sentence: string) => withoutFileNames(sentence, known)
  const hideAny = (sentence: string | null) => (sentence === null ? null : hide(sentence))
  return {
    ...report,
    errors: report.errors.map(hide),
    warnings: report.warnings.map(hide),
    instances: report.instances.map((one) => ({
      ...one,
      error: hideAny(one.error),
      warnings: one.warnings.map(hide),
      tail: [],
      targets: one.targets.map((target) => {
        const warnings = target.warnings.map(hide)
        return target.status === 'failed' ? { ...target, error: hide(target.error), warnings } : { ...target, warnings }
      }),
    })),
  }
}

/** Joins parts as paragraphs; `null` as soon as they are longer than the limit. */
function joinWithin(paragraphs: Iterable<string>, limitBytes: number): string | null {
  const taken: string[] = []
  let size = 0
  for (const paragraph of paragraphs) {
    size += Buffer.byteLength(paragraph) + 2
    if (size > limitBytes) return null
    taken.push(`${paragraph}\n`)
  }
  return taken.join('\n')
}

function* parts(report: RunReport, detail: Detail, cut: boolean): Generator<string> {
  const bad = FOLDED.flatMap((status) => report.instances.filter((one) => one.status === status))
  yield verdictLine(report)
  if (cut) yield CUT_NOTE
  yield* table(report, detail)
  for (const one of bad.slice(0, detail.rows)) yield fold(one, detail, bad.length === 1)
  yield* plan(report, detail)
  yield* warnings(report, detail)
  yield* footer(report)
}

/** Instances of these statuses get a fold, the worst first. */
const FOLDED: readonly InstanceStatus[] = ['failed', 'cancelled', 'partial']

const SIGNS: Readonly<Record<InstanceStatus, string>> = {
  success: '✅',
  partial: '⚠️',
  failed: '❌',
  cancelled: '🚫',
  skipped: '⏭️',
}

function verdictLine(report: RunReport): string {
  const of = (status: InstanceStatus) => report.instances.filter((one) => one.status === status)
  const total = report.instances.length
  const host = report.host === '' ? '' : ` on ${inline(report.host)}`
  const bad = (ids: readonly InstanceReport[]) => namesOf(ids.map((one) => one.id))
  if (report.dryRun) return dryRunLine(report, host)
  switch (report.result) {
    case 'nothing-due':
      return `### 💤 Nothing was due${host}`
    case 'success':
      return `### ✅ ${count(total, 'backup')} succeeded${host}, in ${seconds(report.seconds)}`
    case 'partial':
      return `### ⚠️ ${of('partial').length} of ${count(total, 'backup')} incomplete${host}: ${bad(of('partial'))}`
    case 'cancelled':
      return `### 🚫 Cancelled${host}: ${of('success').length} of ${count(total, 'backup')} succeeded before`
    case 'failed': {
      const failed = of('failed')
      if (failed.length === 0 && report.errors.length > 0)
        return `### ❌ An application that an earlier run stopped is not up${host}; ${of('success').length} of ${count(total, 'backup')} succeeded`
      if (failed.length === 0) return `### ❌ The run failed${host}`
      return `### ❌ ${failed.length} of ${count(total, 'backup')} failed${host}: ${bad(failed)}`
    }
  }
}

/** Of a dry run nothing has succeeded and nothing has failed: it says what a run would do. */
function dryRunLine({ instances, result }: RunReport, host: string): string {
  const total = count(instances.length, 'backup')
  const bad = instances.filter((one) => one.status === 'failed' || one.status === 'partial')
  if (result === 'cancelled') return `### 🚫 Dry run${host}: cancelled`
  if (bad.length === 0 && result === 'failed') return `### ❌ Dry run${host}: failed`
  if (bad.length === 0) return `### ⏭️ Dry run${host}: nothing was backed up, ${total} would be`
  const sign = bad.some((one) => one.status === 'failed') ? '❌' : '⚠️'
  const names = namesOf(bad.map((one) => one.id))
  return `### ${sign} Dry run${host}: nothing was backed up, and ${bad.length} of ${total} would fail or be incomplete: ${names}`
}

function namesOf(ids: readonly string[]): string {
  const shown = ids
    .slice(0, 5)
    .map((id) => inline(id))
    .join(', ')
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown
}

function table({ instances, dryRun }: RunReport, detail: Detail): string[] {
  if (instances.length === 0 || detail.rows === 0) return []
  const worstFirst = [...instances].sort((a, b) => Number(b.status === 'failed') - Number(a.status === 'failed'))
  const rows = (instances.length > detail.rows ? worstFirst : instances).slice(0, detail.rows)
  const lines = [
    '| Instance | Status | Targets | Size | Downtime | Duration | Next run |',
    '| --- | --- | --- | ---: | ---: | ---: | --- |',
    ...rows.map((one) => row(one, dryRun)),
  ]
  const more = instances.length - rows.length
  return [lines.join('\n'), ...(more > 0 ? [`_And ${count(more, 'more instance')}._`] : [])]
}

function row(one: InstanceReport, dryRun: boolean): string {
  const status = dryRun && one.status === 'skipped' ? 'would run' : one.status
  const cells = [
    code(one.id),
    `${SIGNS[one.status]} ${status}${one.failedPhase === null ? '' : ` (${one.failedPhase})`}`,
    targetsCell(one),
    sizeCell(one.targets),
    one.downtimeSeconds === null ? '–' : seconds(one.downtimeSeconds),
    one.startedAt === null ? '–' : seconds(one.seconds),
    one.nextRun === null ? 'by hand' : minute(one.nextRun),
  ]
  return `| ${cells.join(' | ')} |`
}

function targetsCell(one: InstanceReport): string {
  const failed = one.targets.filter((target) => target.status === 'failed').length
  if (one.targets.length === 0) return '–'
  return failed === 0 ? String(one.targets.length) : `${one.targets.length - failed} of ${one.targets.length}`
}

/** Mounted data is never counted: where there is any, the size is a lower bound, or not known at all. */
function sizeCell(targets: readonly TargetReport[]): string {
  const staged = targets.filter((target) => target.status === 'staged')
  const known = staged.flatMap((target) => (target.bytes === null ? [] : [target.bytes]))
  if (known.length === 0) return staged.length > 0 ? 'mounted' : '–'
  const sum = bytes(known.reduce((total, size) => total + size, 0))
  return known.length < staged.length ? `${sum} + mounted` : sum
}

function fold(one: InstanceReport, detail: Detail, open: boolean): string {
  const failed = detail.targets ? one.targets.filter((target) => target.status === 'failed') : []
  // where the image has succeeded, its last words explain nothing
  const tail = detail.tailLines === 0 || one.status === 'partial' ? [] : one.tail.slice(-detail.tailLines)
  return [
    `<details${open ? ' open' : ''}><summary>${SIGNS[one.status]} <b>${inline(one.id)}</b>: ${inline(one.error ?? one.status)}</summary>`,
    ...failed.map((target) => `- ${target.kind} ${code(target.name)}: ${inline(target.error ?? 'failed')}`),
    ...(tail.length === 0
      ? []
      : [tail.length === 1 ? 'Last line of its log:' : `Last ${tail.length} lines of its log:`, block(tail)]),
    '</details>',
  ].join('\n\n')
}

/** What a dry run found out: how each target would be staged. */
function plan({ instances }: RunReport, detail: Detail): string[] {
  const lines = instances.flatMap((one) =>
    one.targets.flatMap((target) =>
      target.status === 'planned'
        ? [`- ${code(one.id)}: ${target.kind} ${code(target.name)} would be ${inline(target.plan)}`]
        : [],
    ),
  )
  if (lines.length === 0 || !detail.targets) return []
  const shown = lines.slice(0, detail.rows)
  const more = lines.length - shown.length
  return ['#### What a run would do', [...shown, ...(more > 0 ? [`- and ${more} more, in the report`] : [])].join('\n')]
}

function warnings(report: RunReport, detail: Detail): string[] {
  const all = [
    ...[...report.errors, ...report.warnings].map((text) => inline(text)),
    ...report.instances.flatMap((one) => [
      ...one.warnings.map((text) => `${code(one.id)}: ${inline(text)}`),
      ...one.targets.flatMap((target) =>
        target.warnings.map((text) => `${code(one.id)}, ${target.kind} ${code(target.name)}: ${inline(text)}`),
      ),
    ]),
  ]
  if (all.length === 0) return []
  const shown = all.slice(0, detail.warnings)
  const more = all.length - shown.length
  return [
    '#### Warnings',
    [...shown, ...(more > 0 ? [`and ${more} more, in the report`] : [])].map((line) => `- ${line}`).join('\n'),
  ]
}

function footer(report: RunReport): string[] {
  const engine = report.engine === null ? null : `Docker ${inline(report.engine.version)}`
  const attempt = report.attempt > 1 ? `attempt ${report.attempt}` : null
  const parts = [
    engine,
    attempt,
    link('run', report.runUrl),
    report.startedAt === '' ? null : `begun ${minute(report.startedAt)}`,
  ]
  const text = parts.filter((part) => part !== null).join(' · ')
  return text === '' ? [] : [`<sub>${text}</sub>`]
}
