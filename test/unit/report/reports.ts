/** Reports for tests: a small whole one, to be changed where a test cares. */
import type { InstanceReport, PlannedTarget, RunReport, StagedTarget, TargetReport } from '../../../src/outcome.ts'

export function target(changes: Partial<StagedTarget> = {}): TargetReport {
  return {
    kind: 'volume',
    name: 'data',
    status: 'staged',
    staging: 'copy',
    files: 3,
    bytes: 1_234_567,
    seconds: 1.5,
    error: null,
    warnings: [],
    line: 12,
    ...changes,
  } as StagedTarget
}

export function failedTarget(name: string, error: string): TargetReport {
  return {
    kind: 'volume',
    name,
    status: 'failed',
    staging: null,
    files: null,
    bytes: null,
    seconds: 1.5,
    error,
    warnings: [],
    line: 12,
  }
}

export function planned(name: string, plan: string): PlannedTarget {
  return {
    kind: 'volume',
    name,
    status: 'planned',
    staging: 'mount',
    files: null,
    bytes: null,
    seconds: 0,
    error: null,
    plan,
    warnings: [],
    line: 12,
  }
}

export function instance(changes: Partial<InstanceReport> = {}): InstanceReport {
  return {
    id: 'files',
    status: 'success',
    why: null,
    failedPhase: null,
    error: null,
    warnings: [],
    targets: [target()],
    phases: [{ phase: 'run', startedAt: '2026-11-24T18:00:00.000Z', seconds: 12 }],
    startedAt: '2026-11-24T18:00:00.000Z',
    seconds: 75,
    downtimeSeconds: null,
    notUp: [],
    unhealthy: [],
    postHookFailed: [],
    history: [],
    image: { reference: 'acme/backup:1', id: 'sha256:1', digest: null },
    exitCode: 0,
    nextRun: '2026-11-25T04:00:00.000Z',
    log: 'logs/files.log',
    tail: ['last words'],
    stderr: [],
    line: 7,
    ...changes,
  }
}

export function report(changes: Partial<RunReport> = {}): RunReport {
  return {
    version: 1,
    result: 'success',
    dryRun: false,
    host: 'nas',
    repository: 'o/r',
    runUrl: 'https://github.com/o/r/actions/runs/5',
    runId: '5',
    attempt: 1,
    configFile: 'config.yml',
    startedAt: '2026-11-24T18:00:00.000Z',
    seconds: 80,
    engine: { version: '28.2.2', apiVersion: '1.50' },
    errors: [],
    warnings: [],
    instances: [instance()],
    notDue: [],
    coverage: null,
    ...changes,
  }
}

export function failed(id: string, error: string, tail: readonly string[] = []): InstanceReport {
  return instance({ id, status: 'failed', failedPhase: 'run', error, tail, exitCode: 7 })
}
