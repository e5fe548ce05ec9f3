/** Checks what an image restored against its own manifest, in the helper, before anything of the user's is touched. */
import { createHash } from 'node:crypto'
import type { DatabaseEntry, Manifest, ManifestTarget, VolumeEntry } from '../container/manifest.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { type Entry, eachEntry } from '../copy/listing.ts'
import { shownReason } from '../copy/readable.ts'
import { CancelledError, DamagedBackupError, InstanceError } from '../errors.ts'
import { count } from '../format.ts'
import { compareListing } from './compareListing.ts'
import { readManifest } from './readManifest.ts'

export interface CheckOptions {
  /** Folder of the restored tree in the helper. */
  readonly directory: string
  /** Id of the instance that the backup must be of. */
  readonly instance: string
  /** Names of the targets to restore; empty: all that the backup holds. */
  readonly targets: readonly string[]
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** A restored backup whose manifest was read. Only `checkRestored` has also compared the files with it. */
export interface CheckedBackup {
  readonly manifest: Manifest
  /** SHA-256 of `manifest.json`, hex. */
  readonly sha256: string
  /** The targets to restore. */
  readonly targets: readonly ManifestTarget[]
  readonly warnings: readonly string[]
}

/** The largest manifest that is read, bytes. */
const MANIFEST_BYTES = 64 << 20

/**
 * Reads the manifest and compares the tree with it. Throws a `DamagedBackupError` that names the first thing that differs, for a manifest
 * that is missing, of another instance, or that lacks a wanted target; an `InstanceError` if something could not be read.
 */
export async function checkRestored(helper: CopyHelper, options: CheckOptions): Promise<CheckedBackup> {
  const checked = await openRestored(helper, options)
  for (const target of checked.targets) await checkTarget(helper, target, options)
  return checked
}

/** Reads the manifest as `checkRestored` does, and compares nothing with it. */
export async function openRestored(helper: CopyHelper, options: CheckOptions): Promise<CheckedBackup> {
  const text = await readText(helper, options)
  const manifest = parsed(text.toString())
  if (manifest.instance !== options.instance)
    throw new DamagedBackupError(
      `what the image restored is a backup of instance ${manifest.instance}, and not of ${options.instance}: see which backups its /restore.sh chooses from`,
    )
  const targets = wantedOf(manifest, options.targets)
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { manifest, sha256, targets, warnings: warningsOf(manifest, options.targets) }
}

function parsed(text: string): Manifest {
  try {
    return readManifest(text)
  } catch (error) {
    throw error instanceof InstanceError ? new DamagedBackupError(error.message, { cause: error }) : error
  }
}

/** Counts of what was restored of a target. */
export interface RestoredSize {
  readonly files: number
  readonly bytes: number
}

/** Compares one target with the manifest, throws as `checkRestored` does, and returns what is there. */
export async function checkTarget(
  helper: CopyHelper,
  target: ManifestTarget,
  options: CheckOptions,
): Promise<RestoredSize> {
  if (target.kind === 'volume') return checkVolume(helper, target, options)
  await checkDump(helper, target, options)
  return { files: target.files.length, bytes: target.files.reduce((sum, { bytes }) => sum + bytes, 0) }
}

async function readText(helper: CopyHelper, { directory, deadlineMs, signal }: CheckOptions): Promise<Buffer> {
  const chunks: Buffer[] = []
  const read = await helper.exec({
    script: '[ -f "$1" ] && [ ! -L "$1" ] || exit 44; head -c "$2" "$1"',
    args: [`${directory}/manifest.json`, String(MANIFEST_BYTES)],
    deadlineMs,
    signal,
    onStdout: (chunk) => void chunks.push(Buffer.from(chunk)),
  })
  if (read.ended.kind === 'cancelled') throw new CancelledError()
  if (read.code === 44)
    throw new DamagedBackupError(
      'the image restored no manifest.json: its /restore.sh must fill $MARINA_RESTORE_DIR with what the run directory held, manifest.json included, and without a folder around it',
    )
  if (read.code !== 0) throw new InstanceError(`the restored manifest.json could not be read: ${shownReason(read)}`)
  return Buffer.concat(chunks)
}

function wantedOf(manifest: Manifest, names: readonly string[]): readonly ManifestTarget[] {
  const { targets, failed } = manifest
  const missing = names.filter((name) => !targets.some((target) => target.name === name))
  if (missing.length > 0) {
    const why = failed.find(({ name }) => missing.includes(name))
    throw new DamagedBackupError(
      `the backup of ${manifest.timestamp} does not hold ${missing.join(', ')}${why === undefined ? `: it has ${targets.map(({ name }) => name).join(', ') || 'no target'}` : `, which failed then: ${why.error}`}`,
    )
  }
  if (targets.length === 0) throw new DamagedBackupError(`the backup of ${manifest.timestamp} holds no target`)
  return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name))
}

function warningsOf({ failed, timestamp }: Manifest, names: readonly string[]): readonly string[] {
  return failed
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(
      ({ kind, name, error }) =>
        `${kind === 'db' ? 'database' : 'volume'} ${name} is not in the backup of ${timestamp}, because it failed then: ${error}`,
    )
}

async function checkVolume(helper: CopyHelper, target: VolumeEntry, options: CheckOptions): Promise<RestoredSize> {
  const what = `volume ${target.name}`
  const root = `${options.directory}/${target.path}`
  const isThere = await helper.exec({
    script: '[ -d "$1" ] && [ ! -L "$1" ] || exit 44',
    args: [root],
    deadlineMs: options.deadlineMs,
    signal: options.signal,
  })
  if (isThere.ended.kind === 'cancelled') throw new CancelledError()
  if (isThere.code === 44)
    throw new DamagedBackupError(`${what} is in the manifest, and the image did not restore its folder ${target.path}`)
  if (isThere.code !== 0)
    throw new InstanceError(`the restored ${what} could not be looked at: ${shownReason(isThere)}`)
  const entries: Entry[] = []
  let files = 0
  let size = 0
  const counted = new Set<number | string>()
  await eachEntry(
    helper,
    root,
    { what: `the restored ${what}`, paths: [], live: false, deadlineMs: options.deadlineMs, signal: options.signal },
    (entry) => {
      if (target.listing !== null) entries.push(entry)
      if (entry.type !== 'directory') files++
      if (entry.type === 'file' && (entry.nlink < 2 || !counted.has(entry.ino))) size += entry.size
      if (entry.nlink > 1) counted.add(entry.ino)
    },
  )
  if (target.listing !== null) {
    await compareListing(helper, target, entries, options)
    return { files, bytes: size }
  }
  if (target.files !== null && !target.live && files !== target.files)
    throw new DamagedBackupError(
      `${what} is not whole: the image restored ${count(files, 'file')}, and the backup held ${target.files}`,
    )
  if (target.bytes !== null && !target.live && size !== target.bytes)
    throw new DamagedBackupError(
      `${what} is not whole: the image restored ${size} bytes in files, and the backup held ${target.bytes}`,
    )
  if (target.files === null && files === 0 && target.staging === 'mount')
    throw new DamagedBackupError(`${what} was not empty when it was backed up, and the image restored no file of it`)
  return { files, bytes: size }
}

async function checkDump(helper: CopyHelper, target: DatabaseEntry, options: CheckOptions): Promise<void> {
  for (const file of target.files) {
    const summed = await helper.exec({
      script: '[ -f "$1" ] && [ ! -L "$1" ] || exit 44; sha256sum <"$1"',
      args: [`${options.directory}/${file.path}`],
      deadlineMs: options.deadlineMs,
      signal: options.signal,
    })
    if (summed.ended.kind === 'cancelled') throw new CancelledError()
    const what = `the dump ${file.path} of ${target.name}`
    if (summed.code === 44) throw new DamagedBackupError(`${what} is in the manifest, and the image did not restore it`)
    if (summed.code !== 0) throw new InstanceError(`${what} could not be read: ${shownReason(summed)}`)
    if (summed.stdout.slice(0, 64) !== file.sha256)
      throw new DamagedBackupError(
        `${what} is not what was backed up: its SHA-256 is ${summed.stdout.slice(0, 64)}, and that of the backup ${file.sha256}`,
      )
  }
}
