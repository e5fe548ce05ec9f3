/** Checks that the disk of a copy has room for it. */
import { CancelledError, InstanceError } from '../errors.ts'
import { bytes } from '../format.ts'
import type { CopyHelper, CopyTools } from './copyHelper.ts'
import type { Listing } from './listing.ts'
import { shownReason } from './readable.ts'

export interface FreeSpace {
  /** Bytes that may still be written; what is reserved for root does not count. */
  readonly bytes: number
  /** Size of a block, bytes: files take whole blocks. */
  readonly block: number
  /** Inodes left; `null` on a file system without a fixed number of them. */
  readonly inodes: number | null
  /** Number of the file system's device: two folders with the same one share the space. Empty if it is not known. */
  readonly device: string
}

/** Asks for `%a`, not `%f`: the latter counts root's reserve as free, and a copy that eats it stops the host's own services. */
const FREE_SPACE = `mkdir -p -- "$1" && stat -f -c '%a|%S|%c|%d' "$1" && stat -c %d "$1"`

/** Asks for the free space on the file system of `destination`, which is made if it is missing. */
export async function freeSpaceAt(
  helper: CopyHelper,
  destination: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<FreeSpace> {
  const result = await helper.exec({ script: FREE_SPACE, args: [destination], deadlineMs, ...(signal && { signal }) })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  const found = /^(\d+)\|(\d+)\|(\d+)\|(\d+)(?:\n(\d+))?$/.exec(result.stdout.trim())
  if (result.code !== 0 || found === null)
    throw new InstanceError(`the free space could not be read: ${shownReason(result)}`)
  const [free = 0, block = 0, inodes = 0, inodesFree = 0] = found.slice(1, 5).map(Number)
  return { bytes: free * block, block, inodes: inodes === 0 ? null : inodesFree, device: found[5] ?? '' }
}

export interface SpaceNeeded {
  readonly bytes: number
  readonly inodes: number
}

/**
 * Computes the space that a copy of the entries takes, on a file system with blocks of `block` bytes. Hard links count once; holes count if
 * the tools fill them.
 */
export function spaceNeeded(entries: Listing, block: number, tools: CopyTools): SpaceNeeded {
  const counted = new Set<number | string>()
  let total = 0
  let inodes = 0
  for (const entry of entries.values()) {
    if (entry.nlink > 1 && entry.type !== 'directory') {
      if (counted.has(entry.ino)) continue
      counted.add(entry.ino)
    }
    inodes++
    if (entry.type !== 'file' && entry.type !== 'directory') continue
    const whole = Math.ceil(entry.size / block) * block
    total += tools.holes ? Math.min(whole, entry.blocks * 512) : whole
  }
  return { bytes: total, inodes }
}

/** Throws `InstanceError` if the copy does not fit. Called before anything is copied. */
export function refuseWithoutSpace(
  need: SpaceNeeded,
  room: FreeSpace,
  { name, canLeaveOut }: { readonly name: string; readonly canLeaveOut: boolean },
): void {
  const leave = canLeaveOut ? ', or leave something out with "exclude"' : ''
  if (need.bytes > room.bytes)
    throw new InstanceError(
      `no room to copy volume ${name}: it takes ${bytes(need.bytes)} and the disk of its copy has ${bytes(room.bytes)} free. Free space on the Docker host${leave}`,
    )
  if (room.inodes !== null && need.inodes > room.inodes)
    throw new InstanceError(
      `no room to copy volume ${name}: it holds ${need.inodes} files and the disk of its copy has ${room.inodes} inodes free. Free some on the Docker host${leave}`,
    )
}
