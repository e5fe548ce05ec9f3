/**
 * Copies volumes into the staging volume: first, one after the other, those whose applications go on; then, group by group, those whose
 * applications are stopped: preHook → first pass → stop → second pass → start → wait until up → postHook.
 */

import { hookContainer } from '../applications/hooks.ts'
import type { StartFailure } from '../applications/start.ts'
import type { StopGroup } from '../applications/stopPlan.ts'
import { type WorkWhileStopped, whileStopped } from '../applications/whileStopped.ts'
import { listingFile, volumeDirectory } from '../container/layout.ts'
import { VANISHED } from '../container/mountedVolumes.ts'
import type { CopyRequest, CopyResult } from '../copy/copyVolume.ts'
import type { Docker } from '../docker/process.ts'
import { ApplicationDownError, asError, CancelledError, InstanceError } from '../errors.ts'
import { joinSentences, withoutEnd } from '../format.ts'
import type { BegunCopy, CopyingStrategy, UnconfirmedCopy } from '../staging/stagingContract.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun, isExpected } from './instanceRun.ts'
import { type LockHelper, sourcePath } from './lock.ts'
import { listingEntry, volumeEntry } from './manifestEntries.ts'
import type { InstanceStops } from './planStops.ts'
import { type HookPlace, postHook, preHook } from './targetHooks.ts'

/** A volume that is to be copied, with its strategy. */
export interface CopySource {
  readonly source: VolumeSource
  readonly strategy: CopyingStrategy
}

/** State of the copy of one volume. */
type Progress =
  | { readonly kind: 'waiting' }
  /** Everything that can be done before the stop is done. */
  | { readonly kind: 'begun'; readonly copy: BegunCopy }
  /** The copy shows the moment of the stop; it has not been compared with its source yet. */
  | { readonly kind: 'unconfirmed'; readonly staging: CopyingStrategy['name']; readonly confirm: UnconfirmedCopy }
  | { readonly kind: 'copied'; readonly staging: CopyingStrategy['name']; readonly result: CopyResult }
  | { readonly kind: 'failed'; readonly error: Error }

type At<Kind extends Progress['kind']> = Extract<Progress, { kind: Kind }>

/** One volume while it is being copied: its source, its hooks' container (`place`), the state of the copy, and reasons to doubt it. */
interface Member extends CopySource {
  readonly request: CopyRequest
  readonly place: HookPlace | null
  readonly began: number
  hookBegun: boolean
  progress: Progress
  /** Reasons why the copy may be torn although it is complete, one sentence each. */
  torn: readonly string[]
}

/** The things that all copies of an instance share. */
export interface CopySurroundings {
  readonly run: InstanceRun
  readonly helper: LockHelper
  readonly stops: InstanceStops
  /** Names of volumes that were removed before they could be mounted. */
  readonly vanished: readonly string[]
}

const REMOVE_MS = 600_000

/**
 * Copies every source. A failure is recorded, and concerns its target alone; a failure of a stop concerns all targets of its group. Thrown
 * are: an application that does not come up again, a failed copy that cannot be removed, a cancel, the deadline, errors of the runner's
 * operating system, and our bugs.
 */
export async function copyVolumes(on: CopySurroundings, sources: readonly CopySource[]): Promise<void> {
  const members = sources.map((source) => memberOf(on, source))
  const { groups } = on.stops
  const groupOf = (member: Member) => groups.find((group) => group.targets.includes(member.source.volume.name))
  for (const member of members.filter((one) => !groupOf(one)))
    await copyTogether(on, [member], () => step(on, member, 'waiting', () => copyLive(on, member)))
  for (const group of groups) {
    const together = members.filter((one) => groupOf(one) === group)
    await copyTogether(on, together, () => copyStopped(on, group, together))
  }
}

function memberOf({ run, stops, vanished }: CopySurroundings, { source, strategy }: CopySource): Member {
  const { target, volume } = source
  const isGone = vanished.includes(volume.name)
  return {
    source,
    strategy,
    request: {
      name: volume.name,
      source: sourcePath(volume.name),
      destination: volumeDirectory(run.layout, volume.name),
      paths: target.paths,
      exclude: target.exclude,
      allowEmpty: target.allowEmpty,
      list: { file: listingFile(run.layout, volume.name), contents: target.verify === 'content' },
      onProgress: (line) => void run.log.write('marina', line),
      deadlineMs: run.instance.timeoutMs,
      signal: run.abort.signal,
    },
    place: hookContainer(volume.name, stops.containers, stops.self),
    began: Date.now(),
    hookBegun: false,
    progress: isGone
      ? { kind: 'failed', error: new InstanceError(`volume ${volume.name} ${VANISHED}`) }
      : { kind: 'waiting' },
    torn: [],
  }
}

/**
 * Does `copy` for one volume, or for a group that is stopped together: preHooks before it, postHooks after it even if it throws. If it did
 * not throw, what failed members left is removed, and each member is reported.
 */
async function copyTogether(
  on: CopySurroundings,
  members: readonly Member[],
  copy: () => Promise<void>,
): Promise<void> {
  try {
    for (const member of members) {
      await step(on, member, 'waiting', async (waiting) => {
        member.hookBegun = member.source.target.preHook !== null
        await preHook(on.run, member.source.target, member.place)
        return waiting
      })
    }
    await copy()
  } finally {
    await closeHooks(on, members)
  }
  await removeFailed(on, members)
  for (const member of members) await report(on, member)
}

const unfailed = (members: readonly Member[]) => members.filter(({ progress }) => progress.kind !== 'failed')

/**
 * Does `work` for a member whose state is `from`, and stores the new state. Does nothing for a member in another state. A failure concerns
 * this member alone; a cancel, the deadline, errors of the runner's operating system and our bugs are thrown on.
 */
async function step<Kind extends Progress['kind']>(
  { run }: CopySurroundings,
  member: Member,
  from: Kind,
  work: (progress: At<Kind>) => Promise<Progress>,
): Promise<void> {
  if (member.progress.kind !== from) return
  try {
    member.progress = await work(member.progress as At<Kind>)
  } catch (error) {
    if (run.abort.signal.aborted || error instanceof CancelledError || !isExpected(error)) throw error
    fail(member, asError(error))
  }
}

/** Records the failure of a member. Only the first one of a member counts. */
function fail(member: Member, error: Error): void {
  if (member.progress.kind !== 'failed') member.progress = { kind: 'failed', error }
}

async function copyLive({ helper }: CopySurroundings, { request, strategy }: Member): Promise<Progress> {
  return { kind: 'copied', staging: strategy.name, result: await strategy.copyLive(helper, request) }
}

async function copyStopped(on: CopySurroundings, group: StopGroup, members: readonly Member[]): Promise<void> {
  for (const member of members) await step(on, member, 'waiting', () => beforeStop(on, member))
  const left = unfailed(members)
  if (left.length === 0) return
  const stopped = await stopAround(on, group, left)
  for (const member of left) member.torn = stopped.torn
  for (const warning of stopped.warnings) await on.run.report.warn(warning)
  refuseDown(on.run.context.host.docker, stopped, members)
  if (stopped.outcome.kind === 'failed') {
    const { error } = stopped.outcome
    if (on.run.abort.signal.aborted || !isExpected(error)) throw error
    for (const member of left) fail(member, error)
    return
  }
  const { disturbed } = stopped.outcome
  if (disturbed.length > 0)
    for (const member of left)
      fail(
        member,
        new InstanceError(`volume ${member.request.name} was not copied at rest: ${joinSentences(disturbed)}`),
      )
  for (const member of left)
    await step(on, member, 'unconfirmed', async ({ staging, confirm }) => ({
      kind: 'copied',
      staging,
      result: await confirm(),
    }))
}

async function beforeStop({ run, helper }: CopySurroundings, { request, strategy }: Member): Promise<Progress> {
  const copy = await strategy.beforeStop(helper, request)
  if (copy.note !== null) await run.log.write('marina', copy.note)
  return { kind: 'begun', copy }
}

/** Stops the applications of these members, brings their copies up to the moment of the stop, and starts the applications again. */
async function stopAround(
  on: CopySurroundings,
  group: StopGroup,
  members: readonly Member[],
): Promise<WorkWhileStopped<void>> {
  const { run, stops } = on
  const entries = group.start.flatMap((wave, index) => wave.map((one) => ({ ...one, wave: index })))
  // until it is known that all are up again
  run.down = entries
  run.report.notUp(entries.map(({ name }) => name))
  const stopped = await whileStopped(
    run.context.host.docker,
    // what only a failed volume needs goes on
    { ...group, targets: members.map((member) => member.request.name) },
    {
      self: stops.self,
      until: run.abort.until,
      say: (line) => run.log.write('marina', line),
      onLogLine: (line) => run.log.write('out', `${line}\n`),
      signal: run.abort.signal,
    },
    async () => {
      for (const member of members)
        await step(on, member, 'begun', async ({ copy }) => ({
          kind: 'unconfirmed',
          staging: copy.staging,
          confirm: await copy.whileStopped(),
        }))
    },
  )
  run.down = entries.filter(({ id }) => stopped.notUp.some((one) => one.isDown && one.expected.id === id))
  run.report.notUp(
    stopped.notUp.map(({ expected }) => expected.name),
    stopped.notUp.filter(({ isUnhealthy }) => isUnhealthy).map(({ expected }) => expected.name),
  )
  if (stopped.downtimeMs !== null) run.report.downtime(stopped.downtimeMs / 1000)
  return stopped
}

/**
 * Throws if an application did not come up again: that fails the instance, even if its copies are good. What else went wrong meanwhile stands
 * behind it, since it may be the cause.
 */
export function refuseDown(
  docker: Docker,
  { notUp, outcome }: WorkWhileStopped<void>,
  members: readonly Pick<Member, 'progress'>[],
): void {
  if (notUp.length === 0) return
  const down = notUp.map((one) => `${one.error}${saidLast(docker, one)}`)
  const failed = members.flatMap(({ progress }) => (progress.kind === 'failed' ? [progress.error.message] : []))
  const others = outcome.kind === 'failed' ? [outcome.error.message] : outcome.disturbed
  throw new ApplicationDownError(joinSentences([...new Set([...down, ...failed, ...others])]))
}

/** Quotes the end of an application's log, as the end of a sentence; empty without one. */
function saidLast(docker: Docker, { log }: StartFailure): string {
  if (log.length === 0) return ''
  const said = `; it said last: ${withoutEnd(log.slice(-3).join(' | '))}`
  docker.quotes?.(said, '')
  return said
}

/** Runs the postHook of every member whose preHook was begun, or that has no preHook. A failure of one does not keep the others from running. */
async function closeHooks({ run }: CopySurroundings, members: readonly Member[]): Promise<void> {
  for (const member of members) {
    const { target } = member.source
    if (!member.hookBegun && (target.preHook !== null || target.postHook === null)) continue
    await postHook(run, target, member.place).catch((error: unknown) => fail(member, asError(error)))
  }
}

/** Removes what was staged of failed targets, so that it cannot pass for a backup. After a cancel or the deadline it leaves that to the release. */
async function removeFailed({ run, helper }: CopySurroundings, members: readonly Member[]): Promise<void> {
  if (run.abort.signal.aborted) return
  for (const { progress, request } of members) {
    if (progress.kind !== 'failed') continue
    const args = [request.destination, ...(request.list ? [request.list.file] : [])]
    const removed = await helper.exec({ script: 'rm -rf -- "$@"', args, deadlineMs: REMOVE_MS })
    if (removed.code !== 0)
      throw new InstanceError(
        `what was staged of volume ${request.name}, which failed (${progress.error.message}), could not be removed`,
      )
  }
}

async function report({ run }: CopySurroundings, member: Member): Promise<void> {
  const { source, progress } = member
  const seconds = (Date.now() - member.began) / 1000
  if (progress.kind !== 'copied') {
    const error = progress.kind === 'failed' ? progress.error.message : `volume ${source.volume.name} was not copied`
    return failTarget(run, source.target, { error, seconds })
  }
  const { files, bytes, listing } = progress.result
  const warnings = [...progress.result.warnings, ...member.torn]
  const how = { staging: progress.staging, files, bytes, warnings }
  run.report.staged(source.target, { ...how, seconds })
  for (const warning of warnings) await run.log.write('marina', `warning: volume ${source.volume.name}: ${warning}`)
  run.staged.push(volumeEntry(source, { ...how, live: false, listing: listing && listingEntry(listing, run.layout) }))
}
