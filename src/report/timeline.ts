/** Draws when each backup of a run did what, as a chart of mermaid in a fold. Pure. */
import { count } from '../format.ts'
import type { InstanceReport, Phase, RunReport } from '../outcome.ts'

const MOST_BARS = 200
/** Longest name of a bar's row, characters: the chart is as narrow as a phone. */
const NAME_CHARACTERS = 24

/** The phases that have a bar, with the words on it. The others take no time worth looking at. */
const SHOWN: Readonly<Partial<Record<Phase, string>>> = {
  image: 'image',
  dump: 'dump',
  stage: 'copy',
  run: 'run',
}
/** Mermaid takes a time without a zone for the reader's own, and so shows the figures as they stand here: UTC, as the rest of the page. */
const DATE_FORMAT = 'dateFormat YYYY-MM-DD HH:mm:ss.SSS'
/** Phases shorter than this have no bar, s. */
const SHORTEST_SECONDS = 0.1

/**
 * Draws the fold, with at most `most` instances; empty for a dry run, if nothing ran, and if `most` is 0. A failure and a downtime are told in
 * words: on a dark page mermaid writes the words beside a coloured bar in black.
 */
export function timeline({ instances, dryRun }: RunReport, most: number): readonly string[] {
  const ran = instances.map((one) => ({ one, bars: barsOf(one) })).filter(({ bars }) => bars.length > 0)
  if (dryRun || ran.length === 0 || most === 0) return []
  const shown: typeof ran = []
  for (const each of ran.slice(0, most)) {
    if (shown.reduce((sum, { bars }) => sum + bars.length, each.bars.length) > MOST_BARS) break
    shown.push(each)
  }
  const more = ran.length - shown.length
  const rest = more > 0 ? `\n\n_And ${count(more, 'more backup')}, in the report._` : ''
  const sections = shown.flatMap(({ one, bars }) => [`section ${nameOf(one.id)}`, ...bars])
  const chart = ['gantt', DATE_FORMAT, ...axisOf(shown.map(({ one }) => one)), ...sections].join('\n')
  return [`<details><summary>Timeline</summary>\n\n\`\`\`mermaid\n${chart}\n\`\`\`${rest}\n\n</details>`]
}

function barsOf({ phases, downtimeSeconds, failedPhase, status }: InstanceReport): readonly string[] {
  return phases.flatMap(({ phase, startedAt, seconds }) => {
    const word = SHOWN[phase]
    const begin = Date.parse(startedAt)
    if (word === undefined || seconds < SHORTEST_SECONDS || Number.isNaN(begin)) return []
    const isBad = phase === failedPhase && status !== 'success'
    const away =
      phase === 'stage' && downtimeSeconds !== null ? `, application away ${downtimeSeconds.toFixed(1)} s` : ''
    const words = `${word}${isBad ? `, ${status === 'cancelled' ? status : 'failed'}` : ''}${away}`
    const end = begin + Math.max(1, Math.round(seconds * 1000))
    return [`${words} :${clock(begin)}, ${clock(end)}`]
  })
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1).replace('T', ' ')
}

/** Writes a name so that mermaid takes it as text: an id holds letters, digits and `_.-` only, but a report may come from elsewhere. */
function nameOf(id: string): string {
  const text = id.replace(/[^\p{L}\p{N}_.-]+/gu, ' ').trim()
  return text.length <= NAME_CHARACTERS ? text || '-' : `${text.slice(0, NAME_CHARACTERS - 1)}…`
}

/** Distances of ticks, s, each with its word for mermaid. */
const TICKS: readonly (readonly [seconds: number, word: string])[] = [
  ...[1, 2, 5, 10, 20, 30].map((n) => [n, `${n}second`] as const),
  ...[1, 2, 5, 10, 20, 30].map((n) => [n * 60, `${n}minute`] as const),
  ...[1, 2, 4, 8, 24].map((n) => [n * 3600, `${n}hour`] as const),
]
/** Most ticks whose labels stand side by side on a phone. */
const MOST_TICKS = 4

/** Chooses the ticks of the axis and their labels: with seconds where the ticks need them. */
function axisOf(instances: readonly InstanceReport[]): readonly string[] {
  const times = instances.flatMap(({ phases }) =>
    phases.map((one) => ({ ...one, at: Date.parse(one.startedAt) / 1000 })),
  )
  const span = largest(times.map(({ at, seconds }) => at + seconds)) + largest(times.map(({ at }) => -at))
  const [seconds, word] = TICKS.find(([each]) => span / each <= MOST_TICKS) ?? [7 * 86_400, '1week']
  return [`axisFormat ${seconds < 60 ? '%H:%M:%S' : '%H:%M'}`, `tickInterval ${word}`]
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
}
