/** What is known of an instance's run while it goes on, and the report it becomes. */
import type { Instance, Target } from '../config/model.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { InstanceReport, Phase, PhaseTiming, TargetReport } from '../outcome.ts'
import { instanceStatus } from './status.ts'

export interface ReportBuilder {
  /** Runs one phase: its time is kept, its end is a line in the log, its failure is known by its name. */
  phase<T>(phase: Phase, work: () => Promise<T>): Promise<T>
  warn(message: string): Promise<void>
  /** Applications were down for so long, in seconds. Where several groups were stopped, the longest counts. */
  downtime(seconds: number): void
  /** Says or corrects what became of a target; `phase` is where it failed, the current one where left out. */
  target(target: Target, found: Partial<Omit<TargetReport, 'kind' | 'name' | 'line'>>, phase?: Phase): void
  /** The instance itself failed; the first reason counts. */
  fail(message: string): void
  cancel(): void
  set(known: Partial<Pick<InstanceReport, 'image' | 'exitCode'>>): void
  end(): Omit<InstanceReport, 'log' | 'tail' | 'nextRun'>
}

export function buildReport(instance: Instance, log: InstanceLog, now: () => Date): ReportBuilder {
  const startedAt = now()
  const phases: PhaseTiming[] = []
  const warnings: string[] = []
  const targets = new Map<Target, TargetReport>()
  let failure: string | null = null
  let failedPhase: Phase | null = null
  let targetsPhase: Phase | null = null
  let current: Phase | null = null
  let cancelled = false
  let known: Pick<InstanceReport, 'image' | 'exitCode' | 'downtimeSeconds'> = {
    image: { reference: instance.customImage ?? '', id: null, digest: null },
    exitCode: null,
    downtimeSeconds: null,
  }
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
    async warn(message) {
      warnings.push(message)
      await log.write('marina', `warning: ${message}`)
    },
    downtime(seconds) {
      known = { ...known, downtimeSeconds: Math.max(known.downtimeSeconds ?? 0, seconds) }
    },
    target(target, found, phase) {
      const before = targets.get(target) ?? unstaged(target)
      targets.set(target, { ...before, ...found })
      if (found.status === 'failed') targetsPhase ??= phase ?? current
    },
    fail(message) {
      failure ??= message
      failedPhase ??= current
    },
    cancel() {
      cancelled = true
      failedPhase ??= current
    },
    set(more) {
      known = { ...known, ...more }
    },
    end() {
      const all = [...targets.values()]
      const status = instanceStatus({ targets: all, failure, cancelled })
      const lost = all.filter((target) => target.status === 'failed')
      return {
        id: instance.id,
        line: instance.line,
        status,
        failedPhase: failedPhase ?? targetsPhase,
        error: failure ?? (status === 'cancelled' ? 'cancelled' : lost.length > 0 ? sentencesOf(lost) : null),
        warnings,
        targets: all,
        phases,
        startedAt: startedAt.toISOString(),
        seconds: secondsSince(startedAt, now()),
        ...known,
      }
    },
  }
}

/** Why targets failed; what several share is said once. */
export function sentencesOf(failed: readonly Pick<TargetReport, 'error'>[]): string {
  return [...new Set(failed.map((target) => target.error))].join('; ')
}

export function targetName(target: Target): string {
  return target.kind === 'volume' ? target.name : target.container
}

function unstaged(target: Target): TargetReport {
  return {
    kind: target.kind,
    name: targetName(target),
    status: 'failed',
    staging: null,
    files: null,
    bytes: null,
    seconds: 0,
    error: null,
    warnings: [],
    line: target.line,
  }
}

function secondsSince(from: Date, to: Date): number {
  return Math.round(to.getTime() - from.getTime()) / 1000
}
