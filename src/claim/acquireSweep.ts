/**
 * Decides who repairs an abandoned claim: the container is renamed, and the engine lets only one of several sweepers rename it to the same
 * name. A sweeper can die too: another one that finds its `marina-sweep-…` waits two minutes and then continues under the next name.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { commandError, isUnanswered } from '../docker/callResult.ts'
import { inspectContainer } from '../docker/containers.ts'
import { type Claim, isReleasedSweep, releasedSweepName, sweepGeneration, sweepName } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { type Docker, query } from '../docker/process.ts'
import { InstanceError } from '../errors.ts'
import type { DockerHost } from './host.ts'

/** Time that another sweeper gets to finish, ms. */
const SWEEPER_PATIENCE_MS = 120_000
const POLL_MS = 2_000
/** Number of times that an unanswered rename is tried. */
const RENAMES = 5

/**
 * Takes a claim over for repair, by renaming its `container`. Returns `false` if another sweeper has it, or if it does not exist any more.
 * If the engine does not answer the rename, but the name has changed, that may have been another sweeper: it gets the usual two minutes,
 * and then we take its place. Throws `CommandError` if the rename is refused, or stays unanswered.
 */
export async function acquireSweep(host: DockerHost, container: Container): Promise<boolean> {
  const generation = sweepGeneration(container)
  if (generation > 0 && !isReleasedSweep(container) && !(await waitForOtherSweeper(host, container))) return false
  const argv = ['rename', container.id, sweepName(container.id, generation + 1)]
  for (let attempt = 1; ; attempt += 1) {
    const renamed = await query(host.docker, argv)
    if (renamed.ended.kind === 'exit' && renamed.ended.code === 0) return true
    const now = await inspectContainer(host.docker, container.id)
    if (now === null) return false
    if (now.name !== container.name) return isUnanswered(renamed) ? acquireSweep(host, now) : false
    if (!isUnanswered(renamed) || attempt === RENAMES)
      throw commandError(host.docker, `container ${container.name} could not be taken over`, renamed)
  }
}

/**
 * Watches a container that another sweeper has renamed. Returns `false` when it is gone or has a new name: the sweeper has finished, or
 * yet another one has it. Returns `true` when two minutes are over without that.
 */
async function waitForOtherSweeper(host: DockerHost, container: Container): Promise<boolean> {
  const look = async () => {
    const now = await inspectContainer(host.docker, container.id)
    return now === null || now.name !== container.name ? 'done' : null
  }
  const until = Date.now() + SWEEPER_PATIENCE_MS
  const what = () =>
    `waiting for another run that cleans up ${container.name}, for at most ${SWEEPER_PATIENCE_MS / 1000} s`
  const done = await tellWhile({ what, say: host.say }, () => poll(look, { everyMs: POLL_MS, until }))
  return done === null
}

/** Another run repairs the claim that this one was repairing. */
export class TakenOverError extends InstanceError {}

/**
 * Makes a function that throws a `TakenOverError` if another run has taken over the container, which shows by its name. `isOurs` tells the
 * names that this run gives it.
 */
export function checkOwnerOf(docker: Docker, id: string, isOurs: (name: string) => boolean): () => Promise<void> {
  return async () => {
    const now = await inspectContainer(docker, id)
    if (now !== null && !isOurs(now.name)) throw new TakenOverError('another run has taken over the clean-up')
  }
}

/** Time between two signs of life of a long sweep, ms. Well below the patience of others. */
const SIGN_MS = 30_000

/**
 * Does work that may take longer than the patience of other sweepers, on a container that this run has taken over. The container gets the next
 * name again and again, by which others see that its sweeper lives. `work` gets a function that throws a `TakenOverError` if another run
 * has taken over nevertheless, as after a long sleep of this machine.
 */
export async function holdSweep<T>(
  { docker }: Pick<DockerHost, 'docker'>,
  id: string,
  work: (checkOwner: () => Promise<void>) => Promise<T>,
  signMs = SIGN_MS,
): Promise<T> {
  const ours = new Set<string | undefined>([(await inspectContainer(docker, id))?.name])
  const checkOwner = checkOwnerOf(docker, id, (name) => ours.has(name))
  const end = new AbortController()
  const giveSigns = async () => {
    while (await sleep(signMs, true, { signal: end.signal, ref: false }).catch(() => false)) {
      const now = await inspectContainer(docker, id).catch(() => null)
      if (now === null || !ours.has(now.name)) continue
      const next = sweepName(id, sweepGeneration(now) + 1)
      ours.add(next)
      await query(docker, ['rename', id, next])
    }
  }
  const signs = giveSigns()
  try {
    return await work(checkOwner)
  } finally {
    end.abort()
    await signs
  }
}

/**
 * Marks a sweep of ours as given up, by a name that makes no other sweeper wait. A journal gets back the name that it was created with. If
 * the rename fails, the next sweeper waits two minutes. Returns the container's present name, or its short id if it is gone.
 */
export async function releaseSweep(host: DockerHost, { kind, self, container: { id } }: Claim): Promise<string> {
  const now = await inspectContainer(host.docker, id)
  if (now === null) return id.slice(0, 12)
  const name = kind === 'journal' ? self : releasedSweepName(id, sweepGeneration(now))
  const renamed = await query(host.docker, ['rename', id, name])
  return renamed.ended.kind === 'exit' && renamed.ended.code === 0 ? name : now.name
}
