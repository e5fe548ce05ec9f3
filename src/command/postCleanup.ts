/** `post`: removes what this step's main phase could not, because it was killed or failed. The runner starts it in every case but its own shutdown. */
import type { Console } from '../action/console/console.ts'
import { thisProcess } from '../claim/processIdentity.ts'
import { sweepJob } from '../claim/sweep.ts'
import { dockerEnvironment } from '../docker/clientEnvironment.ts'
import { openEngine } from '../docker/engine.ts'
import type { Docker } from '../docker/process.ts'
import { count } from '../format.ts'

/** Deadline for each of the first two questions to the engine, ms. If the engine hangs, the job must end soon, and the next run cleans up. */
const ANSWER_MS = 12_000

/**
 * Removes the containers that have the label of `job`, and starts the applications that they list. If `job` is `undefined`, because the
 * main phase saved none (see `saveJob`), docker is not called. Never throws: a problem is printed, and the next run tries again.
 */
export async function post(env: NodeJS.ProcessEnv, console: Console, job: string | undefined): Promise<void> {
  if (job === undefined) {
    await console.info(
      'Nothing to clean up: no backup of this step is known. Should one have begun without being able to say so, the next run on this host cleans up.',
    )
    return
  }
  const docker: Docker = { env: dockerEnvironment(env), redact: (text) => text }
  try {
    const engine = await openEngine(docker, undefined, ANSWER_MS)
    const owner = { repository: '', server: '', runId: '', attempt: 1, job, process: thisProcess() }
    const { found, gone } = await sweepJob(
      {
        docker,
        engine,
        owner,
        runCompleted: async () => null,
        say: (line) => console.info(line),
        reportError: (message) => console.error(message),
        warn: (message) => console.warning(message),
      },
      job,
    )
    await console.info(found === 0 ? 'Nothing was left to clean up.' : `Cleaned up ${count(gone, 'container')}.`)
    if (gone < found)
      await console.info(
        `${count(found - gone, 'container')} stayed: another run cleans up there, or see the warnings. The next run tries again.`,
      )
  } catch (error) {
    await console.warning(
      `What this job may have left was not cleaned up, the next run will: ${(error as Error).message}`,
    )
  }
}
