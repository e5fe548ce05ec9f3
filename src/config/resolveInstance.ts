/** Turns a `RawInstance` and variables into an `Instance`: everything that one instance's run needs, and which of its texts are secret. */
import { ConfigError, type ConfigIssue } from '../errors.ts'
import { type Filled, fillTemplate, parseTemplate } from './interpolation.ts'
import { describeIssues, issueAt, keyName, sortIssues } from './issues.ts'
import { type Config, hookHint, openTexts, prune, type RawInstance } from './load.ts'
import type { Drill, Instance, Target, WantedCheck } from './model.ts'
import { nearestWord } from './nearestWord.ts'
import { checkInstance } from './rules.ts'
import { DEFAULTS, type DrillValues, type InstanceValues, instanceSchema, type TargetValues } from './schema.ts'
import { type FilledText, type SecretText, secretsOf } from './secretValues.ts'
import { parseDuration } from './values/duration.ts'
import { withoutFinalBreak } from './values/finalBreak.ts'
import { normalisePaths } from './values/paths.ts'
import { placeRepository } from './values/repository.ts'
import { isTreeMap, type Path, type Tree, treeAt, writePath } from './yaml.ts'

export interface Lookup {
  (name: string): string | undefined
  /** Names of the variables that are set, to suggest one for a name with a slip. */
  readonly names?: readonly string[]
}

export interface ResolvedInstance {
  readonly instance: Instance
  /** Texts that are masked or may be masked, without duplicates (see `secretsOf`). */
  readonly secrets: readonly SecretText[]
  readonly notices: readonly string[]
}

const DEFAULT_TIMEOUT_MS = parseDuration(DEFAULTS.timeout) as number

/**
 * Fills in the variables of one instance and applies the file's defaults. `lookup` returns `undefined` for a variable that is not set.
 * Messages never quote a text from a place where secrets go.
 * @throws ConfigError for this instance only: variables that are not set or empty, values that are not valid
 */
export function resolveInstance(config: Config, raw: RawInstance, lookup: Lookup): ResolvedInstance {
  const path = ['instances', raw.index]
  const written = treeAt(config.tree, path) as Tree
  const { filled, issues } = fillTree(written, path, lookup, config)
  if (issues.length > 0) throw new ConfigError(config.file, sortIssues(issues))
  const tree = prune(replaceTexts(written, path, filled), path)
  const values = parseInstance(config, tree, path, filled)
  const instance = buildInstance(config, raw, values, path)
  return { instance, secrets: secretsOf(instance, filled.values()), notices: timeoutNotices(values) }
}

/**
 * Fills in the variables of the file's `nodeName`; `null` if it has none, or if it becomes empty.
 * @throws ConfigError if a variable without a default is not set or empty
 */
export function resolveNodeName(config: Config, lookup: Lookup): string | null {
  const { nodeName } = config.top
  if (nodeName === undefined) return null
  const { text, missing } = fillTemplate(parseTemplate(nodeName), lookup)
  if (missing.length > 0) throw new ConfigError(config.file, missingIssues(missing, ['nodeName'], config, lookup))
  return text === '' ? null : text
}

/**
 * Fills in the variables of the file's `ping-url`, and returns it with the values that variables brought; `null` if it has none, or if it
 * becomes empty.
 * @throws ConfigError if a variable without a default is not set or empty
 */
export function resolvePingUrl(
  config: Config,
  lookup: Lookup,
): { readonly url: string; readonly values: Filled['values'] } | null {
  const template = treeAt(config.tree, ['ping-url'])
  if (typeof template !== 'string') return null
  const { text, missing, values } = fillTemplate(parseTemplate(template), lookup)
  if (missing.length > 0) throw new ConfigError(config.file, missingIssues(missing, ['ping-url'], config, lookup))
  return text.trim() === '' ? null : { url: text.trim(), values }
}

function fillTree(
  tree: Tree,
  path: Path,
  lookup: Lookup,
  config: Config,
): { filled: Map<string, FilledText>; issues: ConfigIssue[] } {
  const filled = new Map<string, FilledText>()
  const issues: ConfigIssue[] = []
  for (const open of openTexts(tree, path)) {
    const result = fillTemplate(parseTemplate(open.text), lookup)
    filled.set(JSON.stringify(open.path), { ...result, path: open.path })
    issues.push(...missingIssues(result.missing, open.path, config, lookup))
  }
  return { filled, issues }
}

function missingIssues(missing: Filled['missing'], path: Path, config: Config, { names = [] }: Lookup): ConfigIssue[] {
  return missing.map(({ name, empty }) => {
    const what = empty ? 'is empty (as a misspelt secret is)' : 'is not set'
    const near = nearestWord(
      name,
      names.filter((one) => one !== name),
    )
    const meant = near === null ? '' : `, although ${near} is set (did you mean that?)`
    const next =
      hookHint(path) ||
      `: give it by the input \`variables\` or the step's \`env\`, or write \`\${${name}:-}\` where it may be empty`
    return issueAt(config.source, path, `${keyName(path)} needs the variable ${name}, which ${what}${meant}${next}`)
  })
}

function replaceTexts(tree: Tree, path: Path, filled: ReadonlyMap<string, FilledText>): Tree {
  if (typeof tree === 'string') return filled.get(JSON.stringify(path))?.text ?? tree
  if (Array.isArray(tree)) return tree.map((item: Tree, index) => replaceTexts(item, [...path, index], filled))
  if (!isTreeMap(tree)) return tree
  const copy: Record<string, Tree> = Object.create(null)
  for (const [key, value] of Object.entries(tree)) copy[key] = replaceTexts(value, [...path, key], filled)
  return copy
}

function parseInstance(
  config: Config,
  tree: Tree,
  path: Path,
  filled: ReadonlyMap<string, FilledText>,
): InstanceValues {
  const result = instanceSchema.safeParse(tree)
  const found = result.success ? [] : result.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
  // The messages look values up by the file's paths, so the instance is put back in its place.
  const instances: Tree[] = []
  instances[path[1] as number] = tree
  const issues = [
    ...describeIssues(found, { instances }, config.source),
    ...checkInstance(tree as { readonly [key: string]: Tree }, path, {
      source: config.source,
      settled: true,
      stopAttached: config.top.stopAttached ?? DEFAULTS.stopAttached,
    }),
  ]
  if (!result.success || issues.length > 0)
    throw new ConfigError(config.file, sortIssues(issues.map((issue) => sayFilled(issue, filled))))
  return result.data
}

/** Adds to the message which variables were filled in: the file shows `${TIMEOUT}`, but the message is about its value. */
function sayFilled(issue: ConfigIssue, filled: ReadonlyMap<string, FilledText>): ConfigIssue {
  const here = [...filled.values()].find(({ path, names }) => names.length > 0 && writePath(path) === issue.path)
  return here === undefined
    ? issue
    : { ...issue, message: `${issue.message} (with ${here.names.join(', ')} filled in)` }
}

function buildInstance(config: Config, raw: RawInstance, values: InstanceValues, path: Path): Instance {
  const { top, source } = config
  const stopAttached = values.stopAttached ?? top.stopAttached ?? DEFAULTS.stopAttached
  const timezone = values.timezone ?? top.timezone ?? DEFAULTS.timezone
  const written = treeAt(config.tree, [...path, 'schedule'])
  return {
    id: raw.id,
    line: raw.line,
    ...backendOf(values, config),
    schedule:
      values.schedule === undefined || written === undefined
        ? null
        : {
            cron: values.schedule.expression,
            timezone: values.schedule.timezone ?? timezone,
            line: source.valueAt([...path, 'schedule']).line,
          },
    catchUp: values.catchUp ?? top.catchUp ?? DEFAULTS.catchUp,
    targets:
      values.targets?.map((target, index) =>
        buildTarget(target, stopAttached, source.valueAt([...path, 'targets', index]).line),
      ) ?? null,
    discover: values.discover ?? DEFAULTS.discover,
    except: values.except ?? [],
    stopAttached,
    timeoutMs: timeoutOf(values, config),
    layout: values.layout ?? top.layout ?? (values.repository === undefined ? DEFAULTS.layout : 'stable'),
    retention: values.retention ?? top.retention ?? DEFAULTS.retention,
    nodeName: values.nodeName ?? null,
    pull: values.pull ?? null,
    helperImage: values.helperImage ?? null,
    script: values.script ?? null,
    restoreScript: values.restoreScript ?? null,
    network: values.network ?? null,
    user: values.user ?? null,
    resources: { memory: values.resources?.memory ?? null, cpus: values.resources?.cpus ?? null },
    runsOn: raw.runsOn,
    drill:
      values.drill === undefined
        ? null
        : buildDrill(values.drill, timezone, (more) => source.valueAt([...path, 'drill', ...more]).line),
  }
}

function buildDrill(values: DrillValues, timezone: string, lineOf: (path: Path) => number): Drill {
  const { schedule, checks = [] } = values
  return {
    schedule:
      schedule === undefined
        ? null
        : { cron: schedule.expression, timezone: schedule.timezone ?? timezone, line: lineOf(['schedule']) },
    maxAgeMs: values.maxAge ?? null,
    maxDurationMs: values.maxDuration ?? null,
    controls: values.controls ?? [],
    image: values.image ?? null,
    checks: checks.map((check, index): WantedCheck => {
      const line = lineOf(['checks', index])
      if (check.db !== undefined)
        return {
          kind: 'sql',
          db: check.db,
          database: check.database ?? null,
          sql: check.sql as string,
          equals: check.equals === undefined ? null : withoutFinalBreak(check.equals),
          atLeast: check.atLeast ?? null,
          atMost: check.atMost ?? null,
          matches: check.matches === undefined ? null : withoutFinalBreak(check.matches),
          line,
        }
      if (check.run !== undefined) return { kind: 'run', run: check.run, volume: check.volume ?? null, line }
      const volume = check.volume as string
      if (check.files !== undefined) return { kind: 'files', volume, atLeast: check.files, line }
      return {
        kind: 'file',
        volume,
        file: check.file as string,
        sha256: check.sha256 ?? null,
        contains: check.contains === undefined ? null : withoutFinalBreak(check.contains),
        canaryMs: check.canary ?? null,
        line,
      }
    }),
  }
}

/** Returns the image and what it needs. A `repository` becomes an image with restic, in which a script of ours (src/restic) runs. */
function backendOf(
  { customImage, repository, resticImage, entrypoint, env = {}, mounts = [] }: InstanceValues,
  { top }: Config,
): Pick<Instance, 'customImage' | 'repository' | 'entrypoint' | 'env' | 'mounts'> {
  if (repository === undefined)
    return { customImage: customImage ?? '', repository: null, entrypoint: entrypoint ?? null, env, mounts }
  const place = placeRepository(repository, mounts)
  return {
    customImage: resticImage ?? top.resticImage ?? DEFAULTS.resticImage,
    repository,
    // the image's own is restic, which would take `/backup.sh` for a command of its own
    entrypoint: [],
    env: { RESTIC_REPOSITORY: place.location, ...env },
    mounts: [...mounts, ...place.mounts],
  }
}

/**
 * Chooses the timeout, ms: the instance's own before the file's, and at each place `timeout` before Marina's `resticTimeout`, which only
 * applies to a `repository`; else the default.
 */
function timeoutOf(values: InstanceValues, { top }: Config): number {
  const restic = values.repository !== undefined
  return (
    values.timeout ??
    (restic ? values.resticTimeout : undefined) ??
    top.timeout ??
    (restic ? top.resticTimeout : undefined) ??
    DEFAULT_TIMEOUT_MS
  )
}

function buildTarget(values: TargetValues, stopAttached: boolean, line: number): Target {
  const hooks = { preHook: values.preHook ?? null, postHook: values.postHook ?? null, line }
  if (values.volume === undefined) {
    return {
      kind: 'db',
      container: values.db as string,
      dbKind: values.dbKind ?? null,
      databases: values.databases ?? [],
      dumpArgs: values.dumpArgs ?? [],
      ...hooks,
    }
  }
  return {
    kind: 'volume',
    name: values.volume,
    paths: normalisePaths(values.paths ?? []).paths,
    exclude: values.exclude ?? [],
    stopAttached: values.stopAttached ?? stopAttached,
    staging: values.staging ?? null,
    allowEmpty: values.allowEmpty ?? DEFAULTS.allowEmpty,
    verify: values.verify ?? null,
    ...hooks,
  }
}

function timeoutNotices(values: InstanceValues): string[] {
  if (values.resticTimeout === undefined || values.repository !== undefined) return []
  return ['`resticTimeout` applies to `repository` instances only: write `timeout` for this one']
}
