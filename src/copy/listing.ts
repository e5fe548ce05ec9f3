/**
 * Lists everything below a folder in the helper by `find | xargs stat` in one exec, and parses it as it streams in.
 *
 * Names are any bytes but NUL and `/`; they are kept as latin1 strings, one character a byte. A record begins with `//`, which
 * never occurs in a path that `find` prints, so a name that holds newlines ends where the next `\n//` begins.
 */
import { CancelledError, InstanceError } from '../errors.ts'
import type { CopyHelper } from './copyHelper.ts'
import { shownPath, shownReason } from './readable.ts'
import { collectToolErrors } from './toolErrors.ts'

export type EntryType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'block' | 'character' | 'unknown'

export interface Entry {
  /** Relative to the root, which itself is `.`. Latin1: one character for each byte. */
  readonly path: string
  readonly type: EntryType
  /** The whole `st_mode`. */
  readonly mode: number
  readonly dev: number
  /** A string if it is not a safe integer. */
  readonly ino: number | string
  /** Length in bytes. */
  readonly size: number
  /** Allocated blocks of 512 bytes. */
  readonly blocks: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  /**
   * Modification time, whole seconds since 1970; `mtimeNs`: the nanoseconds within that second. `ctime` and `ctimeNs` are the time of the
   * last change of the inode.
   */
  readonly mtime: number
  readonly mtimeNs: number
  readonly ctime: number
  readonly ctimeNs: number
  /** For a device node its `major:minor` in hex; else empty. */
  readonly device: string
}

/** Entries by path, in the order of `find`: a directory comes before its content. */
export type Listing = ReadonlyMap<string, Entry>

/**
 * Two clocks of the engine's host, read at one moment, s: `now` is the time since 1970, which can be set back, and `uptime` the time since
 * the start, which cannot.
 */
export interface ClockReading {
  readonly now: number
  readonly uptime: number
}

export interface ListOptions {
  /** Names what is listed, for messages. */
  readonly what: string
  /** Lists only these paths and the directories above them: UTF-8, relative, normalised. Empty: everything. */
  readonly paths: readonly string[]
  /** An application may be writing, so a file may vanish between `find` and `stat`. */
  readonly live: boolean
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

const FORMAT = '//%d|%i|%f|%s|%b|%h|%u|%g|%y|%z|%Y|%Z|%t|%T|%n'
const FIELDS = 14
/** Makes the tools speak English, and use UTC, because BusyBox would read a zone's file for every time that it prints. */
const PLAIN = 'LC_ALL=C TZ=UTC0; export LC_ALL TZ'

/**
 * Lists below the root `$1`. `$2` is the number of prefixes; then come the prefixes (the paths and all directories above them), then the
 * starting points of `find`. If a prefix is a symbolic link, `find` is not run: it would follow the link out of the volume. The caller
 * refuses the link by name.
 */
const LIST = `
${PLAIN}
cd "$1" || exit 90
n=$2; shift 2; link=; i=0
for p in "$@"; do [ $i -lt $n ] || break; i=$((i+1)); if [ -L "$p" ]; then link=1; fi; done
exec 4>&1
codes=$( { {
  f=0
  if [ $n -gt 0 ]; then printf '%s\\0' "$@"; fi
  shift $n
  if [ -z "$link" ]; then find "$@" -print0; f=$?; fi
  echo "find=$f" >&3
} | { xargs -0 stat -c '${FORMAT}' >&4; echo "stat=$?" >&3; } } 3>&1 )
read -r up rest </proc/uptime
printf '//end'; printf ' %s' $codes "now=$(date +%s)" "up=$up"; echo`

/** Lists the root and everything below it, also what lies on another device; the caller decides what to do about that. Throws as `eachEntry` does. */
export async function listTree(helper: CopyHelper, root: string, options: ListOptions): Promise<Listing> {
  return (await listWithClock(helper, root, options)).listing
}

/** Lists as `listTree` does, and reads the clocks of the engine's host afterwards. */
export async function listWithClock(
  helper: CopyHelper,
  root: string,
  options: ListOptions,
): Promise<{ readonly listing: Listing; readonly clock: ClockReading }> {
  const entries = new Map<string, Entry>()
  // a path of `paths` comes once as a prefix and once from find; the first one counts
  const clock = await eachEntry(helper, root, options, (entry) => {
    if (!entries.has(entry.path)) entries.set(entry.path, entry)
  })
  return { listing: entries, clock }
}

/**
 * Lists as `listTree` does, but keeps nothing: it gives each entry to `onEntry`, an entry of `paths` twice. Returns the clocks of the
 * engine's host after the listing. A path of `paths` that does not exist is left out, and so is what vanishes meanwhile if the tree is
 * `live`. Throws `InstanceError` if anything else could not be read, and `CancelledError`.
 */
export async function eachEntry(
  helper: CopyHelper,
  root: string,
  options: ListOptions,
  onEntry: (entry: Entry) => void,
): Promise<ClockReading> {
  const missing = new Set(options.paths.map(bytesOf))
  const parser = listingParser((entry) => {
    missing.delete(entry.path)
    onEntry(entry)
  })
  const complaints = collectToolErrors()
  const prefixes = options.paths.length === 0 ? [] : withAbove(options.paths).map(dotted)
  const roots = options.paths.length === 0 ? ['.'] : options.paths.map(dotted)
  const result = await helper.exec({
    script: LIST,
    args: [root, String(prefixes.length), ...prefixes, ...roots],
    deadlineMs: options.deadlineMs,
    ...(options.signal && { signal: options.signal }),
    onStdout: parser.write,
    onStderr: complaints.add,
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  if (result.code !== 0) throw new InstanceError(`${options.what} could not be listed: ${shownReason(result)}`)
  const end = parser.end()
  const codes = /^ find=(\d+) stat=(\d+) now=(\d+) up=([\d.]+)$/.exec(end)
  if (codes === null) throw new InstanceError(`${options.what} could not be listed: the listing ends too early`)
  // find says 1, and xargs 123 or 1, if some entries could not be read; any other code means that a tool died
  if (Number(codes[1]) > 1 || ![0, 1, 123].includes(Number(codes[2])))
    throw new InstanceError(`${options.what} could not be listed: find or stat was ended (${end.trim()})`)
  const missingOnly = options.live || missing.size > 0 // a path that is not there is named by the caller
  const failure = missingOnly ? complaints.serious() : complaints.first()
  if (failure !== null) throw new InstanceError(`${options.what} could not be listed: ${failure}`)
  if (!missingOnly && Number(codes[1]) + Number(codes[2]) > 0)
    throw new InstanceError(`${options.what} could not be listed: find or stat failed`)
  return { now: Number(codes[3]), uptime: Number(codes[4]) }
}

const RESTAT = `${PLAIN}; cd "$1" || exit 90; xargs -0 stat -c '${FORMAT}'; printf '//end %s\\n' "$?"`

/**
 * Lists these paths (latin1) again, each without what is below it. A path that is gone is left out. Throws `InstanceError` if another could
 * not be read, and `CancelledError`.
 */
export async function restat(
  helper: CopyHelper,
  root: string,
  paths: readonly string[],
  options: Pick<ListOptions, 'what' | 'deadlineMs' | 'signal'>,
): Promise<Listing> {
  const entries = new Map<string, Entry>()
  const parser = listingParser((entry) => entries.set(entry.path, entry))
  const complaints = collectToolErrors()
  const input = async function* () {
    for (const path of paths) yield Buffer.from(`${dotted(path)}\0`, 'latin1')
  }
  const result = await helper.exec({
    script: RESTAT,
    args: [root],
    input: input(),
    deadlineMs: options.deadlineMs,
    ...(options.signal && { signal: options.signal }),
    onStdout: parser.write,
    onStderr: complaints.add,
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  const end = parser.end()
  const failure = complaints.serious()
  if (result.code !== 0 || failure !== null)
    throw new InstanceError(`${options.what} could not be listed again: ${failure ?? shownReason(result)}`)
  if (![' 0', ' 1', ' 123'].includes(end))
    throw new InstanceError(`${options.what} could not be listed again: stat was ended (${end.trim()})`)
  return entries
}

/** Returns the paths and every directory above them, each once, the root first. */
export function withAbove(paths: readonly string[]): string[] {
  const all = new Set<string>(['.'])
  for (const path of paths) {
    if (path === '.') continue
    const parts = path.split('/')
    for (let length = 1; length <= parts.length; length++) all.add(parts.slice(0, length).join('/'))
  }
  return [...all]
}

/** Returns the directory that holds a path; for the root, the root itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '.' : path.slice(0, slash)
}

export function pathOf(thing: { readonly path: string }): string {
  return thing.path
}

/** Puts `./` before a path, so that no tool takes it for an option. */
export function dotted(path: string): string {
  return path === '.' ? '.' : `./${path}`
}

/** Turns a user's text into the latin1 form that listings have: one character for each byte of its UTF-8. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Makes a parser for the output of `LIST` and `RESTAT`, in chunks of any size. `end` returns the text of the closing record, empty if none came. */
export function listingParser(onEntry: (entry: Entry) => void) {
  let rest: Buffer = Buffer.alloc(0)
  let end = ''
  const record = (bytes: Buffer) => {
    if (bytes.subarray(0, 5).toString('latin1') === '//end') end = bytes.toString('latin1', 5)
    else onEntry(parseRecord(bytes))
  }
  return {
    write(chunk: Buffer): void {
      const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let start = 0
      for (;;) {
        const next = buffer.indexOf('\n//', start, 'latin1')
        if (next === -1) break
        record(buffer.subarray(start, next))
        start = next + 1
      }
      rest = Buffer.from(buffer.subarray(start)) // a copy: the chunk must not live on for its last line
    },
    end(): string {
      if (rest.length > 0 && rest.at(-1) === 0x0a) record(rest.subarray(0, -1))
      rest = Buffer.alloc(0)
      return end
    },
  }
}

function parseRecord(bytes: Buffer): Entry {
  const text = bytes.toString('latin1')
  const field: string[] = []
  let start = 2
  while (field.length < FIELDS) {
    const bar = text.indexOf('|', start)
    if (bar === -1) throw new InstanceError(`a listing holds what stat does not print: ${shownPath(text.slice(0, 80))}`)
    field.push(text.slice(start, bar))
    start = bar + 1
  }
  const [dev, ino, mode, size, blocks, nlink, uid, gid, mtime, ctime, mtimeS, ctimeS, major, minor] = field as Fields
  const bits = Number.parseInt(mode, 16)
  const type = typeOf(bits)
  return {
    // made from the bytes: a slice of `text` would keep the whole record in memory
    path: bytes.toString('latin1', text.startsWith('./', start) ? start + 2 : start),
    type,
    mode: bits,
    dev: Number(dev),
    ino: Number.isSafeInteger(Number(ino)) ? Number(ino) : ino,
    size: Number(size),
    blocks: Number(blocks),
    nlink: Number(nlink),
    uid: Number(uid),
    gid: Number(gid),
    mtime: Number(mtimeS),
    mtimeNs: nanoseconds(mtime),
    ctime: Number(ctimeS),
    ctimeNs: nanoseconds(ctime),
    device: type === 'block' || type === 'character' ? `${major}:${minor}` : '',
  }
}

type Fields = [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
]

/** Reads the nanoseconds of a time: `2026-11-24 18:13:56.660720283 +0000` → 660720283; 0 if there is no fraction. */
function nanoseconds(time: string): number {
  const dot = time.indexOf('.')
  if (dot === -1) return 0
  const space = time.indexOf(' ', dot)
  return Number(time.slice(dot + 1, space === -1 ? undefined : space).padEnd(9, '0'))
}

function typeOf(mode: number): EntryType {
  switch (mode & 0o170000) {
    case 0o100000:
      return 'file'
    case 0o040000:
      return 'directory'
    case 0o120000:
      return 'link'
    case 0o010000:
      return 'fifo'
    case 0o140000:
      return 'socket'
    case 0o060000:
      return 'block'
    case 0o020000:
      return 'character'
    default:
      return 'unknown'
  }
}
