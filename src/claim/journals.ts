/** Two instances that would stop the same application: their journals, which all can read, tell them of each other. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CancelledError, InstanceError } from '../errors.ts'
import type { DockerHost } from './host.ts'
import type { Claim } from './labels.ts'
import { findClaims, whyStale } from './sweep.ts'

const POLL_MS = 2_000

export interface Meeting {
  readonly host: DockerHost
  /** Ids of the containers that would be stopped. */
  readonly containers: readonly string[]
  /** For how long to wait, ms. */
  readonly waitMs: number
  readonly signal: AbortSignal
  /** Told once, whom it waits for. */
  readonly say: (line: string) => Promise<void>
}

/**
 * After claiming: returns when no older live claim lists one of the containers. The younger waits: the claim that was created later,
 * or has the greater id. Throws `InstanceError` that names the other where it takes too long, `CancelledError` when the signal fires.
 */
export async function waitForOlder(meeting: Meeting, own: string): Promise<void> {
  if (meeting.containers.length === 0) return
  await waitWhile(meeting, (claims) => {
    const ours = claims.find((claim) => claim.container.id === own)
    return ours === undefined ? [] : claims.filter((claim) => isOlder(claim, ours))
  })
}

/** Before planning: returns when none of the containers, which are down now, is down because another live claim stopped it. */
export async function waitForStopped(meeting: Meeting): Promise<void> {
  if (meeting.containers.length === 0) return
  await waitWhile(meeting, (claims) => claims)
}

async function waitWhile(meeting: Meeting, candidates: (claims: readonly Claim[]) => readonly Claim[]): Promise<void> {
  const until = Date.now() + meeting.waitMs
  let said = false
  for (;;) {
    const holder = await firstLive(meeting, candidates(await findClaims(meeting.host)))
    if (holder === null) return
    const why = `instance ${holder.instance} (run ${holder.owner.runId || 'outside a forge'}) has an application stopped that this one needs too`
    if (meeting.signal.aborted) throw new CancelledError()
    if (Date.now() >= until) throw new InstanceError(`${why}, and did not release it in time: run it again later`)
    if (!said) await meeting.say(`waiting: ${why}`)
    said = true
    await sleep(POLL_MS, undefined, { signal: meeting.signal }).catch(() => {})
  }
}

async function firstLive(meeting: Meeting, claims: readonly Claim[]): Promise<Claim | null> {
  for (const claim of claims) {
    if (!claim.restart.some((entry) => meeting.containers.includes(entry.id))) continue
    if ((await whyStale(meeting.host, claim)) === null) return claim
  }
  return null
}

function isOlder(claim: Claim, ours: Claim): boolean {
  const [theirs, own] = [Date.parse(claim.container.createdAt), Date.parse(ours.container.createdAt)]
  return (
    claim.container.id !== ours.container.id &&
    (theirs < own || (theirs === own && claim.container.id < ours.container.id))
  )
}
