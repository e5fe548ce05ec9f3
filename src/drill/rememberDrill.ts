/** Writes a drill into the record of its instance, beside the runs, and reads the runs that the host remembers. */
import { hostKey } from '../config/runnerHosts.ts'
import { inspectContainer } from '../docker/containers.ts'
import { claimName } from '../docker/labels.ts'
import { sayError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import type { PastDrill, PastRun } from '../outcome.ts'
import { addDrill, readRecord } from '../record/hostRecords.ts'
import { recordOwner } from '../record/recordLabels.ts'

const LOOK_MS = 10_000

/**
 * Adds the drill to the record, and returns all drills of the record, the latest first. Returns only this one if another run has the claim, or
 * if the write fails, which is a warning.
 */
export async function rememberDrill(
  run: InstanceRun,
  drill: PastDrill,
  isHeld: boolean,
): Promise<readonly PastDrill[]> {
  const { docker, owner } = run.context.host
  try {
    const name = claimName(run.instance.id)
    if (!isHeld && (await inspectContainer(docker, name, { deadlineMs: LOOK_MS })) !== null) return [drill]
    const of = {
      instance: run.instance.id,
      repository: recordOwner(owner),
      host: hostKey(run.instance.runsOn),
    }
    return (await addDrill(docker, of, drill)).drills
  } catch (error) {
    await run.report.warn(`${sayError(error)}. Without a record of this drill it may be made again by the next tick`)
    return [drill]
  }
}

/** Returns the runs of the instance that the host remembers, the latest first; none if its record cannot be read. Never throws. */
export async function rememberedRuns(run: InstanceRun): Promise<readonly PastRun[]> {
  const { docker, owner } = run.context.host
  try {
    const record = await readRecord(docker, { instance: run.instance.id, repository: recordOwner(owner) })
    return record?.runs ?? []
  } catch (error) {
    await run.report.warn(`what this host remembers of earlier backups could not be read: ${sayError(error)}`)
    return []
  }
}
