/** Writes and reads the labels of a record: what a host remembers of an instance's past runs. Pure. */
import { createHash } from 'node:crypto'
import { LABEL_PREFIX, LABEL_VERSION, VERSION_LABEL } from '../docker/labels.ts'
import { DRILL_VERDICTS, PAST_STATUSES, type PastDrill, type PastRun } from '../outcome.ts'

/** Memory that a host has of one instance. */
export interface InstanceRecord {
  readonly instance: string
  /** The repository whose workflow wrote it: `owner/name` and the forge's address, since two forges can have a repository of the same name. */
  readonly repository: string
  /** The runner labels of the instance's host, in one text, as a run or drill told them last; `null` if none did. */
  readonly host: string | null
  /** The last start by schedule, ms since 1970 by the engine's clock; `null` if all known starts were by hand. */
  readonly lastScheduled: number | null
  /** The last runs, the latest first. */
  readonly runs: readonly PastRun[]
  /** The last drills, the latest first. */
  readonly drills: readonly PastDrill[]
}

/** Largest number of runs in a record, and of drills. */
export const RUNS_KEPT = 30

const KIND = 'record'
export const RECORD_FILTER = `label=${LABEL_PREFIX}kind=${KIND}`

export const recordName = (instance: string) => `marina-record-${instance}`

/** Name of a record whose plain name another repository has. It cannot be the plain name of any instance. */
export function recordNameFor(instance: string, repository: string): string {
  return `marina-record.${createHash('sha256').update(repository).digest('hex').slice(0, 12)}-${instance}`
}

/** Makes the value by which a record names its repository. */
export function recordOwner({ repository, server }: { readonly repository: string; readonly server: string }): string {
  return `${repository} ${server}`
}

/**
 * Returns the record with one more run; beyond `RUNS_KEPT` the oldest is dropped. If the record has that run already, it is returned
 * unchanged.
 */
export function withRun(record: InstanceRecord, run: PastRun): InstanceRecord {
  const isSame = (one: PastRun) =>
    one.startedAt === run.startedAt && one.runId === run.runId && one.attempt === run.attempt
  if (record.runs.some(isSame)) return record
  const others = record.runs
  const runs = [...others, run].toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1)).slice(0, RUNS_KEPT)
  return { ...record, runs, lastScheduled: lastScheduledOf(record.lastScheduled, run) }
}

/** Returns the record with one more drill; beyond `RUNS_KEPT` the oldest is dropped. */
export function withDrill(record: InstanceRecord, drill: PastDrill): InstanceRecord {
  const drills = [...record.drills, drill].toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1)).slice(0, RUNS_KEPT)
  return { ...record, drills }
}

/**
 * Returns the last start by schedule once `run` is in the record. A run by schedule that ended replaces the known start; one that died does so
 * only if it is later.
 */
function lastScheduledOf(known: number | null, run: PastRun): number | null {
  if (!run.isScheduled) return known
  const start = Date.parse(run.startedAt)
  return run.status === 'died' && known !== null ? Math.max(known, start) : start
}

/** A start that lies further in the future than this was written by a wrong clock, ms. */
const CLOCK_MS = 5 * 60_000

/** Returns the record's last start by schedule; `null` if there is none, or if it lies more than 5 minutes in the future. `now` is in ms. */
export function credibleStart({ lastScheduled }: InstanceRecord, now: number): number | null {
  return lastScheduled !== null && lastScheduled <= now + CLOCK_MS ? lastScheduled : null
}

/**
 * Makes the labels of a record's volume. `write` is a random word, by which the writer knows its own volume again; `name` is that of the
 * volume.
 */
export function recordLabels(
  record: InstanceRecord,
  write: string,
  name: string = recordName(record.instance),
): Readonly<Record<string, string>> {
  return {
    [VERSION_LABEL]: LABEL_VERSION,
    [`${LABEL_PREFIX}kind`]: KIND,
    [`${LABEL_PREFIX}self`]: name,
    [`${LABEL_PREFIX}instance`]: record.instance,
    [`${LABEL_PREFIX}repository`]: record.repository,
    [WRITE_LABEL]: write,
    ...(record.host === null ? {} : { [`${LABEL_PREFIX}host`]: record.host }),
    ...(record.lastScheduled === null
      ? {}
      : { [`${LABEL_PREFIX}scheduled`]: new Date(record.lastScheduled).toISOString() }),
    ...Object.fromEntries(
      record.runs.map((run, index) => [`${LABEL_PREFIX}run.${String(index).padStart(2, '0')}`, runText(run)]),
    ),
    ...Object.fromEntries(
      record.drills.map((drill, index) => [`${LABEL_PREFIX}drill.${String(index).padStart(2, '0')}`, drillText(drill)]),
    ),
  }
}

export const WRITE_LABEL = `${LABEL_PREFIX}write`

/** Reads a record from a volume; `null` if the volume is no record of ours. A run or a drill that cannot be read is left out. */
export function parseRecord(volume: {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}): InstanceRecord | null {
  const { labels } = volume
  const label = (key: string) => labels[`${LABEL_PREFIX}${key}`] ?? ''
  const instance = label('instance')
  const isOurs = labels[VERSION_LABEL] === LABEL_VERSION && label('kind') === KIND && label('self') === volume.name
  const repository = label('repository')
  if (!isOurs || ![recordName(instance), recordNameFor(instance, repository)].includes(volume.name)) return null
  const scheduled = Date.parse(label('scheduled'))
  return {
    instance,
    repository,
    host: label('host') || null,
    lastScheduled: Number.isNaN(scheduled) ? null : scheduled,
    runs: listed(labels, 'run').flatMap(readRun),
    drills: listed(labels, 'drill').flatMap(readDrill),
  }
}

/** Returns the values of the labels that are numbered below `key`, in their order. */
function listed(labels: Readonly<Record<string, string>>, key: string): readonly string[] {
  return Object.keys(labels)
    .filter((name) => name.startsWith(`${LABEL_PREFIX}${key}.`))
    .sort()
    .map((name) => labels[name] ?? '')
}

function drillText({ startedAt, verdict, isScheduled, ageSeconds, restoreSeconds, runId, attempt }: PastDrill): string {
  const by = isScheduled ? 'schedule' : 'hand'
  const age = ageSeconds?.toFixed(0) ?? '-'
  return [startedAt, verdict, by, age, restoreSeconds?.toFixed(1) ?? '-', runId || '-', attempt].join(' ')
}

function readDrill(text: string): readonly PastDrill[] {
  const [startedAt = '', verdict = '', by = '', age = '', seconds = '', runId = '', attempt = ''] = text.split(' ')
  const known = DRILL_VERDICTS.find((one) => one === verdict)
  if (Number.isNaN(Date.parse(startedAt)) || known === undefined) return []
  return [
    {
      startedAt: new Date(startedAt).toISOString(),
      verdict: known,
      isScheduled: by === 'schedule',
      ageSeconds: numberOf(age),
      restoreSeconds: numberOf(seconds),
      runId: runId === '-' ? '' : runId,
      attempt: numberOf(attempt) ?? 1,
    },
  ]
}

function numberOf(word: string): number | null {
  return /^[0-9]+(\.[0-9]+)?$/.test(word) ? Number(word) : null
}

function runText({ startedAt, status, isScheduled, seconds, bytes, runId, attempt }: PastRun): string {
  const by = isScheduled ? 'schedule' : 'hand'
  return [startedAt, status, by, seconds?.toFixed(1) ?? '-', bytes ?? '-', runId || '-', attempt].join(' ')
}

function readRun(text: string): readonly PastRun[] {
  const [startedAt = '', status = '', by = '', seconds = '', bytes = '', runId = '', attempt = ''] = text.split(' ')
  const known = PAST_STATUSES.find((one) => one === status)
  if (Number.isNaN(Date.parse(startedAt)) || known === undefined) return []
  return [
    {
      startedAt: new Date(startedAt).toISOString(),
      status: known,
      isScheduled: by === 'schedule',
      seconds: numberOf(seconds),
      bytes: numberOf(bytes),
      runId: runId === '-' ? '' : runId,
      attempt: numberOf(attempt) ?? 1,
    },
  ]
}
