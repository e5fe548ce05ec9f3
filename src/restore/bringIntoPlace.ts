/**
 * Brings checked data into new volumes, or into place: then who can write to it is stopped, the old data is kept in volumes of its own, the
 * new one is brought in, dumps are loaded into their servers, and everybody is started again. What fails on the way is undone, here or by
 * whoever finds the helper that remembers it.
 */
import { hostContents, readRunnerTraces } from '../applications/hostState.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { planStops } from '../applications/stopPlan.ts'
import { type HelperContainer, startHelper } from '../claim/helperContainer.ts'
import { keptAt, placedAt, removeMade, restoreLabels } from '../claim/undoPlace.ts'
import { findUnfinishedRestores, saysHalfRestored, type TouchedThing } from '../claim/unfinishedRestores.ts'
import { type FreeSpace, freeSpaceAt, spaceNeeded } from '../copy/freeSpace.ts'
import { listTree } from '../copy/listing.ts'
import { probeTools } from '../copy/tools.ts'
import { placeClaimName, type UndoEntry } from '../docker/labels.ts'
import { asError, InstanceError } from '../errors.ts'
import { bytes, joinSentences } from '../format.ts'
import { claimBase, type LockRequest } from '../instance/containerSpecs.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { helperImages, type LockHelper, stagingVolume } from '../instance/lock.ts'
import { waitForEarlierClaims } from '../instance/otherInstances.ts'
import type { DatabasePlacement } from './placeDatabases.ts'
import type { Placement } from './placements.ts'
import { type Placer, type Progress, RESTORED, replaceWhileStopped, type Stops } from './replaceWhileStopped.ts'

const PROBE_MS = 60_000

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
  /** Called if the helper that brings data into place stays for the next run: then the claim must stay too, whose staging volume it uses. */
  readonly onHelperStays: () => void
}

interface OpenPlacer extends Placer, Pick<HelperContainer, 'id' | 'release' | 'releaseWithout' | 'abandon'> {}

/**
 * Fills the volumes. Throws `InstanceError` or `CancelledError` if not all of them hold the restored data and everybody is up; the message
 * says whether the old data is back. What is still down is in `run.down`.
 */
export async function bringIntoPlace(run: InstanceRun, request: PlaceRequest): Promise<void> {
  const undo = request.placements.map((placement) => placement.undo)
  const stops = await planPlaceStops(run, request)
  const progress: Progress = { data: 'untouched' }
  let placer: OpenPlacer | null = null
  let isDone = false
  try {
    placer = await openPlacer(run, request, { stops, undo })
    run.abort.also(placer.lost, 'the helper died while data was brought into place')
    await waitForEarlierClaims(run, placer.id, {
      restart: stops.journal,
      dumps: request.databases.map(({ source }) => source.container.id),
      replaces: undo.flatMap(({ into, volume }) => (into === 'place' ? [volume] : [])),
    })
    await refuseHalfRestored(run, request)
    await refuseWithoutRoom(run, placer, request.placements)
    await replaceWhileStopped(run, placer, { stops, request, progress })
    isDone = true
  } finally {
    // after a failure the old data may be all that somebody has, whatever keep-old says
    const keepsOld = request.keepsOld || !isDone
    await closePlacer(run, placer, { ...request, keepsOld, undo, data: progress.data })
  }
}

/** Throws `InstanceError` if an earlier restore is not undone where this one would bring data in: its old data would be lost. */
async function refuseHalfRestored(run: InstanceRun, { placements, databases }: PlaceRequest): Promise<void> {
  const restores = await findUnfinishedRestores(run.context.host)
  const servers = [...databases, ...placements.flatMap(({ file }) => file?.database ?? [])]
  const things: readonly TouchedThing[] = [
    ...placements.flatMap(({ volume, undo }) =>
      undo.into === 'dumps' ? [] : [{ kind: 'volume' as const, name: volume }],
    ),
    ...servers.map(({ source: { container } }) => ({ kind: 'db' as const, id: container.id, name: container.name })),
  ]
  const half = things.flatMap((thing) => saysHalfRestored(restores, thing) ?? [])
  if (half.length > 0) throw new InstanceError(joinSentences(half))
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
  { lock, held, placements, databases, label }: PlaceRequest,
  { stops, undo }: { readonly stops: Stops; readonly undo: readonly UndoEntry[] },
): Promise<OpenPlacer> {
  const staged = await stagingVolume(lock, held.id)
  const mount = (source: string, target: string) => ({ type: 'volume' as const, source, target, readonly: false })
  const made = (source: string, target: string) => ({
    ...mount(source, target),
    labels: restoreLabels(label, run.context.host.owner.job),
  })
  const opened = await startHelper(
    run.context.host,
    {
      claim: {
        kind: 'helper',
        self: placeClaimName(run.instance.id),
        ...claimBase(lock),
        restart: stops.journal,
        dumps: databases.map(({ source }) => source.container.id),
        hooks: [],
        undo,
      },
      images: helperImages(lock),
      mounts: [
        { ...mount(staged, RESTORED), readonly: true },
        ...placements.flatMap(({ volume, file, undo: { into, before } }, index) => [
          ...(into === 'place' && file === undefined ? [mount(volume, placedAt(index))] : []),
          ...(file === undefined ? [] : [{ ...file.mounted, target: placedAt(index), readonly: false }]),
          ...(into === 'place' ? [made(before, keptAt(index))] : []),
          ...(into === 'new' ? [made(volume, placedAt(index))] : []),
          ...(into === 'dumps' ? [made(volume, keptAt(index))] : []),
        ]),
      ],
    },
    { lockWaitMs: 0, signal: run.abort.signal, onClaimed: () => {}, say: (line) => run.log.write('marina', line) },
    (exec) => probeTools(exec, PROBE_MS, run.abort.signal),
  )
  if (placements.length > 0) for (const warning of opened.tools.warnings) await run.report.warn(warning)
  return { ...opened.helper, tools: opened.tools }
}

/** The room on one disk, and what all volumes of a restore take there. */
interface Room {
  readonly free: number
  need: number
  readonly volumes: Set<string>
}

/** Throws `InstanceError` if a disk has no room for the old and the new data. Nothing is stopped or changed before. */
async function refuseWithoutRoom(run: InstanceRun, placer: Placer, placements: readonly Placement[]): Promise<void> {
  const { instance, abort } = run
  const limits = { deadlineMs: instance.timeoutMs, signal: abort.signal }
  const rooms = new Map<string, Room>()
  const sizeOf = async (volume: string, root: string, paths: readonly string[], block: number) => {
    const listing = await listTree(placer, root, { what: `volume ${volume}`, paths, live: true, ...limits })
    return spaceNeeded(listing, block, placer.tools).bytes
  }
  const take = (volume: string, { device, bytes: free }: FreeSpace, need: number) => {
    const room = rooms.get(device) ?? { free, need: 0, volumes: new Set() }
    room.need += need
    room.volumes.add(volume)
    rooms.set(device, room)
  }
  for (const [index, { from, paths, volume, undo, file }] of placements.entries()) {
    if (undo.into === 'dumps') continue // nobody knows their size before they are made
    const room = await freeSpaceAt(placer, placedAt(index), limits.deadlineMs, limits.signal)
    const copies = file?.files.copies ?? 1
    const fresh = copies * (await sizeOf(volume, `${RESTORED}/${from}`, paths, room.block))
    if (undo.into === 'new') {
      take(volume, room, fresh)
      continue
    }
    // with paths, the rest of the volume stays
    const replaced = paths.length > 0 ? 0 : await sizeOf(volume, placedAt(index), [], room.block)
    take(volume, room, Math.max(0, fresh - replaced))
    // the old data is kept in full before the new data takes its place
    const keptRoom = await freeSpaceAt(placer, keptAt(index), limits.deadlineMs, limits.signal)
    take(volume, keptRoom, await sizeOf(volume, placedAt(index), [], keptRoom.block))
  }
  for (const { free, need, volumes } of rooms.values())
    if (need > free)
      throw new InstanceError(
        `no room to restore ${volumes.size === 1 ? 'volume' : 'volumes'} ${[...volumes].join(', ')}: the new data, and the old data beside it, take ${bytes(need)} more, and the disk has ${bytes(free)} free. Free space on the Docker host`,
      )
}

/**
 * Removes the helper, and the volumes that are worth nothing now. If the old data is not back, the helper stays, because it alone knows what
 * to undo. What cannot be removed is a warning: it must not hide how the restore ended.
 */
async function closePlacer(
  run: InstanceRun,
  placer: OpenPlacer | null,
  {
    undo,
    data,
    keepsOld,
    onHelperStays,
  }: Pick<PlaceRequest, 'keepsOld' | 'onHelperStays'> & Readonly<Progress> & { readonly undo: readonly UndoEntry[] },
): Promise<void> {
  if (placer !== null) {
    if (data === 'torn') {
      onHelperStays()
      return placer.abandon()
    }
    try {
      await (run.down.length === 0 ? placer.release() : placer.releaseWithout(run.down))
      run.down = []
    } catch (error) {
      onHelperStays()
      placer.abandon()
      return run.report.warn(`the helper of the restore stays, and the next run removes it: ${asError(error).message}`)
    }
  }
  const { docker, owner } = run.context.host
  const worthless = data === 'placed' ? (keepsOld ? [] : undo.filter(({ into }) => into !== 'new')) : undo
  const left = await removeMade(docker, worthless, owner.job)
  if (left.length > 0)
    await run.report.warn(
      `${left.join(', ')} could not be removed, and nothing needs it: docker volume rm ${left.join(' ')}`,
    )
}
