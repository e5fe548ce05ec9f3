/** Draws the page of a `check`: which backups and drills are overdue, which backups are too old, why, and what else threatens them. Pure. */
import { count } from '../format.ts'
import { breakable, code, inline, link } from './markdown.ts'
import { joinWithin } from './summary.ts'

export interface CheckPage {
  /** File name of the backup workflow, and the address of its page; `null` if there is none. */
  readonly workflow: string
  readonly workflowPage: string | null
  /** Faults that no single backup has: a disabled schedule, a runner that is offline, an API that does not answer. */
  readonly alarms: readonly string[]
  readonly warnings: readonly string[]
  readonly rows: readonly CheckRow[]
  /** The workflows that run drills, as `workflow` and `workflowPage`. */
  readonly drillWorkflows: readonly { readonly name: string; readonly page: string | null }[]
  /** Address of the configuration; `null` if there is none. */
  readonly config: string | null
  readonly limitBytes: number
}

/** The thing that a row judges: a backup by its schedule, the drill of one by its own, or the age of the newest backup by `drill.maxAge`. */
export type JudgedThing = 'backup' | 'drill' | 'age'

/** One backup, drill or age. `state` is `overdue`, `unknown` (the check cannot say), or one that does not alarm. */
export interface CheckRow {
  readonly what: JudgedThing
  readonly id: string
  readonly line: number
  readonly state: 'overdue' | 'unknown' | 'fresh' | 'assumed' | 'running' | 'byHand'
  /**
   * For an alarm, the slot that was missed; else when its last success, or the run that goes on, began; of an `age`, always the time of the
   * newest backup. Empty if it is not known, and for `byHand`.
   */
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

/** Writes the first line of the page: the overdue; else what is unknown; else the alarms; else that all is in time. */
export function checkVerdict({ rows, alarms }: Pick<CheckPage, 'rows' | 'alarms'>): string {
  const judged = (what: JudgedThing) => rows.filter((row) => row.what === what && row.state !== 'byHand').length
  const said = (state: CheckRow['state'], end: (many: number) => string, old: (many: number) => string) =>
    (['backup', 'drill', 'age'] as const).flatMap((what) => {
      const many = rows.filter((row) => row.what === what && row.state === state).length
      if (many === 0) return []
      return what === 'age' ? [old(many)] : [`${count(many, what)} of ${judged(what)} ${end(many)}`]
    })
  const is = (many: number) => (many === 1 ? 'is' : 'are')
  const overdue = said(
    'overdue',
    (many) => `${is(many)} overdue`,
    (many) => `${count(many, 'backup')} ${is(many)} older than maxAge`,
  )
  if (overdue.length > 0) return `❌ ${overdue.join(', ')}`
  const unknown = said(
    'unknown',
    (many) => `${is(many)} in time`,
    (many) => `${count(many, 'backup')} ${is(many)} younger than maxAge`,
  )
  if (unknown.length > 0) return `❌ It is not known whether ${unknown.join(', and whether ')}`
  if (alarms.length > 0) return '❌ Backups are in danger'
  const [backups, drills] = [judged('backup'), judged('drill')]
  const inTime = (many: number, noun: JudgedThing) =>
    many === 1 ? `the ${noun} is in time` : `all ${many} ${noun}s are in time`
  const good = [
    ...(backups === 0 ? ['no backup has a schedule'] : [inTime(backups, 'backup')]),
    ...(drills === 0 ? [] : [inTime(drills, 'drill')]),
  ].join(', ')
  return `✅ ${good[0]?.toUpperCase()}${good.slice(1)}`
}

const BAD_HEADS: Readonly<Record<JudgedThing, string>> = {
  backup: '| backup | no success since | why |',
  drill: '| drill | no success since | why |',
  age: '| backup | newest | why |',
}

function checkParts(page: CheckPage, most: number): readonly string[] {
  const { rows, alarms, warnings, config, workflow, workflowPage, drillWorkflows } = page
  const isBad = ({ state }: CheckRow) => state === 'overdue' || state === 'unknown'
  const of = (what: JudgedThing) => rows.filter((row) => row.what === what)
  const bad = (what: JudgedThing) => of(what).filter((row) => isBad(row) && !alarms.includes(row.cause))
  const good = (what: JudgedThing) => of(what).filter((row) => !isBad(row))
  const again = link(workflow, workflowPage) ?? code(workflow)
  const drills = drillWorkflows.map(({ name, page: address }) => link(name, address) ?? code(name)).join(', ')
  const hasBad = (['backup', 'drill', 'age'] as const).some((what) => bad(what).length > 0)
  const badPart = (what: JudgedThing, hint: string) =>
    bad(what).length === 0 ? [] : [badTable(bad(what), { what, config, most }), ...(hint === '' ? [] : [hint])]
  const goodPart = (what: 'backup' | 'drill') => (good(what).length === 0 ? [] : [goodTable(good(what), config, most)])
  return [
    `### ${checkVerdict(page)}`,
    ...alertBlock('CAUTION', alarms, most),
    ...badPart('backup', `Back up what is overdue: start ${again} by hand.`),
    ...badPart('age', bad('backup').length > 0 ? '' : `Back up what is too old: start ${again} by hand.`),
    ...badPart('drill', drills === '' ? '' : `Drill what is overdue: start ${drills} by hand.`),
    ...alertBlock('WARNING', warnings, most),
    ...goodPart('backup'),
    ...goodPart('drill'),
    ...(hasBad
      ? []
      : [`<sub>Judged by the runs of ${drills === '' ? again : `${again}, ${drills}`} and their reports.</sub>`]),
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

function badTable(
  rows: readonly CheckRow[],
  { what, config, most }: { readonly what: JudgedThing; readonly config: string | null; readonly most: number },
): string {
  const lines = rows.slice(0, most).map((row) => {
    const why = breakable(inline(row.cause))
    const run = link('run', row.url)
    return `| ${nameOf(row, config)} | ${row.when === '' ? '–' : inline(row.when)} | ${why}${run === null ? '' : ` (${run})`} |`
  })
  return [BAD_HEADS[what], '|---|---|---|', ...lines, ...moreRow(rows, most)].join('\n')
}

function goodTable(rows: readonly CheckRow[], config: string | null, most: number): string {
  const lines = rows
    .slice(0, most)
    .map((row) => `| ${nameOf(row, config)} | ${lastCell(row)} | ${row.next === '' ? '–' : inline(row.next)} |`)
  const what = rows[0]?.what ?? 'backup'
  const table = [`| ${what} | last success | next |`, '|---|---|---|', ...lines, ...moreRow(rows, most)].join('\n')
  return rows.length <= 10
    ? table
    : `<details><summary>${count(rows.length, what)} in time</summary>\n\n${table}\n\n</details>`
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
  return more > 0 ? [`| _and ${count(more, `more ${rows[0]?.what === 'drill' ? 'drill' : 'backup'}`)}_ | | |`] : []
}
