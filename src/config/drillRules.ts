/**
 * Checks what the schema of single keys cannot tell of `drill`: keys of a check that need or exclude each other, a `contains` of several
 * lines, and names of no target or of no database that is dumped.
 */
import type { ConfigIssue } from '../errors.ts'
import { issueAt } from './issues.ts'
import { known, type RuleContext, type TreeMap } from './ruleContext.ts'
import { ANSWER_KEYS } from './schema.ts'
import { withoutFinalBreak } from './values/finalBreak.ts'
import { isTreeMap, type Path, type Tree } from './yaml.ts'

/** Keys of a check that need another one. */
const NEEDS: readonly (readonly [needed: string, keys: readonly string[]])[] = [
  ['file', ['sha256', 'contains', 'canary']],
  ['volume', ['file', 'files']],
  ['db', ['sql', 'database']],
  ['sql', ANSWER_KEYS],
]

/** Checks the `drill` of an instance. `path` is the instance's place in the file. */
export function checkDrill({ drill, targets }: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  if (drill === undefined || !isTreeMap(drill)) return []
  const own = [...path, 'drill']
  const checks = Array.isArray(drill.checks) ? drill.checks : []
  return [
    ...checks.flatMap((check: Tree, index) =>
      isTreeMap(check) ? checkOne(check, { targets, path: [...own, 'checks', index], look }) : [],
    ),
    ...checkImages(drill.image, { targets, path: [...own, 'image'], look }),
  ]
}

interface Place {
  readonly targets: Tree | undefined
  readonly path: Path
  readonly look: RuleContext
}

/** Checks that a check says one thing, and of a target of the instance. */
function checkOne(check: TreeMap, place: Place): ConfigIssue[] {
  const has = (key: string) => check[key] !== undefined
  const at = (message: string) => [issueAt(place.look.source, place.path, message)]
  if (!has('volume') && !has('db') && !has('run'))
    return at(
      'the check needs `volume` (the name of a volume) or `db` (that of a database container) that is backed up, or `run` (a script)',
    )
  if (has('run')) return checkScript(check, place)
  if (has('volume') && has('db')) return at('the check has both `volume` and `db`: make two checks of it')
  if (has('volume') && has('file') === has('files'))
    return at('the check needs `file` (a path), `files` (a number) or `run` (a script), one of them')
  for (const [needed, keys] of NEEDS) {
    const lost = has(needed) ? undefined : keys.find(has)
    if (lost !== undefined) return at(`\`${lost}\` needs \`${needed}\``)
  }
  if (has('db') && !has('sql')) return at('the check needs `sql`: what the database is asked')
  if (has('db') && !ANSWER_KEYS.some(has))
    return at(`\`sql\` needs what the answer must be: ${ANSWER_KEYS.map((key) => `\`${key}\``).join(', ')}`)
  const needle = checkNeedle(check, place)
  if (needle.length > 0) return needle
  const kind = has('volume') ? 'volume' : 'db'
  const name = known(check, kind, place.look)
  if (name === undefined) return []
  const issues = checkTargetName(name, kind, { ...place, path: [...place.path, kind] })
  return issues.length > 0 || kind === 'volume' ? issues : checkDatabase(check, name, place)
}

/** Checks that the text of `contains` is not empty and can stand in one line. */
function checkNeedle(check: TreeMap, { path, look }: Place): ConfigIssue[] {
  const text = known(check, 'contains', look)
  if (text === undefined) return []
  const line = withoutFinalBreak(text)
  if (line !== '' && !/[\r\n]/.test(line)) return []
  const why =
    line === '' ? 'is empty, and every file contains that' : 'has a line break, and is looked for in each line'
  return [issueAt(look.source, [...path, 'contains'], `\`contains\` ${why}: write what one line must contain`)]
}

/** Checks that a check with `run` says nothing more than `volume`, and that this is a target of the instance. */
function checkScript(check: TreeMap, place: Place): ConfigIssue[] {
  const other = Object.keys(check).find((key) => key !== 'run' && key !== 'volume')
  if (other !== undefined)
    return [
      issueAt(place.look.source, place.path, `the check has both \`run\` and \`${other}\`: make two checks of it`),
    ]
  const volume = known(check, 'volume', place.look)
  return volume === undefined ? [] : checkTargetName(volume, 'volume', { ...place, path: [...place.path, 'volume'] })
}

/** Checks that a check asks a database that is dumped, where the target of that name lists them. */
function checkDatabase(check: TreeMap, name: string, { targets, path, look }: Place): ConfigIssue[] {
  const target = Array.isArray(targets)
    ? targets.find((one: Tree) => isTreeMap(one) && known(one, 'db', look) === name)
    : undefined
  const listed = target !== undefined && isTreeMap(target) && Array.isArray(target.databases) ? target.databases : []
  const names = listed.map((one: Tree) => known({ one }, 'one', look))
  const database = known(check, 'database', look)
  const isLeftOut = check.database === undefined
  // one whose name is not known yet may be the one
  if (names.length === 0 || (database === undefined && !isLeftOut) || names.includes(undefined)) return []
  if (isLeftOut && names.length === 1) return []
  if (database !== undefined && names.includes(database)) return []
  const message = isLeftOut
    ? `the check needs \`database\`: ${name} has ${names.join(', ')}`
    : `\`database: ${database}\` is not backed up: ${name} has ${names.join(', ')}`
  return [issueAt(look.source, isLeftOut ? path : [...path, 'database'], message)]
}

/** Checks that each database container of a map of images is a target. */
function checkImages(image: Tree | undefined, place: Place): ConfigIssue[] {
  if (image === undefined || !isTreeMap(image)) return []
  return Object.keys(image).flatMap((name) => checkTargetName(name, 'db', { ...place, path: [...place.path, name] }))
}

function checkTargetName(name: string, kind: 'volume' | 'db', { targets, path, look }: Place): ConfigIssue[] {
  if (!Array.isArray(targets)) return []
  const maps = targets.flatMap((target: Tree) => (isTreeMap(target) ? [target] : []))
  const names = maps.flatMap((target) => known(target, kind, look) ?? [])
  // a target whose name is not known yet may be the one
  const isOpen =
    !look.settled && maps.some((target) => target[kind] !== undefined && known(target, kind, look) === undefined)
  if (names.includes(name) || isOpen) return []
  const what = kind === 'volume' ? 'volume' : 'database'
  return [
    issueAt(
      look.source,
      path,
      `\`${kind}: ${name}\` is no target of this instance: it has ${names.join(', ') || `no ${what}`}`,
    ),
  ]
}
