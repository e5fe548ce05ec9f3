/**
 * Works through a work list in the helper. Short lists travel with the exec that does the work; longer ones are put there by an exec before
 * it. Removals, copies and attributes are done in batches, without a process for each file.
 */
import { randomBytes } from 'node:crypto'
import { CancelledError, InstanceError } from '../errors.ts'
import type { CopyHelper } from './copyHelper.ts'
import { shownReason } from './readable.ts'
import { collectToolErrors } from './toolErrors.ts'
import { packWork, type WorkList } from './worklist.ts'

export interface SourceAndCopy {
  /** The volume's name, for messages. */
  readonly name: string
  /** The volume's root in the helper, read-only. */
  readonly source: string
  /** Path of its copy below the staging volume. */
  readonly destination: string
}

export interface ApplyOptions {
  /** An application may be writing, so files may vanish or be replaced meanwhile. The caller compares the copy with its source and finds them. */
  readonly live: boolean
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** Returns a new path for the folder of the lists. It is in the helper's own layer: on the staging volume the image would see it. */
const listsFolder = () => `/marina-lists-${randomBytes(4).toString('hex')}`

/**
 * Unpacks the lists into the folder `$1`. Their tar comes by stdin, which needs an exec of its own: a script with stdin has no dead-man
 * (see `docker/exec.ts`).
 */
const PUT = `mkdir -- "$1" && tar -x -f - -C "$1"`

/**
 * Does the work. `$1` is the source, `$2` the destination, `$3` the folder of the lists, `$4` their tar in base64 if it is short enough for
 * an argument (else empty); then come tar's options. `xargs` reads each list through a pipe: reading a file, BusyBox's would start over for
 * ever, because its forked applet moves the shared file offset.
 */
const WORK = `
LC_ALL=C; export LC_ALL; umask 022
source=$1 dest=$2 lists=$3; e=0
if [ -n "$4" ]; then
  mkdir -- "$lists" && printf %s "$4" | base64 -d | tar -x -f - -C "$lists" || exit 79
fi
shift 4
failed() { case $1 in 1|123) ;; *) echo "sh: $2 was killed ($1); see whether the host ran out of memory" >&2;; esac; [ $e != 0 ] || e=$3; }
mkdir -p -- "$dest" && cd "$dest" || exit 80
if [ -s "$lists/remove" ]; then cat "$lists/remove" | xargs -0 rm -rf -- || failed $? rm 81; fi
if [ -s "$lists/directories" ]; then cat "$lists/directories" | xargs -0 mkdir -p -- || failed $? mkdir 82; fi
if [ -s "$lists/renew" ]; then
  # only with GNU tools: others keep no extended attributes
  cat "$lists/renew" | xargs -0 -n 1 sh -c '
    new=\${1%/*}/.marina-new.$$ old=$1/$2; [ "$2" != . ] || old=$1
    mkdir -- "$new" && find "$old" -mindepth 1 -maxdepth 1 -exec mv -t "$new" -- {} + && rmdir -- "$old" && mv -T -- "$new" "$old" ||
      { rm -rf -- "$new"; exit 1; }
  ' sh "$dest" || failed $? mv 87
fi
cd "$source" || exit 83
for list in "$lists"/copy.*; do
  [ -s "$list" ] || continue
  cat "$list" | xargs -0 -s 130000 sh -c 'd=$1; shift; exec cp -a --parents -- "$@" "$d/"' sh "$dest" || failed $? cp 84
done
if [ -s "$lists/links" ]; then ( cd "$dest" && cat "$lists/links" | xargs -0 -n 2 sh -c '
  if [ -L "$2" ]; then [ -L "$1" ] && [ "$(readlink "$1")" = "$(readlink "$2")" ] || exit 0
  elif [ -e "$2" ]; then
    for is in -f -p -S -b -c; do [ ! $is "$2" ] || [ $is "$1" -a ! -L "$1" ] || exit 0; done
  fi
  exec ln -fn -- "$1" "$2"' sh ) || failed $? ln 85; fi
# the options come before the names: n says how many there are
for list in "$lists"/attributes.*; do
  [ -s "$list" ] || continue
  cat "$list" | xargs -0 -s 130000 sh -c '
    dest=$1 code=$2 n=$3; shift 3; options=
    while [ $n -gt 0 ]; do options="$options $1"; n=$((n-1)); shift; done
    set -f
    { tar -c -f - --no-recursion $options -- "$@"; echo $? >"$code"; } | tar -x -p -f - $options -C "$dest" || exit 1
    exit "$(cat "$code")"' sh "$dest" "$lists/code" $# "$@" || failed $? tar 86
done
rm -rf -- "$lists"
exit $e`

/**
 * Exit codes of `WORK` that a change of the source can cause. BusyBox's `cp` can end with one of them and print nothing, so silence does
 * not mean another cause. The copy is compared with its source in any case.
 */
const COPYING: ReadonlySet<number> = new Set([84, 85, 86])

/** The longest base64 text that is passed as an argument, bytes; the kernel takes at most 128 KiB for one. */
const INLINE_BYTES = 90_000

/**
 * Works through the lists. Throws `CancelledError`, and `InstanceError` with the tool's words for a failure that a running application
 * cannot have caused; if `live` is false, for every failure. Returns the first message that an application may have caused, `null` if there
 * was none; the caller then compares the copy with its source.
 */
export async function apply(
  helper: CopyHelper,
  place: SourceAndCopy,
  work: WorkList,
  options: ApplyOptions,
): Promise<string | null> {
  const { deadlineMs } = options
  const signal = options.signal && { signal: options.signal }
  const folder = listsFolder()
  const lists = await packWork(work)
  const inline = helper.tools.base64 ? lists.toString('base64') : ''
  const along = inline.length <= INLINE_BYTES
  if (!helper.tools.base64 || !along) {
    const put = await helper.exec({ script: PUT, args: [folder], input: one(lists), deadlineMs, ...signal })
    if (put.ended.kind === 'cancelled') throw new CancelledError()
    if (put.code !== 0)
      throw new InstanceError(
        `the list of what to copy of volume ${place.name} could not be put into the helper: ${shownReason(put)}`,
      )
  }
  const complaints = collectToolErrors()
  const result = await helper.exec({
    script: WORK,
    args: [place.source, place.destination, folder, along ? inline : '', ...helper.tools.tarOptions],
    deadlineMs,
    ...signal,
    onStderr: complaints.add,
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  if (result.code === 0) return null
  const explained = options.live && result.code !== null && COPYING.has(result.code)
  const said = explained ? complaints.fatal() : complaints.first()
  const reason = result.code === null || (said === null && !explained) ? shownReason(result) : said
  if (reason !== null) throw new InstanceError(`the copy of volume ${place.name} failed: ${reason}`)
  return complaints.first()
}

async function* one(buffer: Buffer): AsyncGenerator<Buffer> {
  yield buffer
}
