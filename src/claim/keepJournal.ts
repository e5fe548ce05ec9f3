/**
 * Keeps a journal after its claim has ended: a container without data whose labels list the applications that are still down. It is not a
 * lock: it has a name of its own, so the next run of the instance can begin. Every run tries again at its start to start what it lists.
 */
import { createCall, type MountSpec } from '../docker/args.ts'
import { createContainer, inspectContainer } from '../docker/containers.ts'
import { claimLabels, type HelperClaim, type JournalClaim, type JournalEntry, journalName } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { query } from '../docker/process.ts'
import { InstanceError } from '../errors.ts'
import { findClaims } from './findClaims.ts'
import { whyNotOurs } from './holder.ts'
import type { DockerHost } from './host.ts'

/** The container's command. It keeps running, so that `docker system prune` does not remove it. */
const MAIN = `trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done`

/** The claim whose applications could not be started again: facts of its labels, and the id, the image's id and the mounts of its container. */
export type JournalOrigin = Pick<HelperClaim | JournalClaim, 'instance' | 'owner' | 'deadline'> & {
  readonly id: string
  readonly image: string
  readonly mounts: Container['mounts']
}

/**
 * Creates a journal that lists `down`, and returns its name. If an earlier sweeper made one for the same origin and died, that one is
 * kept as it is. Throws if it cannot be created (`InstanceError` if others have its name, else `CommandError`): the origin must then stay.
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
  const other = await inspectContainer(host.docker, self)
  throw new InstanceError(
    other === null
      ? `the name ${self} was taken when the journal was to be created, and is free again: somebody else creates and removes containers of that name`
      : whyNotOurs(other),
  )
}

/** Finds the journal that was created with the name `self`, and returns its present name: a sweeper may have renamed it. `null` if there is none. */
async function madeBefore(host: DockerHost, self: string): Promise<string | null> {
  const claims = await findClaims(host)
  return claims.find((claim) => claim.kind === 'journal' && claim.self === self)?.container.name ?? null
}

/**
 * Returns a tmpfs for each place where the origin had a volume or a tmpfs, except below `/marina/`. Without it the image's VOLUME lines would
 * make volumes.
 */
function withoutVolumes(mounts: Container['mounts']): readonly MountSpec[] {
  const covered = mounts.filter(({ type, target }) => /^(volume|tmpfs)$/.test(type) && !target.startsWith('/marina/'))
  return covered.map(({ target }) => ({ type: 'tmpfs', target }))
}
