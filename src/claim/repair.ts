/** Repairs one abandoned claim: ends its backup, undoes its restore, starts its applications, and removes it. */
import type { StartFailure, StartResult } from '../applications/start.ts'
import { inspectContainer, removeContainer } from '../docker/containers.ts'
import { type Claim, imageClaimName, type JournalEntry, parseClaim, type UndoEntry } from '../docker/labels.ts'
import { query } from '../docker/process.ts'
import { asError, sayError } from '../errors.ts'
import { addRun } from '../record/hostRecords.ts'
import { recordOwner } from '../record/recordLabels.ts'
import { acquireSweep, releaseSweep, TakenOverError } from './acquireSweep.ts'
import { finishRestore, NotUndoneError } from './finishRestore.ts'
import type { DockerHost } from './host.ts'
import { keepJournal } from './keepJournal.ts'
import { restartOf, startApplications } from './startApplications.ts'
import { oldDataIn, removeMade, saysStaysStopped, type Undone } from './undoPlace.ts'

/**
 * Takes a claim over, starts what its journal lists, and removes it; `because` says in words why it is abandoned. Applications that are
 * still down are remembered by a journal container, and the next run tries again. Returns `true` if the claim is removed and nothing is
 * left; `false` also if another sweeper has it. Never throws: what goes wrong is reported through `host`.
 */
export async function repairClaim(host: DockerHost, claim: Claim, because: string): Promise<boolean> {
  const entries = restartOf(claim)
  let mayBeDown = entries
  try {
    if (!(await acquireSweep(host, claim.container))) return false
    // a backup container that cannot be removed must not keep applications down
    const unstopped = await stopBackup(host, claim).then(() => null, asError)
    const finished = await finish(host, claim)
    if (finished instanceof Error) {
      mayBeDown = []
      return finished instanceof TakenOverError ? false : await keepTorn(host, claim, { because, torn: finished })
    }
    const { undone, started: starts } = finished
    const { failed, started, warnings } = starts
    const down = entries.filter(({ id }) => failed.some((one) => one.isDown && one.expected.id === id))
    const kept = down.length === 0 ? null : await keepDown(host, claim, { down, unstopped })
    mayBeDown = []
    const what = `${leftBehind(claim, because)}${undone === null ? '' : `; ${undone.words}`}`
    if (undone?.lost) await host.reportError(`${leftBehind(claim, because)}; ${undone.lost}`)
    for (const failure of failed) await host.reportError(`${what}; ${tellOf(failure, kept)}`)
    for (const warning of warnings) await host.warn(`${what}; ${warning}`)
    if (kept !== null) {
      if (undone !== null && !undone.isPlaced) await removeWorthless(host, claim)
      return false
    }
    if (unstopped !== null) throw unstopped
    await rememberDeath(host, claim)
    await removeContainer(host.docker, claim.container.id)
    if (undone !== null && !undone.isPlaced) await removeWorthless(host, claim)
    const up = started.length === 0 ? '' : `, ${started.join(', ')} started again`
    await host.warn(`${what}: cleaned up${up}${lostHooks(claim)}`)
    return true
  } catch (error) {
    const what = `instance ${claim.instance}: what a dead run left could not be cleaned up: ${(error as Error).message}`
    const names = mayBeDown.map((entry) => entry.name).join(', ')
    if (names !== '') await host.reportError(`${what}. ${names} may be down: see docker ps`)
    else await host.warn(what)
    return false
  }
}

/** Starts the applications of a claim, and finishes its restore before, if it is of one. Returns the error if a restore could not be undone. */
async function finish(
  host: DockerHost,
  claim: Claim,
): Promise<{ readonly undone: Undone | null; readonly started: StartResult } | Error> {
  if (claim.kind !== 'helper' || undoOf(claim).length === 0)
    return { undone: null, started: await startApplications(host, claim) }
  return finishRestore(host, claim).catch((error: unknown) => {
    if (error instanceof NotUndoneError || error instanceof TakenOverError) return error
    throw error
  })
}

/**
 * Leaves the claim of a restore whose old data could not be put back to the next run: it alone knows how. Its applications stay stopped,
 * because they would write into half of the data, and the next try would lose what they wrote.
 */
async function keepTorn(
  host: DockerHost,
  claim: Claim,
  { because, torn }: { readonly because: string; readonly torn: Error },
): Promise<false> {
  const kept = await releaseSweep(host, claim)
  const stopped = await stoppedOf(host, claim)
  const givesUp = `docker rm -fv ${kept}${stopped.length === 0 ? '' : `, then docker start ${stopped.join(' ')}`}`
  const where = oldDataIn(undoOf(claim))
  await host.reportError(
    [
      `${leftBehind(claim, because)}; the old data could not be put back: ${torn.message}`,
      ...(where === '' ? [] : [`It is in ${where}`]),
      ...saysStaysStopped(stopped),
      `Every run on this host tries again, such as one that lists the points of a restore. To give the old data up: ${givesUp}`,
    ].join('. '),
  )
  return false
}

/** Returns the names of the applications of a claim that do not run. */
async function stoppedOf(host: DockerHost, claim: Claim): Promise<readonly string[]> {
  const names: string[] = []
  for (const { id, name } of restartOf(claim)) {
    const found = await inspectContainer(host.docker, id).catch(() => null)
    if (found === null || found.state === 'down') names.push(name)
  }
  return names
}

/** Removes the volumes that an undone restore made. */
async function removeWorthless(host: DockerHost, claim: Claim): Promise<void> {
  const left = await removeMade(host.docker, undoOf(claim), claim.owner.job)
  if (left.length > 0)
    await host.warn(
      `instance ${claim.instance}: ${left.join(', ')} of a restore could not be removed, and nothing needs it: docker volume rm ${left.join(' ')}`,
    )
}

function undoOf(claim: Claim): readonly UndoEntry[] {
  return claim.kind === 'helper' ? (claim.undo ?? []) : []
}

/** Adds the dead run to the record of its instance, so that its slot counts as served. What goes wrong is a warning. */
async function rememberDeath({ docker, warn }: DockerHost, { kind, instance, owner, start }: Claim): Promise<void> {
  if (start === undefined || kind === 'journal') return
  await addRun(
    docker,
    { instance, repository: recordOwner(owner) },
    {
      startedAt: new Date(start.at).toISOString(),
      status: 'died',
      isScheduled: start.isScheduled,
      seconds: null,
      bytes: null,
      runId: owner.runId,
      attempt: owner.attempt,
    },
  ).catch((error: unknown) => warn(`instance ${instance}: ${sayError(error)}`))
}

function leftBehind({ kind, instance }: Claim, because: string): string {
  return kind === 'journal'
    ? `instance ${instance}: an application that a run had stopped was not up again`
    : `instance ${instance}: a run was left behind (${because})`
}

/**
 * Makes the sentence for one application, without its log, which may hold secrets. `kept` is the name of the container that remembers those
 * that are down.
 */
function tellOf({ name, error, isDown, id }: StartFailure, kept: string | null): string {
  const said = id === null ? error : `${error} (docker logs ${name} may say why)`
  return isDown ? `${said}. Every run tries again until it is up; to give it up: docker rm -fv ${kept}` : said
}

/**
 * Names the postHooks that may not have run, in words that go on a sentence; empty if there are none. Their texts can hold secrets and
 * stand in no label, so only the user can run them.
 */
function lostHooks(claim: Claim): string {
  if (claim.kind !== 'helper' || claim.hooks.length === 0) return ''
  const names = claim.hooks.join(', ')
  const [are, them] = claim.hooks.length === 1 ? ['it is', 'it'] : ['they are', 'them']
  return `. The postHook in ${names} may not have run: see whether ${are} as the preHook left ${them}, and run it by hand`
}

/** Stops the backup container of the claim if it still runs. One that belongs to a helper is removed too. */
async function stopBackup(host: DockerHost, claim: Claim): Promise<void> {
  if (claim.kind === 'backup') {
    if (claim.container.state !== 'down') await query(host.docker, ['stop', '--time', '10', claim.container.id])
    return
  }
  if (claim.kind !== 'helper') return
  const image = await inspectContainer(host.docker, imageClaimName(claim.instance))
  const of = image === null ? null : parseClaim(image)
  if (image === null || of?.kind !== 'image' || of.helper !== claim.container.id) return
  if (image.state !== 'down') await query(host.docker, ['stop', '--time', '10', image.id])
  await removeContainer(host.docker, image.id)
}

/**
 * Makes a journal for what is down and removes the claim with its data. Returns the name of the container that remembers: the journal, or
 * the claim itself, which stays if no journal could be made, if the claim is a journal of just these, or if the backup container could not
 * be ended (`unstopped` is why).
 */
async function keepDown(
  host: DockerHost,
  claim: Claim,
  { down, unstopped }: { readonly down: readonly JournalEntry[]; readonly unstopped: Error | null },
): Promise<string> {
  const { id, imageId, mounts } = claim.container
  const isSame = claim.kind === 'journal' && down.length === claim.restart.length
  // the staging volume is in use by a backup container that stays, and would outlive its claim
  if (isSame || unstopped !== null) return releaseSweep(host, claim)
  const origin = { instance: claim.instance, owner: claim.owner, deadline: claim.deadline, id, image: imageId, mounts }
  await rememberDeath(host, claim)
  const kept = await keepJournal(host, origin, down).catch(asError)
  if (kept instanceof Error) {
    const name = await releaseSweep(host, claim)
    await host.warn(`instance ${claim.instance}: the data of a run that was left stays in ${name}: ${kept.message}`)
    return name
  }
  await removeContainer(host.docker, id).catch((error: Error) => host.warn(error.message))
  if (claim.kind === 'helper' && claim.hooks.length > 0)
    await host.warn(`instance ${claim.instance}: a run was left behind${lostHooks(claim)}`)
  return kept
}
