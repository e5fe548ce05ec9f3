/**
 * Keeps two instances of a host out of each other's way: neither stops an application that the other has stopped, nor a database that the
 * other dumps, and nobody backs up what another one restores. Each reads the other's journal from its claim's labels.
 */
import type { Claim } from '../docker/labels.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { findClaims, whyStale } from './findClaims.ts'
import { runOf } from './holder.ts'
import type { DockerHost } from './host.ts'

const POLL_MS = 2_000

export interface Meeting {
  readonly host: DockerHost
  /** Ids of the containers that this instance would stop. For `waitForStopped`: of those that it needs and that are down. */
  readonly stops: readonly string[]
  /** Ids of the database containers that this instance would dump, and so must run. */
  readonly dumps: readonly string[]
  /** Names of the volumes that this instance backs up. */
  readonly reads?: readonly string[]
  /** Names of the volumes that this instance restores; left out for a backup. A restore changes the servers of `dumps`, too. */
  readonly replaces?: readonly string[]
  /** Longest wait, ms. */
  readonly waitMs: number
  readonly signal: AbortSignal
  /** Called with the instance that is waited for: at once, and every 30 s. */
  readonly say: (line: string) => Promise<void>
}

/**
 * Waits, after claiming, until no older live claim stops one of these containers or dumps one that would be stopped. `own` is the id of our
 * claim's container. The younger claim waits: the one that was created later or, at the same time, has the greater id. Throws
 * `InstanceError` naming the other instance if it takes too long, `CancelledError` if the signal fires.
 */
export async function waitForOlder(meeting: Meeting, own: string): Promise<void> {
  const { stops, dumps, reads = [], replaces = [] } = meeting
  if (stops.length + dumps.length + reads.length + replaces.length === 0) return
  await waitWhile(meeting, (claims) => {
    const ours = claims.find((claim) => claim.container.id === own)
    return ours === undefined ? [] : claims.filter((claim) => isOlder(claim, ours))
  })
}

/** Waits, before planning, until no other live claim stops one of these containers, or dumps one of `stops`. Throws as `waitForOlder` does. */
export async function waitForStopped(meeting: Meeting): Promise<void> {
  if (meeting.stops.length + meeting.dumps.length === 0) return
  await waitWhile(meeting, (claims) => claims)
}

async function waitWhile(meeting: Meeting, candidates: (claims: readonly Claim[]) => readonly Claim[]): Promise<void> {
  const { host, say, signal, waitMs } = meeting
  const until = Date.now() + waitMs
  const look = async () => firstLive(meeting, candidates(await findClaims(host)))
  let met = await look()
  if (met === null) return
  let why = met
  await say(`waiting: ${why}`)
  const isFree = async () => {
    met = await look()
    why = met ?? why
    return met === null ? 'free' : null
  }
  const free = await tellWhile({ what: () => `waiting: ${why}`, say }, () =>
    poll(isFree, { everyMs: POLL_MS, until, signal }),
  )
  if (free !== null) return
  if (signal.aborted) throw new CancelledError()
  throw new InstanceError(`${why}, and did not release it within ${Math.round(waitMs / 1000)} s: run it again later`)
}

/** Returns the first live claim that is in the way, in words; `null` if there is none. */
async function firstLive(meeting: Meeting, claims: readonly Claim[]): Promise<string | null> {
  for (const holder of claims) {
    const why = whyInTheWay(meeting, holder)
    if (why === null || (await whyStale(meeting.host, holder)) !== null) continue
    return `instance ${holder.instance} (${runOf(holder.owner)}) ${why}`
  }
  return null
}

/** Says what the holder of a claim does to the things of this instance; `null` if it leaves them alone. */
export function whyInTheWay(
  { stops, dumps, reads = [], replaces }: Pick<Meeting, 'stops' | 'dumps' | 'reads' | 'replaces'>,
  holder: Claim,
): string | null {
  // a journal is nobody's
  if (holder.kind === 'journal') return null
  const read = holder.container.mounts.find(({ type, name }) => type === 'volume' && replaces?.includes(name ?? ''))
  // a backup container stops nobody, and dumps nothing
  if (holder.kind !== 'helper')
    return read === undefined ? null : `backs up volume ${read.name}, which this one restores`
  if (holder.restart.some(({ id }) => stops.includes(id) || dumps.includes(id)))
    return 'stops an application that this one needs too'
  if (holder.dumps.some((id) => stops.includes(id))) return 'dumps a database that this one would stop'
  const restored = holder.undo?.find(({ volume }) => reads.includes(volume) || replaces?.includes(volume))
  if (restored !== undefined) return `restores volume ${restored.volume}, which this one needs too`
  if (holder.undo !== undefined && holder.dumps.some((id) => dumps.includes(id)))
    return 'restores a database that this one needs too'
  if (replaces === undefined) return null
  if (holder.dumps.some((id) => dumps.includes(id))) return 'dumps a database that this one restores'
  return read === undefined ? null : `backs up volume ${read.name}, which this one restores`
}

function isOlder(claim: Claim, ours: Claim): boolean {
  const [theirs, own] = [Date.parse(claim.container.createdAt), Date.parse(ours.container.createdAt)]
  return (
    claim.container.id !== ours.container.id &&
    (theirs < own || (theirs === own && claim.container.id < ours.container.id))
  )
}
