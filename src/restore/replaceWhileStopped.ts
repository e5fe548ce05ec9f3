/**
 * Replaces data while everybody who can write to it is stopped: the old data is kept, the new one is brought in, and everybody is started
 * again. What fails on the way is undone here, or by the next run that finds the helper, which remembers it.
 */
import { type StartFailure, startAll } from '../applications/start.ts'
import type { StopGroup, ToStart } from '../applications/stopPlan.ts'
import { type WorkWhileStopped, whileStopped } from '../applications/whileStopped.ts'
import { checkOwnerOf, TakenOverError } from '../claim/acquireSweep.ts'
import type { HelperContainer } from '../claim/helperContainer.ts'
import { stopWriters } from '../claim/stopWriters.ts'
import {
  type KeptDump,
  keptAt,
  oldDataIn,
  placedAt,
  putBackPatiently,
  saysStaysStopped,
  writeChanged,
  writeChanging,
  writeDumps,
  writeLost,
  writeState,
} from '../claim/undoPlace.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { copyVolume } from '../copy/copyVolume.ts'
import { replaceTree } from '../copy/replaceTree.ts'
import { type JournalEntry, placeClaimName, type UndoEntry } from '../docker/labels.ts'
import { asError, InstanceError, RestoreFailedError } from '../errors.ts'
import { joinSentences } from '../format.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { type DatabasePlacement, dumpOld, loadNew, loadOld } from './placeDatabases.ts'
import type { Placement } from './placements.ts'
import { bringFile, type FilePlacement, saveOld, whyNotRead } from './serverFiles.ts'

/** The mount point of the restored tree in the helper that brings it in. */
export const RESTORED = '/marina/restored'
/** Time to stop and start everybody once more to put the old data back, ms. It counts although the time of the instance may be over. */
const AGAIN_MS = 15 * 60_000

/** The helper that brings data into place. */
export type Placer = CopyHelper & Pick<HelperContainer, 'id' | 'lost'>

/** The containers that are stopped for a restore into place. */
export interface Stops {
  readonly groups: readonly StopGroup[]
  readonly self: readonly string[]
  readonly journal: readonly JournalEntry[]
}

/**
 * The fate of the data so far. `untouched`: nothing was changed. `undone`: the old data is back. `torn`: it is neither the old nor
 * the new. `placed`: all of it is new.
 */
export interface Progress {
  data: 'untouched' | 'torn' | 'undone' | 'placed'
}

interface Replacing {
  readonly stops: Stops
  readonly request: {
    readonly placements: readonly Placement[]
    readonly databases: readonly DatabasePlacement[]
    readonly keepsOld: boolean
  }
  readonly progress: Progress
}

/** Replaces the data. Throws `RestoreFailedError` if not all of it is new with everybody up. */
export async function replaceWhileStopped(run: InstanceRun, placer: Placer, replacing: Replacing): Promise<void> {
  const { stops, request, progress } = replacing
  let kept: readonly KeptDump[] = []
  /** The containers of the servers that were changed: only these get their old dump back. */
  const touched = new Set<string>()
  const onBegin = async (container: string) => {
    if (touched.has(container)) return
    touched.add(container)
    await writeDumps(placer.exec, changedOf(kept, touched))
    const server = request.databases.find(({ source }) => source.container.id === container)
    const isKept = kept.some((dump) => dump.container === container)
    if (server !== undefined && !isKept) await writeLost(placer.exec, server.source.container.name)
  }
  const files = request.placements.flatMap(({ file }) => file ?? [])
  await saveFiles(run, files, request.keepsOld)
  const began = Date.now()
  const stopped = await stopAll(run, { stops, progress }, async () => {
    kept = await keepOld(run, placer, request)
    await writeChanging(placer.exec)
    progress.data = 'torn'
    try {
      await bringNew(run, placer, { ...request, onBegin })
    } catch (error) {
      const fate = await undone(run, placer, { ...replacing, kept, touched })
      throw new RestoreFailedError(asError(error), fate)
    }
    progress.data = 'placed'
  })
  if (stops.groups.length > 0) run.report.downtime((Date.now() - began) / 1000)
  const wrong = [...stopped.disturbed, ...stopped.notUp.map(({ error }) => error)]
  const { error } = stopped
  if (error === null && wrong.length === 0)
    for (const file of files) {
      const why = await whyNotRead(run, file).catch((cancel: unknown) => {
        throw new RestoreFailedError(asError(cancel), ALL_NEW)
      })
      if (why !== null) wrong.push(why)
    }
  if (error instanceof RestoreFailedError)
    throw new RestoreFailedError(error.cause, joinSentences([error.fate, ...wrong]))
  if (error !== null && progress.data !== 'placed')
    throw new RestoreFailedError(error, joinSentences(['Nothing was changed', ...wrong]))
  if (wrong.length > 0) await giveBack(run, placer, { ...replacing, kept, touched, why: joinSentences(wrong) })
  // a run that finds the helper need not see again whether they come up; without a helper there is nothing to find
  if (error === null) await writeState(placer.exec, 'up').catch(() => {})
  if (error !== null) throw new RestoreFailedError(error, ALL_NEW)
}

/** Puts the old data back because something is wrong with the new one, as `why` says. Always throws. */
async function giveBack(
  run: InstanceRun,
  placer: Placer,
  { why, ...undoing }: Undoing & { readonly why: string },
): Promise<never> {
  const { stops, request, progress } = undoing
  const cause = new InstanceError(`with the restored data, ${why}`)
  await run.log.write('marina', `${why}; putting the old data back`)
  noteDown(run, stops.journal)
  let fate: string
  try {
    const undo = request.placements.map((placement) => placement.undo)
    await stopWriters(run.context.host.docker, stops.journal, undo)
    // without this mark the next run would take a half of the old data for the new
    await writeState(placer.exec, 'changing')
    progress.data = 'torn'
    fate = await undone(run, placer, undoing)
  } catch (error) {
    const old = oldDataIn(request.placements.map((placement) => placement.undo))
    const where = old === '' ? '' : `. The old data is in ${old}`
    fate = `${ALL_NEW}: the old data could not be put back, because ${asError(error).message}${where}`
  }
  // half of the data is nothing to work with
  if (isTorn(progress)) throw new RestoreFailedError(cause, fate)
  const notUp = await startAgain(run, stops).catch((error: unknown) => [asError(error).message])
  const rest = notUp.length === 0 ? 'Everything is up again' : joinSentences(notUp)
  throw new RestoreFailedError(cause, `${fate}. ${rest}`)
}

/** Tells whether the data is neither the old nor the new. Nobody may be started with it. */
function isTorn({ data }: Progress): boolean {
  return data === 'torn'
}

/** Starts everybody who was stopped for the restore, also one that has ended since. Returns a sentence for each that is not up. */
async function startAgain(run: InstanceRun, { groups, journal }: Stops): Promise<readonly string[]> {
  // the groups were stopped one within the other
  const waves = groups.toReversed().flatMap(({ start }) => start)
  const { failed, warnings } = await startAll(run.context.host.docker, waves, {
    until: Date.now() + AGAIN_MS,
    say: (line) => run.log.write('marina', line),
  })
  for (const warning of warnings) await run.report.warn(warning)
  for (const { name, log } of failed) for (const line of log) await run.log.write('out', `${name}: ${line}\n`)
  noteUp(run, journal, failed)
  return failed.map(({ error }) => error)
}

const ALL_NEW = 'The restored data is in place'
const TRIED_AGAIN = 'Every run on this host tries again, such as one that lists the points (an empty point)'

/**
 * Keeps the old data of volumes and servers. Nothing is changed by it, and everybody is stopped, so that nothing is lost that was written
 * until then. Returns the dumps.
 */
async function keepOld(
  run: InstanceRun,
  placer: Placer,
  { placements, databases, keepsOld }: Replacing['request'],
): Promise<readonly KeptDump[]> {
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
      canLeaveOut: false,
      live: false,
      ...limits(run),
    })
  }
  if (databases.length === 0) return []
  const directory = keptAt(placements.findIndex(({ undo }) => undo.into === 'dumps'))
  try {
    return await dumpOld(run, placer, { databases, directory })
  } catch (error) {
    if (!(error instanceof InstanceError)) throw error
    if (keepsOld)
      throw new InstanceError(
        `what is there now could not be kept: ${error.message}. To restore without a way back, set keep-old: false`,
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

/** Brings the new data in. At its end the state in the helper says that all of it is new. */
async function bringNew(
  run: InstanceRun,
  placer: Placer,
  {
    placements,
    databases,
    onBegin,
  }: Pick<Replacing['request'], 'placements' | 'databases'> & {
    readonly onBegin: (container: string) => Promise<void>
  },
): Promise<void> {
  for (const [index, { from, paths, volume, undo, file }] of placements.entries()) {
    if (undo.into === 'dumps') continue
    await run.log.write('marina', `bringing the restored data into ${volume}`)
    await writeChanged(placer.exec, index)
    if (file !== undefined) {
      await bringFile(placer, file, { index, restored: RESTORED, ...limits(run) })
      continue
    }
    await replaceTree(placer, {
      name: volume,
      source: `${RESTORED}/${from}`,
      destination: placedAt(index),
      paths,
      ...limits(run),
    })
  }
  await loadNew(run, placer, { databases, restored: RESTORED, onBegin })
  await writeState(placer.exec, 'placed')
}

function limits({ instance, abort }: InstanceRun) {
  return { deadlineMs: instance.timeoutMs, signal: abort.signal }
}

interface Undoing extends Replacing {
  readonly kept: readonly KeptDump[]
  /** Ids of the containers whose servers were changed. */
  readonly touched: ReadonlySet<string>
}

function changedOf(kept: readonly KeptDump[], touched: ReadonlySet<string>): readonly KeptDump[] {
  return kept.filter(({ container }) => touched.has(container))
}

/** Puts the old data back, and says in a sentence what has become of it. Never throws. */
async function undone(
  run: InstanceRun,
  placer: Placer,
  { stops, request: { placements, databases }, progress, kept, touched }: Undoing,
): Promise<string> {
  const undo = placements.map((placement) => placement.undo)
  const dumps = changedOf(kept, touched)
  const lost = databases.filter(
    ({ source: { container } }) => touched.has(container.id) && kept.every((one) => one.container !== container.id),
  )
  const self = placeClaimName(run.instance.id)
  try {
    // the last step of the change may have written that all of it is new
    await writeState(placer.exec, 'changing')
    await putBackPatiently(
      placer,
      {
        undo,
        dumps,
        checkOwner: checkOwnerOf(run.context.host.docker, placer.id, (name) => name === self),
        loadBack: (dump) => loadOld(run, placer, { databases, dump }),
      },
      {
        isHopeless: (error) => placer.lost.aborted || error instanceof TakenOverError,
        say: (line) => run.log.write('marina', line),
      },
    )
    progress.data = 'undone'
    return saysUndone(undo, kept, lost)
  } catch (error) {
    const where = oldDataIn(undo)
    return [
      `The old data could not be put back: ${asError(error).message}`,
      ...(where === '' ? [] : [`It is in ${where}`]),
      ...saysStaysStopped(stops.journal.map(({ name }) => name)),
      TRIED_AGAIN,
    ].join('. ')
  }
}

function saysUndone(undo: readonly UndoEntry[], kept: readonly KeptDump[], lost: readonly DatabasePlacement[]): string {
  if (undo.every(({ into }) => into === 'new')) return 'Nothing was changed'
  const hadOld = kept.some(({ isMissing }) => isMissing !== true) || undo.some(({ into }) => into === 'place')
  const what = hadOld
    ? 'The old data is in place again'
    : 'There was no old data to put back; what the restore had made is gone again'
  if (lost.length === 0) return what
  return `${what}, but not in ${lost.map(({ source }) => source.container.name).join(', ')}: what was there could not be kept, and a part of the backup may be in it`
}

interface Stopped {
  readonly error: Error | null
  readonly notUp: WorkWhileStopped<void>['notUp']
  /** One sentence for each container that may have written meanwhile. */
  readonly disturbed: readonly string[]
}

/** Records that all of these may be down. */
function noteDown(run: InstanceRun, entries: readonly JournalEntry[]): void {
  run.down = entries
  run.report.notUp(entries.map(({ name }) => name))
}

/** Records which of these are not up again, after all were started. */
function noteUp(run: InstanceRun, entries: readonly JournalEntry[], notUp: Stopped['notUp']): void {
  run.down = entries.filter(({ id }) => notUp.some((one) => one.isDown && one.expected.id === id))
  run.report.notUp(
    notUp.map(({ expected }) => expected.name),
    notUp.filter(({ isUnhealthy }) => isUnhealthy).map(({ expected }) => expected.name),
  )
}

function mayBeDown(expected: ToStart, { message }: Error): StartFailure {
  const error = `whether container "${expected.name}" is up again is not known: ${message}`
  return { expected, name: expected.name, id: null, error, isDown: true, isUnhealthy: false, log: [] }
}

/** Does `work` while all groups are stopped, one within the other. */
async function stopAll(
  run: InstanceRun,
  { stops, progress }: Pick<Replacing, 'stops' | 'progress'>,
  work: () => Promise<void>,
): Promise<Stopped> {
  noteDown(run, stops.journal)
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
        signal: run.abort.signal,
        say: (line) => run.log.write('marina', line),
        onLogLine: (line) => run.log.write('out', `${line}\n`),
        mayStart: () => !isTorn(progress),
      },
      () => within(rest),
    ).catch((error: unknown) => {
      // nobody knows whether they are up: the journal must go on to list them
      notUp.push(...first.start.flat().map((expected) => mayBeDown(expected, asError(error))))
      throw error
    })
    for (const warning of [...stopped.torn, ...stopped.warnings]) await run.report.warn(warning)
    notUp.push(...stopped.notUp)
    if (stopped.outcome.kind === 'failed') throw stopped.outcome.error
    disturbed.push(...stopped.outcome.disturbed)
  }
  const error = await within(stops.groups).then(() => null, asError)
  if (!isTorn(progress)) noteUp(run, stops.journal, notUp)
  return { error, notUp, disturbed }
}
