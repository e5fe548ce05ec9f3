/** Draws the last runs of each backup in a fold: how they ended, how large they were, how long they took. Pure. */
import { bytes, count, seconds } from '../format.ts'
import type { InstanceReport, PastRun, RunReport } from '../outcome.ts'
import { breakable, inline } from './markdown.ts'

/** Runs that are shown of each instance. */
const SHOWN_RUNS = 30
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const FAILED = '✕'
/** Stands for a value that nobody counted. */
const UNKNOWN = '·'

/** Draws the fold, with at most `most` instances; empty for a dry run, and if no instance has run before. The newest run is at the right. */
export function pastRuns({ instances, dryRun }: RunReport, most: number): readonly string[] {
  const known = instances.filter(({ history }) => history.length > 1)
  if (dryRun || known.length === 0 || most === 0) return []
  const rows = known.slice(0, most).map(rowOf)
  const more = known.length - rows.length
  const rest = more > 0 ? `\n\n_And ${count(more, 'more backup')}, in the report._` : ''
  const legend = `The newest run is at the right, and its size and time behind it. ${FAILED}: not backed up; ${UNKNOWN}: not counted.`
  const table = ['| backup | size and time |', '|---|---|', ...rows].join('\n')
  return [`<details><summary>Last runs</summary>\n\n${table}\n\n${legend}${rest}\n\n</details>`]
}

function rowOf({ id, history }: InstanceReport): string {
  const runs = history.slice(0, SHOWN_RUNS).toReversed()
  const good = runs.filter(isGood).length
  const charts = [chart(runs, (run) => run.bytes, bytes), chart(runs, (run) => run.seconds, seconds)].filter(
    (line) => line !== '',
  )
  return `| <b>${breakable(inline(id))}</b><br>${good} of ${runs.length} good | ${charts.join('<br>') || FAILED} |`
}

/** Draws one chart of blocks, scaled to the largest value, with the newest value behind it. A chart of unknown values only is empty. */
function chart(
  runs: readonly PastRun[],
  read: (run: PastRun) => number | null,
  write: (value: number) => string,
): string {
  const values = runs.map((run) => (isGood(run) ? read(run) : null))
  const known = values.filter((value) => value !== null)
  const newest = known.at(-1)
  if (newest === undefined) return ''
  const most = Math.max(...known)
  const signs = runs.map((run, at) => (isGood(run) ? blockOf(values[at] ?? null, most) : FAILED)).join('')
  return `${breakableChart(signs)} ${write(newest).replaceAll(' ', '\u00a0')}`
}

function isGood({ status }: PastRun): boolean {
  return status === 'success'
}

function blockOf(value: number | null, largest: number): string {
  if (value === null) return UNKNOWN
  if (largest <= 0) return BLOCKS[0] as string
  const step = Math.round((value / largest) * (BLOCKS.length - 1))
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, step))] as string
}

/** Signs of a chart that stay together on a phone. */
const LINE_SIGNS = 10

/** Lets a chart be broken after every ten signs, counted from the newest: a phone is narrow. */
function breakableChart(signs: string): string {
  const all = [...signs]
  const first = all.length % LINE_SIGNS
  const parts = first === 0 ? [] : [all.slice(0, first).join('')]
  for (let at = first; at < all.length; at += LINE_SIGNS) parts.push(all.slice(at, at + LINE_SIGNS).join(''))
  return parts.join('<wbr>')
}
