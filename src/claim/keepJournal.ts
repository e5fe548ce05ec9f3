/**
 * The journal that outlives its claim: a container without data, whose labels list the applications that are still down. It is no lock:
 * its name is its own, so that the next run of the instance is free to begin, and every start of a run tries again what it lists.
 */
import { createCall, type MountSpec } from '../docker/args.ts'
import { createContainer } from '../docker/containers.ts'
import { claimLabels, type HelperClaim, type JournalClaim, type JournalEntry, journalName } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { query } from '../docker/process.ts'
import { InstanceError } from '../errors.ts'
import { findClaims } from './findClaims.ts'
import type { DockerHost } from './host.ts'

/** Running, it outlives `docker system prune`, as the application that it remembers may. */
const MAIN = `trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done`

/** The claim whose applications could not be started again: its container's id and image, and what its labels say. */
export type JournalOrigin = Pick<HelperClaim | JournalClaim, 'instance' | 'owner' | 'deadline'> & {
  readonly id: string
  readonly image: string
  readonly mounts: Container['mounts']
}

/**
 * Creates the journal of `down`, and returns its name. There is one for each origin: where an earlier sweeper died after it had made
 * it, that one is kept. Throws docker's own error where it cannot be created; then the origin must stay.
 */
export async function keepJournal(
  host: DockerHost,
  origin: JournalOrigin,
  down: readonly JournalEntry[],
): Promise<string> {
  const self = journalName(origin.id)
  const { instance, owner, deadline } = origin
  const spec = {
    name: self,
    image: origin.image,
    labels: claimLabels({ kind: 'journal', self, instance, owner, deadline, restart: down }),
    mounts: withoutVolumes(origin.mounts),
    env: {},
    entrypoint: ['sh'],
    command: ['-c', MAIN, 'marina-journal'],
    user: '0:0',
    network: 'none',
    memory: null,
    cpus: null,
    helper: true,
  }
  const before = await madeBefore(host, self)
  if (before !== null) return before
  const created = await createContainer(host.docker, createCall(spec), `journal ${self} could not be created`)
  if (created.kind === 'created') {
    // a journal that was not started is read all the same; only a prune would take it
    await query(host.docker, ['start', created.id])
    return self
  }
  const meanwhile = await madeBefore(host, self)
  if (meanwhile !== null) return meanwhile
  throw new InstanceError(
    `a container named ${self} is on this host and is none of this action's: rename or remove it (docker rm ${self})`,
  )
}

/** The name it has now: a sweeper may have renamed it. */
async function madeBefore(host: DockerHost, self: string): Promise<string | null> {
  const claims = await findClaims(host)
  return claims.find((claim) => claim.kind === 'journal' && claim.self === self)?.container.name ?? null
}

/** An image's VOLUME lines would give the journal volumes of its own: nothing but memory lies where the origin had volumes. */
function withoutVolumes(mounts: Container['mounts']): readonly MountSpec[] {
  const covered = mounts.filter(({ type, target }) => /^(volume|tmpfs)$/.test(type) && !target.startsWith('/marina/'))
  return covered.map(({ target }) => ({ type: 'tmpfs', target }))
}
