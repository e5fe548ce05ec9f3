/**
 * Who repairs a claim that was left: one atomic rename, by id to a name made of that id, decides. Of many sweepers that try, one wins.
 * A sweeper may die too: who meets its `marina-sweep-…` gives it two minutes, and goes on in its place by the next name.
 */

import { commandError, isUnanswered } from '../docker/callResult.ts'
import { inspectContainer } from '../docker/containers.ts'
import { type Claim, isReleasedSweep, releasedSweepName, sweepGeneration, sweepName } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { poll, tellWhile } from '../docker/poll.ts'
import { query } from '../docker/process.ts'
import type { DockerHost } from './host.ts'

/** How long a sweeper that was met has to finish, ms. */
const SWEEPER_PATIENCE_MS = 120_000
const POLL_MS = 2_000
/** How often a rename is tried that nobody answers. */
const RENAMES = 5

/**
 * `false` where another sweeper has the container, or it is gone. A rename that nobody answered and that was done may have been ours or
 * another's: whoever has it gets its time, and is followed.
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

/** Watches another's sweep until it is done (`false`), or has had its time (`true`). */
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
 * Says that nobody is at it any more, so that the next sweeper need not wait; where it cannot be said, it waits. A journal gets its own
 * name back. Returns the name it has now.
 */
export async function releaseSweep(host: DockerHost, { kind, self, container: { id } }: Claim): Promise<string> {
  const now = await inspectContainer(host.docker, id)
  if (now === null) return id.slice(0, 12)
  const name = kind === 'journal' ? self : releasedSweepName(id, sweepGeneration(now))
  const renamed = await query(host.docker, ['rename', id, name])
  return renamed.ended.kind === 'exit' && renamed.ended.code === 0 ? name : now.name
}
