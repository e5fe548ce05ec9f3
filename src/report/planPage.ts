/** Draws the page of a plan: what is due and why, what is not, and on which hosts. Pure. */
import { count } from '../format.ts'
import type { CoverageReport } from '../outcome.ts'
import { breakable, code, inline, link } from './markdown.ts'
import { joinWithin } from './summary.ts'
import { uncoveredFold } from './uncovered.ts'

/** One instance of a plan. `plan.json` holds a list of these. */
export interface PlannedRow {
  readonly id: string
  readonly isDue: boolean
  /** The reason, in words. */
  readonly why: string
  /** The slot that is due, and the first one after now, UTC, ISO 8601; `null` if there is none. */
  readonly slot: string | null
  readonly next: string | null
  /** `next` for people, in UTC and in the instance's own time zone; `null` if there is none. */
  readonly nextWords: string | null
  readonly host: string
  readonly runsOn: readonly string[]
  /** Names of the variables that its host must have. */
  readonly variables: readonly string[]
  /** Names of the variables that have a default. */
  readonly optionalVariables: readonly string[]
  /** Line in the configuration, 1-based. */
  readonly line: number
}

export interface PlanPage {
  readonly rows: readonly PlannedRow[]
  /** Says in a sentence who remembers when the instances were last started. */
  readonly basis: string
  /** The volumes and databases of this host that no instance backs up; `null` if that is not known here. */
  readonly coverage: CoverageReport | null
  /** Names of the variables that all instances of the file need for `nodeName`. */
  readonly nodeNameVariables: readonly string[]
  /** Address of the configuration at this commit; `null` if there is none. */
  readonly config: string | null
  readonly limitBytes: number
}

/** The number of rows that are shown without a fold. */
const UNFOLDED = 10
const STEPS = [Number.POSITIVE_INFINITY, 2000, 500, 100, 20, 0]

/**
 * Draws the page. Rows of backups that do not fit into `limitBytes` are left out, and that is said; if none fits, the tables are left out,
 * and only the numbers stay. Empty if nothing fits.
 */
export function renderPlan(page: PlanPage): string {
  for (const most of STEPS) {
    const text = joinWithin(parts(page, most), page.limitBytes)
    if (text !== null) return text
  }
  return ''
}

function* parts(page: PlanPage, most: number): Generator<string> {
  const due = page.rows.filter(({ isDue }) => isDue)
  const rest = page.rows.filter(({ isDue }) => !isDue)
  const hosts = new Set(due.map(({ host }) => host)).size
  const where = due.length === 0 ? '' : `, on ${count(hosts, 'host')}`
  yield `### ${due.length === 0 ? '💤' : '🗓️'} ${due.length} of ${count(page.rows.length, 'backup')} ${due.length === 1 ? 'is' : 'are'} due${where}`
  yield inline(page.basis)
  yield* table(page, due, most, `🗓️ ${count(due.length, 'backup')} due`)
  yield* table(page, rest, most, `💤 ${count(rest.length, 'backup')} not due`)
  yield* uncoveredFold(page.coverage, Math.min(most, 200))
  yield* variables(page, most)
  yield 'Nothing was backed up: <code>command: plan</code> only decides. Each host decides again when its turn comes.'
}

function table(page: PlanPage, rows: readonly PlannedRow[], most: number, title: string): readonly string[] {
  if (rows.length === 0 || most === 0) return []
  const lines = [
    '| backup, host | next | why |', // a fourth column is too much for a phone
    '|---|---|---|',
    ...rows.slice(0, most).map((one) => {
      const name = link(one.id, page.config === null ? null : `${page.config}#L${one.line}`) ?? inline(one.id)
      const next = one.nextWords ?? '–'
      return `| <b>${breakable(name)}</b><br>${breakable(inline(one.host))} | ${slotCell(next)} | ${breakable(inline(one.why))} |`
    }),
    ...(rows.length > most ? ['', `_And ${count(rows.length - most, 'more backup')}, in plan.json._`] : []),
  ].join('\n')
  if (rows.length <= UNFOLDED) return [lines]
  return [`<details><summary>${title}</summary>\n\n${lines}\n\n</details>`]
}

/** Writes a slot so that the name of its time zone may be broken: `Europe/Berlin` alone is too wide for a phone. */
function slotCell(words: string): string {
  return breakable(inline(words)).replace(/(?<=[a-z])\/(?=[A-Z])/g, '/<wbr>')
}

/** Says which variables each host needs: a table of hosts, since a host has one set of secrets. */
function variables({ rows, nodeNameVariables }: PlanPage, most: number): readonly string[] {
  const hosts = new Map<string, Set<string>>()
  for (const { host, variables: names } of rows) {
    const known = hosts.get(host) ?? new Set(nodeNameVariables)
    for (const name of names) known.add(name)
    hosts.set(host, known)
  }
  const needing = [...hosts].filter(([, names]) => names.size > 0)
  if (needing.length === 0 || most === 0) return []
  const lines = needing.slice(0, most).map(
    ([host, names]) =>
      `| ${breakable(inline(host))} | ${[...names]
        .sort()
        .map((one) => breakable(code(one)))
        .join(', ')} |`,
  )
  return [
    `<details><summary>The variables that each host needs</summary>\n\n${['| host | variables |', '|---|---|', ...lines].join('\n')}\n\n</details>`,
  ]
}
