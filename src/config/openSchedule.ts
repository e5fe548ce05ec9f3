/**
 * Fills in the variables of `schedule`, `drill.schedule` or `drill.maxAge` alone, for a command that needs nothing else of the instance.
 * Pure.
 */
import { fillTemplate, parseTemplate } from './interpolation.ts'
import type { Config, RawInstance } from './load.ts'
import type { Schedule } from './model.ts'
import { DEFAULTS } from './schema.ts'
import { isTimezone, parseCron } from './values/cron.ts'
import { parseDuration } from './values/duration.ts'
import { treeAt } from './yaml.ts'

type Lookup = (name: string) => string | undefined
type Read = Schedule | null | { readonly why: string }

/** Returns the schedule of an instance (`null` if it has none), or says in one sentence why it is not known. */
export function readOpenSchedule(config: Config, raw: RawInstance, lookup: Lookup): Read {
  return raw.scheduleIsOpen ? readAt(config, raw, { keys: ['schedule'], lookup }) : raw.schedule
}

/** Returns `drill.schedule` of an instance as `readOpenSchedule` does its `schedule`. */
export function readDrillSchedule(config: Config, raw: RawInstance, lookup: Lookup): Read {
  const keys = ['drill', 'schedule']
  return treeAt(config.tree, ['instances', raw.index, ...keys]) === undefined
    ? null
    : readAt(config, raw, { keys, lookup })
}

function readAt(
  config: Config,
  raw: RawInstance,
  { keys, lookup }: { readonly keys: readonly string[]; readonly lookup: Lookup },
): Read {
  const path = ['instances', raw.index]
  const zoneText = treeAt(config.tree, [...path, 'timezone']) ?? config.top.timezone ?? DEFAULTS.timezone
  const texts = [treeAt(config.tree, [...path, ...keys]), zoneText]
  const filled = texts.map((text) => fillTemplate(parseTemplate(String(text)), lookup))
  const missing = filled.flatMap((one) => one.missing.map(({ name }) => name))
  const what = keys.length === 1 ? 'schedule' : 'drill.schedule'
  if (missing.length > 0) return { why: `its ${what} needs ${missing.join(', ')}: give it by the step's \`env\`` }
  const [expression = '', timezone = ''] = filled.map(({ text }) => text)
  if (expression.trim() === '') return null
  const parsed = parseCron(expression)
  if (!parsed.ok) return { why: `with its variables filled in, its ${what} cannot be kept: ${parsed.message}` }
  const zone = parsed.cron.timezone ?? (timezone || DEFAULTS.timezone)
  if (!isTimezone(zone))
    return { why: 'with its variables filled in, its time zone is none: write a name such as Europe/Berlin' }
  return { cron: parsed.cron.expression, timezone: zone, line: config.source.valueAt([...path, ...keys]).line }
}

/** Returns `drill.maxAge` of an instance, ms (`null` if it has none), or says in one sentence why it is not known. */
export function readDrillAge(
  config: Config,
  raw: RawInstance,
  lookup: Lookup,
): number | null | { readonly why: string } {
  const written = treeAt(config.tree, ['instances', raw.index, 'drill', 'maxAge'])
  if (written === undefined) return null
  const { text, missing } = fillTemplate(parseTemplate(String(written)), lookup)
  const names = missing.map(({ name }) => name).join(', ')
  if (names !== '') return { why: `its drill.maxAge needs ${names}: give it by the step's \`env\`` }
  return parseDuration(text) ?? { why: 'with its variables filled in, its drill.maxAge is no duration such as 26h' }
}
