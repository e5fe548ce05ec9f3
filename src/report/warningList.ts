/** Collects and draws the warnings of a run, each sentence once. Pure. */
import type { RunReport } from '../outcome.ts'
import { code, inline } from './markdown.ts'

export interface Warning {
  readonly text: string
  /** Markup of the instances and targets that the warning is about; empty if it belongs to no instance. */
  readonly concerns: readonly string[]
}

/** Returns the warnings of a run, the host's own first. Warnings with the same words are one, which concerns several. */
export function warningsOf({ warnings, instances }: RunReport): readonly Warning[] {
  const byText = new Map<string, string[]>(warnings.map((text) => [text, []]))
  const add = (text: string, concerned: string) => byText.set(text, [...(byText.get(text) ?? []), concerned])
  for (const one of instances) {
    const id = `<b>${inline(one.id)}</b>`
    for (const text of one.warnings) add(text, id)
    for (const target of one.targets) for (const text of target.warnings) add(text, `${id} ${code(target.name)}`)
  }
  return [...byText].map(([text, concerns]) => ({ text, concerns }))
}

/** If there are more warnings than this, they are folded. */
const UNFOLDED = 3
const CONCERNED_SHOWN = 10

/** Draws a list of at most `most` warnings, and says how many more there are. Empty if there are none. */
export function warningList(report: RunReport, most: number): readonly string[] {
  const all = warningsOf(report)
  if (all.length === 0) return []
  const shown = all.slice(0, most).map(warningLine)
  const more = all.length - shown.length
  const list = [...shown, ...(more > 0 ? [`and ${more} more, in the report`] : [])]
    .map((line) => `- ${line}`)
    .join('\n')
  if (all.length > UNFOLDED) return [`<details><summary>⚠️ ${all.length} warnings</summary>\n\n${list}\n\n</details>`]
  return [`⚠️ Warnings:\n\n${list}`]
}

function warningLine({ text, concerns }: Warning): string {
  if (concerns.length === 0) return inline(text)
  const more = concerns.length - CONCERNED_SHOWN
  const who = concerns.slice(0, CONCERNED_SHOWN).join(', ')
  return `${who}${more > 0 ? ` and ${more} more` : ''}: ${inline(text)}`
}
