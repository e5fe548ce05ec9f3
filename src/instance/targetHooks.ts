/** `preHook` and `postHook` around a target's work: `postHook` runs whenever `preHook` was begun, whatever came between. */

import { HOOK_DEADLINE_MS, type HookKind, runHook } from '../applications/hooks.ts'
import type { Target } from '../config/model.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { InstanceRun } from './instanceRun.ts'
import { targetName } from './reportBuilder.ts'

export interface HookPlace {
  readonly id: string
  readonly name: string
}

/** What a run that is over still gives to a postHook, ms: the application may be in its maintenance mode. */
const LATE_DEADLINE_MS = 60_000

/** Begins with the preHook. Throws `InstanceError` where it fails; then the target has failed, and `closeHooks` still runs. */
export async function preHook(run: InstanceRun, target: Target, place: HookPlace | null): Promise<void> {
  if (target.preHook === null) return
  await oneHook(run, 'preHook', target, target.preHook, place)
}

/** Runs the postHook, if there is one, also when the run is cancelled or its time is over. Throws `InstanceError` where it fails. */
export async function postHook(run: InstanceRun, target: Target, place: HookPlace | null): Promise<void> {
  if (target.postHook === null) return
  await oneHook(run, 'postHook', target, target.postHook, place)
}

async function oneHook(
  run: InstanceRun,
  kind: HookKind,
  target: Target,
  text: string,
  place: HookPlace | null,
): Promise<void> {
  if (place === null) {
    throw new InstanceError(
      `${kind} of ${target.kind === 'db' ? 'database' : 'volume'} ${targetName(target)} has no container to run in: no running container has it mounted. Start one, or remove the hook`,
    )
  }
  const isLate = kind === 'postHook' && run.abort.signal.aborted
  const result = await run.abort.during(`the ${kind} ran in container "${place.name}"`, () =>
    runHook(run.context.host.docker, {
      kind,
      container: place.id,
      name: place.name,
      text,
      deadlineMs: isLate ? LATE_DEADLINE_MS : Math.min(HOOK_DEADLINE_MS, run.instance.timeoutMs),
      // a postHook that was begun is not cut short: it puts the application back to work
      ...(kind === 'preHook' ? { signal: run.abort.signal } : {}),
      onLine: (stream, line) => run.log.write(stream === 'stdout' ? 'out' : 'err', `${line}\n`),
    }),
  )
  if (result.kind === 'cancelled') throw new CancelledError()
  if (result.kind === 'failed') throw new InstanceError(result.error)
}
