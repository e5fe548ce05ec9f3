/** Says who holds the lock of an instance, for how long, and what to do. Pure. */

import { type Claim, isOurs, type Owner } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { limit } from '../format.ts'

/** Describes a live claim in one sentence. `now` is the engine's time, ms since 1970. */
export function describeHolder(holder: Claim, now: number): string {
  const { owner, container } = holder
  const ms = now - Date.parse(container.createdAt)
  const held = ms < MINUTE_MS ? 'less than a minute' : limit(ms)
  // only a backup serves a slot
  const isBackup = 'start' in holder && holder.start !== undefined
  const work = isBackup ? 'backed up' : 'restored or drilled'
  return `the instance is being ${work} already, for ${held} by ${runOf(owner)} (container ${container.name}). Wait for it, set lock-wait, or cancel that run`
}

const MINUTE_MS = 60_000

/** Names the run that owns a claim, with the address of its page if the forge is known. */
export function runOf({ repository, runId, attempt, server }: Owner): string {
  if (repository === '' || runId === '') return 'a run outside a forge'
  const run = `run ${runId} (attempt ${attempt}) of ${repository}`
  return /^https?:/.test(server) ? `${run}: ${server}/${repository}/actions/runs/${runId}` : run
}

/** Says of a container that has one of our names but is not the claim that was looked for: whose it is, and what to do with it. */
export function whyNotOurs({ name, labels }: Pick<Container, 'name' | 'labels'>): string {
  return isOurs(labels)
    ? `container ${name} is Marina's, but of another version, or somebody renamed it: let that one finish, or remove it (docker rm -fv ${name})`
    : `a container named ${name} is on this host, and it is not Marina's: rename or remove it (docker rm ${name}), or choose another id`
}
