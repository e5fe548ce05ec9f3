/**
 * Keeps in the restore's helper how far a restore into place is. Puts the old data of its volumes and databases back, in this process or a
 * later one: a file in the helper's own layer says how far it is, its labels what to undo.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { freeSpaceAt, spaceNeeded } from '../copy/freeSpace.ts'
import { listTree } from '../copy/listing.ts'
import { replaceTree } from '../copy/replaceTree.ts'
import { probeTools } from '../copy/tools.ts'
import { succeeded } from '../docker/callResult.ts'
import { execTruthfully } from '../docker/exec.ts'
import { RESTORE_LABEL, type UndoEntry } from '../docker/labels.ts'
import { type Docker, query } from '../docker/process.ts'
import { queryWithRetry } from '../docker/retry.ts'
import { inspectVolumes } from '../docker/volumes.ts'
import { asError, InstanceError } from '../errors.ts'
import { bytes, joinSentences } from '../format.ts'

/** A dump of what a server held before a restore, in the restore's helper. */
export interface KeptDump {
  /** Id of the server's container. */
  readonly container: string
  readonly name: string
  readonly kind: string
  /** True if the login to the server stood in the configuration, which a later run may not have. */
  readonly hasOwnLogin: boolean
  /** Path in the helper; of a database that was not there, only a name for the journal. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly database: string | null
  /** True for a database that was not there: what a load made of it is dropped. */
  readonly isMissing?: boolean
}

/**
 * The progress of a restore. `begun`: nothing is changed. `changing`: data is being changed. `undone`: the old data is back. `placed`: all of
 * it is new. `up`: the applications have come up with it, too.
 */
export type PlaceState = 'begun' | (typeof STATES)[number]
const STATES = ['changing', 'undone', 'placed', 'up'] as const

const FILE = '/.marina-place'
/** The list of the kept dumps, JSON. */
const DUMPS = '/.marina-dumps'
/** Deadline of one step, ms: bringing millions of files back takes time. */
const UNDO_MS = 12 * 3_600_000
const LOOK_MS = 60_000
/** Longest time until gigabytes that were copied are on a slow disk, ms. */
const SYNC_MS = 3_600_000

export const placedAt = (index: number) => `/marina/to/${index}`
export const keptAt = (index: number) => `/marina/before/${index}`

type Exec = CopyHelper['exec']

/**
 * Writes how far the restore is, and waits until that is on the disk. All that was copied until then is on the disk before: after a power cut
 * the state must not say more than the volumes hold.
 */
export async function writeState(exec: Exec, state: PlaceState): Promise<void> {
  const written = await exec({
    script: `printf '%s' "$1" >${FILE}.new && sync && mv ${FILE}.new ${FILE} && sync`,
    args: [state],
    deadlineMs: SYNC_MS,
  })
  if (written.code !== 0) throw new InstanceError('the journal of the restore could not be written in its helper')
}

/** Writes which dumps are to be loaded back, before a server is changed. */
export async function writeDumps(exec: Exec, dumps: readonly KeptDump[]): Promise<void> {
  const input = async function* () {
    yield Buffer.from(JSON.stringify(dumps))
  }
  const script = `cat >${DUMPS}.new && sync && mv ${DUMPS}.new ${DUMPS} && sync`
  const written = await exec({ script, input: input(), deadlineMs: SYNC_MS })
  if (written.code !== 0) throw new InstanceError('the list of the old dumps could not be written in the helper')
}

async function readDumps(exec: Exec): Promise<readonly KeptDump[]> {
  const chunks: Buffer[] = []
  const read = await exec({
    script: `[ ! -e ${DUMPS} ] || cat ${DUMPS} || exit 1`,
    deadlineMs: LOOK_MS,
    onStdout: (chunk) => void chunks.push(Buffer.from(chunk)),
  })
  if (read.code !== 0) throw new InstanceError('the list of the old dumps could not be read in the helper')
  const text = Buffer.concat(chunks).toString()
  return text === '' ? [] : (JSON.parse(text) as readonly KeptDump[])
}

/** Returns how far the restore is. Throws `InstanceError` if nobody can say. */
export async function readState(exec: Exec): Promise<PlaceState> {
  const read = await exec({ script: `[ ! -e ${FILE} ] || cat ${FILE} || exit 1`, deadlineMs: LOOK_MS })
  const text = read.stdout.trim()
  if (read.code === 0 && text === '') return 'begun' // it is written whole, or not at all
  const found = STATES.find((state) => state === text)
  // never guess: what is called unchanged loses its old data
  if (read.code !== 0 || found === undefined)
    throw new InstanceError('the journal of the restore could not be read in its helper')
  return found
}

/** The numbers of the volumes that were changed, one a line. A helper of an earlier version has no such list. */
const CHANGED = '/.marina-changed'

/** Begins the change: from now on the restore is to be undone. No volume is changed yet. */
export async function writeChanging(exec: Exec): Promise<void> {
  const made = await exec({ script: `: >${CHANGED} && sync`, deadlineMs: SYNC_MS })
  if (made.code !== 0) throw new InstanceError('the list of what is changed could not be written in the helper')
  await writeState(exec, 'changing')
}

/** Writes that the volume with this number is changed from now on. */
export async function writeChanged(exec: Exec, index: number): Promise<void> {
  const script = `printf '%s\\n' "$1" >>${CHANGED} && sync`
  const written = await exec({ script, args: [String(index)], deadlineMs: SYNC_MS })
  if (written.code !== 0) throw new InstanceError('the list of what is changed could not be written in the helper')
}

/** Returns a test for the numbers of the volumes that may have been changed. */
async function readChanged(exec: Exec): Promise<(index: number) => boolean> {
  const script = `if [ -e ${CHANGED} ]; then cat ${CHANGED}; else echo all; fi`
  const read = await exec({ script, deadlineMs: LOOK_MS })
  if (read.code !== 0) throw new InstanceError('the list of what is changed could not be read in the helper')
  const lines = read.stdout.split('\n')
  return (index) => lines.includes('all') || lines.includes(String(index))
}

/** Returns when the state was written, by the clock of the engine's host, ms since 1970; `NaN` if that cannot be learned. */
export async function stateWrittenAt(exec: Exec): Promise<number> {
  const read = await exec({ script: `stat -c %Y ${FILE}`, deadlineMs: LOOK_MS })
  return read.code === 0 ? Number.parseInt(read.stdout, 10) * 1000 : Number.NaN
}

export interface PutBackRequest {
  readonly undo: readonly UndoEntry[]
  /** Throws if another run has taken over. Asked before each change. */
  readonly checkOwner: () => Promise<void>
  readonly dumps: readonly KeptDump[]
  readonly loadBack: (dump: KeptDump) => Promise<void>
}

/**
 * Puts the old data back into every volume and server that was changed; then the restore counts as undone. What was put back by an earlier
 * try is left alone, because applications may have written to it since. Throws `InstanceError` if something could not be put back, after it
 * has tried everything.
 */
export async function putBack(
  helper: CopyHelper,
  { undo, dumps, loadBack, checkOwner }: PutBackRequest,
): Promise<void> {
  const done = await readBack(helper.exec)
  const isChanged = await readChanged(helper.exec)
  const errors: string[] = []
  const once = async (what: string, work: () => Promise<void>) => {
    if (done.has(what)) return
    await checkOwner()
    try {
      await work()
      await writeBack(helper.exec, what)
    } catch (error) {
      errors.push(asError(error).message)
    }
  }
  for (const [index, { into, volume }] of undo.entries())
    if (into === 'place' && isChanged(index)) await once(`volume ${index}`, () => putVolumeBack(helper, index, volume))
  for (const dump of dumps) await once(`dump ${dump.path}`, () => loadBack(dump))
  if (errors.length > 0) throw new InstanceError(joinSentences(errors))
  await checkOwner()
  await writeState(helper.exec, 'undone')
}

/** Puts the old data of one volume back. If it would not fit, the volume is left as it is, and an `InstanceError` thrown. */
async function putVolumeBack(helper: CopyHelper, index: number, name: string): Promise<void> {
  const [source, destination] = [keptAt(index), placedAt(index)]
  const room = await freeSpaceAt(helper, destination, UNDO_MS)
  const sizeOf = async (root: string) => {
    const listing = await listTree(helper, root, { what: `volume ${name}`, paths: [], live: true, deadlineMs: UNDO_MS })
    return spaceNeeded(listing, room.block, helper.tools).bytes
  }
  const needed = await sizeOf(source)
  // what is there is removed before
  if (needed > room.bytes && needed > room.bytes + (await sizeOf(destination)))
    throw new InstanceError(
      `no room for the old data of volume ${name}: it takes ${bytes(needed)}, and the disk has ${bytes(room.bytes)} free. Free space on the Docker host`,
    )
  await replaceTree(helper, { name, source, destination, paths: [], deadlineMs: UNDO_MS })
}

/** Number of times that the old data is tried to be put back by one run. */
const UNDO_TRIES = 3
const UNDO_PAUSE_MS = 1_000

/** Does what `putBack` does, and tries again if it fails, unless `isHopeless` says that this is of no use. */
export async function putBackPatiently(
  helper: CopyHelper,
  request: PutBackRequest,
  {
    isHopeless,
    say,
  }: { readonly isHopeless: (error: Error) => boolean; readonly say: (line: string) => Promise<void> },
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await putBack(helper, request)
    } catch (error) {
      if (tried === UNDO_TRIES || isHopeless(asError(error))) throw error
      await say(`the old data is not back yet: ${asError(error).message}; trying again`)
      await sleep(UNDO_PAUSE_MS)
    }
  }
}

/** The list of what is back, one a line. */
const BACK = '/.marina-back'

async function readBack(exec: Exec): Promise<ReadonlySet<string>> {
  const read = await exec({ script: `[ ! -e ${BACK} ] || cat ${BACK}`, deadlineMs: LOOK_MS })
  if (read.code !== 0) throw new InstanceError('what is back could not be read in the helper')
  return new Set(read.stdout.split('\n'))
}

async function writeBack(exec: Exec, what: string): Promise<void> {
  const script = `sync && printf '%s\\n' "$1" >>${BACK} && sync`
  const written = await exec({ script, args: [what], deadlineMs: SYNC_MS })
  if (written.code !== 0) throw new InstanceError('what is back could not be written in the helper')
}

/** Names of the changed servers whose old data was not kept, one a line. */
const LOST = '/.marina-lost'

/** Writes that this server is changed from now on, and that what it held was not kept. */
export async function writeLost(exec: Exec, name: string): Promise<void> {
  const written = await exec({
    script: `printf '%s\\n' "$1" >>${LOST} && sync`,
    args: [name],
    deadlineMs: SYNC_MS,
  })
  if (written.code !== 0) throw new InstanceError('what is changed could not be written in the helper')
}

/** Says which servers may hold a part of the backup for good; `null` if there are none. */
export async function saysLost(exec: Exec): Promise<string | null> {
  const read = await exec({ script: `[ ! -e ${LOST} ] || cat ${LOST}`, deadlineMs: LOOK_MS })
  if (read.code !== 0) throw new InstanceError('what is changed could not be read in the helper')
  const names = listed(read.stdout.split('\n'))
  return names === ''
    ? null
    : `${names} may hold a part of the backup, and what was there before could not be kept: restore it again`
}

/** The fate of the volumes of a restore whose run died. */
export interface Undone {
  /** True if they hold the restored data, all of it. */
  readonly isPlaced: boolean
  /** True if the applications have come up with it. */
  readonly isUp: boolean
  readonly words: string
  /** Says of which servers the old data is lost; `null` or left out if of none. */
  readonly lost?: string | null
}

/** The functions that `undoPlace` needs from others. */
export interface UndoNeeds {
  /** Stops the applications of the restore's journal. Called before anything is changed. */
  readonly stopWriters: () => Promise<void>
  readonly loadBack: (helper: Pick<CopyHelper, 'exec'>, dump: KeptDump) => Promise<void>
  /** As in `PutBackRequest`. */
  readonly checkOwner: () => Promise<void>
  readonly isHopeless: (error: Error) => boolean
  readonly say: (line: string) => Promise<void>
}

/** The helper of a restore whose run died, as far as it is known from its labels. */
export interface LeftPlacer {
  readonly docker: Docker
  /** Id of the helper. */
  readonly container: string
  readonly undo: readonly UndoEntry[]
}

export const execIn =
  ({ docker, container }: LeftPlacer): Exec =>
  (request) =>
    execTruthfully(docker, { ...request, heartbeat: true, container })

/**
 * Undoes what a dead restore left, unless all of its data is in place. Throws `InstanceError` if it cannot: then the helper must stay, because
 * only it knows what to undo.
 */
export async function undoPlace(left: LeftPlacer, needs: UndoNeeds): Promise<Undone> {
  await query(left.docker, ['start', left.container]) // it runs, unless somebody stopped it
  const exec = execIn(left)
  const state = await readState(exec)
  if (state === 'placed' || state === 'up')
    return { isPlaced: true, isUp: state === 'up', words: saysPlaced(left.undo) }
  const dumps = await readDumps(exec)
  const changed = changedBy(left.undo, dumps)
  const undone = { isPlaced: false, isUp: false, lost: state === 'begun' ? null : await saysLost(exec) }
  if (state === 'begun' || changed === '')
    return {
      ...undone,
      words: changed !== '' ? `${changed} had not been changed` : (undone.lost ?? 'nothing was restored'),
    }
  if (state === 'changing') await putAllBack(left, { ...needs, dumps })
  return { ...undone, words: `${changed} has its old data again` }
}

/** Puts the old data back although all of the new data is in place. Calls `onChange` before it changes anything. Throws as `undoPlace` does. */
export async function giveUpPlaced(
  left: LeftPlacer,
  { onChange, ...needs }: UndoNeeds & { readonly onChange: () => void },
): Promise<Undone> {
  const exec = execIn(left)
  const dumps = await readDumps(exec)
  await needs.stopWriters()
  await needs.checkOwner()
  onChange()
  // without this mark the next run would take a half of the old data for the new
  await writeState(exec, 'changing')
  await putAllBack(left, { ...needs, dumps })
  return { isPlaced: false, isUp: false, words: `${changedBy(left.undo, dumps)} has its old data again` }
}

/** Tells whether the old data of each server in `loaded`, by the ids of their containers, was kept. */
export async function hasKeptDumps(left: LeftPlacer, loaded: readonly string[]): Promise<boolean> {
  const dumps = await readDumps(execIn(left))
  return loaded.every((id) => dumps.some(({ container }) => container === id))
}

async function putAllBack(
  left: LeftPlacer,
  { stopWriters, loadBack, checkOwner, isHopeless, say, dumps }: UndoNeeds & { readonly dumps: readonly KeptDump[] },
): Promise<void> {
  const exec = execIn(left)
  const probed = await probeTools(exec, LOOK_MS)
  if (!probed.ok) throw new InstanceError(`its helper lacks ${probed.missing.join(', ')}`)
  await stopWriters()
  await putBackPatiently(
    { exec, tools: probed.tools },
    { undo: left.undo, dumps, checkOwner, loadBack: (dump) => loadBack({ exec }, dump) },
    { isHopeless, say },
  )
}

function saysPlaced(undo: readonly UndoEntry[]): string {
  const placed = listed(undo.filter(({ into }) => into !== 'dumps').map(({ volume }) => volume))
  const old = oldDataIn(undo)
  const where = placed === '' ? 'the backup is loaded' : `the restored data is in ${placed}`
  return old === '' ? where : `${where}, and the old data in ${old}`
}

function changedBy(undo: readonly UndoEntry[], dumps: readonly KeptDump[]): string {
  const volumes = undo.flatMap(({ into, volume }) => (into === 'place' ? [volume] : []))
  return listed([...volumes, ...dumps.map(({ name }) => name)])
}

/** Names the volumes that hold the old data of a restore; empty if there are none. */
export function oldDataIn(undo: readonly UndoEntry[]): string {
  return listed(undo.map(({ into, volume, before }) => (into === 'dumps' ? volume : before)))
}

/** Says why applications stay stopped; no sentence if there are none. */
export function saysStaysStopped(names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const [stay, they] = names.length === 1 ? ['stays', 'it'] : ['stay', 'they']
  return [`${names.join(', ')} ${stay} stopped, because ${they} would write into half of the data`]
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].filter((name) => name !== '').join(', ')
}

/**
 * Removes the volumes that a restore made for these entries: those with the old data, or the new ones where there was none. Call it when
 * the helper is gone. `job` is the id of the job that restored. Returns the names of those that stay. Never throws.
 */
export async function removeMade(docker: Docker, undo: readonly UndoEntry[], job: string): Promise<readonly string[]> {
  const names = undo.map(({ into, volume, before }) => (into === 'place' ? before : volume))
  const found = await inspectVolumes(docker, names).catch(() => null)
  if (found === null) return names
  const left: string[] = []
  for (const { name, labels } of found) {
    if (labels[RESTORE_LABEL]?.endsWith(` ${job}`) !== true) continue // another restore made it
    const removed = await queryWithRetry(docker, ['volume', 'rm', name], REMOVE_AGAIN_MS)
    if (!succeeded(removed) && !/no such volume/i.test(removed.stderr)) left.push(name)
  }
  return left
}

/** Time for which a removal is repeated while the engine does not answer, ms. */
const REMOVE_AGAIN_MS = 5_000

/** Makes the labels of a volume for restored data, or for old data. The helper's own mount creates it, so that no such volume lies there without a helper that knows it. */
export function restoreLabels(of: string, job: string): Record<string, string> {
  return { [RESTORE_LABEL]: `${of} ${job}` }
}
