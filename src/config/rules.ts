/**
 * Checks what the schema of single keys cannot: keys that exclude, need or contradict each other, duplicates, names in `env`, mounts in the
 * place of a script, and `paths` that leave the volume.
 */
import type { ConfigIssue } from '../errors.ts'
import { STAGINGS } from '../outcome.ts'
import { checkDrill } from './drillRules.ts'
import { isOpen } from './interpolation.ts'
import { issueAt } from './issues.ts'
import { known, type RuleContext, type TreeMap } from './ruleContext.ts'
import { readBoolean, TARGET_KEYS } from './schema.ts'
import { stagingConflicts } from './stagingConflicts.ts'
import { parseCron } from './values/cron.ts'
import { parseMount } from './values/mounts.ts'
import { normalisePaths } from './values/paths.ts'
import { isTreeMap, type Path, type Tree } from './yaml.ts'

/** Checks one instance. `path` is its place in the file. */
export function checkInstance(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  return [
    ...checkBackend(instance, path, look),
    ...checkRepositoryEnv(instance, path, look),
    ...checkTimezone(instance, path, look),
    ...checkDiscovery(instance, path, look),
    ...checkEnv(instance, path, look),
    ...checkMounts(instance, path, look),
    ...checkTargets(instance, path, look),
    ...checkDrill(instance, path, look),
  ]
}

function* textItems(list: Tree | undefined, look: RuleContext): Generator<{ index: number; text: string }> {
  if (!Array.isArray(list)) return
  for (const [index, text] of list.entries()) {
    if (typeof text === 'string' && (look.settled || !isOpen(text))) yield { index, text }
  }
}

function checkBackend(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const { customImage, repository } = instance
  if (customImage === undefined && repository === undefined) {
    return [
      issueAt(
        look.source,
        path,
        'the instance needs `customImage` (an image of your own) or `repository` (a restic repository)',
      ),
    ]
  }
  if (repository === undefined) {
    if (instance.resticImage === undefined) return []
    const message = '`resticImage` belongs to `repository`, this instance has `customImage`'
    return [issueAt(look.source, [...path, 'resticImage'], message, 'key')]
  }
  if (customImage !== undefined) {
    // An open one may turn out empty, which is as good as left out.
    const certain =
      known(instance, 'customImage', look) !== undefined && known(instance, 'repository', look) !== undefined
    const message = 'the instance has both `customImage` and `repository`: it takes one of them'
    return certain ? [issueAt(look.source, [...path, 'repository'], message, 'key')] : []
  }
  return (['script', 'restoreScript', 'entrypoint'] as const)
    .filter((key) => instance[key] !== undefined)
    .map((key) =>
      issueAt(
        look.source,
        [...path, key],
        `\`${key}\` belongs to \`customImage\`, this instance has \`repository\``,
        'key',
      ),
    )
}

/** Checks that `env` does not name a repository of restic beside `repository`. */
function checkRepositoryEnv(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  if (instance.repository === undefined || !isTreeMap(instance.env)) return []
  return ['RESTIC_REPOSITORY', 'RESTIC_REPOSITORY_FILE']
    .filter((name) => (instance.env as TreeMap)[name] !== undefined)
    .map((name) =>
      issueAt(
        look.source,
        [...path, 'env', name],
        `\`env.${name}\`: \`repository\` says it already, remove one of them`,
        'key',
      ),
    )
}

function checkTimezone(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const schedule = known(instance, 'schedule', look)
  const timezone = known(instance, 'timezone', look)
  if (schedule === undefined || timezone === undefined) return []
  const result = parseCron(schedule)
  if (!result.ok || result.cron.timezone === null || result.cron.timezone === timezone) return []
  const message = `\`schedule\` says ${result.cron.timezone}, \`timezone\` says ${timezone}: keep one of them`
  return [issueAt(look.source, [...path, 'timezone'], message)]
}

function checkDiscovery(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const at = (key: string, message: string) => issueAt(look.source, [...path, key], message, 'key')
  if (instance.targets !== undefined) {
    return ['discover', 'except']
      .filter((key) => instance[key] !== undefined)
      .map((key) => at(key, `\`${key}\` has no meaning beside \`targets\`: remove one of them`))
  }
  const discover = instance.discover === undefined ? 'labels' : known(instance, 'discover', look)
  return instance.except !== undefined && discover === 'labels' ? [at('except', '`except` needs `discover: all`')] : []
}

function checkEnv(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  if (!isTreeMap(instance.env)) return []
  return Object.keys(instance.env).flatMap((name) => {
    const own = [...path, 'env', name]
    if (/^MARINA_/i.test(name)) {
      return [
        issueAt(
          look.source,
          own,
          `\`env.${name}\`: names that begin with MARINA_ are the action's own, choose another`,
          'key',
        ),
      ]
    }
    if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return []
    return [
      issueAt(
        look.source,
        own,
        `\`env\` holds the name "${name}": letters, digits and the signs _ . - are taken`,
        'key',
      ),
    ]
  })
}

function checkMounts(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const seen = new Map<string, number>()
  const issues: ConfigIssue[] = []
  for (const { index, text } of textItems(instance.mounts, look)) {
    const result = parseMount(text)
    if (!result.ok) continue // the schema says so
    const target = result.mount.target.replace(/\/+/g, '/').replace(/\/$/, '')
    const first = seen.get(target)
    const own = [...path, 'mounts', index]
    if (first !== undefined)
      issues.push(issueAt(look.source, own, `${target} is mounted twice: item ${first + 1} of \`mounts\` has it too`))
    if (target === '/backup.sh' && instance.script !== undefined) {
      issues.push(issueAt(look.source, own, '`script` is put at /backup.sh, so nothing can be mounted there'))
    }
    if (target === '/backup.sh' && instance.repository !== undefined) {
      issues.push(issueAt(look.source, own, '`repository` needs /backup.sh, so nothing can be mounted there'))
    }
    seen.set(target, first ?? index)
  }
  return issues
}

function checkTargets(instance: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  if (!Array.isArray(instance.targets)) return []
  const seen = new Map<string, number>()
  return instance.targets.flatMap((target: Tree, index) => {
    if (!isTreeMap(target)) return []
    const own = [...path, 'targets', index]
    const issues = checkTarget(target, own, { ...look, stopAttached: instanceStops(instance, look) })
    for (const kind of ['volume', 'db'] as const) {
      const name = known(target, kind, look)
      if (name === undefined) continue
      const { line } = look.source.valueAt(own)
      const first = seen.get(`${kind} ${name}`)
      seen.set(`${kind} ${name}`, first ?? line)
      if (first !== undefined)
        issues.push(
          issueAt(look.source, [...own, kind], `\`${kind}: ${name}\` is a target twice: here and in line ${first}`),
        )
    }
    return issues
  })
}

function instanceStops(instance: TreeMap, look: RuleContext): boolean {
  const own = known(instance, 'stopAttached', look)
  return own === undefined ? look.stopAttached : (readBoolean(own) ?? false)
}

function checkTarget(target: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const { volume, db } = target
  if (volume === undefined && db === undefined) {
    return [
      issueAt(
        look.source,
        path,
        'the target needs `volume` (the name of a volume) or `db` (the name of a database container)',
      ),
    ]
  }
  if (volume !== undefined && db !== undefined) {
    const certain = known(target, 'volume', look) !== undefined && known(target, 'db', look) !== undefined
    return certain
      ? [issueAt(look.source, [...path, 'db'], 'the target has both `volume` and `db`: make two targets of it', 'key')]
      : []
  }
  const other = volume === undefined ? 'volume' : 'db'
  const foreign = TARGET_KEYS[other].filter((key) => target[key] !== undefined)
  const kinds = other === 'volume' ? 'volumes, this target is a database' : 'databases, this target is a volume'
  return [
    ...foreign.map((key) => issueAt(look.source, [...path, key], `\`${key}\` is for ${kinds}`, 'key')),
    ...checkPaths(target, path, look),
    ...(volume === undefined ? [] : checkStaging(target, path, look)),
  ]
}

function checkPaths(target: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const items = [...textItems(target.paths, look)]
  const { problems } = normalisePaths(items.map(({ text }) => text))
  return problems.map(({ index, message }) =>
    issueAt(look.source, [...path, 'paths', items[index]?.index ?? 0], message),
  )
}

function checkStaging(target: TreeMap, path: Path, look: RuleContext): ConfigIssue[] {
  const staging = STAGINGS.find((one) => one === known(target, 'staging', look))
  if (staging === undefined) return []
  const own = known(target, 'stopAttached', look)
  const conflicts = stagingConflicts(staging, {
    stopAttached: target.stopAttached === undefined ? look.stopAttached : own === undefined ? null : readBoolean(own),
    hasExclude: Array.isArray(target.exclude) && target.exclude.length > 0,
    hasVerify: target.verify !== undefined,
    hooks: (['preHook', 'postHook'] as const).filter((key) => target[key] !== undefined),
  })
  return conflicts.map((message) => issueAt(look.source, [...path, 'staging'], message))
}
