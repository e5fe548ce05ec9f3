/** Says what of a host no instance backs up: one sentence for the job's log, and a fold of the page. Pure. */
import { count } from '../format.ts'
import type { CoverageReport, UncoveredObject } from '../outcome.ts'
import { block, code, inline } from './markdown.ts'

/** Largest number of names in a sentence. */
const NAMES_SHOWN = 10
/** The end of each sentence that makes a run fail. */
const ENFORCED = 'coverage: enforce makes this an error'
const LABEL = 'dev.polarfox.marina.enabled=false'

/** Tells whether a run fails because of its coverage. */
export function isCoverageBroken({ mode, objects, problem }: CoverageReport): boolean {
  return mode === 'enforce' && (objects.length > 0 || problem !== null)
}

/** Tells whether all errors of a run are about coverage. It is true of no errors, too. */
export function isOnlyCoverage(errors: readonly string[]): boolean {
  return errors.every((error) => error.endsWith(ENFORCED))
}

/** Says how much is in no backup, in words that end a sentence: `2 volumes and 1 database are in no backup`. */
export function uncoveredCount({ objects }: CoverageReport): string {
  const databases = objects.filter(({ kind }) => kind === 'db').length
  const volumes = objects.length - databases
  const parts = [
    ...(volumes > 0 ? [count(volumes, 'volume')] : []),
    ...(databases > 0 ? [count(databases, 'database')] : []),
  ]
  return `${parts.join(' and ')} ${objects.length === 1 ? 'is' : 'are'} in no backup`
}

/** Says what is in no backup, and what to do; `null` if everything is in one. */
export function saysUncovered(coverage: CoverageReport, host: string): string | null {
  const { mode, objects } = coverage
  if (objects.length === 0) return null
  const shown = objects.slice(0, NAMES_SHOWN).map(nameOf)
  const more = objects.length - shown.length
  const names = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const end = mode === 'enforce' ? ENFORCED : 'coverage: off at the top of the configuration ends this notice'
  return `${uncoveredCount(coverage)} of host ${host}: ${names}. Add each to the targets of an instance (- volume: NAME, - db: NAME), or give what needs no backup the label ${LABEL}. ${end}`
}

/** Says that it could not be checked what is in no backup; `null` if it was. */
export function saysUnchecked({ problem, mode }: CoverageReport): string | null {
  if (problem === null) return null
  const end = mode === 'enforce' ? `. ${ENFORCED}` : ''
  return `coverage could not be checked, so that something on this host may be in no backup: ${problem}${end}`
}

function nameOf({ kind, name, dataOf }: UncoveredObject): string {
  if (kind === 'db') return `database container ${name}`
  return `volume ${name}${dataOf === null ? '' : ` (the data of ${dataOf})`}`
}

/** Draws the fold that names at most `most` objects, and what to write; empty if there is nothing to name. */
export function uncoveredFold(coverage: CoverageReport | null, most: number): readonly string[] {
  if (coverage === null || coverage.objects.length === 0) return []
  const title = `📦 ${uncoveredCount(coverage)}`
  if (most === 0) return [`${title}, in the report.`]
  const shown = coverage.objects.slice(0, most)
  const left = coverage.objects.length - shown.length
  const rows = shown.map(
    ({ kind, name, dataOf }) =>
      `- ${kind === 'db' ? 'database container' : 'volume'} ${code(name)}${dataOf === null ? '' : `, the data of ${inline(dataOf)}`}`,
  )
  const list = [...rows, ...(left > 0 ? [`- and ${left} more, in the report`] : [])].join('\n')
  const targets = shown.filter(({ dataOf }) => dataOf === null).map(({ kind, name }) => `  - ${kind}: ${name}`)
  return [
    `<details><summary>${title}</summary>\n\n${list}\n\nTo back them up, add these lines to an instance:\n\n${block(['targets:', ...targets])}\n\nWhat needs no backup gets the label ${code(LABEL)}. <code>discover: all</code> backs up everything that no other instance has.\n\n</details>`,
  ]
}
