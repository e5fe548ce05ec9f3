/** Tells whether a dump was not loaded because of itself, or because of the server and the host that it was loaded on. */
import { freeSpaceAt } from '../copy/freeSpace.ts'
import { SERVER_GONE } from '../databases/loadContract.ts'
import { poll } from '../docker/poll.ts'
import type { DrillImage } from '../drillReport.ts'
import { DamagedBackupError, type InstanceError } from '../errors.ts'
import { bytes } from '../format.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import type { LockHelper } from '../instance/lock.ts'
import { RefusedDumpError } from '../load/loadErrors.ts'
import type { ScratchServer } from '../scratch/scratchServer.ts'

/** Free space below which a failure is blamed on a full disk, bytes. */
const FULL_DISK = 16 << 20
const LOOK_MS = 60_000
/** Longest wait for a server that went down to say why, ms. */
const TROUBLE_MS = 5_000
const TROUBLE_POLL_MS = 500

export interface LoadPlace {
  readonly run: InstanceRun
  readonly helper: LockHelper
  /** Folder of the restored tree in the helper. */
  readonly restored: string
  /** Image of the server. */
  readonly image: DrillImage
}

/** Says what kept a dump from being loaded, if that was not the dump itself; else `null`. */
export async function surroundingsOf(
  { run, helper, restored, image }: LoadPlace,
  server: Pick<ScratchServer, 'trouble'>,
  error: InstanceError,
): Promise<string | null> {
  if (error instanceof DamagedBackupError) return null
  const lack = error instanceof RefusedDumpError ? error.lack : ''
  const trouble = await troubleOf(server, lack === SERVER_GONE)
  if (trouble !== null) return `${error.message}; ${trouble}, which says nothing about the backup`
  if (lack === '') return error.message
  if (lack !== null)
    return `${error.message}; ${lack}, which says nothing about the backup. Another image than ${image.reference} can be named for ${image.name} (drill.image)`
  const full = await fullDisk(helper, restored, run.abort.signal)
  return full === null ? null : `${error.message}; ${full}`
}

/** Says that the disk of a folder in the helper is full; `null` if it is not, or cannot be looked at. */
export async function fullDisk(helper: LockHelper, folder: string, signal: AbortSignal): Promise<string | null> {
  const room = await freeSpaceAt(helper, folder, LOOK_MS, signal).catch(() => null)
  if (room === null || (room.bytes >= FULL_DISK && room.inodes !== 0)) return null
  return `the disk of the Docker host is full (${bytes(room.bytes)} free), which says nothing about the backup`
}

/** Asks what became of the server. One that went down says so a moment later than the tool. */
async function troubleOf({ trouble }: Pick<ScratchServer, 'trouble'>, isGone: boolean): Promise<string | null> {
  if (!isGone) return trouble()
  return poll(trouble, { everyMs: TROUBLE_POLL_MS, until: Date.now() + TROUBLE_MS })
}
