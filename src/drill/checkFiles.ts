/** Runs the checks of the configuration on restored volumes, in the helper. */
import type { WantedFile, WantedFiles } from '../config/model.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { shownReason } from '../copy/readable.ts'
import type { DrillCheck } from '../drillReport.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { count, limit, seconds } from '../format.ts'
import type { RestoredSize } from '../restore/checkRestored.ts'

export interface FileCheckOptions {
  /** Folder of the restored volume in the helper; `null` if the backup does not hold the volume. */
  readonly root: string | null
  /** Counts of what the volume holds; `null` if they are not known. */
  readonly size: RestoredSize | null
  /** Time of the backup, ms since 1970. */
  readonly madeAt: number
  /** Time when the drill began, ms since 1970 by the engine's clock. */
  readonly drilledAt: number
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Runs one check. Throws `InstanceError` if the helper could not look, and `CancelledError`. */
export async function checkWanted(
  helper: Pick<CopyHelper, 'exec'>,
  wanted: WantedFile | WantedFiles,
  options: FileCheckOptions,
): Promise<DrillCheck> {
  const { root, size } = options
  if (root === null || (wanted.kind === 'files' && size === null))
    return answer(wanted, false, `volume ${wanted.volume} did not come back whole, so that it could not be checked`)
  if (wanted.kind === 'files') {
    const files = size?.files ?? 0
    const passed = files >= wanted.atLeast
    return answer(
      wanted,
      passed,
      `volume ${wanted.volume} has ${count(files, 'file')}${passed ? '' : `, and must have ${wanted.atLeast} at least`}`,
    )
  }
  return answer(wanted, ...judgeFile(wanted, await look(helper, wanted, root, options), options))
}

function answer({ kind, volume }: WantedFile | WantedFiles, passed: boolean, seen: string): DrillCheck {
  return { kind, target: volume, passed, looked: true, seen }
}

/** The state of a file that a check looked at. */
export type SeenFile =
  | { readonly kind: 'missing' }
  | { readonly kind: 'no file' }
  | { readonly kind: 'outside' }
  | {
      readonly kind: 'file'
      readonly size: number
      /** Time of the last write, s since 1970. */
      readonly mtime: number
      /** Hex; empty if it was not asked for. */
      readonly sha256: string
      readonly contains: boolean
      /** The first 64 bytes of its first line, without control characters; empty if it was not asked for. */
      readonly firstLine: string
    }

/** Prints size, time, SHA-256, whether the text stands in the file, and its first line. A path that a link leads out of the volume is not followed. */
const LOOK = `
LC_ALL=C; export LC_ALL
[ -e "$1/$2" ] || [ -L "$1/$2" ] || exit 44
real=$(readlink -f -- "$1/$2") && root=$(readlink -f -- "$1") || exit 46
case $real in "$root"/*) ;; *) exit 46;; esac
[ -f "$real" ] || exit 45
sum=; if [ -n "$3" ]; then sum=$(sha256sum <"$real") || exit 1; sum=\${sum%% *}; fi
found=0; if [ -n "$NEEDLE" ]; then if grep -qF -e "$NEEDLE" -- "$real"; then found=1; else [ $? -eq 1 ] || exit 1; fi; fi
first=; if [ -n "$4" ]; then first=$(head -c 64 <"$real" | head -n 1 | tr -d '|\\000-\\037\\177'); fi
stat -c "%s|%Y|$sum|$found|$first" -- "$real"`

async function look(
  helper: Pick<CopyHelper, 'exec'>,
  { file, volume, sha256, contains, canaryMs }: WantedFile,
  root: string,
  { deadlineMs, signal }: FileCheckOptions,
): Promise<SeenFile> {
  const result = await helper.exec({
    script: LOOK,
    args: [root, file, sha256 === null ? '' : 'sum', canaryMs === null ? '' : 'time'],
    env: { NEEDLE: contains ?? '' },
    deadlineMs,
    signal,
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  if (result.code === 44) return { kind: 'missing' }
  if (result.code === 45) return { kind: 'no file' }
  if (result.code === 46) return { kind: 'outside' }
  const seen = /^(\d+)\|(-?\d+)\|([0-9a-f]*)\|([01])\|(.*)$/.exec(result.stdout.trim())
  if (result.code !== 0 || seen === null)
    throw new InstanceError(`${file} of the restored volume ${volume} could not be looked at: ${shownReason(result)}`)
  return {
    kind: 'file',
    size: Number(seen[1]),
    mtime: Number(seen[2]),
    sha256: seen[3] as string,
    contains: seen[4] === '1',
    firstLine: (seen[5] as string).trim(),
  }
}

/** The times with which a canary is compared, ms since 1970. */
type Times = Pick<FileCheckOptions, 'madeAt' | 'drilledAt'>

/** Compares what was seen of a file with what is wanted. Pure. */
export function judgeFile(wanted: WantedFile, seen: SeenFile, times: Times): [passed: boolean, seen: string] {
  const what = `${wanted.file} of volume ${wanted.volume}`
  if (seen.kind === 'missing') return [false, `${what} did not come back`]
  if (seen.kind === 'no file') return [false, `${what} is no file`]
  if (seen.kind === 'outside') return [false, `${what} is a link that leads out of the volume`]
  const wrong: string[] = []
  if (wanted.sha256 !== null && seen.sha256 !== wanted.sha256)
    wrong.push(`has the SHA-256 ${seen.sha256}, and must have ${wanted.sha256}`)
  if (wanted.contains !== null && !seen.contains) wrong.push('does not contain the text that it must contain')
  const canary = wanted.canaryMs === null ? null : judgeCanary(wanted.canaryMs, seen, times)
  if (canary?.passed === false) wrong.push(canary.seen)
  if (wrong.length > 0) return [false, `${what} ${wrong.join(', and ')}`]
  const fresh = canary === null ? '' : `, ${canary.seen}`
  return [true, `${what} came back as it must be (${seen.size} bytes${fresh})`]
}

/** Clocks of an application and of the engine may differ by this much, ms. */
const CLOCKS_MS = 10 * 60_000

/**
 * Tells whether a file was written shortly before the backup: by the time in its first line, else by that of its last write. The latter tells
 * nothing if it is the time of the restore: some images do not keep times.
 */
function judgeCanary(
  canaryMs: number,
  seen: Extract<SeenFile, { readonly kind: 'file' }>,
  { madeAt, drilledAt }: Times,
): { readonly passed: boolean; readonly seen: string } {
  const said = timeOf(seen.firstLine)
  const at = said ?? seen.mtime * 1000
  const verb = said === null ? 'was last written' : 'says a time'
  // the time of a file is known to the second
  if (said === null && at + 1000 >= drilledAt)
    return {
      passed: false,
      seen: 'has the time of the restore and not that of its last write, so that nothing tells how old it is: let its first line be a time, such as that of date -Iseconds (canary)',
    }
  if (at > drilledAt + CLOCKS_MS) return { passed: false, seen: `${verb} that lies in the future (canary)` }
  const olderMs = Math.max(0, madeAt - at)
  const before = `${seconds(olderMs / 1000)} before the backup`
  return olderMs > canaryMs
    ? { passed: false, seen: `${verb} ${before}, and may be ${limit(canaryMs)} before it at most (canary)` }
    : { passed: true, seen: said === null ? `last written ${before}` : `its time is ${before}` }
}

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)? ?(Z|[+-]\d\d:?(?:\d\d)?)$/

/** Reads an ISO 8601 time that says its zone, ms since 1970; `null` if the text is none. */
function timeOf(text: string): number | null {
  const [, day, time, zone = ''] = TIME.exec(text) ?? []
  if (day === undefined) return null
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
  const at = Date.parse(`${day}T${time}${offset}`)
  return Number.isNaN(at) ? null : at
}
