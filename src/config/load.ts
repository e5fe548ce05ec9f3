/** Reads the text of `config.yml` into a `Config`, or throws all its errors at once. Needs no variable's value. */
import { ConfigError, type ConfigIssue } from '../errors.ts'
import { isOpen, parseTemplate } from './interpolation.ts'
import { describeIssues, issueAt, keyName, sortIssues } from './issues.ts'
import type { Schedule } from './model.ts'
import { checkInstance } from './rules.ts'
import { hostsOf } from './runnerHosts.ts'
import { DAEMON_KEYS, DEFAULTS, fileSchema, readBoolean, type TopValues, topSchema } from './schema.ts'
import { parseCron } from './values/cron.ts'
import { isTreeMap, type Path, readTree, type Tree, treeAt, type YamlSource } from './yaml.ts'

interface Notice {
  readonly message: string
  /** Line in the file, 1-based. */
  readonly line: number
}

/** An instance whose variables are not filled in yet. */
export interface RawInstance {
  readonly id: string
  /** Position in `instances`, from 0. */
  readonly index: number
  /** Line and column of the instance's entry, 1-based. */
  readonly line: number
  readonly column: number
  /** `null` if it has none, or if the schedule or its time zone contains variables (then `scheduleIsOpen`). */
  readonly schedule: Schedule | null
  readonly scheduleIsOpen: boolean
  readonly runsOn: readonly string[]
  /** Names of the variables that must be set and not empty, in alphabetical order. */
  readonly variables: readonly string[]
  /** Names of the variables that have a default wherever they stand, in alphabetical order. */
  readonly optionalVariables: readonly string[]
}

export interface Config {
  readonly file: string
  readonly instances: readonly RawInstance[]
  readonly notices: readonly Notice[]
  /** Names of the variables that the file's `nodeName` cannot do without. */
  readonly nodeNameVariables: readonly string[]
  /** Names of all variables that the file uses anywhere, with a default or without. */
  readonly usedVariables: ReadonlySet<string>
  /** Values at the top of the file, without `instances` and `ping-url`. `nodeName` is as written, with its variables. */
  readonly top: TopValues
  /** The file's values, for resolving instances, without free keys (`x-…`) and without keys that have no value (see `prune`). */
  readonly tree: { readonly [key: string]: Tree }
  readonly source: YamlSource
}

/**
 * Reads a configuration. `file` is its name in messages.
 * @throws ConfigError with all issues of the file, or with those of its YAML alone
 */
export function loadConfig(text: string, file: string): Config {
  const source = readTree(text)
  if (source.issues.length > 0) throw new ConfigError(file, sortIssues(source.issues))
  const whole = source.tree
  if (!isTreeMap(whole)) {
    const what = whole === null || whole === undefined ? 'is empty' : 'is no map of keys'
    throw new ConfigError(file, [issueAt(source, [], `the file ${what}: it needs \`instances\``)])
  }
  const tree = prune(withoutFreeKeys(whole), []) as { readonly [key: string]: Tree }
  const issues = [
    ...schemaIssues(tree, source),
    ...topIssues(tree, source),
    ...instanceIssues(tree, source),
    ...allTwice(tree, source),
  ]
  if (issues.length > 0) throw new ConfigError(file, sortIssues(issues))
  const { instances: _, 'ping-url': __, ...top } = tree // `ping-url` may hold variables
  const values = topSchema.parse(top)
  const instances = (tree.instances as readonly Tree[]).map((_, index) => rawInstance(tree, index, values, source))
  return {
    file,
    instances,
    notices: [...daemonNotices(whole, source), ...resticNotice(tree, source)].sort((a, b) => a.line - b.line),
    nodeNameVariables: typeof tree.nodeName === 'string' ? variablesOf([tree.nodeName]).required : [],
    usedVariables: usedVariables(tree, instances),
    top: values,
    tree,
    source,
  }
}

/**
 * Removes keys without a value: they count as left out, as in Marina 0.9. Kept are keys in `env` (an empty text is a value there, and a
 * missing one an error), `targets` with null or an empty text (it could mean two things), and `entrypoint: ""` (it removes the image's
 * own). `path` is the place of `tree` in the file.
 */
export function prune(tree: Tree, path: Path): Tree {
  return pruneBelow(tree, path.at(-1))
}

/** `last` is the last part of the path. */
function pruneBelow(tree: Tree, last: string | number | undefined): Tree {
  if (Array.isArray(tree)) return tree.map((item: Tree, index) => pruneBelow(item, index))
  if (!isTreeMap(tree)) return tree
  const kept: Record<string, Tree> = Object.create(null)
  for (const key of Object.keys(tree)) {
    const value = tree[key] as Tree
    const means = last === 'env' || key === 'targets' || (key === 'entrypoint' && value === '')
    if (means || (value !== null && value !== '')) kept[key] = pruneBelow(value, key)
  }
  return kept
}

interface PlacedText {
  readonly path: Path
  readonly text: string
}

/** Returns the texts of an instance that variables are filled into: all but `id` and `runsOn`. `path` is the place of `tree` in the file. */
export function openTexts(tree: Tree, path: Path): readonly PlacedText[] {
  return collectTexts(tree, [...path], { found: [], isWanted: () => true })
}

/** As `openTexts`, but only those that may have a variable. It is fast: few of ten thousand instances' texts have one. */
function templateTexts(tree: Tree, path: Path): readonly PlacedText[] {
  return collectTexts(tree, [...path], { found: [], isWanted: (text) => text.includes('$') })
}

interface Collection {
  readonly found: PlacedText[]
  readonly isWanted: (text: string) => boolean
}

/** `path` is changed on the way, and is as before at the end. */
function collectTexts(tree: Tree, path: (string | number)[], into: Collection): readonly PlacedText[] {
  if (typeof tree === 'string') {
    if (into.isWanted(tree) && !isPlanned(path)) into.found.push({ path: [...path], text: tree })
  } else if (tree !== null) {
    const keys: Iterable<string | number> = Array.isArray(tree) ? tree.keys() : Object.keys(tree)
    for (const key of keys) {
      path.push(key)
      collectTexts((tree as Readonly<Record<string | number, Tree>>)[key] as Tree, path, into)
      path.pop()
    }
  }
  return into.found
}

function withoutFreeKeys(tree: { readonly [key: string]: Tree }): Tree {
  const kept: Record<string, Tree> = Object.create(null)
  for (const [key, value] of Object.entries(tree)) if (!key.startsWith('x-')) kept[key] = value
  return kept
}

/** Checks the file against the schema. The content of a text with variables is not judged yet. */
function schemaIssues(tree: Tree, source: YamlSource): ConfigIssue[] {
  const result = fileSchema.safeParse(tree)
  if (result.success) return []
  const decided = result.error.issues.filter((issue) => {
    const path = issue.path as Path
    const value = treeAt(tree, path)
    const saysOfText = issue.code === 'custom' || issue.code === 'invalid_union'
    return !(saysOfText && typeof value === 'string' && isOpen(value) && !isPlanned(path))
  })
  return describeIssues(decided, tree, source)
}

/** Tells whether a path is, or lies below, `id` or `runsOn`, which are needed before any variable is known. */
function isPlanned(path: Path): boolean {
  return path[0] === 'instances' && (path[2] === 'id' || path[2] === 'runsOn')
}

function topIssues(tree: { readonly [key: string]: Tree }, source: YamlSource): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value !== 'string' || Object.hasOwn(DAEMON_KEYS, key) || !isOpen(value)) continue
    if (key === 'nodeName' || key === 'ping-url') issues.push(...templateIssues(value, [key], source))
    else
      issues.push(
        issueAt(source, [key], `\`${key}\` takes no variables at the top of the file: instances and \`nodeName\` do`),
      )
  }
  return issues
}

function instanceIssues(tree: { readonly [key: string]: Tree }, source: YamlSource): ConfigIssue[] {
  if (!Array.isArray(tree.instances)) return []
  const stopAttached = typeof tree.stopAttached === 'string' && readBoolean(tree.stopAttached) === true
  const seen = new Map<string, number>()
  return tree.instances.flatMap((instance: Tree, index) => {
    if (!isTreeMap(instance)) return []
    const path = ['instances', index]
    const issues = [...checkInstance(instance, path, { source, settled: false, stopAttached })]
    for (const open of templateTexts(instance, path)) issues.push(...templateIssues(open.text, open.path, source))
    if (typeof instance.id === 'string') {
      const first = seen.get(instance.id)
      const place = source.valueAt([...path, 'id'])
      seen.set(instance.id, first ?? place.line)
      if (first !== undefined) {
        issues.push(
          issueAt(
            source,
            [...path, 'id'],
            `the id \`${instance.id}\` is taken: the instance of line ${first} has it too`,
          ),
        )
      }
    }
    return issues
  })
}

/** Finds the instances with `discover: all` on a host that has such an instance already: each would take everything. */
function allTwice(tree: { readonly [key: string]: Tree }, source: YamlSource): ConfigIssue[] {
  if (!Array.isArray(tree.instances)) return []
  const instances = tree.instances.map((one: Tree) => (isTreeMap(one) ? one : {}))
  const hosts = hostsOf(instances.map((one) => ({ runsOn: labelsOf(one.runsOn) })))
  const first = new Map<string, number>()
  return instances.flatMap((one, index) => {
    const { name } = hosts[index] as (typeof hosts)[number]
    if (one.discover !== 'all') return []
    const { line } = source.valueAt(['instances', index, 'discover'])
    const before = first.get(name)
    if (before === undefined) first.set(name, line)
    return before === undefined ? [] : [issueAt(source, ['instances', index, 'discover'], saysAllTwice(name, before))]
  })
}

function saysAllTwice(host: string, before: number): string {
  return `\`discover: all\` stands twice for the host ${host}, here and in line ${before}: both would back up everything. Keep one of them, or give the instances the \`runsOn\` of different hosts`
}

function labelsOf(runsOn: Tree | undefined): readonly string[] {
  const list: readonly Tree[] = Array.isArray(runsOn) ? runsOn : [runsOn ?? null]
  return list.filter((one) => typeof one === 'string')
}

function templateIssues(text: string, path: Path, source: YamlSource): ConfigIssue[] {
  return parseTemplate(text).problems.map((problem) =>
    issueAt(source, path, `${keyName(path)}: ${problem}${hookHint(path)}`),
  )
}

/** Returns the end of a message about a hook, whose `$` may be meant for the shell that runs it; empty for other texts. */
export function hookHint(path: Path): string {
  return path.at(-1) === 'preHook' || path.at(-1) === 'postHook'
    ? " (in a hook, write `$$NAME` for the container's shell)"
    : ''
}

function rawInstance(
  tree: { readonly [key: string]: Tree },
  index: number,
  top: TopValues,
  source: YamlSource,
): RawInstance {
  const path = ['instances', index]
  const instance = treeAt(tree, path) as { readonly [key: string]: Tree }
  const { required, optional } = variablesOf(templateTexts(instance, path).map(({ text }) => text))
  const schedule = typeof instance.schedule === 'string' ? instance.schedule : null
  const timezone = typeof instance.timezone === 'string' ? instance.timezone : (top.timezone ?? DEFAULTS.timezone)
  const scheduleIsOpen = schedule !== null && (isOpen(schedule) || isOpen(timezone))
  return {
    id: instance.id as string,
    index,
    ...source.valueAt(path),
    schedule:
      schedule === null || scheduleIsOpen
        ? null
        : readSchedule(schedule, timezone, source.valueAt([...path, 'schedule']).line),
    scheduleIsOpen,
    runsOn: labelsOf(instance.runsOn),
    variables: required,
    optionalVariables: optional,
  }
}

/** Parses a schedule that the schema has accepted. `timezone` applies if the text names no time zone. */
function readSchedule(text: string, timezone: string, line: number): Schedule {
  const result = parseCron(text)
  if (!result.ok) throw new TypeError(`a schedule that passed the schema: ${result.message}`)
  return { cron: result.cron.expression, timezone: result.cron.timezone ?? timezone, line }
}

function variablesOf(texts: readonly string[]): { required: readonly string[]; optional: readonly string[] } {
  const required = new Set<string>()
  const optional = new Set<string>()
  for (const part of texts.flatMap((text) => parseTemplate(text).parts)) {
    if (typeof part !== 'string') (part.fallback === null ? required : optional).add(part.name)
  }
  return {
    required: [...required].sort(),
    optional: [...optional].filter((name) => !required.has(name)).sort(),
  }
}

/** Collects the variables of all instances, and of `nodeName` and `ping-url` at the top of the file. */
function usedVariables(tree: { readonly [key: string]: Tree }, instances: readonly RawInstance[]): ReadonlySet<string> {
  const top = [tree.nodeName, tree['ping-url']].filter((text) => typeof text === 'string')
  const { required, optional } = variablesOf(top)
  return new Set([
    ...required,
    ...optional,
    ...instances.flatMap((instance) => [...instance.variables, ...instance.optionalVariables]),
  ])
}

function daemonNotices(tree: { readonly [key: string]: Tree }, source: YamlSource): Notice[] {
  return Object.entries(DAEMON_KEYS)
    .filter(([key]) => Object.hasOwn(tree, key))
    .map(([key, replacement]) => ({
      message: `\`${key}\` is not used here: ${replacement}`,
      line: source.keyAt([key]).line,
    }))
}

/** Makes the notice that the file's `resticTimeout` does not apply to its instances without `repository`; empty if none of them depends on it. */
function resticNotice(tree: { readonly [key: string]: Tree }, source: YamlSource): Notice[] {
  const instances = tree.instances as readonly { readonly [key: string]: Tree }[]
  const others = instances.filter((instance) => instance.repository === undefined && instance.timeout === undefined)
  if (tree.resticTimeout === undefined || tree.timeout !== undefined || others.length === 0) return []
  const message = '`resticTimeout` applies to `repository` instances only: write `timeout` for the others'
  return [{ message, line: source.keyAt(['resticTimeout']).line }]
}
