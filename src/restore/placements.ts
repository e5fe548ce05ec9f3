/** Decides where each volume of a backup goes, and how the volumes are named that a restore makes. Pure. */

import { createHash } from 'node:crypto'
import { folderName } from '../applications/hostState.ts'
import type { ManifestTarget, VolumeEntry } from '../container/manifest.ts'
import type { UndoEntry } from '../docker/labels.ts'
import { InstanceError } from '../errors.ts'
import type { FilePlacement } from './serverFiles.ts'

export type RestoreInto = 'new' | 'place'

/** One volume to fill, and how that is undone. */
export interface Placement {
  /** Name of the volume that gets the data. If `undo.into` is `dumps`, it gets dumps of what the servers hold now. */
  readonly volume: string
  /** Path of what comes into it, below the restored tree; empty: the tree itself. */
  readonly from: string
  /** The paths that are brought in; empty: all. */
  readonly paths: readonly string[]
  readonly undo: UndoEntry
  /** The server's own file that is brought in instead of a tree; absent: a tree. */
  readonly file?: FilePlacement
}

export interface PlacementRequest {
  readonly into: RestoreInto
  readonly instance: string
  /** The point, as it was asked for. */
  readonly point: string
  /** Time of the backup, from its manifest: `YYYYMMDD-HHMMSS`. */
  readonly timestamp: string
  /** The moment of this restore, in the same form. */
  readonly now: string
  /** Names of the volumes that are on the host. */
  readonly existing: ReadonlySet<string>
  /** The databases that come into place by their server's own file. */
  readonly files: readonly FilePlacement[]
}

/** Longest name of a volume that is made here; the engine takes 255 characters. */
const LONGEST_NAME = 200
const HASH_DIGITS = 8

/**
 * Returns a placement for each volume and, if there are databases, a last one for dumps: those of the backup (`new`), or of what the servers
 * hold now (`place`). Throws `InstanceError` if a volume to make exists already.
 */
export function placementsOf(targets: readonly ManifestTarget[], request: PlacementRequest): readonly Placement[] {
  const wanted = [
    ...targets.flatMap((target) => (target.kind === 'volume' ? [placementOf(target, request)] : [])),
    ...request.files.map((file) => placementOfFile(file, request)),
    ...dumpsOf(targets, request),
  ]
  refuseMeeting(wanted)
  const placements = withNamesOfTheirOwn(wanted, request)
  const made = placements.map(madeBy)
  const taken = made.filter((name) => request.existing.has(name))
  if (taken.length > 0)
    throw new InstanceError(
      `volume ${taken.join(', ')} is there already, from an earlier restore: remove it (docker volume rm ${taken.join(' ')}) and restore again`,
    )
  return placements
}

/**
 * Gives each placement a volume of its own to make: a volume of the backup may be called as that of the dumps is, or as the container of a
 * server whose file comes into place.
 */
function withNamesOfTheirOwn(placements: readonly Placement[], { into }: PlacementRequest): readonly Placement[] {
  const isFixed = ({ undo }: Placement) => into === 'place' && undo.into === 'new'
  const used = new Set(placements.flatMap((one) => (isFixed(one) || one.undo.into === 'place' ? [one.volume] : [])))
  const free = (name: string) => {
    let found = name
    for (let n = 2; used.has(found); n++) found = `${name}-${n}`
    used.add(found)
    return found
  }
  return placements.map((one) => {
    if (isFixed(one)) return one
    if (one.undo.into === 'place') return { ...one, undo: { ...one.undo, before: free(one.undo.before) } }
    const volume = free(one.volume)
    return { ...one, volume, undo: { ...one.undo, volume } }
  })
}

/** Returns the name of the volume that a placement makes. */
function madeBy({ undo }: Placement): string {
  return undo.into === 'place' ? undo.before : undo.volume
}

function placementOf(target: VolumeEntry, { into, point, timestamp, now, existing }: PlacementRequest): Placement {
  if (into === 'new') {
    const volume = named(target.name, 'restored', point === 'latest' ? timestamp : point)
    return { volume, from: target.path, paths: [], undo: { into: 'new', volume, before: '' } }
  }
  const what = { volume: target.name, from: target.path, paths: target.paths }
  // a volume that the host has lost is made anew: there is nothing to keep
  if (!existing.has(target.name)) return { ...what, undo: { into: 'new', volume: target.name, before: '' } }
  return { ...what, undo: { into: 'place', volume: target.name, before: named(target.name, 'before', now) } }
}

function placementOfFile(file: FilePlacement, { now }: PlacementRequest): Placement {
  const { source } = file.mounted
  const isFolder = file.mounted.type === 'bind'
  const volume = isFolder ? folderName(source) : source
  const before = named(isFolder ? file.database.source.name : volume, 'before', now)
  return { volume, from: file.database.entry.path, paths: [], undo: { into: 'place', volume, before }, file }
}

/** Throws `InstanceError` if the file of a server comes into a volume that something else comes into, too. */
function refuseMeeting(placements: readonly Placement[]): void {
  for (const { volume, file } of placements) {
    if (file === undefined || placements.filter((one) => one.volume === volume).length < 2) continue
    throw new InstanceError(
      `the backup holds a dump of ${file.database.source.name} and what else comes into ${volume}, where it has its file, and only one of the two can come into place: name the one in targets`,
    )
  }
}

function dumpsOf(targets: readonly ManifestTarget[], request: PlacementRequest): readonly Placement[] {
  const byFile = new Set(request.files.map(({ database }) => database.entry.path))
  const dumps = targets.flatMap((target) => (target.kind === 'db' && !byFile.has(target.path) ? [target.path] : []))
  if (dumps.length === 0) return []
  const { into, instance, point, timestamp, now } = request
  const name = `${instance}-dumps`
  const volume =
    into === 'new' ? named(name, 'restored', point === 'latest' ? timestamp : point) : named(name, 'before', now)
  const kind = into === 'new' ? 'new' : 'dumps'
  return [{ volume, from: '', paths: ['manifest.json', ...dumps], undo: { into: kind, volume, before: '' } }]
}

/** Makes a volume's name of these parts. A long one is cut and gets a hash, so that two that begin alike stay apart. */
export function named(name: string, word: string, when: string): string {
  const whole = `${name}-${word}-${when.replace(/[^a-zA-Z0-9_.-]/g, '-')}`
  if (whole.length <= LONGEST_NAME) return whole
  const hash = createHash('sha256').update(`${name} ${word} ${when}`).digest('hex').slice(0, HASH_DIGITS)
  return `${whole.slice(0, LONGEST_NAME - HASH_DIGITS - 1)}-${hash}`
}
