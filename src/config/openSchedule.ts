/** Fills in the variables of a schedule alone, for a command that needs nothing else of the instance. Pure. */
import { fillTemplate, parseTemplate } from './interpolation.ts'
import type { Config, RawInstance } from './load.ts'
import type { Schedule } from './model.ts'
import { DEFAULTS } from './schema.ts'
import { isTimezone, parseCron } from './values/cron.ts'
import { treeAt } from './yaml.ts'

/** Returns the schedule of an instance (`null` if it has none), or says in one sentence why it is not known. */
export function readOpenSchedule(
  config: Config,
  raw: RawInstance,
  lookup: (name: string) => string | undefined,
): Schedule | null | { readonly why: string } {
  if (!raw.scheduleIsOpen) return raw.schedule
  const own = (key: string) => treeAt(config.tree, ['instances', raw.index, key])
  const texts = [own('schedule'), own('timezone') ?? config.top.timezone ?? DEFAULTS.timezone]
  const filled = texts.map((text) => fillTemplate(parseTemplate(String(text)), lookup))
  const missing = filled.flatMap((one) => one.missing.map(({ name }) => name))
  if (missing.length > 0) return { why: `its schedule needs ${missing.join(', ')}: give it by the step's \`env\`` }
  const [expression = '', timezone = ''] = filled.map(({ text }) => text)
  if (expression.trim() === '') return null
  const parsed = parseCron(expression)
  if (!parsed.ok) return { why: `with its variables filled in, its schedule cannot be kept: ${parsed.message}` }
  const zone = parsed.cron.timezone ?? (timezone || DEFAULTS.timezone)
  if (!isTimezone(zone))
    return { why: 'with its variables filled in, its time zone is none: write a name such as Europe/Berlin' }
  return {
    cron: parsed.cron.expression,
    timezone: zone,
    line: config.source.valueAt(['instances', raw.index, 'schedule']).line,
  }
}
