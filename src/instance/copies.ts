/**
 * Copies into the staging volume: live ones one after the other; then, group by group, those whose applications are stopped:
 * preHook → first pass → stop → second pass → start → wait until up → postHook.
 */

import { hookContainer } from '../applications/hooks.ts'
import type { StopGroup } from '../applications/stopPlan.ts'
import { whileStopped } from '../applications/whileStopped.ts'
import { VANISHED } from '../container/create.ts'
import { volumeDirectory } from '../container/layout.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { type CopyRequest, type CopyResult, copyVolume, survey } from '../copy/copyVolume.ts'
import {
  confirmPasses,
  type FirstPass,
  firstPass,
  type SecondPass,
  secondPass,
  singlePass,
  supportsTwoPasses,
} from '../copy/twoPassCopy.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { VolumeSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun, isExpected } from './instanceRun.ts'
import { sourcePath } from './lock.ts'
import { volumeEntry } from './manifestEntries.ts'
import type { InstanceStops } from './planStops.ts'
import { type HookPlace, postHook, preHook } from './targetHooks.ts'

/** One volume on its way. */
interface Member {
  readonly source: VolumeSource
  readonly request: CopyRequest
  readonly place: HookPlace | null
  readonly began: number
  hookBegun: boolean
  error: Error | null
  firstPass: FirstPass | null
  lastPass: SecondPass | null
  /** Why what was staged may be torn, though it is whole. */
  torn: readonly string[]
  copied: CopyResult | null
}

/** What is known of the host around the copies. */
export interface CopySurroundings {
  readonly quiet: InstanceStops
  /** Volumes that were removed before they could be mounted. */
  readonly vanished: readonly string[]
}

/** For an application whose own stop time-out is for ever, ms. */
const ENDLESS_STOP_MS = 15 * 60_000
/** For all of a group to come up again, ms. */
const START_DEADLINE_MS = 15 * 60_000

/** Copies every source. Each failure is its target's own, except an application that does not come up again: that throws. */
export async function copyVolumes(
  run: InstanceRun,
  helper: CopyHelper,
  sources: readonly VolumeSource[],
  { quiet, vanished }: CopySurroundings,
): Promise<void> {
  const members = sources.map((source, index): Member => {
    const place = hookContainer(source.volume.name, quiet.containers, quiet.self)
    return {
      source,
      request: requestOf(run, source, index),
      place,
      began: Date.now(),
      hookBegun: false,
      error: vanished.includes(source.volume.name)
        ? new InstanceError(`volume ${source.volume.name} ${VANISHED}`)
        : null,
      firstPass: null,
      lastPass: null,
      torn: [],
      copied: null,
    }
  })
  const groupOf = (member: Member) => quiet.groups.find((group) => group.targets.includes(member.source.volume.name))
  for (const member of members.filter((one) => !groupOf(one))) await copyGroup(run, helper, null, [member], quiet)
  for (const group of quiet.groups)
    await copyGroup(
      run,
      helper,
      group,
      members.filter((one) => groupOf(one) === group),
      quiet,
    )
}

function requestOf(run: InstanceRun, source: VolumeSource, index: number): CopyRequest {
  return {
    name: source.volume.name,
    source: sourcePath(index),
    destination: volumeDirectory(run.layout, source.volume.name),
    paths: source.target.paths,
    exclude: source.target.exclude,
    allowEmpty: source.target.allowEmpty,
    onProgress: (line) => void run.log.write('marina', line),
    deadlineMs: run.instance.timeoutMs,
    signal: run.stop.signal,
  }
}

/** `group` is `null` for a volume whose applications go on. */
async function copyGroup(
  run: InstanceRun,
  helper: CopyHelper,
  group: StopGroup | null,
  members: readonly Member[],
  quiet: InstanceStops,
): Promise<void> {
  try {
    for (const member of members) {
      await attempt(run, member, async () => {
        member.hookBegun = member.source.target.preHook !== null
        await preHook(run, member.source.target, member.place)
      })
    }
    if (group === null) for (const member of members) await attempt(run, member, () => copyLive(helper, member))
    else await copyStopped(run, helper, group, members, quiet)
  } finally {
    await closeHooks(run, members)
  }
  await removeFailed(run, helper, members)
  for (const member of members) await settle(run, member)
}

const unfailed = (members: readonly Member[]) => members.filter((member) => member.error === null)

/** Keeps a member's failure for itself. What belongs to the whole instance is thrown on. */
async function attempt(run: InstanceRun, member: Member, work: () => Promise<void>): Promise<void> {
  if (member.error !== null) return
  try {
    await work()
  } catch (error) {
    if (run.stop.signal.aborted || error instanceof CancelledError || !isExpected(error)) throw error
    member.error = error as Error
  }
}

async function copyStopped(
  run: InstanceRun,
  helper: CopyHelper,
  group: StopGroup,
  members: readonly Member[],
  quiet: InstanceStops,
): Promise<void> {
  for (const member of members) await attempt(run, member, () => passWhileRunning(run, helper, member))
  if (unfailed(members).length === 0) return
  const names = group.start.flat().map((one) => one.name)
  if (names.length > 0) await run.log.write('marina', `stopping ${names.join(', ')}`)
  const { docker } = run.context.host
  const options = {
    self: quiet.self,
    endlessStopMs: ENDLESS_STOP_MS,
    startDeadlineMs: START_DEADLINE_MS,
    signal: run.stop.signal,
  }
  // until it is known that all are up again
  run.applicationsDown = names.length > 0
  const done = await whileStopped(docker, group, options, async () => {
    for (const member of members) await attempt(run, member, () => lastPass(helper, member))
  })
  run.applicationsDown = done.notUp.length > 0
  if (done.downtimeMs !== null) {
    run.report.downtime(done.downtimeMs / 1000)
    await run.log.write('marina', `${names.join(', ')} up again, after ${(done.downtimeMs / 1000).toFixed(1)} s`)
  }
  for (const member of members) member.torn = done.torn
  for (const warning of done.warnings) await run.report.warn(warning)
  if (done.notUp.length > 0) {
    for (const one of done.notUp) for (const line of one.log) await run.log.write('marina', `${one.name}: ${line}`)
    throw new InstanceError(
      done.notUp
        .map((one) => `${one.error}${one.log.length === 0 ? '' : `; it said last: ${one.log.slice(-3).join(' | ')}`}`)
        .join('; '),
    )
  }
  if (done.outcome.kind === 'failed') {
    if (run.stop.signal.aborted || !isExpected(done.outcome.error)) throw done.outcome.error
    for (const member of members) member.error ??= done.outcome.error
    return
  }
  const disturbed = done.outcome.disturbed
  if (disturbed.length > 0)
    for (const member of members)
      member.error ??= new InstanceError(
        `volume ${member.source.volume.name} was not copied at rest: ${disturbed.join('; ')}`,
      )
  for (const member of members) await attempt(run, member, () => confirm(helper, member))
}

async function copyLive(helper: CopyHelper, member: Member): Promise<void> {
  member.copied = await copyVolume(helper, { ...member.request, live: true })
}

async function passWhileRunning(run: InstanceRun, helper: CopyHelper, member: Member): Promise<void> {
  if (member.source.staging.kind === 'presync') {
    const can = await supportsTwoPasses(helper, member.request)
    if (can.ok) {
      member.firstPass = await firstPass(helper, member.request)
      return
    }
    await run.log.write(
      'marina',
      `volume ${member.source.volume.name} is copied in one pass, while its applications are stopped: ${can.why}`,
    )
  }
  // one that is empty or has no room is known before anything is stopped
  await survey(helper, member.request)
}

async function lastPass(helper: CopyHelper, member: Member): Promise<void> {
  member.lastPass = member.firstPass
    ? await secondPass(helper, member.request, member.firstPass)
    : await singlePass(helper, member.request)
}

async function confirm(helper: CopyHelper, member: Member): Promise<void> {
  if (member.lastPass) member.copied = await confirmPasses(helper, member.request, member.lastPass)
}

/** The postHooks of all whose preHook was begun, or that have none; nothing that goes wrong with one keeps another from its own. */
async function closeHooks(run: InstanceRun, members: readonly Member[]): Promise<void> {
  for (const member of members) {
    const { target } = member.source
    if (!member.hookBegun && (target.preHook !== null || target.postHook === null)) continue
    await postHook(run, target, member.place).catch((error: Error) => {
      member.error ??= error
    })
  }
}

/** A target that failed is not left half staged. */
async function removeFailed(run: InstanceRun, helper: CopyHelper, members: readonly Member[]): Promise<void> {
  if (run.stop.signal.aborted) return
  for (const { error, request } of members) {
    if (error === null) continue
    const removed = await helper.exec({ script: 'rm -rf -- "$1"', args: [request.destination], deadlineMs: 600_000 })
    if (removed.code !== 0)
      throw new InstanceError(
        `what was staged of volume ${request.name}, which failed (${error.message}), could not be removed`,
      )
  }
}

async function settle(run: InstanceRun, member: Member): Promise<void> {
  const { source, copied, error } = member
  const seconds = (Date.now() - member.began) / 1000
  if (error !== null || copied === null) {
    run.report.target(source.target, { seconds })
    return failTarget(run, source.target, error?.message ?? `volume ${source.volume.name} was not copied`)
  }
  const staging = member.firstPass ? 'presync' : 'copy'
  const { files, bytes } = copied
  const warnings = [...copied.warnings, ...member.torn]
  run.report.target(source.target, { status: 'staged', staging, files, bytes, warnings, seconds })
  for (const warning of warnings) await run.log.write('marina', `warning: volume ${source.volume.name}: ${warning}`)
  run.staged.push(volumeEntry(source, { staging, files, bytes, warnings }))
}
