/** Draws the page of a drill: what was proven of each backup, what was seen, and how long restores took. Pure. */
import type { DrillCheck, DrilledInstance, DrillReport } from '../drillReport.ts'
import { count, minute, seconds } from '../format.ts'
import type { DrillVerdict, PastDrill } from '../outcome.ts'
import { capitalised } from './causes.ts'
import { block, breakable, inline, link } from './markdown.ts'
import { lineLink, type ReportLinks, reportFooter } from './reportFooter.ts'
import { joinWithin } from './summary.ts'

export interface DrillPage {
  readonly report: DrillReport
  readonly links: ReportLinks
  /** The reason why nothing was drilled; it is shown only then. */
  readonly whyNone: string
  /**
   * True if strangers may read the page: lines of stderr are then left out. Names of files are not: the caller takes them out of the report
   * (`publicDrill`).
   */
  readonly isPublic: boolean
  readonly limitBytes: number
}

const SIGNS: Readonly<Record<DrillVerdict, string>> = {
  proven: '✅',
  failed: '❌',
  inconclusive: '⚠️',
  'nothing-to-drill': '⏭️',
}
const ORDER: readonly DrillVerdict[] = ['failed', 'inconclusive', 'nothing-to-drill', 'proven']
/** Number of instances that are drawn in detail, for each step less. */
const STEPS = [1000, 100, 20, 3, 0]

/**
 * Draws the page. If it does not fit into `limitBytes`, what was seen of some backups is left out, and that is said; so are warnings,
 * without a word. Empty if nothing fits.
 */
export function renderDrill(page: DrillPage): string {
  for (const most of STEPS) {
    const text = joinWithin(parts(page, most), page.limitBytes)
    if (text !== null) return text
  }
  return ''
}

function* parts({ report, links, whyNone, isPublic }: DrillPage, most: number): Generator<string> {
  const ordered = ORDER.flatMap((verdict) => report.instances.filter((one) => one.verdict === verdict))
  yield `### ${heading(report)}`
  if (report.errors.length > 0) yield ['> [!CAUTION]', ...report.errors.map((one) => `> ${inline(one)}`)].join('\n')
  if (ordered.length > 0) yield table(ordered)
  else if (report.errors.length === 0) yield `${capitalised(inline(whyNone))}.`
  for (const one of ordered.slice(0, most)) yield* details(one, { isPublic, where: lineLink(report, one.line, links) })
  if (ordered.length > most) yield `_What was seen of ${count(ordered.length - most, 'more backup')} is in the report._`
  const warnings = [...report.warnings, ...ordered.flatMap((one) => one.warnings.map((text) => `${one.id}: ${text}`))]
  if (warnings.length > 0 && most > 0)
    yield ['> [!WARNING]', ...warnings.slice(0, most).map((one) => `> - ${inline(one)}`)].join('\n')
  const again = link('Run the workflow again', links.workflow)
  if (again !== null && report.result !== 'proven') yield again
  yield reportFooter(report, links)
}

function heading({ instances, host, errors }: DrillReport): string {
  if (instances.length === 0 && errors.length > 0) return `❌ Nothing was drilled on ${inline(host)}`
  if (instances.length === 0) return `⏭️ Nothing to drill on ${inline(host)}`
  const counts = ORDER.flatMap((verdict) => {
    const many = instances.filter((one) => one.verdict === verdict).length
    return many === 0 ? [] : [`${SIGNS[verdict]} ${many} ${words(verdict)}`]
  })
  const [worst = ''] = counts
  const sign = worst.split(' ')[0] ?? ''
  return `${sign} Drill on ${inline(host)}: ${[worst.slice(sign.length + 1), ...counts.slice(1)].join(', ')}`
}

function words(verdict: DrillVerdict): string {
  return verdict === 'nothing-to-drill' ? 'with nothing to drill' : verdict
}

function table(instances: readonly DrilledInstance[]): string {
  return [
    '| drill | newest backup | restore |',
    '|---|---|---|',
    ...instances.map((one) => {
      const age = one.ageSeconds === null ? '–' : `${seconds(one.ageSeconds)} old${met('RPO', one.rpoMet)}`
      const took = one.restoreSeconds === null ? '–' : `${seconds(one.restoreSeconds)}${met('RTO', one.rtoMet)}`
      return `| ${SIGNS[one.verdict]} <b>${breakable(inline(one.id))}</b><br>${words(one.verdict)} | ${age} | ${took} |`
    }),
  ].join('\n')
}

function met(name: string, isMet: boolean | null): string {
  return isMet === null ? '' : `<br>${name} ${isMet ? 'met' : '<b>missed</b>'}`
}

/** Draws one drill; `where` leads to its line of the configuration. */
function* details(
  one: DrilledInstance,
  { isPublic, where }: { readonly isPublic: boolean; readonly where: string },
): Generator<string> {
  const { verdict, error, checks, stderr, backupOf, history } = one
  const title = `<code>${inline(one.id)}</code>: ${words(verdict)}${backupOf === null ? '' : `, the backup of ${minute(backupOf)}`}`
  const failed = checks.filter(({ passed }) => !passed)
  const reason =
    failed.length > 0 ? failed.map(({ seen }) => `- ❌ ${inline(seen)}`) : error === null ? [] : [inline(error)]
  if (reason.length > 0) yield [`#### ${SIGNS[verdict]} ${title}${where}`, '', ...reason].join('\n')
  if (!isPublic && verdict !== 'proven' && stderr.length > 0) yield block(stderr.slice(-20))
  const good = checks.filter(({ passed }) => passed)
  if (good.length > 0)
    yield `<details><summary>${reason.length > 0 ? 'What was good of it' : title}</summary>\n\n${good.map(seenLine).join('\n')}\n\n</details>`
  yield* chart(one.id, history)
}

function seenLine({ seen, looked }: DrillCheck): string {
  return `- ${looked ? '✅' : '☑️'} ${inline(seen)}`
}

/** A colour that is seen on white and on black: mermaid's own is nearly white in a light page. */
const COLOUR = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7"}}}}%%'
/** Number of drills from which on their numbers would be drawn one over the other. */
const MANY = 8

/** Writes numbers and no days: mermaid cuts the last word at the edge of a narrow page. */
function xAxis(drawn: readonly unknown[]): string {
  if (drawn.length <= MANY) return `[${drawn.map((_, index) => `"${index + 1}"`).join(', ')}]`
  return `1 --> ${drawn.length}`
}

/** Draws the seconds of the last restores, the newest at the right; nothing for fewer than two. */
function* chart(id: string, history: readonly PastDrill[]): Generator<string> {
  const known = history.flatMap(({ restoreSeconds, startedAt }) =>
    restoreSeconds === null ? [] : [{ restoreSeconds, day: startedAt.slice(5, 10) }],
  )
  if (known.length < 2) return
  const drawn = known.toReversed()
  yield [
    `<details><summary>Restore time of <code>${inline(id)}</code>, last ${drawn.length} drills (${drawn[0]?.day} to ${drawn.at(-1)?.day}), in seconds</summary>`,
    '',
    '```mermaid',
    COLOUR,
    'xychart-beta',
    `  x-axis ${xAxis(drawn)}`,
    `  y-axis "s" 0 --> ${Math.max(1, Math.ceil(Math.max(...drawn.map(({ restoreSeconds }) => restoreSeconds)) * 1.1))}`,
    `  line [${drawn.map(({ restoreSeconds }) => restoreSeconds.toFixed(1)).join(', ')}]`,
    '```',
    '',
    '</details>',
  ].join('\n')
}
