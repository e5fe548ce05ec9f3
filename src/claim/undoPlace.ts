/**
 * Keeps in the restore's helper how far a restore into place is. Puts the old data of its volumes and databases back, in this process or a
 * later one: a file in the helper's own layer says how far it is, its labels what to undo.
 */
import type { CopyHelper } from '../copy/copyHelper.ts'
import { replaceTree } from '../copy/replaceTree.ts'
import { probeTools } from '../copy/tools.ts'
import { succeeded } from '../docker/callResult.ts'
import { execTruthfully } from '../docker/exec.ts'
import { RESTORE_LABEL, type UndoEntry } from '../docker/labels.ts'
import { type Docker, query } from '../docker/process.ts'
import { queryWithRetry } from '../docker/retry.ts'
import { inspectVolumes } from '../docker/volumes.ts'
import { asError, InstanceError } from '../errors.ts'
import { joinSentences } from '../format.ts'

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

/** The progress of a restore. `begun`: nothing is changed. `changing`: data is being changed. `undone`: the old data is back. `placed`: all of it is new. */
export type PlaceState = 'begun' | (typeof STATES)[number]
const STATES = ['changing', 'undone', 'placed'] as const

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

export interface PutBackRequest {
  readonly undo: readonly UndoEntry[]
  /** Throws if another run has taken over. Asked before each change. */
  readonly checkOwner: () => Promise<void>
  readonly dumps: readonly KeptDump[]
  readonly loadBack: (dump: KeptDump) => Promise<void>
}

/**
 * Puts the old data back into every volume and server that was to be replaced; then the restore counts as undone. What was put back by an
 * earlier try is left alone, because applications may have written to it since. Throws `InstanceError` if something could not be put back,
 * after it has tried everything.
 */
export async function putBack(
  helper: CopyHelper,
  { undo, dumps, loadBack, checkOwner }: PutBackRequest,
): Promise<void> {
  const done = await readBack(helper.exec)
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
  for (const [index, { into, volume }] of undo.entries()) {
    if (into !== 'place') continue
    await once(`volume ${index}`, () =>
      replaceTree(helper, {
        name: volume,
        source: keptAt(index),
        destination: placedAt(index),
        paths: [],
        deadlineMs: UNDO_MS,
      }),
    )
  }
  for (const dump of dumps) await once(`dump ${dump.path}`, () => loadBack(dump))
  if (errors.length > 0) throw new InstanceError(joinSentences(errors))
  await checkOwner()
  await writeState(helper.exec, 'undone')
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
  readonly loadBack: (helper: Pick<CopyHelper, 'exec'>, dump: KeptDump) => Promise<void>
  /** As in `PutBackRequest`. */
  readonly checkOwner: () => Promise<void>
}

/**
 * Undoes what a dead restore left, in its helper with the id `container`. Throws `InstanceError` if it cannot: then the helper must stay,
 * because only it knows what to undo.
 */
export async function undoPlace(
  docker: Docker,
  container: string,
  undo: readonly UndoEntry[],
  { stopWriters, loadBack, checkOwner }: UndoNeeds,
): Promise<Undone> {
  await query(docker, ['start', container]) // it runs, unless somebody stopped it
  const exec: Exec = (request) => execTruthfully(docker, { ...request, heartbeat: true, container })
  const state = await readState(exec)
  const replaced = undo.filter(({ into }) => into === 'place')
  const list = (names: readonly string[]) => [...new Set(names)].filter((name) => name !== '').join(', ')
  const old = list(undo.map(({ into, volume, before }) => (into === 'dumps' ? volume : before)))
  if (state === 'placed') {
    const placed = list(undo.filter(({ into }) => into !== 'dumps').map(({ volume }) => volume))
    const where = placed === '' ? 'the backup is loaded' : `the restored data is in ${placed}`
    return { isPlaced: true, words: old === '' ? where : `${where}, and the old data in ${old}` }
  }
  const dumps = await readDumps(exec)
  const changed = list([...replaced.map(({ volume }) => volume), ...dumps.map(({ name }) => name)])
  if (state === 'begun' || changed === '')
    return { isPlaced: false, words: changed === '' ? 'nothing was restored' : `${changed} had not been changed` }
  if (state === 'changing') {
    const probed = await probeTools(exec, LOOK_MS)
    if (!probed.ok) throw new InstanceError(`its helper lacks ${probed.missing.join(', ')}`)
    await stopWriters()
    await putBack(
      { exec, tools: probed.tools },
      {
        undo,
        dumps,
        checkOwner,
        loadBack: (dump) => loadBack({ exec }, dump),
      },
    )
  }
  return { isPlaced: false, words: `${changed} has its old data again` }
}

/**
 * Removes the volumes that a restore made for these entries: those with the old data, or the new ones where there was none. Call it when
 * the helper is gone. Returns the names of those that stay. Never throws.
 */
export async function removeMade(docker: Docker, undo: readonly UndoEntry[]): Promise<readonly string[]> {
  const names = undo.map(({ into, volume, before }) => (into === 'place' ? before : volume))
  const found = await inspectVolumes(docker, names).catch(() => null)
  if (found === null) return names
  const left: string[] = []
  for (const { name, labels } of found) {
    if (labels[RESTORE_LABEL] === undefined) continue
    const removed = await queryWithRetry(docker, ['volume', 'rm', name], REMOVE_AGAIN_MS)
    if (!succeeded(removed) && !/no such volume/i.test(removed.stderr)) left.push(name)
  }
  return left
}

/** Time for which a removal is repeated while the engine does not answer, ms. */
const REMOVE_AGAIN_MS = 5_000

/** Makes the labels of a volume for restored data, or for old data. The helper's own mount creates it, so that no such volume lies there without a helper that knows it. */
export function restoreLabels(of: string): Record<string, string> {
  return { [RESTORE_LABEL]: of }
}
