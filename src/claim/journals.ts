/** Two instances that would stop the same application: their journals, which all can read, tell them of each other. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim } from '../docker/labels.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { DockerHost } from './host.ts'
import { findClaims, whyStale } from './sweep.ts'

const POLL_MS = 2_000

export interface Meeting {
  readonly host: DockerHost
  /** Ids of the containers that would be stopped; that are down, for `waitForStopped`. */
  readonly stops: readonly string[]
  /** Ids of the database containers that would be dumped, and so must run. */
  readonly dumps: readonly string[]
  /** For how long to wait, ms. */
  readonly waitMs: number
  readonly signal: AbortSignal
  /** Told once, whom it waits for. */
  readonly say: (line: string) => Promise<void>
}

/**
 * After claiming: returns when no older live claim stops one of the containers, or dumps one that would be stopped. The younger waits: the claim that was created later,
 * or has the greater id. Throws `InstanceError` that names the other where it takes too long, `CancelledError` when the signal fires.
 */
export async function waitForOlder(meeting: Meeting, own: string): Promise<void> {
  if (meeting.stops.length + meeting.dumps.length === 0) return
  await waitWhile(meeting, (claims) => {
    const ours = claims.find((claim) => claim.container.id === own)
    return ours === undefined ? [] : claims.filter((claim) => isOlder(claim, ours))
  })
}

/** Before planning: returns when none of the containers, which are down now, is down because another live claim stopped it. */
export async function waitForStopped(meeting: Meeting): Promise<void> {
  if (meeting.stops.length + meeting.dumps.length === 0) return
  await waitWhile(meeting, (claims) => claims)
}

async function waitWhile(meeting: Meeting, candidates: (claims: readonly Claim[]) => readonly Claim[]): Promise<void> {
  const until = Date.now() + meeting.waitMs
  let said = false
  for (;;) {
    const met = await firstLive(meeting, candidates(await findClaims(meeting.host)))
    if (met === null) return
    const { holder, does } = met
    const why = `instance ${holder.instance} (run ${holder.owner.runId || 'outside a forge'}) ${does}`
    if (meeting.signal.aborted) throw new CancelledError()
    if (Date.now() >= until) throw new InstanceError(`${why}, and did not release it in time: run it again later`)
    if (!said) await meeting.say(`waiting: ${why}`)
    said = true
    await sleep(POLL_MS, undefined, { signal: meeting.signal }).catch(() => {})
  }
}

async function firstLive(meeting: Meeting, claims: readonly Claim[]): Promise<{ holder: Claim; does: string } | null> {
  const { stops, dumps } = meeting
  for (const holder of claims) {
    const isStopped = holder.restart.some(({ id }) => stops.includes(id) || dumps.includes(id))
    if (!isStopped && !holder.dumps.some((id) => stops.includes(id))) continue
    const does = isStopped
      ? 'stops an application that this one needs too'
      : 'dumps a database that this one would stop'
    if ((await whyStale(meeting.host, holder)) === null) return { holder, does }
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
