/** Draws the pages of runs that backed nothing up: a configuration that is wrong, a request that cannot be met, a `validate`. Pure. */
import { count } from '../format.ts'
import { type ChangesPage, changesParts } from './configChanges.ts'
import { breakable, code, inline, link } from './markdown.ts'
import type { PageLinks } from './pageLinks.ts'
import { joinWithin } from './summary.ts'

export interface RefusalPage {
  /** The first line, with its sign. */
  readonly heading: string
  readonly messages: readonly RefusalMessage[]
  readonly links: Pick<PageLinks, 'workflow' | 'config'>
  readonly limitBytes: number
}

export interface RefusalMessage {
  readonly message: string
  /** The place in the configuration that it is about, `path` as a person writes it (`instances[0].env.KEY`); `null` if it is about no place there. */
  readonly at: { readonly file: string; readonly line: number; readonly column: number; readonly path: string } | null
}

/**
 * Draws the page with all messages, each with a link to its line. What does not fit into `limitBytes` is left out, and that is said; empty
 * if nothing fits.
 */
export function renderRefusal(page: RefusalPage): string {
  for (const most of [Number.POSITIVE_INFINITY, 1000, 100, 10, 1, 0]) {
    const text = joinWithin(refusalParts(page, most), page.limitBytes)
    if (text !== null) return text
  }
  return ''
}

function refusalParts({ heading, messages, links }: RefusalPage, most: number): readonly string[] {
  const shown = messages.slice(0, most).map((one) => messageLine(one, links.config))
  const more = messages.length - shown.length
  const lines = [...shown, ...(more > 0 ? [`and ${count(more, 'more message')}, in the job's log`] : [])]
  const list = lines.length === 1 ? lines : lines.map((line) => `- ${line}`)
  const again = link('Run again', links.workflow)
  return [
    `### ${inline(heading)}`,
    ...(list.length === 0 ? [] : [['> [!CAUTION]', ...list.map((line) => `> ${line}`)].join('\n')]),
    ...(again === null ? [] : [`When that is mended: <b>${again}</b>.`]),
  ]
}

function messageLine({ message, at }: RefusalMessage, config: string | null): string {
  if (at === null) return inline(message)
  const place = placeName(at)
  const shown = link(place, config === null ? null : `${config}#L${at.line}`) ?? inline(place)
  return `<b>${shown}</b>${at.path === '' ? '' : ` ${code(at.path)}`}: ${inline(message)}`
}

/** Writes a place as `config.yml:3:5`: file, line, column. */
export function placeName({ file, line, column }: NonNullable<RefusalMessage['at']>): string {
  return `${file}:${line}:${column}`
}

export interface ValidPage {
  readonly file: string
  readonly instances: readonly {
    readonly id: string
    readonly line: number
    /** The schedule in words; `null` if the instance has none and is run by hand. */
    readonly schedule: string | null
    readonly variables: readonly string[]
  }[]
  readonly advice: readonly AdviceLine[]
  /** `null` if this is no pull request. */
  readonly changes: ChangesPage | null
  readonly config: string | null
  readonly limitBytes: number
}

export interface AdviceLine {
  readonly severity: 'warning' | 'notice'
  readonly message: string
  /** `null`: the configuration. */
  readonly file: string | null
  readonly line: number
}

/**
 * Draws the page of a configuration that is right, with what is in it. Backups that do not fit into `limitBytes` are left out, and that is
 * said; if none fits, the advice is left out, too. Empty if nothing fits.
 */
export function renderValid(page: ValidPage): string {
  for (const most of [Number.POSITIVE_INFINITY, 1000, 100, 0]) {
    const text = joinWithin(validParts(page, most), page.limitBytes)
    if (text !== null) return text
  }
  return ''
}

function validParts({ file, instances, advice, changes, config }: ValidPage, most: number): readonly string[] {
  const rows = instances.slice(0, most).map(({ id, line, schedule, variables }) => {
    const name = link(id, config === null ? null : `${config}#L${line}`) ?? inline(id)
    const when = schedule === null ? 'by hand' : breakable(inline(schedule))
    const needs = variables.length === 0 ? '–' : variables.map((one) => breakable(code(one))).join(', ')
    return `| <b>${breakable(name)}</b> | ${when} | ${needs} |`
  })
  const more = instances.length - rows.length
  return [
    `### ✅ ${inline(file)} is valid: ${count(instances.length, 'backup')}`,
    ...(changes === null ? [] : changesParts(changes, config, most)),
    ['| backup | when | variables |', '|---|---|---|', ...rows].join('\n'),
    ...(more > 0 ? [`_And ${count(more, 'more backup')}._`] : []),
    ...(most === 0 ? [] : adviceList(advice, config)),
    'Nothing was backed up: <code>command: validate</code> reads the file, and asks neither Docker nor for the values of variables.',
  ]
}

/** Number of notices that are shown open; more are folded. */
const UNFOLDED_NOTICES = 3

/** Draws the warnings in a box, and the notices below it. */
function adviceList(advice: readonly AdviceLine[], config: string | null): readonly string[] {
  const lines = (severity: AdviceLine['severity']) =>
    advice.filter((one) => one.severity === severity).map((one) => `- ${adviceLine(one, config)}`)
  const warnings = lines('warning')
  const notices = lines('notice')
  const list = notices.join('\n')
  return [
    ...(warnings.length === 0 ? [] : [['> [!WARNING]', ...warnings.map((line) => `> ${line}`)].join('\n')]),
    ...(notices.length === 0
      ? []
      : notices.length <= UNFOLDED_NOTICES
        ? [list]
        : [`<details><summary>${count(notices.length, 'notice')}</summary>\n\n${list}\n\n</details>`]),
  ]
}

function adviceLine({ file, line, message }: AdviceLine, config: string | null): string {
  if (file !== null) return `${inline(`${file}:${line}`)}: ${inline(message)}`
  const place = `line ${line}`
  return `${link(place, config === null ? null : `${config}#L${line}`) ?? inline(place)}: ${inline(message)}`
}
