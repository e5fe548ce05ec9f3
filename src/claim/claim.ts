/**
 * Takes the claim of an instance: one container named `marina-run-<id>`. The engine creates it atomically, so its name is the host-wide
 * lock. The container owns the staging volume, so that one `rm --force --volumes`, last, frees both.
 */
import { createCall, type RunSpec } from '../docker/args.ts'
import { createContainer, inspectContainer } from '../docker/containers.ts'
import { type Owner, parseClaim, type RunStart } from '../docker/labels.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { whyStale } from './findClaims.ts'
import { describeHolder, whyNotOurs } from './holder.ts'
import { type DockerHost, engineNow } from './host.ts'
import { repairClaim } from './repair.ts'

export interface ClaimWait {
  /** Longest wait for a live holder, ms. With 0 there is no wait: a live holder is an error at once. */
  readonly lockWaitMs: number
  readonly signal: AbortSignal
  /** Called at the moment when the claim is ours. */
  readonly onClaimed: () => void
  /**
   * Called with what is waited for (with the holder of the lock at once and every 30 s, with anything else every 30 s), and when the repair
   * of a dead run's claim begins and when it is done.
   */
  readonly say: (line: string) => Promise<void>
}

const POLL_MS = 1_000
const CREATE_DEADLINE_MS = 120_000
/** Number of further tries at once, each after the holder was gone when it was looked up. Then the lock counts as held. */
const FREED = 3

type Attempt =
  | { readonly kind: 'claimed'; readonly id: string }
  | {
      readonly kind: 'held'
      readonly by: string
      /** Start of the holder's run; missing if it is not known, and for a run of another repository. */
      readonly start?: RunStart | undefined
    }

/** The name of the claim is taken: by a live run, by a container that is no claim of ours, or by a claim that could not be swept. */
export class LockHeldError extends InstanceError {
  /** Start of the holder's run; `undefined` if it is not known, or if the run is of another repository. */
  readonly start: RunStart | undefined
  constructor(message: string, start: RunStart | undefined) {
    super(message)
    this.start = start
  }
}

/**
 * Creates the container that is the claim, and returns its id. A stale holder is swept first; a live one, or a container of others with
 * that name, is waited for and then named in an `InstanceError`. Throws `CancelledError` if the signal fires, `CommandError` for anything
 * else that keeps the engine from creating it.
 */
export async function claim(host: DockerHost, spec: RunSpec, wait: ClaimWait): Promise<string> {
  const { signal, say, lockWaitMs } = wait
  const until = Date.now() + lockWaitMs
  let last = await tryClaim(host, spec, wait)
  if (last.kind === 'held' && lockWaitMs > 0) {
    let by = last.by
    await say(`waiting for the lock: ${by}`)
    const look = async () => {
      last = await tryClaim(host, spec, wait)
      if (last.kind === 'held') by = last.by
      return last.kind === 'claimed' ? last : null
    }
    await tellWhile({ what: () => `waiting for the lock: ${by}`, say }, () =>
      poll(look, { everyMs: POLL_MS, until, signal }),
    )
  }
  if (last.kind === 'claimed') return last.id
  if (signal.aborted) throw new CancelledError()
  const waited = lockWaitMs > 0 ? `; waited ${Math.round(lockWaitMs / 1000)} s` : ''
  throw new LockHeldError(`${last.by}${waited}`, last.start)
}

/** Tries until the claim is ours, or until there is a holder that is live or cannot be swept. Does not wait for it. */
async function tryClaim(host: DockerHost, spec: RunSpec, { signal, onClaimed, say }: ClaimWait): Promise<Attempt> {
  for (let freed = 0; ; freed += 1) {
    if (signal.aborted) throw new CancelledError()
    const what = `container ${spec.name} could not be created`
    const created = await createContainer(host.docker, createCall(spec), what, {
      deadlineMs: CREATE_DEADLINE_MS,
      signal,
    })
    if (created.kind === 'created') {
      onClaimed()
      return { kind: 'claimed', id: created.id }
    }
    const holder = await clearHolder(host, spec.name, say)
    if (holder !== null) return { kind: 'held', ...holder }
    if (freed === FREED)
      return { kind: 'held', by: `another run takes container ${spec.name} each time that it is free` }
  }
}

function isOfSameRepository(a: Owner, b: Owner): boolean {
  return a.repository === b.repository && a.server === b.server
}

/**
 * Sweeps the holder of this container name if it is stale. Returns `null` if the name is, or may be, free now; else who has it, in words,
 * and how that run began.
 */
async function clearHolder(
  host: DockerHost,
  name: string,
  say: ClaimWait['say'],
): Promise<{ readonly by: string; readonly start?: RunStart | undefined } | null> {
  const container = await inspectContainer(host.docker, name)
  if (container === null) return null
  const holder = parseClaim(container)
  if (holder === null) return { by: whyNotOurs(container) }
  const because = await whyStale(host, holder)
  if (because === null)
    return {
      by: describeHolder(holder, engineNow(host)),
      start: isOfSameRepository(holder.owner, host.owner) ? holder.start : undefined,
    }
  await say(`an earlier run of the instance was left behind (${because}): cleaning it up`)
  const what = () => 'waiting for what the earlier run left to be cleaned up'
  const isGone = await tellWhile({ what, say }, () => repairClaim(host, holder, because))
  if (isGone) await say('what the earlier run left is cleaned up')
  const left = await inspectContainer(host.docker, name)
  if (left === null || left.id !== holder.container.id) return null
  return { by: `a run of the instance was left behind (${because}) and could not be taken over: docker rm -fv ${name}` }
}
