/**
 * Decides who repairs an abandoned claim: the container is renamed, and the engine lets only one of several sweepers rename it to the same
 * name. A sweeper can die too: another one that finds its `marina-sweep-…` waits two minutes and then continues under the next name.
 */

import { commandError, isUnanswered } from '../docker/callResult.ts'
import { inspectContainer } from '../docker/containers.ts'
import { type Claim, isReleasedSweep, releasedSweepName, sweepGeneration, sweepName } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { query } from '../docker/process.ts'
import type { DockerHost } from './host.ts'

/** Time that another sweeper gets to finish, ms. */
const SWEEPER_PATIENCE_MS = 120_000
const POLL_MS = 2_000
/** Number of times that an unanswered rename is tried. */
const RENAMES = 5

/**
 * Takes a claim over for repair. `false`: another sweeper has it, or it does not exist any more. An unanswered rename that took effect may
 * have been ours or another sweeper's: it gets the usual two minutes, and then we continue in its place.
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
      throw commandError(host.docker, argv, `container ${container.name} could not be taken over`, renamed)
  }
}

/** Watches another sweeper until it has finished (`false`) or its two minutes are over (`true`). */
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

/**
 * Marks a sweep as given up, so that the next sweeper need not wait. A journal gets its own name back. If the rename fails, the next
 * sweeper waits its two minutes. Returns the present name.
 */
export async function releaseSweep(host: DockerHost, { kind, self, container: { id } }: Claim): Promise<string> {
  const now = await inspectContainer(host.docker, id)
  if (now === null) return id.slice(0, 12)
  const name = kind === 'journal' ? self : releasedSweepName(id, sweepGeneration(now))
  const renamed = await query(host.docker, ['rename', id, name])
  return renamed.ended.kind === 'exit' && renamed.ended.code === 0 ? name : now.name
}
