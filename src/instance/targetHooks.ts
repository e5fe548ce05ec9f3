/** Runs the `preHook` and the `postHook` of a target. The caller runs the postHook whenever it has begun the preHook, whatever happens in between. */

import { HOOK_DEADLINE_MS, type HookKind, runHook } from '../applications/hooks.ts'
import type { Target } from '../config/model.ts'
import { tellWhile } from '../docker/poll.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { InstanceRun } from './instanceRun.ts'
import { targetName } from './reportBuilder.ts'

export interface HookPlace {
  readonly id: string
  readonly name: string
}

/**
 * Deadline of a postHook that runs after the instance was ended by a cancel or its deadline, and the least time that is left to a hook
 * shortly before the instance's deadline, ms: the application may still be in its maintenance mode.
 */
const LATE_DEADLINE_MS = 60_000

/**
 * Runs the preHook, if there is one, in the container `place`. Throws `InstanceError` if it fails or `place` is `null`, and
 * `CancelledError`; the caller still has to run the postHook.
 */
export async function preHook(run: InstanceRun, target: Target, place: HookPlace | null): Promise<void> {
  if (target.preHook === null) return
  await runTargetHook(run, { kind: 'preHook', target, text: target.preHook, place })
}

/**
 * Runs the postHook, if there is one, in the container `place`, even if the run is cancelled or its time is over. Throws `InstanceError` if
 * it fails or `place` is `null`.
 */
export async function postHook(run: InstanceRun, target: Target, place: HookPlace | null): Promise<void> {
  if (target.postHook === null) return
  await runTargetHook(run, { kind: 'postHook', target, text: target.postHook, place })
}

interface TargetHook {
  readonly kind: HookKind
  readonly target: Target
  readonly text: string
  readonly place: HookPlace | null
}

async function runTargetHook(run: InstanceRun, { kind, target, text, place }: TargetHook): Promise<void> {
  if (place === null) {
    throw new InstanceError(
      `${kind} of ${target.kind === 'db' ? 'database' : 'volume'} ${targetName(target)} has no container to run in: no running container has it mounted. Start one, or remove the hook`,
    )
  }
  const isLate = kind === 'postHook' && run.abort.signal.aborted
  const leftMs = Math.max(run.abort.until - Date.now(), LATE_DEADLINE_MS)
  const hook = () =>
    runHook(run.context.host.docker, {
      kind,
      container: place.id,
      name: place.name,
      text,
      deadlineMs: isLate ? LATE_DEADLINE_MS : Math.min(HOOK_DEADLINE_MS, run.instance.timeoutMs, leftMs),
      // a postHook is never cut short by a cancel: it puts the application back to work
      ...(kind === 'preHook' ? { signal: run.abort.signal } : {}),
      onLine: (stream, line) => run.log.write(stream === 'stdout' ? 'out' : 'err', `${line}\n`),
    })
  const telling = {
    what: () => `waiting for the ${kind} in container "${place.name}"`,
    say: (line: string) => run.log.write('marina', line),
  }
  const result = await run.abort.during(`the ${kind} ran in container "${place.name}"`, () => tellWhile(telling, hook))
  if (result.kind === 'cancelled') {
    if (result.left !== null) await run.report.warn(result.left)
    throw new CancelledError()
  }
  if (result.kind === 'failed' && kind === 'postHook') run.report.postHookFailed(place.name)
  if (result.kind === 'failed') throw new InstanceError(result.error)
}
