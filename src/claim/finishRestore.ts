/**
 * Finishes a restore into place whose run died, and starts its applications. They start with the restored data if all of it is in place, and
 * with the old data otherwise. They do not start with half of either.
 */
import type { StartFailure, StartResult } from '../applications/start.ts'
import { inspectContainer } from '../docker/containers.ts'
import type { HelperClaim, JournalEntry } from '../docker/labels.ts'
import { asError, InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import { holdSweep, TakenOverError } from './acquireSweep.ts'
import { type DockerHost, engineNow } from './host.ts'
import { restartOf, startApplications } from './startApplications.ts'
import { stopWriters } from './stopWriters.ts'
import {
  execIn,
  giveUpPlaced,
  hasKeptDumps,
  type LeftPlacer,
  stateWrittenAt,
  type UndoNeeds,
  type Undone,
  undoPlace,
} from './undoPlace.ts'

/** Longest work of applications with restored data, ms, that is given up for the old data if one of them does not come up. */
const LONGEST_TRIAL_MS = 3_600_000

/** The old data of a restore could not be put back, and its applications were not started. */
export class NotUndoneError extends InstanceError {}

export interface FinishedRestore {
  readonly undone: Undone
  readonly started: StartResult
}

/**
 * Undoes the restore, or lets the restored data stay; then starts the applications. If one does not come up with the restored data, the old
 * data is put back, unless another one has worked with the restored data for so long that this would lose its work. Throws `NotUndoneError`
 * if the old data could not be put back: then nobody was started. Throws `TakenOverError` if another run finishes it.
 */
export function finishRestore(host: DockerHost, claim: HelperClaim): Promise<FinishedRestore> {
  const undo = claim.undo ?? []
  const left = { docker: host.docker, container: claim.container.id, undo }
  return holdSweep(host, claim.container.id, async (checkOwner) => {
    const needs: UndoNeeds = {
      stopWriters: () => stopWriters(host.docker, restartOf(claim), undo),
      loadBack: (helper, dump) => host.loadBack(helper, dump, claim),
      checkOwner,
      isHopeless: (error) => error instanceof TakenOverError,
      say: host.say,
    }
    const undone = await undoPlace(left, needs).catch(asNotUndone)
    await checkOwner()
    if (!undone.isPlaced || undone.isUp) return { undone, started: await startApplications(host, claim) }
    return tryRestored(host, claim, { left, needs, undone })
  })
}

interface Trial {
  readonly left: LeftPlacer
  readonly needs: UndoNeeds
  readonly undone: Undone
}

/** Starts the applications with the restored data, which no run has seen them come up with. */
async function tryRestored(
  host: DockerHost,
  claim: HelperClaim,
  { left, needs, undone }: Trial,
): Promise<FinishedRestore> {
  const keeper = await whyItStays(host, claim, left)
  const started = await startApplications(host, claim)
  const unfit = started.failed.filter(isUnfit)
  if (unfit.length === 0) return { undone, started }
  const stays = (why: string) => ({ undone: { ...undone, words: `${undone.words}; it stays there, ${why}` }, started })
  if (keeper !== null) return stays(keeper)
  const why = joinSentences(unfit.map(({ error }) => error))
  await host.say(`instance ${claim.instance}: with the restored data, ${why}; putting the old data back`)
  let isChanging = false
  try {
    const back = await giveUpPlaced(left, { ...needs, onChange: () => (isChanging = true) })
    return {
      undone: { ...back, words: `with the restored data, ${why}; ${back.words}` },
      started: await startApplications(host, claim),
    }
  } catch (error) {
    if (isChanging || error instanceof TakenOverError) return asNotUndone(asError(error))
    const again = stays(`since the old data could not be put back: ${asError(error).message}`)
    return { ...again, started: await startApplications(host, claim) }
  }
}

/** Throws the error as a `NotUndoneError`, unless another run has taken over. */
function asNotUndone(error: Error): never {
  throw error instanceof TakenOverError ? error : new NotUndoneError(error.message, { cause: error })
}

/** Tells whether a container is there, and does not come up. One that somebody removed says nothing of the data. */
function isUnfit({ isDown, isUnhealthy }: StartFailure): boolean {
  return isDown || isUnhealthy
}

/** Says why the restored data must stay, whoever comes up; `null` if it may be given up. */
async function whyItStays(host: DockerHost, claim: HelperClaim, left: LeftPlacer): Promise<string | null> {
  if (left.undo.every(({ into }) => into === 'new')) return 'since there was no data before'
  if (!(await hasKeptDumps(left, claim.dumps))) return 'since what its databases held before was not kept'
  const placedAt = await stateWrittenAt(execIn(left))
  for (const entry of restartOf(claim)) {
    const last = await lastWorkOf(host, entry, placedAt)
    if (last === null || last - placedAt <= LONGEST_TRIAL_MS) continue
    return `since ${entry.name} has worked with it for more than an hour`
  }
  return null
}

/** Returns until when a container worked with data that was placed at that time, ms since 1970; `null` if it did not. */
async function lastWorkOf(host: DockerHost, { id, name }: JournalEntry, placedAt: number): Promise<number | null> {
  const found = (await inspectContainer(host.docker, id)) ?? (await inspectContainer(host.docker, name))
  if (found === null) return null
  if (found.state === 'down') return Date.parse(found.finishedAt) > placedAt ? Date.parse(found.finishedAt) : null
  return engineNow(host)
}
