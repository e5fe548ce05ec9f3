/** Runs of workflows with their reports, as `check` finds them on a forge: of backups and of drills. */

import type { ForgeServer } from './forge-server.ts'
import { forgeArtifact, forgeJob, forgeRun } from './forge-server.ts'

export interface BackupRun {
  /** ms since 1970 in UTC. */
  readonly at: number
  /** Statuses of the instances by id: in the report of the host `nas`, or of the host named before a slash: `nas/db`. */
  readonly instances?: Readonly<Record<string, string | { readonly status: string; readonly error: string }>>
  readonly run?: Readonly<Record<string, unknown>>
  /** Default: one job that has succeeded. */
  readonly jobs?: readonly Readonly<Record<string, unknown>>[]
  /** Overrides for the artifact and for the report. */
  readonly artifact?: Readonly<Record<string, unknown>>
  readonly report?: Readonly<Record<string, unknown>>
}

export const iso = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

/** Adds a run to the forge, with one report artifact a host; none without `instances`. Returns its id. */
export function addRun(forge: ForgeServer, backup: BackupRun): number {
  const id = 1000 + forge.runs.length
  const { at, instances, run = {}, jobs = [{}], artifact = {}, report = {} } = backup
  forge.runs.push(forgeRun(id, iso(at), { updated_at: iso(at + 300_000), ...run }))
  forge.jobs.set(
    id,
    jobs.map((job, index) => forgeJob(id * 100 + index, iso(at + 20_000), job)),
  )
  const hosts = new Map<string, unknown[]>()
  for (const [key, outcome] of Object.entries(instances ?? {})) {
    const [name = '', host = 'nas'] = key.split('/').reverse()
    const told = typeof outcome === 'string' ? { status: outcome, error: null } : outcome
    hosts.set(host, [
      ...(hosts.get(host) ?? []),
      { id: name, startedAt: new Date(at + 30_000).toISOString(), seconds: 20, ...told },
    ])
  }
  const attempt = Number(run.run_attempt ?? 1)
  forge.artifacts.set(
    id,
    [...hosts].map(([host, all], index) => {
      const value = {
        ...{ version: 1, result: 'success', dryRun: false, host, repository: 'octo/backups', configFile: 'config.yml' },
        startedAt: new Date(at + 25_000).toISOString(),
        instances: all,
        ...report,
      }
      const files = { 'report.json': JSON.stringify(value) }
      return forgeArtifact(id * 1000 + index, `marina-${host}-${attempt}`, files, {
        created_at: iso(at + 60_000),
        ...artifact,
      })
    }),
  )
  return id
}

export interface DrillRun {
  /** ms since 1970 in UTC. */
  readonly at: number
  /** Verdicts of the instances by id. */
  readonly verdicts: Readonly<Record<string, string>>
  /** File name of the workflow. */
  readonly workflow?: string
  /** Drills that the host remembers of each instance, by verdict and time. */
  readonly history?: readonly { readonly startedAt: string; readonly verdict: string }[]
}

/** Adds a run of a workflow that drilled on the host `nas`. */
export function addDrillRun(
  forge: ForgeServer,
  { at, verdicts, workflow = 'drill.yml', history = [] }: DrillRun,
): void {
  const id = 1000 + forge.runs.length
  forge.runs.push(forgeRun(id, iso(at), { updated_at: iso(at + 300_000), path: `.github/workflows/${workflow}` }))
  forge.jobs.set(id, [forgeJob(id * 100, iso(at + 20_000), {})])
  const startedAt = new Date(at + 30_000).toISOString()
  const value = {
    ...{ version: 1, result: 'proven', host: 'nas', repository: 'octo/backups', configFile: 'config.yml', startedAt },
    instances: Object.entries(verdicts).map(([name, verdict]) => ({
      ...{ id: name, verdict, startedAt, error: verdict === 'proven' ? null : 'a file is missing' },
      history: [{ startedAt, verdict }, ...history],
    })),
  }
  const files = { 'drill.json': JSON.stringify(value) }
  forge.artifacts.set(id, [forgeArtifact(id * 1000, 'marina-drill-nas-1', files, { created_at: iso(at + 60_000) })])
}
