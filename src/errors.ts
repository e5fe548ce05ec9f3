/**
 * Defines the errors that people can do something about; their messages say what failed, on what, and what to do next. An error of the
 * operating system can come from anywhere. Anything else that is thrown is our bug.
 */

/** One thing wrong with the configuration. `line` and `column` are 1-based; `path` is its key, as people write it: `instances[0].env.KEY`. */
export interface ConfigIssue {
  readonly message: string
  readonly path: string
  readonly line: number
  readonly column: number
}

/** The configuration is wrong. Carries all issues that were found together: of the file, or of one instance. Thrown before anything is touched. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly file: string
  readonly issues: readonly ConfigIssue[]

  constructor(file: string, issues: readonly ConfigIssue[]) {
    super(issues.map((issue) => `${file}:${issue.line}:${issue.column} ${issue.message}`).join('\n'))
    this.file = file
    this.issues = issues
  }
}

/** An input of the action, or the event that started it, is wrong. Thrown before anything is touched. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** No usable Docker engine answers, or the docker client cannot be started. Seldom thrown in the middle of a run, as when the client is removed. */
export class DockerUnavailableError extends Error {
  override readonly name = 'DockerUnavailableError'
}

/** The end of a docker client, or the reason why nothing waits for it any more: its deadline passed (`timeout`), or a signal fired (`cancelled`). */
export type Ended =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | { readonly kind: 'cancelled' }

/** A docker command did not do what it was asked. `message` is one sentence for people; code tells the cases apart by `ended` and `stderr`. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly ended: Ended
  readonly stderr: string

  constructor(message: string, details: { ended: Ended; stderr: string; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.ended = details.ended
    this.stderr = details.stderr
  }
}

/**
 * An instance, or one of its targets, cannot go on, for a reason other than a docker command. The message says what failed, on what, and
 * what to do.
 */
export class InstanceError extends Error {
  override readonly name = 'InstanceError'
}

/**
 * Tells that an image restored something else than was backed up: the backup, or the image's `/restore.sh`, is to blame, and not the
 * surroundings.
 */
export class DamagedBackupError extends InstanceError {}

/** An application that the run stopped did not come up again. It is told beside whatever else ended the instance. */
export class ApplicationDownError extends InstanceError {}

/** A restore into place failed. `fate` says in a sentence what has become of the data, and is told whatever ended the run. */
export class RestoreFailedError extends InstanceError {
  override readonly cause: Error
  readonly fate: string

  constructor(cause: Error, fate: string) {
    super(`${cause.message}. ${fate}`)
    this.cause = cause
    this.fate = fate
  }
}

/** The engine stopped answering while the backup container ran, so nobody can say how the container ended. The instance asks it nothing more. */
export class EngineLostError extends InstanceError {}

/** Something was given up because its abort signal fired. Code that holds something releases it and throws this on. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'

  constructor() {
    super('cancelled')
  }
}

/** Tells whether an error comes from the operating system (a full disk, a closed pipe, a limit): Node gives only such an error a `syscall`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

/**
 * Says an error in one text for people. The message of an error of this file is enough; an error of the operating system gets what to do
 * about it; anything else is our bug, for which `trace` makes its text.
 */
export function sayError(error: unknown, trace = (bug: Error) => bug.stack ?? bug.message): string {
  const known = [InputError, ConfigError, DockerUnavailableError, CommandError, InstanceError, CancelledError]
  if (known.some((one) => error instanceof one)) return (error as Error).message
  if (isSystemError(error))
    return `the runner's operating system refused something: ${error.message}. See that its disk has free space, and that this user has the permissions that the message names`
  return `A bug in Marina, please report it: ${trace(asError(error))}`
}

/** Returns `error` itself if it is an `Error`, else an `Error` with its text as message, because JavaScript can throw anything. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
