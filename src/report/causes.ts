/** Explains why backups failed, for the top of the page: one alert for each cause, what to do next, and the last lines of their output. Pure. */
import { count, joinSentences } from '../format.ts'
import { type InstanceReport, NOT_REACHED, type RunReport, type TargetReport } from '../outcome.ts'
import { lastWords, leadIn } from './lastWords.ts'
import { block, code, inline, inlineWithRuns, link } from './markdown.ts'
import type { PageLinks } from './pageLinks.ts'

/** Returns the instances that did not end well, the worst first; of a dry run, those that would not. */
export function badInstances({ instances }: RunReport): readonly InstanceReport[] {
  return (['failed', 'partial', 'cancelled'] as const).flatMap((status) =>
    instances.filter((one) => one.status === status),
  )
}

interface CauseOptions {
  readonly allowPartial: boolean
  readonly links: PageLinks
  /** Largest number of alerts. */
  readonly most: number
}

/**
 * Makes one alert for each cause: the run's own errors first, then those of instances, which share an alert if they failed for the same
 * cause. An instance that was only cancelled has none. Behind `most` alerts a line says how many are left out.
 */
export function causes(report: RunReport, { allowPartial, links, most }: CauseOptions): readonly string[] {
  const own = report.errors.map((error) => alert('CAUTION', [inlineWithRuns(capitalised(error), links.server)]))
  const byCause = new Map<string, { readonly cause: readonly string[]; readonly group: InstanceReport[] }>()
  for (const one of badInstances(report)) {
    if (one.status === 'cancelled' && (one.error ?? 'cancelled') === 'cancelled') continue // the verdict has said all
    const cause = causeOf(one, links)
    const known = byCause.get(cause.join('\n'))
    if (known === undefined) byCause.set(cause.join('\n'), { cause, group: [one] })
    else known.group.push(one)
  }
  const all = [...byCause.values()].map(({ cause, group }) => {
    const [first] = group as [InstanceReport]
    const isMild = allowPartial && first.status === 'partial'
    const [sentence = '', ...more] = cause
    const where = group.length === 1 ? placeOf(report, first, links) : ''
    return alert(isMild ? 'WARNING' : 'CAUTION', [`${names(group)}: ${sentence}${where}`, ...more])
  })
  const alerts = [...own, ...all]
  const left = alerts.length - most
  return left > 0 ? [...alerts.slice(0, most), `_And ${count(left, 'more cause')}, in the report._`] : alerts
}

/** Returns the sentence about why an instance failed, then a line for each failed target that it does not name. */
function causeOf(one: InstanceReport, { server }: PageLinks): readonly string[] {
  const failed = one.targets.filter((target) => target.status === 'failed' && target.error !== NOT_REACHED)
  const sentences = new Set(failed.map(({ error }) => error ?? 'failed'))
  const isOfTargets = one.error === joinSentences([...sentences])
  const share = `${failed.length} of ${count(one.targets.length, 'target')} failed`
  if (isOfTargets && sentences.size > 1) return [`${share}`, ...failed.map(targetLine)]
  const prefix = one.status === 'partial' ? `incomplete, ${share}: ` : ''
  const untold = failed.filter(({ error }) => !(one.error ?? '').includes(error ?? ''))
  return [`${prefix}${inlineWithRuns(one.error ?? one.status, server)}${wordsOf(one)}`, ...untold.map(targetLine)]
}

function targetLine({ kind, name, error }: TargetReport): string {
  return `- ${kind === 'db' ? 'database' : 'volume'} ${code(name)}: ${inline(error ?? 'failed')}`
}

/** Returns the container's last words on stderr, each on a line, as an addition to the sentence; empty if there are none. */
function wordsOf(one: InstanceReport): string {
  const words = lastWords(one)
  if (words.length === 0) return ''
  return `${leadIn(one.error ?? one.status)}${words.map((line) => `<br>${code(line)}`).join('')}`
}

function names(group: readonly InstanceReport[]): string {
  const shown = group.slice(0, 10).map(({ id }) => `<b>${inline(id)}</b>`)
  return `${shown.join(', ')}${group.length > 10 ? ` and ${group.length - 10} more` : ''}`
}

function placeOf({ configFile }: RunReport, one: InstanceReport, links: PageLinks): string {
  const at = link(`${configFile} line ${one.line}`, links.config === null ? null : `${links.config}#L${one.line}`)
  return at === null ? '' : ` (${at})`
}

function alert(kind: 'CAUTION' | 'WARNING', lines: readonly string[]): string {
  const [first = '', ...items] = lines
  // a list needs an empty line above it
  return [`> [!${kind}]`, `> ${first}`, ...(items.length === 0 ? [] : ['>', ...items.map((item) => `> ${item}`)])].join(
    '\n',
  )
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

const IDS_SHOWN = 40

/** Says whether an application is still down, and where to try again and to read on. Empty if all went well, and for a dry run. */
export function nextSteps(report: RunReport, links: PageLinks): readonly string[] {
  const missing = [...badInstances(report), ...report.instances.filter(({ status }) => status === 'skipped')]
  if (report.dryRun || missing.length + report.errors.length === 0) return []
  const ids = missing.slice(0, IDS_SHOWN).map(({ id }) => id)
  const again = link('Run again', links.workflow)
  const withIds = ids.length === 0 || ids.length < missing.length ? '' : idsToGive(ids, links)
  const steps = [
    again === null ? null : `<b>${again}</b>${withIds}`,
    link('whole log', links.logs),
    links.logs === null ? link('report', links.report) : null,
  ].filter((step) => step !== null)
  const text = [...applications(report), steps.join(' · ')].filter((part) => part !== '').join(' ')
  return text === '' ? [] : [text]
}

/** Says how the ids are given to the workflow, in words that are true whether or not it has an input for them. */
function idsToGive(ids: readonly string[], { takesInstances }: PageLinks): string {
  if (takesInstances === false) return ''
  const given = code(ids.join(','))
  return takesInstances
    ? ` with ${given}`
    : `: start the workflow by hand, with instances ${given} if it has that input`
}

function applications({ instances, errors }: RunReport): readonly string[] {
  const unhealthy = new Set(instances.flatMap((one) => one.unhealthy))
  const down = new Set(instances.flatMap((one) => one.notUp).filter((name) => !unhealthy.has(name)))
  const inHook = new Set(instances.flatMap((one) => one.postHookFailed))
  const bad = [
    ...(down.size === 0 ? [] : [`<b>not up again: ${codes(down)}</b>`]),
    ...(unhealthy.size === 0 ? [] : [`<b>${codes(unhealthy)} ${runs(unhealthy)} not healthy</b>`]),
    ...(inHook.size === 0 ? [] : [`<b>the postHook failed in ${codes(inHook)}</b>, which may still be in maintenance`]),
  ]
  const isStopped = instances.some((one) => one.downtimeSeconds !== null)
  const areUp = down.size + unhealthy.size === 0
  if (bad.length > 0) return [`Applications: ${areUp && isStopped ? 'all were started again; ' : ''}${bad.join('; ')}.`]
  if (errors.length > 0) return [] // of an earlier run: they say it
  return [isStopped ? 'Applications: all are up again.' : 'Applications: none was stopped.']
}

function codes(names: ReadonlySet<string>): string {
  return [...names].map((name) => code(name)).join(', ')
}

function runs({ size }: ReadonlySet<string>): string {
  return size === 1 ? 'runs but is' : 'run but are'
}

/** Makes folds with the last lines of a failed backup's output, at most `most` lines each, if they say more than its cause does. */
export function lastLines(one: InstanceReport, most: number): readonly string[] {
  if (one.status !== 'failed' || most === 0) return [] // where the image has succeeded, its last words explain nothing
  const quoted = lastWords(one)
  const isTold = (lines: readonly string[], by: readonly string[]) => lines.every((line) => by.includes(line.trim()))
  const output = isTold(one.tail, quoted) ? [] : one.tail.slice(-most)
  const errors = isTold(one.stderr, [...quoted, ...output.map((line) => line.trim())]) ? [] : one.stderr.slice(-most)
  return [
    ...fold(`Last ${linesOf(errors)} of <b>${inline(one.id)}</b> on stderr`, errors, false),
    ...fold(`Last ${linesOf(output)} of <b>${inline(one.id)}</b>`, output, quoted.length === 0),
  ]
}

function linesOf(lines: readonly string[]): string {
  return lines.length === 1 ? 'line' : `${lines.length} lines`
}

function fold(title: string, lines: readonly string[], isOpen: boolean): readonly string[] {
  if (lines.length === 0) return []
  return [`<details${isOpen ? ' open' : ''}><summary>${title}</summary>\n\n${block(lines)}\n\n</details>`]
}
