/** Runs the checks of the configuration on restored volumes, in the helper. */
import type { WantedCheck, WantedFile } from '../config/model.ts'
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
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Runs one check. Throws `InstanceError` if the helper could not look, and `CancelledError`. */
export async function checkWanted(
  helper: Pick<CopyHelper, 'exec'>,
  wanted: WantedCheck,
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
  return answer(wanted, ...judgeFile(wanted, await look(helper, wanted, root, options), options.madeAt))
}

function answer({ kind, volume }: WantedCheck, passed: boolean, seen: string): DrillCheck {
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
    }

/** Prints size, time, SHA-256 and whether the text stands in the file. A path that a link leads out of the volume is not followed. */
const LOOK = `
LC_ALL=C; export LC_ALL
[ -e "$1/$2" ] || [ -L "$1/$2" ] || exit 44
real=$(readlink -f -- "$1/$2") && root=$(readlink -f -- "$1") || exit 46
case $real in "$root"/*) ;; *) exit 46;; esac
[ -f "$real" ] || exit 45
sum=; if [ -n "$3" ]; then sum=$(sha256sum <"$real") || exit 1; sum=\${sum%% *}; fi
found=0; if [ -n "$NEEDLE" ]; then if grep -qF -e "$NEEDLE" -- "$real"; then found=1; else [ $? -eq 1 ] || exit 1; fi; fi
stat -c "%s|%Y|$sum|$found" -- "$real"`

async function look(
  helper: Pick<CopyHelper, 'exec'>,
  { file, volume, sha256, contains }: WantedFile,
  root: string,
  { deadlineMs, signal }: FileCheckOptions,
): Promise<SeenFile> {
  const result = await helper.exec({
    script: LOOK,
    args: [root, file, sha256 === null ? '' : 'sum'],
    env: { NEEDLE: contains ?? '' },
    deadlineMs,
    signal,
  })
  if (result.ended.kind === 'cancelled') throw new CancelledError()
  if (result.code === 44) return { kind: 'missing' }
  if (result.code === 45) return { kind: 'no file' }
  if (result.code === 46) return { kind: 'outside' }
  const seen = /^(\d+)\|(-?\d+)\|([0-9a-f]*)\|([01])$/.exec(result.stdout.trim())
  if (result.code !== 0 || seen === null)
    throw new InstanceError(`${file} of the restored volume ${volume} could not be looked at: ${shownReason(result)}`)
  return {
    kind: 'file',
    size: Number(seen[1]),
    mtime: Number(seen[2]),
    sha256: seen[3] as string,
    contains: seen[4] === '1',
  }
}

/** Compares what was seen of a file with what is wanted. Pure. */
export function judgeFile(wanted: WantedFile, seen: SeenFile, madeAt: number): [passed: boolean, seen: string] {
  const what = `${wanted.file} of volume ${wanted.volume}`
  if (seen.kind === 'missing') return [false, `${what} did not come back`]
  if (seen.kind === 'no file') return [false, `${what} is no file`]
  if (seen.kind === 'outside') return [false, `${what} is a link that leads out of the volume`]
  const wrong: string[] = []
  if (wanted.sha256 !== null && seen.sha256 !== wanted.sha256)
    wrong.push(`has the SHA-256 ${seen.sha256}, and must have ${wanted.sha256}`)
  if (wanted.contains !== null && !seen.contains) wrong.push('does not contain the text that it must contain')
  const olderMs = madeAt - seen.mtime * 1000
  if (wanted.canaryMs !== null && olderMs > wanted.canaryMs)
    wrong.push(
      `was last written ${seconds(olderMs / 1000)} before the backup, and must be written ${limit(wanted.canaryMs)} before it at most (canary)`,
    )
  if (wrong.length > 0) return [false, `${what} ${wrong.join(', and ')}`]
  const fresh =
    wanted.canaryMs === null ? '' : `, last written ${seconds(Math.max(0, olderMs) / 1000)} before the backup`
  return [true, `${what} came back as it must be (${seen.size} bytes${fresh})`]
}
