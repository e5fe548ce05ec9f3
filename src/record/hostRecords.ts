/**
 * Keeps the records of a host: one empty volume an instance, whose labels are the record. Labels of a volume cannot be changed, so it is
 * removed and created anew for each write.
 */
import { randomBytes } from 'node:crypto'
import { type Docker, query, run as runDocker } from '../docker/process.ts'
import { inspectVolumes, listVolumes } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'
import type { PastDrill, PastRun } from '../outcome.ts'
import {
  type InstanceRecord,
  parseRecord,
  RECORD_FILTER,
  recordLabels,
  recordName,
  recordNameFor,
  WRITE_LABEL,
  withDrill,
  withRun,
} from './recordLabels.ts'

/** Deadline of each call to docker about one record, ms: a backup is not to wait for what it can do without. */
const RECORD_MS = 10_000
/** Number of times that a write is tried while others write the same record. */
const WRITES = 4

/** Names the record of an instance: each repository that has an instance of that id on the host keeps a record of its own. */
export interface RecordKey {
  readonly instance: string
  readonly repository: string
}

/** Returns the records of the host, of all repositories. Throws a `CommandError` if volumes cannot be listed. */
export async function readRecords(docker: Docker): Promise<readonly InstanceRecord[]> {
  const volumes = await inspectVolumes(docker, await listVolumes(docker, [RECORD_FILTER]))
  return volumes.flatMap((volume) => parseRecord(volume) ?? []).sort(latestFirst)
}

/** Returns the record of one instance; `null` if the host has none. Throws a `CommandError` if docker does not tell. */
export async function readRecord(docker: Docker, key: RecordKey): Promise<InstanceRecord | null> {
  return (await findRecord(docker, key)).known
}

/**
 * Orders records by their last run, those without one by their last drill: of two for one instance, as two jobs at once could make, the first
 * counts. Exported for tests.
 */
export function latestFirst(a: InstanceRecord, b: InstanceRecord): number {
  return byTime(a.runs[0], b.runs[0]) || byTime(a.drills[0], b.drills[0])
}

interface Started {
  readonly startedAt: string
}

function byTime(a: Started | undefined, b: Started | undefined): number {
  const [first, second] = [a?.startedAt ?? '', b?.startedAt ?? '']
  return first === second ? 0 : first < second ? 1 : -1
}

/** Finds the record of an instance, and the name of the volume to write it to: the plain one, unless another repository has that. */
async function findRecord(
  docker: Docker,
  { instance, repository }: RecordKey,
): Promise<{ readonly name: string; readonly known: InstanceRecord | null }> {
  const plain = recordName(instance)
  const volumes = await inspectVolumes(docker, [plain, recordNameFor(instance, repository)], { deadlineMs: RECORD_MS })
  const found = volumes.map(({ name, labels }) => ({ name, known: parseRecord({ name, labels }) }))
  const own = found
    .flatMap(({ name, known }) => (known?.repository === repository ? [{ name, known }] : []))
    .sort((a, b) => latestFirst(a.known, b.known))
  if (own[0] !== undefined) return own[0]
  const isOthers = found.some(({ name, known }) => name === plain && known !== null)
  return { name: isOthers ? recordNameFor(instance, repository) : plain, known: null }
}

type KeyOnHost = RecordKey & { readonly host?: string | null }

/**
 * Adds a run to the record of an instance (`host`: its runner labels in one text, if known) and returns the record; call it only while nobody
 * else has the claim. Throws `InstanceError` if the name is taken or the write fails, `CommandError` if the engine refuses.
 */
export function addRun(docker: Docker, of: KeyOnHost, run: PastRun): Promise<InstanceRecord> {
  return renew(docker, of, (record) => withRun(record, run))
}

/** Adds a drill to the record of an instance as `addRun` adds a run. */
export function addDrill(docker: Docker, of: KeyOnHost, drill: PastDrill): Promise<InstanceRecord> {
  return renew(docker, of, (record) => withDrill(record, drill))
}

async function renew(
  docker: Docker,
  { instance, repository, host = null }: KeyOnHost,
  change: (record: InstanceRecord) => InstanceRecord,
): Promise<InstanceRecord> {
  let name = ''
  for (let attempt = 0; attempt < WRITES; attempt += 1) {
    const found = await findRecord(docker, { instance, repository })
    name = found.name
    const old = found.known ?? { instance, repository, host, lastScheduled: null, runs: [], drills: [] }
    const next = change({ ...old, host: host ?? old.host })
    if (found.known !== null) await query(docker, ['volume', 'rm', name], { deadlineMs: RECORD_MS }) // the look below tells whether it worked
    const write = randomBytes(8).toString('hex')
    const labels = Object.entries(recordLabels(next, write, name)).flatMap(([key, value]) => [
      '--label',
      `${key}=${value}`,
    ])
    await runDocker(docker, ['volume', 'create', ...labels, name], `volume ${name} could not be created`, {
      deadlineMs: RECORD_MS,
    })
    // creating a volume that exists succeeds, and keeps the labels that it has
    const [written] = await inspectVolumes(docker, [name], { deadlineMs: RECORD_MS })
    if (written?.labels[WRITE_LABEL] === write) return next
    if (written !== undefined && parseRecord(written) === null)
      throw new InstanceError(`volume ${name} is not Marina's, so that this run is not remembered: rename it`)
  }
  throw new InstanceError(
    `volume ${name} could not be renewed, so that this run is not remembered: see whether a container uses it (docker ps --all --filter volume=${name})`,
  )
}
