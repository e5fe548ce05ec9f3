/** Takes out of a report what strangers must not read. Pure. */
import type { DrillReport } from '../drillReport.ts'
import type { ImageResult, InstanceReport, RestorePoint, RestoreReport, RunReport, TargetReport } from '../outcome.ts'
import { withoutFileNames } from './hideFileNames.ts'

/** Returns the report as it may be shown: unchanged if the repository is not public; else without names of files and lines of containers. */
export function publicPage(report: RunReport, isPublic: boolean): RunReport {
  if (!isPublic) return report
  const known = knownNames(report)
  const hide = (sentence: string) => withoutFileNames(sentence, known)
  return {
    ...report,
    errors: report.errors.map(hide),
    warnings: report.warnings.map(hide),
    instances: report.instances.map((one) => ({
      ...withoutLines(one),
      error: one.error === null ? null : hide(one.error),
      warnings: one.warnings.map(hide),
      ...(one.notices === undefined ? {} : { notices: one.notices.map(hide) }),
      targets: one.targets.map((target) => publicTarget(target, hide)),
    })),
  }
}

/**
 * Returns the report of a restore without names of files and lines of containers. The ids and times of the points stay, without the image's
 * words about them.
 */
export function publicRestore(report: RestoreReport): RestoreReport {
  const { instance, host, configFile, restored } = report
  const names = restored.flatMap(({ name, to, kept }) => [name, to, ...(kept === null ? [] : [kept])])
  const known = new Set([host, configFile, instance.id, instance.image.reference, ...names])
  const hide = (sentence: string) => withoutFileNames(sentence, known)
  return {
    ...report,
    errors: report.errors.map(hide),
    warnings: report.warnings.map(hide),
    points: report.points.map(withoutText),
    instance: {
      ...withoutLines(instance),
      error: instance.error === null ? null : hide(instance.error),
      warnings: instance.warnings.map(hide),
    },
  }
}

/**
 * Returns the report of a drill without names of files and tables, and without lines of containers. The id and the time of the point stay,
 * without the image's words about it.
 */
export function publicDrill(report: DrillReport): DrillReport {
  const { host, configFile, instances } = report
  const names = instances.flatMap((one) => [
    one.id,
    ...one.images.flatMap(({ name, reference }) => [name, reference]),
    ...one.checks.map(({ target }) => target),
  ])
  const known = new Set([host, configFile, ...names])
  const hide = (sentence: string) => withoutFileNames(sentence, known)
  return {
    ...report,
    errors: report.errors.map(hide),
    warnings: report.warnings.map(hide),
    instances: instances.map((one) => ({
      ...one,
      error: one.error === null ? null : hide(one.error),
      warnings: one.warnings.map(hide),
      point: one.point === null ? null : withoutText(one.point),
      hashes: one.hashes.map((hash) => ({ ...hash, path: hash.path === 'manifest.json' ? hash.path : '…' })),
      checks: one.checks.map((check) => ({ ...check, seen: hide(check.seen) })),
      rows: [],
      stderr: [],
    })),
  }
}

/** Returns a point without what the image says of it, but for the word by which it says that the backup lacks something. */
function withoutText<P extends RestorePoint>(point: P): P {
  return { ...point, text: /^partial\b/.exec(point.text)?.[0] ?? '' }
}

/** Returns an instance's report without words of its container: the last lines of its log and of its stderr, and what it told but for sizes. */
export function withoutLines(one: InstanceReport): InstanceReport {
  const { result, ...rest } = one
  return { ...rest, tail: [], stderr: [], ...(result === undefined ? {} : { result: sizesOf(result) }) }
}

/** Returns the parts that are numbers under names of ours. */
function sizesOf({ bytes, files, addedBytes }: ImageResult): ImageResult {
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(files === undefined ? {} : { files }),
    ...(addedBytes === undefined ? {} : { addedBytes }),
  }
}

function publicTarget(target: TargetReport, hide: (sentence: string) => string): TargetReport {
  const warnings = target.warnings.map(hide)
  return target.status === 'failed' ? { ...target, error: hide(target.error), warnings } : { ...target, warnings }
}

/** Returns the names that the configuration shows anyway. */
function knownNames({ host, configFile, instances }: RunReport): ReadonlySet<string> {
  const own = instances.flatMap((one) => [one.id, one.image.reference, ...one.targets.map(({ name }) => name)])
  return new Set([host, configFile, ...own])
}
