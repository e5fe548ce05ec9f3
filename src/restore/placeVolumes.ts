/**
 * Brings checked data into volumes: into new ones, or into place. Into place: who can write to them is stopped, the old data is kept in a
 * volume of its own, the new one is brought in, and everybody is started again. What fails on the way is undone, here or by whoever finds
 * the helper that remembers it.
 */
import { hostContents, readRunnerTraces } from '../applications/hostState.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { planStops, type StopGroup } from '../applications/stopPlan.ts'
import { type WorkWhileStopped, whileStopped } from '../applications/whileStopped.ts'
import { type HelperContainer, startHelper } from '../claim/helperContainer.ts'
import { keptAt, makeVolume, placedAt, putBack, readState, removeMade, writeState } from '../claim/undoPlace.ts'
import type { CopyHelper, CopyTools } from '../copy/copyHelper.ts'
import { copyVolume } from '../copy/copyVolume.ts'
import { freeSpaceAt, spaceNeeded } from '../copy/freeSpace.ts'
import { listTree } from '../copy/listing.ts'
import { replaceTree } from '../copy/replaceTree.ts'
import { probeTools } from '../copy/tools.ts'
import type { MountSpec } from '../docker/args.ts'
import { type JournalEntry, placeClaimName, type UndoEntry } from '../docker/labels.ts'
import { asError, InstanceError } from '../errors.ts'
import { bytes, joinSentences } from '../format.ts'
import { claimBase, type LockRequest } from '../instance/containerSpecs.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { helperImages, type LockHelper, stagingVolume } from '../instance/lock.ts'
import { waitForEarlierClaims } from '../instance/otherInstances.ts'
import type { RestoredTarget } from '../outcome.ts'
import type { Placement } from './placements.ts'

const PROBE_MS = 60_000
/** Where the restored tree is mounted in the helper that brings it in. */
const RESTORED = '/marina/restored'

export interface PlaceRequest {
  readonly lock: LockRequest
  /** The helper that holds the claim, with the restored tree at `/backup`. */
  readonly held: LockHelper
  readonly placements: readonly Placement[]
  /** Names the point in the labels of the volumes that are made. */
  readonly label: string
  readonly keepsOld: boolean
}

/** The containers that are stopped for a restore into place. */
interface Stops {
  readonly groups: readonly StopGroup[]
  readonly self: readonly string[]
  readonly journal: readonly JournalEntry[]
}

interface Placer extends CopyHelper, Pick<HelperContainer, 'id' | 'lost' | 'release' | 'releaseWithout' | 'abandon'> {
  readonly tools: CopyTools
}

/**
 * Fills the volumes. Throws `InstanceError` or `CancelledError` if not all of them hold the restored data and everybody is up; the message
 * says whether the old data is back. What is still down is in `run.down`.
 */
export async function placeVolumes(run: InstanceRun, request: PlaceRequest): Promise<readonly RestoredTarget[]> {
  const { docker } = run.context.host
  const undo = request.placements.map((placement) => placement.undo)
  const stops = await planPlaceStops(run, request.placements)
  for (const { into, volume, before } of undo) await makeVolume(docker, into === 'new' ? volume : before, request.label)
  let isPlaced = false
  let placer: Placer | null = null
  try {
    placer = await openPlacer(run, request, { stops, undo })
    run.abort.also(placer.lost, 'the helper died while data was brought into place')
    await waitForEarlierClaims(run, placer.id, { restart: stops.journal, dumps: [], hooks: [] })
    await refuseWithoutRoom(run, placer, request.placements)
    await replaceWhileStopped(run, placer, { stops, placements: request.placements })
    isPlaced = true
  } finally {
    await closePlacer(run, placer, { undo, isPlaced, keepsOld: request.keepsOld })
  }
  return request.placements.map(({ target, volume, undo: { before } }) => ({
    kind: 'volume',
    name: target.name,
    to: volume,
    kept: before === '' || !request.keepsOld ? null : before,
  }))
}

/** Plans who is stopped for the volumes that are replaced. Throws `InstanceError` if somebody cannot be. */
async function planPlaceStops(run: InstanceRun, placements: readonly Placement[]): Promise<Stops> {
  const names = placements.flatMap(({ undo }) => (undo.into === 'place' ? [undo.volume] : []))
  if (names.length === 0) return { groups: [], self: [], journal: [] }
  const { docker } = run.context.host
  const [host, traces] = await Promise.all([
    hostContents(docker, names, run.report.warnOnce, { signal: run.abort.signal }),
    readRunnerTraces(),
  ])
  const self = runnerContainers(traces, host.containers)
  const volumes = host.hostVolumes.filter(({ name }) => names.includes(name))
  const plan = planStops({ ...host, volumes, self })
  if (plan.refused.length > 0) throw new InstanceError(joinSentences(plan.refused.map(({ error }) => error)))
  for (const { target, message } of plan.warnings) await run.report.warn(`volume ${target}: ${message}`)
  const journal = plan.groups.flatMap((group) =>
    group.start.flatMap((wave, index) => wave.map((one) => ({ ...one, wave: index }))),
  )
  return { groups: plan.groups, self, journal }
}

async function openPlacer(
  run: InstanceRun,
  { lock, held, placements }: PlaceRequest,
  { stops, undo }: { readonly stops: Stops; readonly undo: readonly UndoEntry[] },
): Promise<Placer> {
  const staged = await stagingVolume(lock, held.id)
  const mount = (source: string, target: string, readonly = false): MountSpec => ({
    type: 'volume',
    source,
    target,
    readonly,
  })
  const opened = await startHelper(
    run.context.host,
    {
      claim: {
        kind: 'helper',
        self: placeClaimName(run.instance.id),
        ...claimBase(lock),
        restart: stops.journal,
        dumps: [],
        hooks: [],
        undo,
      },
      images: helperImages(lock),
      mounts: [
        mount(staged, RESTORED, true),
        ...placements.flatMap(({ volume, undo: { into, before } }, index) => [
          mount(volume, placedAt(index)),
          ...(into === 'place' ? [mount(before, keptAt(index))] : []),
        ]),
      ],
    },
    { lockWaitMs: 0, signal: run.abort.signal, onClaimed: () => {}, say: (line) => run.log.write('marina', line) },
    (exec) => probeTools(exec, PROBE_MS, run.abort.signal),
  )
  return { ...opened.helper, tools: opened.tools }
}

/** Throws `InstanceError` if the disk has no room for the old and the new data. Nothing is stopped or changed before. */
async function refuseWithoutRoom(run: InstanceRun, placer: Placer, placements: readonly Placement[]): Promise<void> {
  const { instance, abort } = run
  const limits = { deadlineMs: instance.timeoutMs, signal: abort.signal }
  for (const [index, { target, volume, undo }] of placements.entries()) {
    const list = (root: string) =>
      listTree(placer, root, { what: `volume ${volume}`, paths: [], live: true, ...limits })
    const room = await freeSpaceAt(placer, placedAt(index), limits.deadlineMs, limits.signal)
    const fresh = spaceNeeded(await list(`${RESTORED}/${target.path}`), room.block, placer.tools).bytes
    const old = undo.into === 'new' ? 0 : spaceNeeded(await list(placedAt(index)), room.block, placer.tools).bytes
    // the old data is kept in full before the new data takes its place
    const need = old + Math.max(0, fresh - old)
    if (need > room.bytes)
      throw new InstanceError(
        `no room to restore volume ${volume}: it takes ${bytes(fresh)}${old === 0 ? '' : `, beside the ${bytes(old)} that are kept`}, and its disk has ${bytes(room.bytes)} free. Free space on the Docker host`,
      )
  }
}

/** Keeps the old data, and brings in the new one. After an error nothing is changed, or the state in the helper says what is. */
async function bringIn(run: InstanceRun, placer: Placer, placements: readonly Placement[]): Promise<void> {
  const limits = { deadlineMs: run.instance.timeoutMs, signal: run.abort.signal }
  for (const [index, { volume, undo }] of placements.entries()) {
    if (undo.into === 'new') continue
    await run.log.write('marina', `keeping the old data of ${volume} in ${undo.before}`)
    await copyVolume(placer, {
      name: volume,
      source: placedAt(index),
      destination: keptAt(index),
      paths: [],
      exclude: [],
      allowEmpty: true,
      live: false,
      ...limits,
    })
  }
  await writeState(placer.exec, 'changing')
  for (const [index, { target, volume }] of placements.entries()) {
    await run.log.write('marina', `bringing the restored data into ${volume}`)
    await replaceTree(placer, {
      name: volume,
      source: `${RESTORED}/${target.path}`,
      destination: placedAt(index),
      paths: target.paths,
      ...limits,
    })
  }
  await writeState(placer.exec, 'placed')
}

async function replaceWhileStopped(
  run: InstanceRun,
  placer: Placer,
  { stops, placements }: { readonly stops: Stops; readonly placements: readonly Placement[] },
): Promise<void> {
  const undo = placements.map((placement) => placement.undo)
  const began = Date.now()
  const stopped = await stopAll(run, stops, async () => {
    try {
      await bringIn(run, placer, placements)
    } catch (error) {
      throw await undoneAfter(placer, undo, asError(error))
    }
  })
  if (stops.groups.length > 0) run.report.downtime((Date.now() - began) / 1000)
  const wrong = [...stopped.disturbed, ...stopped.notUp.map(({ error }) => error)]
  if (stopped.error !== null) {
    if (wrong.length === 0) throw stopped.error
    throw new InstanceError(joinSentences([stopped.error.message, ...wrong]))
  }
  if (wrong.length === 0) return
  const why = joinSentences(wrong)
  await run.log.write('marina', `${why}; putting the old data back`)
  await writeState(placer.exec, 'changing')
  const again = await stopAll(run, stops, () => putBack(placer, undo))
  if (again.error !== null)
    throw new InstanceError(`${why}; and the old data could not be put back: ${again.error.message}`)
  const rest =
    again.notUp.length === 0 ? 'with it everything is up again' : joinSentences(again.notUp.map(({ error }) => error))
  throw new InstanceError(`with the restored data, ${why}. The old data was put back, and ${rest}`)
}

/** Puts the old data back, if it was being changed. Returns the error to throw. */
async function undoneAfter(placer: Placer, undo: readonly UndoEntry[], error: Error): Promise<Error> {
  try {
    await putBack(placer, undo)
  } catch (second) {
    return new InstanceError(
      `${error.message}; and the old data could not be put back: ${asError(second).message}. The next run on this host tries again`,
    )
  }
  return error instanceof InstanceError ? new InstanceError(`${error.message}. The old data is in place again`) : error
}

interface Stopped {
  readonly error: Error | null
  readonly notUp: WorkWhileStopped<void>['notUp']
  /** One sentence for each container that may have written meanwhile. */
  readonly disturbed: readonly string[]
}

/** Does `work` while all groups are stopped, one within the other. */
async function stopAll(run: InstanceRun, stops: Stops, work: () => Promise<void>): Promise<Stopped> {
  const entries = stops.journal
  run.down = entries
  run.report.notUp(entries.map(({ name }) => name))
  const notUp: Stopped['notUp'][number][] = []
  const disturbed: string[] = []
  const within = async (groups: readonly StopGroup[]): Promise<void> => {
    const [first, ...rest] = groups
    if (first === undefined) return work()
    const stopped = await whileStopped(
      run.context.host.docker,
      first,
      {
        self: stops.self,
        until: run.abort.until,
        say: (line) => run.log.write('marina', line),
        onLogLine: (line) => run.log.write('out', `${line}\n`),
        signal: run.abort.signal,
      },
      () => within(rest),
    )
    for (const warning of [...stopped.torn, ...stopped.warnings]) await run.report.warn(warning)
    notUp.push(...stopped.notUp)
    if (stopped.outcome.kind === 'failed') throw stopped.outcome.error
    disturbed.push(...stopped.outcome.disturbed)
  }
  const error = await within(stops.groups).then(() => null, asError)
  run.down = entries.filter(({ id }) => notUp.some((one) => one.isDown && one.expected.id === id))
  run.report.notUp(
    notUp.map(({ expected }) => expected.name),
    notUp.filter(({ isUnhealthy }) => isUnhealthy).map(({ expected }) => expected.name),
  )
  return { error, notUp, disturbed }
}

/** Removes the helper, and the volumes that are worth nothing now. Where the old data is not back, the helper stays: it is the only one who knows. */
async function closePlacer(
  run: InstanceRun,
  placer: Placer | null,
  {
    undo,
    isPlaced,
    keepsOld,
  }: { readonly undo: readonly UndoEntry[]; readonly isPlaced: boolean; readonly keepsOld: boolean },
): Promise<void> {
  const { docker } = run.context.host
  if (placer !== null) {
    const state = isPlaced ? 'placed' : await readState(placer.exec).catch(() => 'changing' as const)
    const isSettled = isPlaced || state === 'begun' || state === 'kept'
    if (!isSettled) return placer.abandon()
    await (run.down.length === 0 ? placer.release() : placer.releaseWithout(run.down))
    run.down = []
  }
  await removeMade(docker, undo, isPlaced)
  if (isPlaced && !keepsOld)
    await removeMade(
      docker,
      undo.filter(({ into }) => into === 'place'),
      false,
    )
}
