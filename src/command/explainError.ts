/** Reports an error that ended a command: in annotations, in the outputs, and on the run's page. */
import type { AnnotationPlace, Console } from '../action/console/console.ts'
import type { Command } from '../action/inputs.ts'
import { setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { withSourceLines } from '../action/sourceLines.ts'
import { openSummary } from '../action/stepSummary.ts'
import { CancelledError, ConfigError, DockerUnavailableError, InputError, sayError } from '../errors.ts'
import { count } from '../format.ts'
import { placeName, type RefusalMessage, renderRefusal } from '../report/messagePages.ts'

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly console: Console
  /** URL of the bundle's file, for the stack trace of a bug. */
  readonly bundle: string
}

/**
 * Reports the error, and returns the exit code, 1. Each issue of a `ConfigError` is one sentence at its place in the configuration; an
 * error of no known class is called our bug. The output `result` becomes `failed`, or `cancelled` after a cancel.
 */
export async function explainError({ env, console, bundle }: Surroundings, error: unknown): Promise<number> {
  const messages = messagesOf(error, bundle)
  for (const { message, at } of messages) {
    // the job's log shows of an annotation nothing but its message
    await console.error(at === null ? message : `${placeName(at)}: ${message}`, annotationPlace(at))
  }
  try {
    const result = error instanceof CancelledError ? 'cancelled' : 'failed'
    await setOutputs({ result, succeeded: '[]', partial: '[]', failed: '[]', skipped: '[]', due: '[]', matrix: '[]' })
    const summary = await openSummary(env)
    const markdown = renderRefusal({
      heading: headingOf(error, env.INPUT_COMMAND ?? ''),
      // before it is escaped, which could hide a secret from a search
      messages: messages.map((one) => ({ ...one, message: console.redact(one.message) })),
      links: readPages(env, error instanceof ConfigError ? error.file : ''),
      limitBytes: summary.roomBytes,
    })
    const unwritten = await summary.write(markdown)
    if (unwritten !== null) await console.warning(unwritten)
  } catch (later) {
    await console.warning(`Outputs or summary could not be written: ${(later as Error).message}`)
  }
  return 1
}

/**
 * Says for each command what was not done if an error ended it before it began. A backup is missing here: its words also serve for a
 * command that nobody knows.
 */
const NOT_DONE: Readonly<Record<Command, string>> = {
  backup: 'Nothing was backed up',
  restore: 'Nothing was restored',
  drill: 'Nothing was drilled',
  validate: 'The configuration could not be checked',
  plan: 'The plan could not be made',
  check: 'The check could not be made',
  summary: 'The reports could not be joined',
}

/** Makes the heading of the page. It says what was not done (`NOT_DONE`) only for errors that can end a command before it begins, and not later. */
function headingOf(error: unknown, command: string): string {
  // an input that is no command ends here, too
  const notDone = (NOT_DONE as Readonly<Record<string, string>>)[command] ?? NOT_DONE.backup
  if (error instanceof ConfigError) {
    const errors = count(error.issues.length, 'error')
    const and = notDone.startsWith('Nothing') ? `, ${notDone.replace('N', 'n')}` : ''
    return `❌ ${error.file}: ${errors}${and}`
  }
  if (error instanceof CancelledError) return '🚫 Cancelled'
  const isEarly = error instanceof InputError || error instanceof DockerUnavailableError
  return isEarly ? `❌ ${notDone}` : '❌ The run failed'
}

function annotationPlace(at: RefusalMessage['at']): AnnotationPlace | undefined {
  if (at === null) return undefined
  const { file, line, path } = at
  return { file, line, ...(path === '' ? {} : { title: path }) }
}

function messagesOf(error: unknown, bundle: string): readonly RefusalMessage[] {
  if (error instanceof ConfigError)
    return error.issues.map(({ message, ...place }) => ({ message, at: { file: error.file, ...place } }))
  const message = sayError(error, (bug) => withSourceLines(bug.stack ?? bug.message, bundle))
  return [{ message, at: null }]
}
