/**
 * Handles other instances that stop or restore what this one needs, or need what this one stops or restores: a run waits for them, a dry
 * run only names those that stop something.
 */
import { type Meeting, waitForOlder, waitForStopped } from '../claim/waitForOthers.ts'
import type { Journal } from '../docker/labels.ts'
import type { InstanceRun } from './instanceRun.ts'

interface StoppedByOther {
  readonly id: string
  readonly name: string
  /** Name of the journal that remembers it, because an earlier run could not start it again; `null` if a run that is under way has stopped it. */
  readonly journal: string | null
}

/** Decides what to do about containers that are down because another instance stopped them. */
export interface OthersPolicy {
  /** Returns true if it has waited until no other live run stops them; the host must then be asked again. Returns false if it does not wait. */
  untilUp(containers: readonly StoppedByOther[]): Promise<boolean>
}

/**
 * Returns the policy of a run: `untilUp` waits until no other live claim stops these containers, no longer than the instance's timeout. It
 * throws as `waitForStopped` does.
 */
export function waitForOthers(run: InstanceRun): OthersPolicy {
  return {
    async untilUp(containers) {
      await waitForStopped({ ...meetingOf(run), stops: containers.map((one) => one.id), dumps: [] })
      return true
    },
  }
}

/** Returns the policy of a dry run: `untilUp` waits for nobody, and writes into the log what a run would wait for. */
export function nameOthers(run: InstanceRun): OthersPolicy {
  return {
    async untilUp(containers) {
      for (const { name, journal } of containers)
        await run.log.write(
          'marina',
          journal === null
            ? `${name}: down at present, as another run stopped it; a run would wait until it is up`
            : `${name}: down at present, as an earlier run stopped it and could not start it again (${journal} remembers it); a run would try again to start it first`,
        )
      return false
    },
  }
}

/**
 * Waits, after claiming, for an instance that claimed earlier and stops what this one needs, or needs what this one stops or restores.
 * `own` is the id of our own claim's container. Throws as `waitForOlder` does.
 */
export async function waitForEarlierClaims(
  run: InstanceRun,
  own: string,
  { restart, dumps, ...volumes }: Pick<Journal, 'restart' | 'dumps'> & Pick<Meeting, 'reads' | 'replaces'>,
): Promise<void> {
  await waitForOlder({ ...meetingOf(run), stops: restart.map((one) => one.id), dumps, ...volumes }, own)
}

function meetingOf({ context, instance, abort, log }: InstanceRun): Omit<Meeting, 'stops' | 'dumps'> {
  return {
    host: context.host,
    waitMs: instance.timeoutMs,
    signal: abort.signal,
    say: (line) => log.write('marina', line),
  }
}
