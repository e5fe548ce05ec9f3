/** Draws the page of a `check`: which backups are overdue, why, and what else threatens them. Pure. */
import { count } from '../format.ts'
import { breakable, code, inline, link } from './markdown.ts'
import { joinWithin } from './summary.ts'

export interface CheckPage {
  /** File name of the backup workflow, and the address of its page; `null` if there is none. */
  readonly workflow: string
  readonly workflowPage: string | null
  /** What is wrong with no single backup: a disabled schedule, a runner that is offline, an API that does not answer. */
  readonly alarms: readonly string[]
  readonly warnings: readonly string[]
  readonly rows: readonly CheckRow[]
  /** Address of the configuration; `null` if there is none. */
  readonly config: string | null
  readonly limitBytes: number
}

/** One backup. `state` is `overdue`, `unknown` (the check cannot say), or one that does not alarm. */
export interface CheckRow {
  readonly id: string
  readonly line: number
  readonly state: 'overdue' | 'unknown' | 'fresh' | 'assumed' | 'running' | 'byHand'
  /** For an alarm, the slot that was missed; else when its last success, or the run that goes on, began. Empty for `byHand`. */
  readonly when: string
  /** Reason why it is overdue or unknown; empty for the others. */
  readonly cause: string
  /** Address of the run that the row is about. */
  readonly url: string | null
  /** Next slot; empty if it has none. */
  readonly next: string
}

/** Draws the page. What does not fit into `limitBytes` is left out, and that is said; empty if nothing fits. */
export function renderCheck(page: CheckPage): string {
  for (const most of [Number.POSITIVE_INFINITY, 1000, 100, 10, 0]) {
    const text = joinWithin(checkParts(page, most), page.limitBytes)
    if (text !== null) return text
  }
  return ''
}

/** The first line of the page, which says all in a few words. */
export function checkVerdict({ rows, alarms }: Pick<CheckPage, 'rows' | 'alarms'>): string {
  const overdue = rows.filter(({ state }) => state === 'overdue').length
  const unknown = rows.filter(({ state }) => state === 'unknown').length
  const judged = rows.filter(({ state }) => state !== 'byHand').length
  const is = (number: number) => (number === 1 ? 'is' : 'are')
  if (overdue > 0) return `❌ ${count(overdue, 'backup')} of ${judged} ${is(overdue)} overdue`
  if (unknown > 0) return `❌ It is not known whether ${count(unknown, 'backup')} of ${judged} ${is(unknown)} in time`
  if (alarms.length > 0) return '❌ Backups are in danger'
  return judged === 0
    ? '✅ No backup has a schedule'
    : `✅ ${judged === 1 ? 'The backup is' : `All ${judged} backups are`} in time`
}

function checkParts(page: CheckPage, most: number): readonly string[] {
  const { rows, alarms, warnings, config, workflow, workflowPage } = page
  const isBad = ({ state }: CheckRow) => state === 'overdue' || state === 'unknown'
  const bad = rows.filter((row) => isBad(row) && !alarms.includes(row.cause))
  const good = rows.filter((row) => !isBad(row))
  const again = link(workflow, workflowPage) ?? code(workflow)
  return [
    `### ${checkVerdict(page)}`,
    ...alertBlock('CAUTION', alarms, most),
    ...(bad.length === 0 ? [] : [badTable(bad, config, most), `Back up what is overdue: start ${again} by hand.`]),
    ...alertBlock('WARNING', warnings, most),
    ...(good.length === 0 ? [] : [goodTable(good, config, most)]),
    ...(bad.length === 0 ? [`<sub>Judged by the runs of ${again} and their reports.</sub>`] : []),
  ]
}

function alertBlock(kind: string, messages: readonly string[], most: number): readonly string[] {
  if (messages.length === 0) return []
  const shown = messages.slice(0, most).map((message) => inline(message))
  const more = messages.length - shown.length
  const lines = [...shown, ...(more > 0 ? [`and ${count(more, 'more message')}, in the job's log`] : [])]
  const list = lines.length === 1 ? lines : lines.map((line) => `- ${line}`)
  return [[`> [!${kind}]`, ...list.map((line) => `> ${line}`)].join('\n')]
}

function badTable(rows: readonly CheckRow[], config: string | null, most: number): string {
  const lines = rows.slice(0, most).map((row) => {
    const why = breakable(inline(row.cause))
    const run = link('run', row.url)
    return `| ${nameOf(row, config)} | ${inline(row.when)} | ${why}${run === null ? '' : ` (${run})`} |`
  })
  return ['| backup | no success since | why |', '|---|---|---|', ...lines, ...moreRow(rows, most)].join('\n')
}

function goodTable(rows: readonly CheckRow[], config: string | null, most: number): string {
  const lines = rows
    .slice(0, most)
    .map((row) => `| ${nameOf(row, config)} | ${lastCell(row)} | ${row.next === '' ? '–' : inline(row.next)} |`)
  const table = ['| backup | last success | next |', '|---|---|---|', ...lines, ...moreRow(rows, most)].join('\n')
  return rows.length <= 10
    ? table
    : `<details><summary>${count(rows.length, 'backup')} in time</summary>\n\n${table}\n\n</details>`
}

function lastCell({ state, when, url }: CheckRow): string {
  if (state === 'byHand') return 'by hand only'
  const shown = link(when, url) ?? inline(when)
  if (state === 'running') return `runs since ${shown}`
  return state === 'assumed' ? `${shown}, by its job: there is no report` : shown
}

function nameOf({ id, line }: CheckRow, config: string | null): string {
  const name = link(id, config === null ? null : `${config}#L${line}`) ?? inline(id)
  return `<b>${breakable(name)}</b>`
}

function moreRow(rows: readonly CheckRow[], most: number): readonly string[] {
  const more = rows.length - most
  return more > 0 ? [`| _and ${count(more, 'more backup')}_ | | |`] : []
}
