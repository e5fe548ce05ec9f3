/** Collects what happens to one instance while it runs, and makes its report at the end. */
import type { Instance, Target } from '../config/model.ts'
import { joinSentences } from '../format.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import {
  type InstanceReport,
  instanceStatus,
  NOT_REACHED,
  type Phase,
  type PhaseTiming,
  type PlannedTarget,
  type StagedData,
  type TargetReport,
} from '../outcome.ts'

/** The part of an instance's report that its run makes. */
export type InstanceOutcome = Omit<InstanceReport, 'log' | 'tail' | 'stderr' | 'nextRun'>

/** Describes how a target was staged. */
export type StagedHow = StagedData & { readonly seconds: number; readonly warnings: readonly string[] }

export interface ReportBuilder {
  /** Runs one phase: records its time, writes it to the log, and remembers the phase for a failure. */
  phase<T>(phase: Phase, work: () => Promise<T>): Promise<T>
  warn(message: string): Promise<void>
  /** Records a sentence on which nobody need act. */
  notice(message: string): Promise<void>
  /** Does what `warn` does, unless the report has the same warning already. */
  warnOnce(message: string): Promise<void>
  /** Records how long applications were down, s. If several groups were stopped, the longest time is kept. */
  downtime(seconds: number): void
  /**
   * Records the applications that were stopped and are not, or may not be, up again; `unhealthy` are those of them that run. Replaces what
   * was recorded before.
   */
  notUp(names: readonly string[], unhealthy?: readonly string[]): void
  /** Records that the postHook in this container failed. */
  postHookFailed(container: string): void
  /** Records that the instance has this target. If nothing else is recorded about it, it has failed. */
  expect(target: Target): void
  staged(target: Target, how: StagedHow): void
  planned(target: Target, how: Pick<PlannedTarget, 'staging' | 'plan' | 'warnings'>): void
  /** Records the failure of a target. `error` is one sentence; `phase` is where it failed; default: the phase that is going on. */
  failed(target: Target, failure: { readonly error: string; readonly seconds?: number; readonly phase?: Phase }): void
  /** Records the failure of the instance itself. Only the first reason counts. */
  fail(message: string): void
  /** Records that the instance was cancelled. `words` say so, and what else went wrong. Only the first words count. */
  cancel(words: string): void
  /** Records that the instance is not backed up, because another run does it, unless it fails or is cancelled. `why` is written to the log. */
  skip(why: string): Promise<void>
  set(facts: Partial<Pick<InstanceReport, 'image' | 'exitCode' | 'history' | 'result'>>): void
  end(): InstanceOutcome
}

/** Holds what was collected so far. */
interface Collected {
  readonly startedAt: Date
  readonly phases: PhaseTiming[]
  readonly warnings: string[]
  readonly notices: string[]
  readonly targets: Map<Target, TargetReport>
  failure: string | null
  /** The words of `cancel`; `null` without a cancel. */
  cancelled: string | null
  /** The words of `skip`; `null` unless another run does the backup. */
  skipped: string | null
  /** The phase in which the instance itself failed or was cancelled. */
  failedPhase: Phase | null
  /** The phase in which the first target failed. */
  targetsPhase: Phase | null
  facts: Pick<
    InstanceReport,
    'image' | 'exitCode' | 'downtimeSeconds' | 'notUp' | 'unhealthy' | 'postHookFailed' | 'history' | 'result'
  >
}

export function buildReport(instance: Instance, log: InstanceLog, now: () => Date): ReportBuilder {
  const collected = nothingYet(instance, now())
  const { phases, warnings, notices, targets } = collected
  const warn = async (message: string) => {
    warnings.push(message)
    await log.write('marina', `warning: ${message}`)
  }
  let current: Phase | null = null
  return {
    async phase(phase, work) {
      const began = now()
      current = phase
      try {
        return await work()
      } finally {
        const seconds = secondsSince(began, now())
        phases.push({ phase, startedAt: began.toISOString(), seconds })
        await log.write('marina', `${phase} ${seconds.toFixed(1)} s`)
      }
    },
    warn,
    async notice(message) {
      notices.push(message)
      await log.write('marina', message)
    },
    async warnOnce(message) {
      if (!warnings.includes(message)) await warn(message)
    },
    downtime(seconds) {
      const { facts } = collected
      collected.facts = { ...facts, downtimeSeconds: Math.max(facts.downtimeSeconds ?? 0, seconds) }
    },
    notUp(names, unhealthy = []) {
      collected.facts = { ...collected.facts, notUp: names, unhealthy }
    },
    postHookFailed(container) {
      const { facts } = collected
      collected.facts = { ...facts, postHookFailed: [...new Set([...facts.postHookFailed, container])] }
    },
    expect: (target) => void targets.set(target, failedTarget(target, NOT_REACHED, 0)),
    staged: (target, how) => void targets.set(target, { ...basics(target), ...how, status: 'staged', error: null }),
    planned(target, how) {
      targets.set(target, { ...basics(target), ...NO_DATA, ...how, status: 'planned', seconds: 0, error: null })
    },
    failed(target, { error, seconds = 0, phase }) {
      targets.set(target, failedTarget(target, error, seconds))
      collected.targetsPhase ??= phase ?? current
    },
    fail(message) {
      collected.failure ??= message
      collected.failedPhase ??= current
    },
    cancel(words) {
      collected.cancelled ??= words
      collected.failedPhase ??= current
    },
    async skip(why) {
      collected.skipped = why
      await log.write('marina', `skipped: ${why}`)
    },
    set(more) {
      collected.facts = { ...collected.facts, ...more }
    },
    end: () => outcomeOf(instance, collected, now()),
  }
}

function nothingYet(instance: Instance, startedAt: Date): Collected {
  return {
    startedAt,
    phases: [],
    warnings: [],
    notices: [],
    targets: new Map(),
    failure: null,
    cancelled: null,
    skipped: null,
    failedPhase: null,
    targetsPhase: null,
    facts: {
      image: { reference: instance.customImage, id: null, digest: null },
      exitCode: null,
      downtimeSeconds: null,
      notUp: [],
      unhealthy: [],
      postHookFailed: [],
      history: [],
    },
  }
}

function outcomeOf({ id, line }: Instance, collected: Collected, endedAt: Date): InstanceOutcome {
  const { failure, cancelled, failedPhase, targetsPhase, warnings, notices, phases, startedAt, facts } = collected
  const isSkipped = collected.skipped !== null && failure === null && cancelled === null
  const targets = isSkipped ? [] : [...collected.targets.values()]
  const status = isSkipped ? 'skipped' : instanceStatus({ targets, failure, cancelled: cancelled !== null })
  return {
    id,
    line,
    status,
    why: isSkipped ? collected.skipped : null,
    failedPhase: failedPhase ?? targetsPhase,
    error: failure ?? (status === 'cancelled' ? cancelled : errorsOf(targets)),
    warnings,
    ...(notices.length === 0 ? {} : { notices }),
    targets,
    phases,
    startedAt: startedAt.toISOString(),
    seconds: secondsSince(startedAt, endedAt),
    ...facts,
  }
}

/** Joins the errors of targets; an error that several share is said once. `null` if there are none. */
export function errorsOf(targets: readonly Pick<TargetReport, 'error'>[]): string | null {
  const errors = new Set(targets.flatMap(({ error }) => (error === null ? [] : [error])))
  return errors.size === 0 ? null : joinSentences([...errors])
}

export function targetName(target: Target): string {
  return target.kind === 'volume' ? target.name : target.container
}

const NO_DATA = { files: null, bytes: null } as const

function basics(target: Target) {
  return { kind: target.kind, name: targetName(target), line: target.line }
}

function failedTarget(target: Target, error: string, seconds: number): TargetReport {
  return { ...basics(target), ...NO_DATA, status: 'failed', staging: null, seconds, error, warnings: [] }
}

function secondsSince(from: Date, to: Date): number {
  return Math.round(to.getTime() - from.getTime()) / 1000
}
