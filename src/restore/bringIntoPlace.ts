/**
 * Brings checked data into new volumes, or into place: then who can write to it is stopped, the old data is kept in volumes of its own, the
 * new one is brought in, dumps are loaded into their servers, and everybody is started again. What fails on the way is undone, here or by
 * whoever finds the helper that remembers it.
 */
import { hostContents, readRunnerTraces } from '../applications/hostState.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { planStops, type StopGroup } from '../applications/stopPlan.ts'
import { type WorkWhileStopped, whileStopped } from '../applications/whileStopped.ts'
import { type HelperContainer, startHelper } from '../claim/helperContainer.ts'
import {
  type KeptDump,
  keptAt,
  makeVolume,
  placedAt,
  putBack,
  readState,
  removeMade,
  writeDumps,
  writeState,
} from '../claim/undoPlace.ts'
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
import { type DatabasePlacement, dumpOld, loadNew, loadOld } from './placeDatabases.ts'
import type { Placement } from './placements.ts'
import { bringFile, type FilePlacement, saveOld, whyNotRead } from './serverFiles.ts'

const PROBE_MS = 60_000
/** Where the restored tree is mounted in the helper that brings it in. */
const RESTORED = '/marina/restored'

export interface PlaceRequest {
  readonly lock: LockRequest
  /** The helper that holds the claim, with the restored tree at `/backup`. */
  readonly held: LockHelper
  readonly placements: readonly Placement[]
  /** The databases to load into their servers; none with `into: new`. */
  readonly databases: readonly DatabasePlacement[]
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
export async function bringIntoPlace(run: InstanceRun, request: PlaceRequest): Promise<void> {
  const { docker } = run.context.host
  const undo = request.placements.map((placement) => placement.undo)
  const stops = await planPlaceStops(run, request)
  for (const { into, volume, before } of undo)
    await makeVolume(docker, into === 'place' ? before : volume, request.label)
  let isPlaced = false
  let placer: Placer | null = null
  try {
    placer = await openPlacer(run, request, { stops, undo })
    run.abort.also(placer.lost, 'the helper died while data was brought into place')
    await waitForEarlierClaims(run, placer.id, { restart: stops.journal, dumps: [], hooks: [] })
    await refuseWithoutRoom(run, placer, request.placements)
    await replaceWhileStopped(run, placer, { stops, request })
    isPlaced = true
  } finally {
    await closePlacer(run, placer, { undo, isPlaced, keepsOld: request.keepsOld })
  }
}

/** Plans who is stopped for the volumes that are replaced. Throws `InstanceError` if somebody cannot be. */
async function planPlaceStops(run: InstanceRun, { placements, databases }: PlaceRequest): Promise<Stops> {
  const names = placements.flatMap(({ undo }) => (undo.into === 'place' ? [undo.volume] : []))
  if (names.length + databases.length === 0) return { groups: [], self: [], journal: [] }
  const { docker } = run.context.host
  const [host, traces] = await Promise.all([
    hostContents(docker, names, run.report.warnOnce, { signal: run.abort.signal }),
    readRunnerTraces(),
  ])
  const self = runnerContainers(traces, host.containers)
  const volumes = host.hostVolumes.filter(({ name }) => names.includes(name))
  const servers = host.containers.filter(({ id }) => databases.some(({ source }) => source.container.id === id))
  const plan = planStops({ ...host, volumes, servers, self })
  const stopped = new Set(plan.groups.flatMap(({ stop }) => stop.flat().map(({ container }) => container.id)))
  const torn = servers.find(({ id }) => stopped.has(id))
  if (torn !== undefined)
    throw new InstanceError(
      `the backup holds a dump of ${torn.name} and a volume that it writes to, and only one of the two can come into place: name the one in targets`,
    )
  const untouched = placements.find(({ file }) => file !== undefined && !stopped.has(file.database.source.container.id))
  if (untouched?.file !== undefined && plan.refused.length === 0)
    throw new InstanceError(
      `${untouched.file.database.source.name} has its file in ${untouched.volume} and is not among those that are stopped for it: it runs no more, or cannot write there`,
    )
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
        ...placements.flatMap(({ volume, file, undo: { into, before } }, index) => [
          file === undefined
            ? mount(volume, into === 'dumps' ? keptAt(index) : placedAt(index))
            : { ...file.mounted, target: placedAt(index), readonly: false },
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
  for (const [index, { from, paths, volume, undo, file }] of placements.entries()) {
    if (undo.into === 'dumps') continue // nobody knows their size before they are made
    const list = (root: string, only: readonly string[]) =>
      listTree(placer, root, { what: `volume ${volume}`, paths: only, live: true, ...limits })
    const room = await freeSpaceAt(placer, placedAt(index), limits.deadlineMs, limits.signal)
    const copies = file?.files.copies ?? 1
    const fresh = copies * spaceNeeded(await list(`${RESTORED}/${from}`, paths), room.block, placer.tools).bytes
    const old = undo.into === 'new' ? 0 : spaceNeeded(await list(placedAt(index), []), room.block, placer.tools).bytes
    // the old data is kept in full before the new data takes its place
    const need = old + Math.max(0, fresh - old)
    if (need > room.bytes)
      throw new InstanceError(
        `no room to restore volume ${volume}: it takes ${bytes(fresh)}${old === 0 ? '' : `, beside the ${bytes(old)} that are kept`}, and its disk has ${bytes(room.bytes)} free. Free space on the Docker host`,
      )
  }
}

/** Copies the old data of volumes aside. Changes nothing of theirs. */
async function keepVolumes(
  run: InstanceRun,
  placer: Placer,
  { placements }: Pick<PlaceRequest, 'placements'>,
): Promise<void> {
  for (const [index, { volume, undo }] of placements.entries()) {
    if (undo.into !== 'place') continue
    await run.log.write('marina', `keeping the old data of ${volume} in ${undo.before}`)
    await copyVolume(placer, {
      name: volume,
      source: placedAt(index),
      destination: keptAt(index),
      paths: [],
      exclude: [],
      allowEmpty: true,
      live: false,
      deadlineMs: run.instance.timeoutMs,
      signal: run.abort.signal,
    })
  }
  await writeState(placer.exec, 'changing')
}

/** Brings the restored data into the volumes and servers. After an error some of it may be there. */
async function bringIn(
  run: InstanceRun,
  placer: Placer,
  { placements, databases }: Pick<PlaceRequest, 'placements' | 'databases'>,
): Promise<void> {
  const limits = { deadlineMs: run.instance.timeoutMs, signal: run.abort.signal }
  for (const [index, { from, paths, volume, undo, file }] of placements.entries()) {
    if (undo.into === 'dumps') continue
    await run.log.write('marina', `bringing the restored data into ${volume}`)
    if (file !== undefined) {
      await bringFile(placer, file, { index, restored: RESTORED, ...limits })
      continue
    }
    await replaceTree(placer, {
      name: volume,
      source: `${RESTORED}/${from}`,
      destination: placedAt(index),
      paths,
      ...limits,
    })
  }
  await loadNew(run, placer, { databases, restored: RESTORED })
  await writeState(placer.exec, 'placed')
}

async function replaceWhileStopped(
  run: InstanceRun,
  placer: Placer,
  { stops, request }: { readonly stops: Stops; readonly request: PlaceRequest },
): Promise<void> {
  const { placements, databases } = request
  const undo = placements.map((placement) => placement.undo)
  const directory = keptAt(undo.findIndex(({ into }) => into === 'dumps'))
  const kept = await keepDumps(run, placer, { request, directory })
  const files = placements.flatMap(({ file }) => file ?? [])
  await saveFiles(run, files, request.keepsOld)
  const hadOld = kept.length > 0 || undo.some(({ into }) => into === 'place')
  const undoAll = () => putBack(placer, undo, () => loadOld(run, placer, { databases, kept }))
  const began = Date.now()
  const stopped = await stopAll(run, stops, async () => {
    // until here nothing was changed, so nothing is put back: what was kept may be a part
    await keepVolumes(run, placer, request)
    try {
      await bringIn(run, placer, request)
    } catch (error) {
      throw await undoneAfter(undoAll, asError(error), hadOld)
    }
  })
  if (stops.groups.length > 0) run.report.downtime((Date.now() - began) / 1000)
  const wrong = [...stopped.disturbed, ...stopped.notUp.map(({ error }) => error)]
  if (stopped.error === null && wrong.length === 0)
    for (const file of files) {
      const why = await whyNotRead(run, file)
      if (why !== null) wrong.push(why)
    }
  if (stopped.error !== null) {
    if (wrong.length === 0) throw stopped.error
    throw new InstanceError(joinSentences([stopped.error.message, ...wrong]))
  }
  if (wrong.length === 0) return
  const why = joinSentences(wrong)
  await run.log.write('marina', `${why}; putting the old data back`)
  await writeState(placer.exec, 'changing')
  // who ended because of the new data is to be started with the old one
  const again = await stopAll(run, stops, undoAll, true)
  if (again.error !== null)
    throw new InstanceError(`${why}; and the old data could not be put back: ${again.error.message}`)
  const rest =
    again.notUp.length === 0 ? 'with it everything is up again' : joinSentences(again.notUp.map(({ error }) => error))
  throw new InstanceError(`with the restored data, ${why}. The old data was put back, and ${rest}`)
}

/**
 * Dumps what the servers hold now, while everybody still works with them, and writes down in the helper what is to be loaded back. A server
 * that cannot be dumped ends the restore, unless the old data is not to be kept.
 */
async function keepDumps(
  run: InstanceRun,
  placer: Placer,
  { request, directory }: { readonly request: PlaceRequest; readonly directory: string },
): Promise<readonly KeptDump[]> {
  const { databases, keepsOld } = request
  if (databases.length === 0) return []
  try {
    const kept = await dumpOld(run, placer, { databases, directory })
    await writeDumps(placer.exec, kept)
    return kept
  } catch (error) {
    if (!(error instanceof InstanceError)) throw error
    if (keepsOld)
      throw new InstanceError(
        `what is there now could not be kept: ${error.message}. Nothing was changed. To restore without a way back, set keep-old: false`,
      )
    await run.report.warn(`what was there could not be kept, and there is no way back: ${error.message}`)
    return []
  }
}

/** Lets servers whose files are replaced write down what they hold. One that does not ends the restore, unless the old data is not to be kept. */
async function saveFiles(run: InstanceRun, files: readonly FilePlacement[], keepsOld: boolean): Promise<void> {
  for (const file of files) {
    try {
      await saveOld(run, file)
    } catch (error) {
      if (!(error instanceof InstanceError) || keepsOld) throw error
      await run.report.warn(`what was there could not be kept, and there is no way back: ${error.message}`)
    }
  }
}

/** Puts the old data back after it was changed. Returns the error to throw. */
async function undoneAfter(undoAll: () => Promise<void>, error: Error, hadOld: boolean): Promise<Error> {
  try {
    await undoAll()
  } catch (second) {
    return new InstanceError(
      `${error.message}; and the old data could not be put back: ${asError(second).message}. The next run on this host tries again`,
    )
  }
  return error instanceof InstanceError && hadOld
    ? new InstanceError(`${error.message}. The old data is in place again`)
    : error
}

interface Stopped {
  readonly error: Error | null
  readonly notUp: WorkWhileStopped<void>['notUp']
  /** One sentence for each container that may have written meanwhile. */
  readonly disturbed: readonly string[]
}

/** Does `work` while all groups are stopped, one within the other. */
async function stopAll(
  run: InstanceRun,
  stops: Stops,
  work: () => Promise<void>,
  startsEnded = false,
): Promise<Stopped> {
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
        startsEnded,
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

/** Removes the helper, and the volumes that nobody needs any more. If the volumes may be half restored, the helper and all volumes stay. */
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
      undo.filter(({ into }) => into !== 'new'),
      false,
    )
}
