/** Writes a run into the record of its instance, and asks that record whether another run has served the same slot meanwhile. */
import { engineNow } from '../claim/host.ts'
import { hostKey } from '../config/runnerHosts.ts'
import { inspectContainer } from '../docker/containers.ts'
import { claimName } from '../docker/labels.ts'
import { sayError } from '../errors.ts'
import { minute } from '../format.ts'
import type { InstanceStatus, PastRun } from '../outcome.ts'
import { addRun, readRecord } from '../record/hostRecords.ts'
import { credibleStart, recordOwner } from '../record/recordLabels.ts'
import { unusual } from '../record/unusual.ts'
import type { InstanceRun } from './instanceRun.ts'

const LOOK_MS = 10_000

/**
 * Writes this run into the record, unless it was skipped, and warns if it succeeded with an unusual size or duration. Without the claim
 * (`isHeld`) it is only written if it failed and nobody else has the claim: a run that could not have it leaves the record, and the slot,
 * to its holder. Never throws.
 */
export async function remember(run: InstanceRun, { isHeld }: { readonly isHeld: boolean }): Promise<void> {
  const { context, instance, report } = run
  const { docker, owner } = context.host
  try {
    const outcome = report.end()
    const status = pastStatus(outcome.status)
    if (status === null || (!isHeld && status === 'cancelled')) return
    if (!isHeld && (await inspectContainer(docker, claimName(instance.id), { deadlineMs: LOOK_MS })) !== null) return
    const counted = outcome.targets.flatMap(({ bytes }) => bytes ?? [])
    const bytes = counted.length === 0 ? (outcome.result?.bytes ?? null) : counted.reduce((sum, one) => sum + one, 0)
    const { runs } = await addRun(
      docker,
      { instance: instance.id, repository: recordOwner(owner), host: hostKey(instance.runsOn) },
      {
        startedAt: new Date(run.start.at).toISOString(),
        status,
        isScheduled: run.start.isScheduled,
        seconds: outcome.seconds,
        bytes,
        runId: owner.runId,
        attempt: owner.attempt,
      },
    )
    report.set({ history: runs })
    const earlier = runs.filter(({ startedAt }) => Date.parse(startedAt) < run.start.at)
    if (status === 'success')
      for (const sentence of unusual({ bytes, seconds: outcome.seconds }, earlier)) await report.warn(sentence)
  } catch (error) {
    await report.warn(`${sayError(error)}. Without a record of this run it may be run again by the next tick`)
  }
}

/**
 * Says which run has served the slot of this one since it was decided, in words for a place after "skipped: "; `null` if none has, or if
 * the record cannot be read. Ask it under the claim.
 */
export async function servedMeanwhile({ context }: InstanceRun, instance: string): Promise<string | null> {
  const { slot } = context.reason
  if (slot === null) return null
  const { docker, owner } = context.host
  // a record that cannot be read stops no backup: at worst there is one too many
  const record = await readRecord(docker, { instance, repository: recordOwner(owner) }).catch(() => null)
  if (record === null) return null
  const start = credibleStart(record, engineNow(context.host))
  if (start === null || start < slot) return null
  return `a run that began at ${minute(new Date(start).toISOString())} has served its slot meanwhile`
}

function pastStatus(status: InstanceStatus): PastRun['status'] | null {
  return status === 'skipped' ? null : status
}
