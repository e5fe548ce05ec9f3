/**
 * The claim: one container named `marina-run-<id>`. The engine's atomic create is the host-wide lock; the container owns the
 * staging volume, so that one `rm --force --volumes`, last, frees both.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createCall, type RunSpec } from '../docker/args.ts'
import { createContainer, inspectContainer } from '../docker/containers.ts'
import { type Claim, isOurs, parseClaim } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { type DockerHost, engineNow } from './host.ts'
import { sweepClaim, whyStale } from './sweep.ts'

export interface ClaimWait {
  /** How long to wait for a live holder, ms; 0 fails at once. */
  readonly lockWaitMs: number
  readonly signal: AbortSignal
  /** Called at the moment the claim is ours. */
  readonly onClaimed: () => void
}

const POLL_MS = 1_000

/**
 * Creates the container that is the claim, and returns its id. A stale holder is swept first; a live one is waited for, then named in
 * an `InstanceError`. Throws `CommandError` for anything else that keeps the engine from creating it.
 */
export async function claim(host: DockerHost, spec: RunSpec, wait: ClaimWait): Promise<string> {
  const until = Date.now() + wait.lockWaitMs
  for (;;) {
    if (wait.signal.aborted) throw new CancelledError()
    const created = await createContainer(
      host.docker,
      createCall(spec),
      `container ${spec.name} could not be created`,
      {
        deadlineMs: 120_000,
        signal: wait.signal,
      },
    )
    if (created.kind === 'created') {
      wait.onClaimed()
      return created.id
    }
    const held = await clearHolder(host, spec.name)
    if (held === null) continue
    if (Date.now() >= until)
      throw new InstanceError(`${held}${wait.lockWaitMs > 0 ? `; waited ${Math.round(wait.lockWaitMs / 1000)} s` : ''}`)
    await sleep(POLL_MS, undefined, { signal: wait.signal }).catch(() => {})
  }
}

/** `null` where the name is, or may be, free now; else who holds it, in words. */
async function clearHolder(host: DockerHost, name: string): Promise<string | null> {
  const container = await inspectContainer(host.docker, name)
  if (container === null) return null
  const holder = parseClaim(container)
  if (holder === null) return whyNotOurs(container)
  const because = await whyStale(host, holder)
  if (because === null) return `the instance is being backed up already, ${describeHolder(host, holder)}`
  if (await sweepClaim(host, holder, because)) return null
  const left = await inspectContainer(host.docker, name)
  if (left === null || left.id !== holder.container.id) return null
  return `a run of the instance was left behind (${because}) and could not be taken over: docker rm -fv ${name}`
}

/** What a container is that has one of our names and is no claim of ours, and what to do with it. */
export function whyNotOurs({ name, labels }: Container): string {
  return isOurs(labels)
    ? `container ${name} is Marina's, but of another version, or somebody renamed it: let that one finish, or remove it (docker rm -fv ${name})`
    : `a container named ${name} is on this host, and it is not Marina's: rename or remove it (docker rm ${name}), or choose another id`
}

function describeHolder(host: DockerHost, holder: Claim): string {
  const { owner } = holder
  const where =
    owner.repository === ''
      ? 'by a run outside a forge'
      : `by run ${owner.runId} (attempt ${owner.attempt}) of ${owner.repository}`
  const minutes = Math.max(0, Math.round((engineNow(host) - Date.parse(holder.container.createdAt)) / 60_000))
  return `${where}, since ${minutes} min (container ${holder.container.name}). Wait for it, set lock-wait, or cancel that run`
}
