/**
 * Keeps in the restore's helper how far a restore into place is. Puts the old data of its volumes and databases back, in this process or a
 * later one: a file in the helper's own layer says how far it is, its labels what to undo.
 */
import type { CopyHelper } from '../copy/copyHelper.ts'
import { replaceTree } from '../copy/replaceTree.ts'
import { probeTools } from '../copy/tools.ts'
import { execTruthfully } from '../docker/exec.ts'
import { LABEL_PREFIX, type UndoEntry } from '../docker/labels.ts'
import { type Docker, query, run } from '../docker/process.ts'
import { inspectVolumes } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'

/** A dump of what a server held before a restore, in the restore's helper. */
export interface KeptDump {
  /** Id of the server's container. */
  readonly container: string
  readonly name: string
  readonly kind: string
  /** True if the login to the server stood in the configuration, which a later run may not have. */
  readonly hasOwnLogin: boolean
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly database: string | null
}

/** The progress of a restore. `kept`: the old data is kept aside, nothing is changed. `changing`: it is being changed. `placed`: all of it is new. */
export type PlaceState = 'begun' | (typeof STATES)[number]
const STATES = ['kept', 'changing', 'placed'] as const

const FILE = '/.marina-place'
/** The list of the kept dumps, JSON. */
const DUMPS = '/.marina-dumps'
/** Deadline of one step, ms: bringing millions of files back takes time. */
const UNDO_MS = 12 * 3_600_000
const LOOK_MS = 60_000

export const placedAt = (index: number) => `/marina/to/${index}`
export const keptAt = (index: number) => `/marina/before/${index}`

type Exec = CopyHelper['exec']

/** Writes how far the restore is, and waits until that is on the disk. */
export async function writeState(exec: Exec, state: PlaceState): Promise<void> {
  const written = await exec({
    script: `printf '%s' "$1" >${FILE}.new && mv ${FILE}.new ${FILE} && sync`,
    args: [state],
    deadlineMs: LOOK_MS,
  })
  if (written.code !== 0) throw new InstanceError('the journal of the restore could not be written in its helper')
}

/** Writes which dumps are to be loaded back, before a server is changed. */
export async function writeDumps(exec: Exec, dumps: readonly KeptDump[]): Promise<void> {
  const input = async function* () {
    yield Buffer.from(JSON.stringify(dumps))
  }
  const written = await exec({ script: `cat >${DUMPS} && sync`, input: input(), deadlineMs: LOOK_MS })
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

/** Puts the old data back into every volume that was to be replaced. `settle` puts back what else was changed; then the restore counts as undone. */
export async function putBack(
  helper: CopyHelper,
  undo: readonly UndoEntry[],
  settle: () => Promise<void>,
): Promise<void> {
  for (const [index, { into, volume }] of undo.entries()) {
    if (into !== 'place') continue
    await replaceTree(helper, {
      name: volume,
      source: keptAt(index),
      destination: placedAt(index),
      paths: [],
      deadlineMs: UNDO_MS,
    })
  }
  await settle()
  await writeState(helper.exec, 'kept')
}

/** The fate of the volumes of a restore whose run died. */
export interface Undone {
  /** True if they hold the restored data, all of it. */
  readonly isPlaced: boolean
  readonly words: string
}

/** The functions that `undoPlace` needs from others. */
export interface UndoNeeds {
  /** Stops the applications of the restore's journal. Called before anything is changed. */
  readonly stopWriters: () => Promise<void>
  readonly loadBack: (helper: Pick<CopyHelper, 'exec'>, dumps: readonly KeptDump[]) => Promise<void>
}

/**
 * Undoes what a dead restore left, in its helper with the id `container`. Throws `InstanceError` if it cannot: then the helper must stay,
 * because only it knows what to undo.
 */
export async function undoPlace(
  docker: Docker,
  container: string,
  undo: readonly UndoEntry[],
  { stopWriters, loadBack }: UndoNeeds,
): Promise<Undone> {
  await query(docker, ['start', container]) // it runs, unless somebody stopped it
  const exec: Exec = (request) => execTruthfully(docker, { ...request, heartbeat: true, container })
  const state = await readState(exec)
  const names = (into: UndoEntry['into']) =>
    undo
      .filter((one) => one.into === into)
      .map(({ volume }) => volume)
      .join(', ')
  if (state === 'placed')
    return { isPlaced: true, words: `the restored data is in ${undo.map(({ volume }) => volume).join(', ')}` }
  const dumps = await readDumps(exec)
  const changed = [names('place'), ...new Set(dumps.map(({ name }) => name))].filter((name) => name !== '').join(', ')
  const hadOld = changed !== ''
  if (state !== 'changing' || !hadOld)
    return { isPlaced: false, words: hadOld ? `${changed} had not been changed` : 'nothing was restored' }
  const probed = await probeTools(exec, LOOK_MS)
  if (!probed.ok) throw new InstanceError(`its helper lacks ${probed.missing.join(', ')}`)
  await stopWriters()
  await putBack({ exec, tools: probed.tools }, undo, () => loadBack({ exec }, dumps))
  return { isPlaced: false, words: `${changed} has its old data again` }
}

/**
 * Removes the volumes that a restore made, and those with the old data of one that changed nothing. `isPlaced`: it was completed, so they
 * stay. Call it when the helper is gone.
 */
export async function removeMade(docker: Docker, undo: readonly UndoEntry[], isPlaced: boolean): Promise<void> {
  if (isPlaced) return
  const names = undo.map(({ into, volume, before }) => (into === 'place' ? before : volume))
  for (const { name, labels } of await inspectVolumes(docker, names))
    if (labels[RESTORE_LABEL] !== undefined) await query(docker, ['volume', 'rm', name])
}

/** Label of a volume that a restore made; its value names the instance and the point. */
const RESTORE_LABEL = `${LABEL_PREFIX}restore`

/** Makes a volume for restored data, or for the old data. Throws `CommandError`; a volume of that name must not exist. */
export async function makeVolume(docker: Docker, name: string, of: string): Promise<void> {
  await run(docker, ['volume', 'create', '--label', `${RESTORE_LABEL}=${of}`, name], `volume ${name} could not be made`)
}
