/**
 * What can go wrong. Each error says what failed, on what, and what to do next. Errors of the operating system can come from anywhere;
 * anything else that is thrown is our bug.
 */

/** One thing wrong with the configuration. `line` and `column` are 1-based; `path` is written as a person would: `instances[0].env.KEY`. */
export interface ConfigIssue {
  readonly message: string
  readonly path: string
  readonly line: number
  readonly column: number
}

/** The configuration, or an input, is wrong. Carries every issue of the file; thrown before anything is touched. */
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

/** An input of the action, or the event it was started by, is wrong. Thrown before anything is touched. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** No Docker engine that this action can work with. Thrown before anything is touched. */
export class DockerUnavailableError extends Error {
  override readonly name = 'DockerUnavailableError'
}

/** How a process came to its end. */
export type Ended =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | { readonly kind: 'cancelled' }

/** A docker command did not do what it was asked. `message` is one sentence for people; the rest is for the log. */
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

/** One instance cannot go on, for a reason that is not a docker command's: what failed, on what, what to do. */
export class InstanceError extends Error {
  override readonly name = 'InstanceError'
}

/** The run was cancelled; whoever holds something releases it and lets this pass. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'

  constructor() {
    super('cancelled')
  }
}

/** Tells an error of the operating system (a full disk, a closed pipe, a limit) by its `syscall`, which Node sets. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

/** What was thrown, as an error: JavaScript throws anything. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
