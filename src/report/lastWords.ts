/** Picks what a backup container said last before it failed, as a part of a sentence. Pure. */
import type { InstanceReport } from '../outcome.ts'

const LINES = 3
const CHARACTERS = 400
/** Matches a line of a shell's `set -x`: it says what the shell was about to do, not what went wrong. */
const TRACE = /^\++ /

/** Matches a line that says itself that it is the cause, also behind the name of a program: `Fatal: …`, `pg_dump: error: …`. */
const CAUSE = /^(?:[\w./-]+(?:\[\d+\])?: )?\[?(?:fatal|error|panic)\b/i

/** Matches a line with which `tar` only says that it gives up. */
const GIVES_UP =
  /^\S*tar: (Error is not recoverable: exiting now|Exiting with failure status due to previous errors|Child returned status \d+)$/
/** Matches a line that follows from another one where there is a `ROOT`, and is the cause where there is none. */
const FOLLOWING = /: (Wrote only \d+ of \d+ bytes|(write error: )?Broken pipe)$/
const ROOT =
  /: (No space left on device|Disk quota exceeded|Input\/output error|Read-only file system|File too large|Stale file handle|Cannot (open|write)\b.*|write error: (?!Broken pipe).*)$/

type End = Pick<InstanceReport, 'status' | 'failedPhase' | 'exitCode'>
type Words = End & Pick<InstanceReport, 'error' | 'stderr' | 'tail'>

/** Tells whether an instance failed because its backup container ended badly: then the container's last words say why. */
export function failedByContainer({ status, failedPhase, exitCode }: End): boolean {
  return status === 'failed' && failedPhase === 'run' && exitCode !== null
}

/**
 * Returns the last lines of stderr that fit into a sentence, oldest first; the very last one always, cut if it is too long. If an earlier
 * line names the cause (`CAUSE`) and none of the last does, as before the clean-up of a trap, that line and those after it are returned.
 */
export function lastWords({ stderr }: Pick<Words, 'stderr'>): readonly string[] {
  const said = stderr.map((line) => line.trim()).filter((line) => line !== '')
  const lines = causesOf(said)
  const last = lines.slice(-LINES).map(cut)
  const at = lines.findLastIndex((line) => CAUSE.test(line))
  if (at >= 0 && at < lines.length - LINES) return within(lines.slice(at, at + LINES).map(cut), 'first')
  return within(last, 'last')
}

/** Returns the lines without those that only follow from others; all of them if none would be left. */
function causesOf(said: readonly string[]): readonly string[] {
  const hasRoot = said.some((line) => ROOT.test(line))
  const telling = said.filter((line) => !TRACE.test(line) && !GIVES_UP.test(line) && !(hasRoot && FOLLOWING.test(line)))
  return telling.length === 0 ? said : telling
}

/** Returns as many of the lines as fit into a sentence, but always the first or the last. */
function within(lines: readonly string[], kept: 'first' | 'last'): readonly string[] {
  const left = [...lines]
  while (left.length > 1 && left.join('').length > CHARACTERS) kept === 'first' ? left.pop() : left.shift()
  return left
}

/**
 * Adds the container's last words on stderr to the reason of a failure or, if it wrote none and its end is the failure, the last line of its
 * output.
 */
export function withLastWords(one: Words): string {
  const error = one.error ?? one.status
  if (lastWords(one).length > 0) return addLastWords(error, one.stderr)
  const output = failedByContainer(one) ? lastOutput(one) : null
  return output === null ? error : `${error}. It wrote nothing to stderr; its last line was: ${output}`
}

/** Adds the last lines of stderr (see `lastWords`) to the sentence; without any, the sentence stays as it is. */
export function addLastWords(sentence: string, stderr: readonly string[]): string {
  const words = lastWords({ stderr })
  return words.length === 0 ? sentence : `${sentence}${leadIn(sentence)} ${words.join(' | ')}`
}

/** Returns what stands between the sentence and the last words. */
export function leadIn(sentence: string): string {
  return isOneClause(sentence) ? ':' : '. Its last words on stderr:'
}

/** Returns the last line of the log that the container wrote; `null` if there is none. */
function lastOutput({ tail }: Words): string | null {
  const said = tail.findLast((line) => line.trim() !== '')
  return said === undefined ? null : cut(said.trim())
}

/** Tells whether a colon can follow the sentence: it has no second sentence and no colon of its own. */
function isOneClause(sentence: string): boolean {
  return !/[.:;] /.test(sentence)
}

function cut(line: string): string {
  return line.length <= CHARACTERS ? line : `${line.slice(0, CHARACTERS - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
