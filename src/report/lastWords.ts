/** What a backup container said before it failed: the part of it that stands in a sentence. Pure. */
import type { InstanceReport } from '../outcome.ts'

const LINES = 3
const CHARACTERS = 400
/** A shell's `set -x`: what it was about to do, not what went wrong. */
const TRACE = /^\++ /

type End = Pick<InstanceReport, 'status' | 'failedPhase' | 'exitCode'>
type Words = End & Pick<InstanceReport, 'error' | 'stderr' | 'tail'>

/** Whether the end of the backup container is what failed: then its last words say why. */
export function failedByContainer({ status, failedPhase, exitCode }: End): boolean {
  return status === 'failed' && failedPhase === 'run' && exitCode !== null
}

/** The last lines of stderr that fit into a sentence, oldest first; the very last one always, cut where it is too long. */
export function lastWords({ stderr }: Pick<Words, 'stderr'>): readonly string[] {
  const said = stderr.map((line) => line.trim()).filter((line) => line !== '')
  const telling = said.filter((line) => !TRACE.test(line))
  const words = (telling.length === 0 ? said : telling).slice(-LINES).map(cut)
  while (words.length > 1 && words.join('').length > CHARACTERS) words.shift()
  return words
}

/** The reason of a failure in one sentence, with the container's own last words. */
export function withLastWords(one: Words): string {
  const error = one.error ?? one.status
  const words = lastWords(one)
  if (words.length > 0) return `${error}${leadIn(error)} ${words.join(' | ')}`
  const output = failedByContainer(one) ? lastOutput(one) : null
  return output === null ? error : `${error}. It wrote nothing to stderr; its last line was: ${output}`
}

/** What stands between the sentence and the words. */
export function leadIn(sentence: string): string {
  return isOneClause(sentence) ? ':' : '. Its last words on stderr:'
}

/** The last line of the log that is the container's. */
function lastOutput({ tail }: Words): string | null {
  const said = tail.findLast((line) => !line.startsWith('--- ') && line.trim() !== '')
  return said === undefined ? null : cut(said.trim())
}

/** Whether a colon can follow: it has no second sentence and no colon of its own. */
function isOneClause(sentence: string): boolean {
  return !/[.:;] /.test(sentence)
}

function cut(line: string): string {
  return line.length <= CHARACTERS ? line : `${line.slice(0, CHARACTERS - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
