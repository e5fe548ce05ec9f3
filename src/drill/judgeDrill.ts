/** Judges a drill: which point came back, how old it is, how long that took, and what all of it says of the backup. Pure. */
import type { Drill } from '../config/model.ts'
import type { Manifest } from '../container/manifest.ts'
import type { DrillCheck } from '../drillReport.ts'
import { count, joinSentences, limit, minute, seconds } from '../format.ts'
import type { DrillVerdict, PastRun, RestorePoint } from '../outcome.ts'
import { isWholePoint } from '../restore/points.ts'

/** The facts from which a drill is judged. */
export interface DrillFacts {
  readonly checks: readonly DrillCheck[]
  /** The reasons why the drill has no answer, in one sentence each. */
  readonly surroundings: readonly string[]
  /** The reason why there was nothing to drill; `null` if there was something. */
  readonly nothing: string | null
}

const NOT_LOOKED =
  'nothing that was compared is data: the manifest tells nothing of volumes that were read in place, and a database without a row shows nothing. Give the instance checks (drill.checks), or its volumes staging: copy'

/**
 * Judges a drill. A check that failed makes it `failed`, whatever else went wrong. It is `proven` only if nothing went wrong, and if at least
 * one check looked at data. `error` says why it is not.
 */
export function judgeDrill({ checks, surroundings, nothing }: DrillFacts): {
  readonly verdict: DrillVerdict
  readonly error: string | null
} {
  const failed = checks.filter(({ passed }) => !passed)
  if (failed.length > 0) return { verdict: 'failed', error: joinSentences(failed.map(({ seen }) => seen)) }
  if (surroundings.length > 0) return { verdict: 'inconclusive', error: joinSentences(surroundings) }
  if (nothing !== null) return { verdict: 'nothing-to-drill', error: nothing }
  if (!checks.some(({ looked }) => looked)) return { verdict: 'inconclusive', error: NOT_LOOKED }
  return { verdict: 'proven', error: null }
}

/** Returns the time of a manifest's timestamp (`20261128-020000`, UTC), ms since 1970; `null` if it is none. */
export function timeOfBackup(timestamp: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(timestamp)
  if (parts === null) return null
  const [, year, month, day, hour, min, second] = parts
  const time = `${year}-${month}-${day}T${hour}:${min}:${second}`
  const at = Date.parse(`${time}Z`)
  // a day that its month does not have becomes one of the next month
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(time) ? at : null
}

/** Clocks of a runner, an engine and a store may differ by this much, ms. */
const CLOCKS_MS = 10 * 60_000

export interface PointFacts {
  readonly manifest: Pick<Manifest, 'timestamp'>
  /** The points that the image listed, the newest last; empty if it lists none. */
  readonly points: readonly RestorePoint[]
  /** The runs that the host remembers. */
  readonly runs: readonly Pick<PastRun, 'startedAt' | 'status'>[]
  /** ms since 1970, by the engine's clock. */
  readonly now: number
}

/**
 * Tells whether what came back as the newest point is the newest one. A backup begins after the one before it was stored, so its time is later
 * than that of the listed point before the newest; and it is not older than the last backup that the host remembers as good.
 */
export function judgePoint({ manifest, points, runs, now }: PointFacts): DrillCheck {
  const made = timeOfBackup(manifest.timestamp)
  const check = (passed: boolean, seen: string): DrillCheck => ({
    kind: 'point',
    target: '',
    passed,
    looked: false,
    seen,
  })
  if (made === null) return check(false, `manifest.json has the timestamp "${manifest.timestamp}", which is no time`)
  const of = minute(new Date(made).toISOString())
  if (made > now + CLOCKS_MS) return check(false, `the backup that came back is of ${of}, which is in the future`)
  const timed = points
    .filter(isWholePoint)
    .flatMap(({ id, time }) => (time === null ? [] : [{ id, at: Date.parse(time) }]))
  const newest = timed.reduce<(typeof timed)[number] | null>(
    (best, one) => (best === null || one.at > best.at ? one : best),
    null,
  )
  const before = timed
    .filter(({ at }) => newest !== null && at < newest.at)
    .reduce((latest, { at }) => Math.max(latest, at), 0)
  if (newest !== null && before >= made)
    return check(
      false,
      `the backup of ${of} came back as the newest, and not the one of point ${newest.id}, which is listed for ${minute(new Date(newest.at).toISOString())}: the data is older than it is said to be`,
    )
  const good = runs
    .filter(({ status }) => status === 'success')
    .reduce((latest, { startedAt }) => Math.max(latest, Date.parse(startedAt)), 0)
  if (good > made + CLOCKS_MS)
    return check(
      false,
      `the backup of ${of} came back as the newest, and this host made one that it remembers as good at ${minute(new Date(good).toISOString())}: that one is not in the store, or is not what its /restore.sh takes for the newest`,
    )
  return check(true, `the backup of ${of} came back${newest === null ? '' : ` as point ${newest.id}`}`)
}

/** Compares the age of the backup, in ms, with `maxAge`. Returns `null` if the drill has no `maxAge`. */
export function judgeAge(drill: Drill | null, ageMs: number): DrillCheck | null {
  if (drill === null || drill.maxAgeMs === null) return null
  const passed = ageMs <= drill.maxAgeMs
  const age = seconds(Math.max(0, ageMs) / 1000)
  const most = limit(drill.maxAgeMs)
  const seen = passed
    ? `RPO met: the newest backup is ${age} old, and may be ${most}`
    : `RPO missed: the newest backup is ${age} old, and may be ${most} at most (maxAge)`
  return { kind: 'age', target: '', passed, looked: false, seen }
}

/**
 * Compares the time of the restore with `maxDuration`. Returns `null` without a `maxDuration`, or if the restore was ended early (`isOver` is
 * false) within it.
 */
export function judgeDuration(drill: Drill | null, tookMs: number, isOver: boolean): DrillCheck | null {
  if (drill === null || drill.maxDurationMs === null) return null
  const passed = tookMs <= drill.maxDurationMs
  if (passed && !isOver) return null
  const took = `${isOver ? 'took' : 'was ended after'} ${seconds(tookMs / 1000)}`
  const most = limit(drill.maxDurationMs)
  const seen = passed
    ? `RTO met: the restore ${took}, and may take ${most}`
    : `RTO missed: the restore ${took}, and may take ${most} at most (maxDuration)`
  return { kind: 'duration', target: '', passed, looked: false, seen }
}

/**
 * Fails for each target that the backup lacks: because it failed when the backup was made, or because the configuration names it (`wanted`)
 * and the backup knows nothing of it.
 */
export function judgeTargets(
  { targets, failed, timestamp }: Pick<Manifest, 'targets' | 'failed' | 'timestamp'>,
  wanted: readonly Pick<Manifest['failed'][number], 'kind' | 'name'>[],
): readonly DrillCheck[] {
  const lacks = (name: string, why: string): DrillCheck => ({
    kind: 'backup',
    target: name,
    passed: false,
    looked: false,
    seen: `${name} is not in the backup of ${timestamp}${why}`,
  })
  // a volume and a container may have one name
  const known = new Set([...targets, ...failed].map(({ kind, name }) => `${kind} ${name}`))
  return [
    ...failed.map(({ name, error }) => lacks(name, `, because it failed then: ${error}`)),
    ...wanted
      .filter(({ kind, name }) => !known.has(`${kind} ${name}`))
      .map(({ name }) => lacks(name, ', and is a target of the configuration')),
  ]
}

/** Judges an empty list of points: a failed check if the host remembers a good backup, else `null`. */
export function judgeNoPoint(runs: readonly Pick<PastRun, 'startedAt' | 'status'>[]): DrillCheck | null {
  const good = runs.filter(({ status }) => status === 'success')
  const [latest] = good
  if (latest === undefined) return null
  return {
    kind: 'point',
    target: '',
    passed: false,
    looked: false,
    seen: `the image lists no point, and this host remembers ${count(good.length, 'good backup')}, the last of ${minute(latest.startedAt)}: they are gone from the store, or its /restore.sh does not find them`,
  }
}
