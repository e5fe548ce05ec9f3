/** Makes a volume's tree, or some paths of it, the same as another's: what is not in the other is gone afterwards. Runs in a helper. */
import { CancelledError, InstanceError } from '../errors.ts'
import type { CopyHelper } from './copyHelper.ts'
import { copyVolume } from './copyVolume.ts'
import { type Entry, eachEntry, listTree } from './listing.ts'
import { shownPath, shownReason } from './readable.ts'
import { differs } from './verify.ts'

export interface ReplaceRequest {
  /** The volume's name, for messages. */
  readonly name: string
  /** The tree to bring in. */
  readonly source: string
  /** The root of the volume that becomes the same. It is a mount point, and stays. */
  readonly destination: string
  /** Only these paths are replaced: relative, normalised, none within another. Empty: everything. */
  readonly paths: readonly string[]
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** Empties the root `$1`, and takes away what the folders below it would inherit: setgid, and default access control lists. */
const EMPTY = `
cd -- "$1" || exit 80
find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + || exit 81
chmod u-s,g-s . || exit 82
if command -v setfacl >/dev/null 2>&1; then setfacl -k . 2>/dev/null; fi
exit 0`

/**
 * Brings the tree in, and compares it with its source. Throws `InstanceError` if it is not the same afterwards, `CancelledError` if the
 * signal fires: in both cases the destination may be neither the old nor the new tree. With `paths`, the times of directories are not
 * compared.
 */
export async function replaceTree(helper: CopyHelper, request: ReplaceRequest): Promise<void> {
  if (request.paths.length > 0) return replacePaths(helper, request)
  await runStep(helper, request, { script: EMPTY, args: [request.destination], what: 'could not be emptied' })
  const { name, source, destination, deadlineMs, signal } = request
  await copyVolume(helper, {
    name,
    source,
    destination,
    paths: [],
    exclude: [],
    allowEmpty: true,
    canLeaveOut: false,
    live: false,
    deadlineMs,
    signal,
  })
}

/** Removes the paths after `$1`, the root. */
const REMOVE = `cd -- "$1" || exit 80; shift; for path in "$@"; do rm -rf -- "./$path" || exit 81; done`

/** Copies the paths from the folder `$1` to `$2`; `$3` says how many options of tar follow, and then come the paths. */
const BRING = `
from=$1 to=$2 n=$3; shift 3; options=
while [ "$n" -gt 0 ]; do options="$options $1"; n=$((n-1)); shift; done
code=/marina-bring.$$; set -f; cd -- "$from" || exit 80
{ tar -c -f - $options -- "$@"; echo $? >"$code"; } | tar -x -p -f - $options -C "$to" || exit 86
said=$(cat "$code"); rm -f "$code"; exit "$said"`

async function replacePaths(helper: CopyHelper, request: ReplaceRequest): Promise<void> {
  const { source, destination, paths } = request
  await runStep(helper, request, { script: REMOVE, args: [destination, ...paths], what: 'could not be cleared' })
  const { tarOptions } = helper.tools
  const args = [source, destination, String(tarOptions.length), ...tarOptions, ...paths.map((path) => `./${path}`)]
  await runStep(helper, request, { script: BRING, args, what: 'could not be written' })
  const options = { what: `volume ${request.name}`, paths, live: false, ...limits(request) }
  const wanted = await listTree(helper, source, options)
  const seen = new Set<string>()
  let first: string | null = null
  const isMeant = (entry: Entry) =>
    paths.some((path) => path === '.' || entry.path === path || entry.path.startsWith(`${path}/`))
  await eachEntry(helper, destination, options, (entry) => {
    if (!isMeant(entry)) return
    seen.add(entry.path)
    const original = wanted.get(entry.path)
    const what =
      original === undefined ? 'is not in the backup' : differs(original, timed(entry, original), helper.tools)
    if (what !== null) first ??= `${shownPath(entry.path)} ${what}`
  })
  for (const entry of wanted.values())
    if (isMeant(entry) && !seen.has(entry.path)) first ??= `${shownPath(entry.path)} is missing`
  if (first !== null) throw new InstanceError(`volume ${request.name} is not what the backup held: ${first}`)
}

/** Returns a directory's entry with the modification time of its original, which is then not compared: BusyBox's tar does not keep it. */
function timed(entry: Entry, original: Entry): Entry {
  if (entry.type !== 'directory') return entry
  return { ...entry, mtime: original.mtime, mtimeNs: original.mtimeNs }
}

interface Step {
  readonly script: string
  readonly args: readonly string[]
  /** Says what failed, in words that stand after the volume's name. */
  readonly what: string
}

async function runStep(helper: CopyHelper, request: ReplaceRequest, { script, args, what }: Step): Promise<void> {
  const result = await helper.exec({ script, args, ...limits(request) })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  if (result.code !== 0) throw new InstanceError(`volume ${request.name} ${what}: ${shownReason(result)}`)
}

function limits({ deadlineMs, signal }: ReplaceRequest) {
  return { deadlineMs, ...(signal && { signal }) }
}
