/** Writes the list of everything that was copied of a volume into the staging volume, in the helper. */
import { createHash } from 'node:crypto'
import { CancelledError, InstanceError } from '../errors.ts'
import type { CopyHelper } from './copyHelper.ts'
import { dotted, type Entry } from './listing.ts'
import { shownPath, shownReason, shownWords } from './readable.ts'
import { listingLines } from './treeListing.ts'

export interface ListingRequest {
  /** Names the copy, for messages. */
  readonly what: string
  /** The root of the copy in the helper. */
  readonly root: string
  /** Absolute path of the list in the helper. Its folder is made. */
  readonly file: string
  /** Lists the SHA-256 of each file too, for which every file is read once. */
  readonly contents: boolean
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

export interface WrittenListing {
  /** Absolute path, the same in the helper and in the backup container. */
  readonly file: string
  /** SHA-256 of the list, hex. */
  readonly sha256: string
  /** Number of entries, directories included. */
  readonly entries: number
  readonly contents: boolean
}

/** Writes the list of a copy that was compared with its source. Throws `InstanceError` if that fails, and `CancelledError`. */
export async function writeListing(
  helper: Pick<CopyHelper, 'exec'>,
  request: ListingRequest,
  entries: readonly Entry[],
): Promise<WrittenListing> {
  const of = (type: Entry['type']) => entries.filter((entry) => entry.type === type)
  const targets = await readTargets(helper, request, of('link'))
  const hashes = request.contents ? await hashFiles(helper, request, of('file')) : new Map<string, string>()
  const hash = createHash('sha256')
  let size = 0
  for (const line of listingLines(entries, { targets, hashes })) {
    hash.update(line, 'latin1')
    size += line.length
  }
  const chunks = function* () {
    let text = ''
    for (const line of listingLines(entries, { targets, hashes })) {
      text += line
      if (text.length < CHUNK_CHARACTERS) continue
      yield Buffer.from(text, 'latin1')
      text = ''
    }
    yield Buffer.from(text, 'latin1')
  }
  await run(helper, request, {
    script: WRITE,
    args: [request.file, String(size)],
    input: asyncly(chunks()),
    failed: 'could not be written',
  })
  return { file: request.file, sha256: hash.digest('hex'), entries: entries.length, contents: request.contents }
}

const CHUNK_CHARACTERS = 1 << 16

const WRITE = `
umask 022
mkdir -p -- "\${1%/*}" && cat >"$1" || exit 1
size=$(stat -c %s -- "$1") || exit 1
if [ "$size" != "$2" ]; then echo "the list has $size bytes of $2" >&2; exit 1; fi`

/** Prints the targets of the links whose names come by stdin. GNU prints `name -> target`, BusyBox the same with quotes around each. */
const TARGETS = `LC_ALL=C QUOTING_STYLE=literal; export LC_ALL QUOTING_STYLE; cd "$1" && xargs -0 stat -c '//%s|%N' -- && printf '//end\\n'`

async function readTargets(
  helper: Pick<CopyHelper, 'exec'>,
  request: ListingRequest,
  links: readonly Entry[],
): Promise<ReadonlyMap<string, string>> {
  if (links.length === 0) return new Map()
  const pieces: Buffer[] = []
  await run(helper, request, {
    script: TARGETS,
    args: [request.root],
    input: names(links),
    onStdout: (chunk) => void pieces.push(chunk),
    failed: 'could not be made: its links could not be read',
  })
  return targetsIn(Buffer.concat(pieces).toString('latin1'), links)
}

/** Reads the targets out of what `TARGETS` printed. The size of a link is the length of its target. */
export function targetsIn(said: string, links: readonly Pick<Entry, 'path' | 'size'>[]): ReadonlyMap<string, string> {
  const targets = new Map<string, string>()
  let at = 0
  for (const { path } of links) {
    const name = dotted(path)
    const [, head = '', size = ''] = /^(\/\/(\d+)\|)/.exec(said.slice(at, at + 40)) ?? []
    const isQuoted = said.startsWith(`'${name}' -> '`, at + head.length)
    const before = isQuoted ? `'${name}' -> '` : `${name} -> `
    const from = at + head.length + before.length
    const to = from + Number(size)
    const after = isQuoted ? `'\n` : '\n'
    if (head === '' || !said.startsWith(before, at + head.length) || !said.startsWith(`${after}//`, to))
      throw new InstanceError(`the target of the link ${shownPath(path)} could not be read`)
    targets.set(path, said.slice(from, to))
    at = to + after.length
  }
  return targets
}

/** Prints the SHA-256 of the files whose names come by stdin, in their order. Names that could break a line are read one by one. */
const HASHES = `
LC_ALL=C; export LC_ALL
command -v sha256sum >/dev/null || { echo "sha256sum is not there, which verify: content needs" >&2; exit 1; }
cd "$1" && xargs -0 sh -c 'for f do case $f in *[!-._/a-zA-Z0-9\\ ]*) odd=1;; esac; done
if [ -z "$odd" ]; then exec sha256sum -- "$@"; fi
for f do sha256sum <"$f" || exit 1; done' sh && echo end`

async function hashFiles(
  helper: Pick<CopyHelper, 'exec'>,
  request: ListingRequest,
  files: readonly Entry[],
): Promise<ReadonlyMap<string, string>> {
  const hashes: string[] = []
  let line = ''
  const take = (text: string) => {
    const lines = (line + text).split('\n')
    line = lines.pop() ?? ''
    for (const one of lines) hashes.push(/^[0-9a-f]{64}(?= )/.exec(one)?.[0] ?? one)
  }
  if (files.length === 0) return new Map()
  await run(helper, request, {
    script: HASHES,
    args: [request.root],
    input: names(files),
    onStdout: (chunk) => take(chunk.toString('latin1')),
    failed: 'could not be made: its files could not be read',
  })
  if (hashes.length !== files.length + 1 || hashes.at(-1) !== 'end')
    throw new InstanceError(
      `${request.what}: ${hashes.length - 1} of ${files.length} files have a SHA-256: sha256sum failed`,
    )
  return new Map(files.map(({ path }, i) => [path, hashes[i] ?? '']))
}

async function* names(entries: readonly Entry[]) {
  for (const { path } of entries) yield Buffer.from(`${dotted(path)}\0`, 'latin1')
}

async function* asyncly(chunks: Iterable<Buffer>) {
  yield* chunks
}

interface Script {
  readonly script: string
  readonly args: readonly string[]
  readonly input: AsyncIterable<Buffer>
  readonly onStdout?: (chunk: Buffer) => void
  /** Says what failed, in words that follow "the list of …". */
  readonly failed: string
}

async function run(
  helper: Pick<CopyHelper, 'exec'>,
  request: ListingRequest,
  { failed, ...script }: Script,
): Promise<void> {
  const complaints: string[] = []
  const result = await helper.exec({
    ...script,
    deadlineMs: request.deadlineMs,
    ...(request.signal && { signal: request.signal }),
    onStderr: (line) => void (complaints.length < 3 && complaints.push(line)),
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  if (result.code === 0) return
  const why = complaints.length > 0 ? shownWords(complaints.join(' ')) : shownReason(result)
  throw new InstanceError(`the list of ${request.what} ${failed}: ${why}`)
}
