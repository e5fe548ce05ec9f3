/** Compares a restored volume with the list of everything that its backup held. */
import { createHash } from 'node:crypto'
import type { VolumeEntry } from '../container/manifest.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import type { Entry } from '../copy/listing.ts'
import { shownPath, shownReason } from '../copy/readable.ts'
import { type ListedEntry, parseListingLine } from '../copy/treeListing.ts'
import { writeListing } from '../copy/writeListing.ts'
import { CancelledError, DamagedBackupError, InstanceError } from '../errors.ts'

interface CompareOptions {
  /** Folder of the restored tree in the helper. */
  readonly directory: string
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** A place in the helper's own layer for the list of what came back. */
const MADE = '/marina-restored/listing'

/**
 * Compares everything but times: many tools keep only whole seconds of them. Sockets are left out, because archives do not hold them.
 * `entries` is what came back. Throws a `DamagedBackupError` that names the first path that differs.
 */
export async function compareListing(
  helper: CopyHelper,
  target: VolumeEntry,
  entries: readonly Entry[],
  options: CompareOptions,
): Promise<void> {
  const { listing } = target
  if (listing === null) return
  const what = `volume ${target.name}`
  const wanted = await readList(helper, `${options.directory}/${listing.path}`, options)
  if (wanted.sha256 !== listing.sha256)
    throw new DamagedBackupError(
      `${listing.path}, the list of ${what}, is not the one that was backed up: its SHA-256 differs`,
    )
  const root = `${options.directory}/${target.path}`
  const request = { what: `the restored ${what}`, root, file: MADE, contents: listing.contents, ...limits(options) }
  await writeListing(helper, request, entries)
  const found = await readList(helper, MADE, options)
  const wrong = firstDifference(wanted.entries, found.entries, listing.contents)
  if (wrong !== null) throw new DamagedBackupError(`${what} is not what was backed up: ${wrong}`)
}

function limits({ deadlineMs, signal }: CompareOptions) {
  return { deadlineMs, signal }
}

type Listed = ReadonlyMap<string, ListedEntry>

/** Says in words what differs first between what was backed up and what came back; `null` if nothing does. Pure. */
export function firstDifference(wanted: Listed, found: Listed, contents: boolean): string | null {
  for (const [path, one] of wanted) {
    if (one.type === 'socket') continue
    const other = found.get(path)
    if (other === undefined) return `${shownPath(path)} did not come back`
    const what = difference(one, other, contents)
    if (what !== null) return `${shownPath(path)} ${what}`
  }
  for (const [path, { type }] of found)
    if (type !== 'socket' && !wanted.has(path)) return `${shownPath(path)} came back, and the backup did not hold it`
  return null
}

function difference(one: ListedEntry, other: ListedEntry, contents: boolean): string | null {
  if (one.type !== other.type) return `is a ${other.type}, and was a ${one.type}`
  if (one.size !== other.size) return `has ${other.size} bytes, and had ${one.size}`
  if (one.mode !== other.mode && one.type !== 'link') return `has mode ${octal(other.mode)}, and had ${octal(one.mode)}`
  if (one.uid !== other.uid || one.gid !== other.gid)
    return `belongs to ${other.uid}:${other.gid}, and belonged to ${one.uid}:${one.gid}`
  if (one.target !== other.target) return 'leads elsewhere than it did'
  if (one.linkOf !== other.linkOf) return 'is not hard-linked as it was'
  if (one.device !== other.device) return 'is another device node than it was'
  if (contents && one.sha256 !== other.sha256) return 'has other content than it had'
  return null
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

async function readList(
  helper: CopyHelper,
  file: string,
  options: CompareOptions,
): Promise<{ readonly sha256: string; readonly entries: Listed }> {
  const hash = createHash('sha256')
  const entries = new Map<string, ListedEntry>()
  let rest = ''
  const take = (line: string) => {
    const entry = parseListingLine(line)
    entries.set(entry.path, entry)
  }
  const read = await helper.exec({
    script: '[ -f "$1" ] && [ ! -L "$1" ] || exit 44; cat "$1"',
    args: [file],
    ...limits(options),
    onStdout: (chunk) => {
      hash.update(chunk)
      const lines = `${rest}${chunk.toString('latin1')}`.split('\n')
      rest = lines.pop() ?? ''
      try {
        for (const line of lines) take(line)
      } catch {
        rest = '' // the hash tells
      }
    },
  })
  if (read.ended.kind === 'cancelled') throw new CancelledError()
  const name = file.split('/').slice(-2).join('/')
  if (read.code === 44) throw new DamagedBackupError(`the image did not restore ${name}, the list of a volume`)
  if (read.code !== 0) throw new InstanceError(`${name} could not be read: ${shownReason(read)}`)
  return { sha256: hash.digest('hex'), entries }
}
