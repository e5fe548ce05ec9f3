/** Judges the result of a docker call (a success, a refusal, no answer at all) and makes the error of a failed one, in docker's words. Pure. */
import { CancelledError, CommandError, type Ended } from '../errors.ts'
import { withoutEnd } from '../format.ts'
import { withoutMountOptions } from './mountOptions.ts'
import type { Docker } from './process.ts'

/**
 * Holds the result of a docker call: how it ended, and what it printed until then (from `query`, stderr is without mount options). The client
 * may still run if `ended` is `timeout` or `cancelled`.
 */
export interface QueryOutput {
  readonly ended: Ended
  readonly stdout: string
  readonly stderr: string
}

/** Stands for a signal's name when only this is known: that a signal ended the client. */
export const UNNAMED_SIGNAL = 'unknown'

/** Tells whether the client ended with exit code 0: the engine did what it was asked. */
export function succeeded({ ended }: Pick<QueryOutput, 'ended'>): boolean {
  return ended.kind === 'exit' && ended.code === 0
}

/**
 * Tells whether docker gave no answer: a signal ended the client, its deadline passed, or it found no engine or lost the connection. The
 * engine may still have done what it was asked. So a call that is safe to repeat can be repeated; after any other, its effect has to be
 * looked for. A cancelled call does not count.
 */
export function isUnanswered({ ended, stderr }: Pick<QueryOutput, 'ended' | 'stderr'>): boolean {
  if (ended.kind === 'exit') return ended.code !== 0 && engineIsAway(stderr)
  return ended.kind !== 'cancelled'
}

/** Tells whether the call failed with an answer: the engine, or the client itself, refused it. */
export function isRefused(output: Pick<QueryOutput, 'ended' | 'stderr'>): boolean {
  return output.ended.kind === 'exit' && output.ended.code !== 0 && !isUnanswered(output)
}

/**
 * Tells whether the client says that it found no engine or lost the connection to it. Newer clients say so with the "no such file or
 * directory" of a missing socket, which must not be taken for a missing file in a container.
 */
export function engineIsAway(stderr: string): boolean {
  // what an engine answers may quote a driver or a registry that is away
  const own = stderr.replace(/^(?:docker: )?Error response from daemon: .*$/gim, '')
  return /(cannot|failed to) connect to the docker|error during connect|connection refused|connection reset|EOF$/im.test(
    own,
  )
}

/**
 * Makes the error of a failed call: `CancelledError`, or a `CommandError` whose message begins with `what`. `what` says in the user's words
 * what did not work.
 */
export function commandError(docker: Pick<Docker, 'redact'>, what: string, output: QueryOutput): Error {
  if (output.ended.kind === 'cancelled') return new CancelledError()
  const stderr = docker.redact(withoutMountOptions(output.stderr.trim()))
  return new CommandError(`${what}: ${reason(output.ended, stderr)}`, {
    ended: output.ended,
    stderr,
  })
}

/**
 * Says why a call failed: by the last three lines of docker's own words, without its prefixes, mount options and the last punctuation mark, or
 * by the exit code if there are none. A deadline or a signal is told first, with these words behind it; a cancel alone. The caller has redacted
 * `stderr`.
 */
export function reason(ended: Ended, stderr: string): string {
  const words = withoutMountOptions(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(Run 'docker .*--help'|See 'docker .*--help')/.test(line))
    .slice(-3)
    .join(' ')
    .replace(/^(docker: )?(Error response from daemon: )?/, '')
  const said = withoutEnd(words)
  switch (ended.kind) {
    case 'timeout':
      return `docker did not answer within ${Math.round(ended.afterMs / 1000)} s${said === '' ? '' : ` (${said})`}`
    case 'signal':
      return `the docker client was killed${ended.signal === UNNAMED_SIGNAL ? '' : ` (${ended.signal})`}${said === '' ? '' : `: ${said}`}`
    case 'cancelled':
      return 'cancelled'
    case 'exit':
      if (said !== '') return said
      return ended.code === 0
        ? 'docker says that it was done, and it was not: somebody else changed it at that moment'
        : `docker ended with exit code ${ended.code} and said nothing`
  }
}
