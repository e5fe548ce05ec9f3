/**
 * Keeps the records of a host: one empty volume an instance, whose labels are the record. Labels of a volume cannot be changed, so it is
 * removed and created anew for each write.
 */
import { randomBytes } from 'node:crypto'
import { type Docker, query, run as runDocker } from '../docker/process.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'
import type { PastRun } from '../outcome.ts'
import {
  type InstanceRecord,
  parseRecord,
  RECORD_FILTER,
  recordLabels,
  recordName,
  WRITE_LABEL,
  withRun,
} from './recordLabels.ts'

/** Deadline of each question about a record, ms: a backup is not to wait for what it can do without. */
const RECORD_MS = 10_000
/** Number of times that a write is tried while others write the same record. */
const WRITES = 4

/** Returns the records of the host, by instance. Throws a `CommandError` if volumes cannot be listed. */
export async function readRecords(docker: Docker): Promise<ReadonlyMap<string, InstanceRecord>> {
  const volumes = await inspectVolumes(docker, await listVolumes(docker, [RECORD_FILTER]))
  const records = volumes.flatMap((volume) => parseRecord(volume) ?? [])
  return new Map(records.map((record) => [record.instance, record]))
}

/** Returns the record of one instance; `null` if the host has none. */
export async function readRecord(docker: Docker, instance: string): Promise<InstanceRecord | null> {
  const [volume] = await inspectVolumes(docker, [recordName(instance)], { deadlineMs: RECORD_MS })
  return volume === undefined ? null : parseRecord(volume)
}

/**
 * Adds a run to the record of an instance, and returns the record. The caller holds the instance's claim or knows that nobody does. A record
 * of another repository is replaced. Throws `InstanceError` if a volume that is not ours has the name, or if the write does not succeed.
 */
export async function addRun(
  docker: Docker,
  { instance, repository }: { readonly instance: string; readonly repository: string },
  run: PastRun,
): Promise<InstanceRecord> {
  const name = recordName(instance)
  for (let attempt = 0; attempt < WRITES; attempt += 1) {
    const [found] = await inspectVolumes(docker, [name], { deadlineMs: RECORD_MS })
    const known = found === undefined ? null : parseRecord(found)
    if (found !== undefined && known === null)
      throw new InstanceError(`volume ${name} is not Marina's, so that this run is not remembered: rename it`)
    const old = known?.repository === repository ? known : { instance, repository, lastScheduled: null, runs: [] }
    const next = withRun(old, run)
    if (known !== null) await query(docker, ['volume', 'rm', name], { deadlineMs: RECORD_MS }) // the look below tells whether it worked
    const write = randomBytes(8).toString('hex')
    const labels = Object.entries(recordLabels(next, write)).flatMap(([key, value]) => ['--label', `${key}=${value}`])
    await runDocker(docker, ['volume', 'create', ...labels, name], `volume ${name} could not be created`, {
      deadlineMs: RECORD_MS,
    })
    // creating a volume that exists succeeds, and keeps the labels that it has
    const [written] = await inspectVolumes(docker, [name], { deadlineMs: RECORD_MS })
    if (written?.labels[WRITE_LABEL] === write) return next
  }
  throw new InstanceError(
    `volume ${name} could not be renewed, so that this run is not remembered: see whether a container uses it (docker ps --all --filter volume=${name})`,
  )
}
