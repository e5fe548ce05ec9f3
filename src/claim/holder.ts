/** Says who holds the lock of an instance, for how long, and where to look. Pure. */

import { type Claim, isOurs } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { limit } from '../format.ts'

/** Describes a live claim in one sentence. `now` is the engine's time, ms since 1970. */
export function describeHolder(holder: Claim, now: number): string {
  const { owner, container } = holder
  const { repository, runId, attempt, server } = owner
  const who =
    repository === '' || runId === '' ? 'a run outside a forge' : `run ${runId} (attempt ${attempt}) of ${repository}`
  const link = who.startsWith('a ') || !/^https?:/.test(server) ? '' : `: ${server}/${repository}/actions/runs/${runId}`
  const held = limit(Math.max(0, now - Date.parse(container.createdAt)))
  return `the instance is being backed up already, for ${held} by ${who}${link} (container ${container.name}). Wait for it, set lock-wait, or cancel that run`
}

/** Says what a container is that has one of our names but is not a claim of ours, and what to do with it. */
export function whyNotOurs({ name, labels }: Pick<Container, 'name' | 'labels'>): string {
  return isOurs(labels)
    ? `container ${name} is Marina's, but of another version, or somebody renamed it: let that one finish, or remove it (docker rm -fv ${name})`
    : `a container named ${name} is on this host, and it is not Marina's: rename or remove it (docker rm ${name}), or choose another id`
}
