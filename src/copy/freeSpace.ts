/** Whether a copy has room where it is to stand. */
import { execReason } from '../docker/exec.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { CopyHelper, CopyTools } from './copyHelper.ts'
import type { Listing } from './listing.ts'

export interface FreeSpace {
  /** Bytes that root may still write. */
  readonly bytes: number
  /** Bytes: files take whole blocks. */
  readonly block: number
  /** Inodes left; `null` on a file system that makes them as it goes. */
  readonly inodes: number | null
}

/** Root's reserve counts as free with `%f`, but a copy that eats it stops the host's own services: `%a`. */
const ROOM = `mkdir -p -- "$1" && stat -f -c '%a|%S|%c|%d' "$1"`

/** The room on the file system of `destination`, which is made where it is not there. */
export async function freeSpaceAt(
  helper: CopyHelper,
  destination: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<FreeSpace> {
  const result = await helper.exec({ script: ROOM, args: [destination], deadlineMs, ...(signal && { signal }) })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  const found = /^(\d+)\|(\d+)\|(\d+)\|(\d+)$/.exec(result.stdout.trim())
  if (result.code !== 0 || found === null)
    throw new InstanceError(`the free space of the staging volume could not be read: ${execReason(result)}`)
  const [free = 0, block = 0, inodes = 0, inodesFree = 0] = found.slice(1).map(Number)
  return { bytes: free * block, block, inodes: inodes === 0 ? null : inodesFree }
}

export interface SpaceNeeded {
  readonly bytes: number
  readonly inodes: number
}

/** What a copy of the entries will take, hard links once; holes count where the tools fill them. */
export function spaceNeeded(entries: Listing, block: number, tools: CopyTools): SpaceNeeded {
  const counted = new Set<number | string>()
  let bytes = 0
  let inodes = 0
  for (const entry of entries.values()) {
    if (entry.nlink > 1 && entry.type !== 'directory') {
      if (counted.has(entry.ino)) continue
      counted.add(entry.ino)
    }
    inodes++
    if (entry.type !== 'file' && entry.type !== 'directory') continue
    const whole = Math.ceil(entry.size / block) * block
    bytes += tools.holes ? Math.min(whole, entry.blocks * 512) : whole
  }
  return { bytes, inodes }
}

/** Throws `InstanceError` where it does not fit. Done before anything is stopped or written. */
export function refuseWithoutSpace(need: SpaceNeeded, room: FreeSpace, name: string): void {
  if (need.bytes > room.bytes)
    throw new InstanceError(
      `no room to copy volume ${name}: it takes ${size(need.bytes)} and the staging volume's disk has ${size(room.bytes)} free. Free space on the Docker host, or leave something out with "exclude"`,
    )
  if (room.inodes !== null && need.inodes > room.inodes)
    throw new InstanceError(
      `no room to copy volume ${name}: it holds ${need.inodes} files and the staging volume's disk has ${room.inodes} inodes free. Free some on the Docker host, or leave something out with "exclude"`,
    )
}

/** Bytes for people: `1.4 GB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${bytes} bytes` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
