/**
 * Defines the errors. Each says what failed, on what, and what to do next. Errors of the operating system can come from anywhere; anything
 * else that is thrown is our bug.
 */

/** One thing wrong with the configuration. `line` and `column` are 1-based; `path` is written for people: `instances[0].env.KEY`. */
export interface ConfigIssue {
  readonly message: string
  readonly path: string
  readonly line: number
  readonly column: number
}

/** The configuration is wrong. Carries every issue of the file; thrown before anything is touched. */
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

/** No usable Docker engine answers. Thrown before anything is touched. */
export class DockerUnavailableError extends Error {
  override readonly name = 'DockerUnavailableError'
}

/** How a process ended. */
export type Ended =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | { readonly kind: 'cancelled' }

/** A docker command did not do what it was asked. `message` is one sentence for people; the other fields are for the log. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly argv: readonly string[]
  readonly ended: Ended
  readonly stderr: string

  constructor(message: string, details: { argv: readonly string[]; ended: Ended; stderr: string; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.argv = details.argv
    this.ended = details.ended
    this.stderr = details.stderr
  }
}

/** One instance cannot go on, for a reason other than a docker command. The message says what failed, on what, and what to do. */
export class InstanceError extends Error {
  override readonly name = 'InstanceError'
}

/** The engine does not answer any more, so that nobody can say what became of an instance: nothing more is asked of it. */
export class EngineLostError extends InstanceError {}

/** The run was cancelled. Code that holds something releases it and throws this on. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'

  constructor() {
    super('cancelled')
  }
}

/** Tells whether an error comes from the operating system (a full disk, a closed pipe, a limit): Node then sets its `syscall`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

/** Returns what was thrown as an error, because JavaScript can throw anything. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
