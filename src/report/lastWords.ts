/** Picks what a backup container said last before it failed, as a part of a sentence. Pure. */
import type { InstanceReport } from '../outcome.ts'

const LINES = 3
const CHARACTERS = 400
/** Matches a line of a shell's `set -x`: it says what the shell was about to do, not what went wrong. */
const TRACE = /^\++ /

type End = Pick<InstanceReport, 'status' | 'failedPhase' | 'exitCode'>
type Words = End & Pick<InstanceReport, 'error' | 'stderr' | 'tail'>

/** Tells whether an instance failed because its backup container ended badly: then the container's last words say why. */
export function failedByContainer({ status, failedPhase, exitCode }: End): boolean {
  return status === 'failed' && failedPhase === 'run' && exitCode !== null
}

/** Returns the last lines of stderr that fit into a sentence, oldest first; the very last one always, cut if it is too long. */
export function lastWords({ stderr }: Pick<Words, 'stderr'>): readonly string[] {
  const said = stderr.map((line) => line.trim()).filter((line) => line !== '')
  const telling = said.filter((line) => !TRACE.test(line))
  const words = (telling.length === 0 ? said : telling).slice(-LINES).map(cut)
  while (words.length > 1 && words.join('').length > CHARACTERS) words.shift()
  return words
}

/** Adds the container's last words on stderr to the reason of a failure or, if it wrote none and its end is the failure, the last line of its output. */
export function withLastWords(one: Words): string {
  const error = one.error ?? one.status
  const words = lastWords(one)
  if (words.length > 0) return `${error}${leadIn(error)} ${words.join(' | ')}`
  const output = failedByContainer(one) ? lastOutput(one) : null
  return output === null ? error : `${error}. It wrote nothing to stderr; its last line was: ${output}`
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
