/**
 * Proves the dumps of one database container: it loads them into a scratch server of the source's image and counts their rows there. What
 * keeps a server from answering is no fault of the backup, and is told apart.
 */
import type { WantedAnswer } from '../config/model.ts'
import type { DatabaseEntry } from '../container/manifest.ts'
import type { ServerRows } from '../databases/countContract.ts'
import { DB_KINDS, type DbKind, engineOf } from '../databases/engines.ts'
import type { DrillCheck, DrillImage, DrillRows } from '../drillReport.ts'
import { CancelledError, CommandError, EngineLostError, InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import type { LockHelper } from '../instance/lock.ts'
import { countRows } from '../load/countRows.ts'
import { loadDump } from '../load/loadDump.ts'
import { type ScratchServer, startScratchServer } from '../scratch/scratchServer.ts'
import { askDatabase, onlyDatabase } from './askDatabase.ts'
import { judgeRows, rowsOf } from './judgeRows.ts'
import { surroundingsOf } from './loadTrouble.ts'
import type { RestoreClock } from './restoreClock.ts'
import { findScratchImage } from './scratchImage.ts'

/** Everything that was seen of a database. */
export interface ProvedDatabase {
  readonly checks: readonly DrillCheck[]
  readonly rows: readonly DrillRows[]
  /** The reasons why the drill has no answer, in one sentence each. */
  readonly surroundings: readonly string[]
  readonly image: DrillImage | null
  /** True if all dumps were loaded. */
  readonly isLoaded: boolean
}

export interface ToProve {
  readonly entry: DatabaseEntry
  /** Folder of the restored tree in the helper. */
  readonly restored: string
  readonly clock: RestoreClock
}

interface Proving extends ToProve {
  readonly run: InstanceRun
  readonly helper: LockHelper
  readonly kind: DbKind
  readonly image: DrillImage & { readonly id: string }
  readonly checks: DrillCheck[]
  readonly rows: DrillRows[]
  readonly surroundings: string[]
  /** The files that were not loaded. */
  readonly unloaded: File[]
  isLoaded: boolean
}

type File = DatabaseEntry['files'][number]

/** Proves the dumps, one server after the other. Throws `CancelledError`, and for what makes further work useless. */
export async function proveDatabase(
  run: InstanceRun,
  helper: LockHelper,
  {
    entry,
    restored,
    clock,
  }: { readonly entry: DatabaseEntry; readonly restored: string; readonly clock: RestoreClock },
): Promise<ProvedDatabase> {
  const nothing = (why: string): ProvedDatabase => ({
    checks: [],
    rows: [],
    surroundings: [`${entry.name} could not be drilled: ${why}`],
    image: null,
    isLoaded: false,
  })
  const kind = DB_KINDS.find((one) => one === entry.engine)
  if (kind === undefined) return nothing(`this release does not know the kind ${entry.engine}`)
  const image = await orWhy(run, () => run.report.phase('image', () => findScratchImage(run, entry)))
  if (typeof image === 'string') return nothing(image)
  const proving: Proving = {
    ...{ run, helper, restored, entry, kind, image, clock },
    ...{ checks: [], rows: [], surroundings: [], unloaded: [], isLoaded: true },
  }
  const wanted = wantedOf(run, entry)
  for (const files of filesByServer(proving)) {
    const asked = wanted.filter(({ file }) => file !== undefined && files.includes(file))
    const why = await orWhy(run, () => proveFiles(proving, files, asked))
    if (why === null) continue
    proving.isLoaded = false
    proving.surroundings.push(`${entry.name} could not be drilled: ${why}`)
  }
  proving.checks.push(...wanted.flatMap(({ file, check }) => (file === undefined ? [notHeld(check, entry)] : [])))
  const { checks, rows, surroundings, isLoaded } = proving
  return { checks, rows, surroundings, image, isLoaded }
}

/** Does `work`, and returns the words of an error that is no fault of the backup. Throws on what a cancel or the deadline ended. */
async function orWhy<T>(run: InstanceRun, work: () => Promise<T>): Promise<T | string> {
  try {
    return await work()
  } catch (error) {
    if (run.abort.reason() !== null) throw new CancelledError()
    if (error instanceof EngineLostError) throw error
    if (error instanceof InstanceError || error instanceof CommandError)
      return run.context.host.docker.redact(error.message)
    throw error
  }
}

/** Returns the settings of the source's server, with those of the database in the file. */
function settingsOf({ server }: DatabaseEntry, { database }: File): Readonly<Record<string, string>> {
  const own = server?.databases.find(({ name }) => name === database)
  return { ...server?.settings, ...own?.settings }
}

/** Puts the files together that one server can take: a server is made for the settings of its databases. */
function filesByServer({ kind, entry }: Proving): readonly (readonly File[])[] {
  const groups = new Map<string, File[]>()
  for (const file of entry.files) {
    const question = { kind, settings: settingsOf(entry, file), roles: [], password: '' }
    const key = plannedAs(() => JSON.stringify(engineOf(kind).planScratch(question)))
    groups.set(key, [...(groups.get(key) ?? []), file])
  }
  return [...groups.values()]
}

/** Returns the plan's text; the empty text if there is none, which the start of the server then explains. */
function plannedAs(plan: () => string): string {
  try {
    return plan()
  } catch (error) {
    if (error instanceof InstanceError) return ''
    throw error
  }
}

/** A check of the configuration, the database that it asks, and the file that this is in; `undefined`: the backup does not hold it. */
interface WantedOfFile {
  readonly check: WantedAnswer
  readonly database: string | null
  readonly file: File | undefined
}

function wantedOf({ instance }: InstanceRun, entry: DatabaseEntry): readonly WantedOfFile[] {
  const checks = (instance.drill?.checks ?? []).flatMap((one) =>
    one.kind === 'sql' && one.db === entry.name ? [one] : [],
  )
  return checks.map((check) => {
    const database = check.database ?? onlyDatabase(entry)
    return { check, database, file: entry.files.find((file) => file.database === null || file.database === database) }
  })
}

function notHeld({ db, database, line }: WantedAnswer, { files }: DatabaseEntry): DrillCheck {
  const held = files.flatMap((file) => file.database ?? []).join(', ')
  const which = database === null ? 'names no database' : `asks database "${database}", which is not in the backup`
  return {
    kind: 'sql',
    target: db,
    passed: false,
    looked: false,
    seen: `the check of ${db} in line ${line} ${which}: it holds ${held}`,
  }
}

/** Proves files by one server, and asks it. Returns why it could not be done; `null` if it was. */
async function proveFiles(
  proving: Proving,
  files: readonly File[],
  wanted: readonly WantedOfFile[],
): Promise<string | null> {
  const { run, entry } = proving
  const started = await run.report.phase('scratch', () => start(proving, files))
  if (started.kind === 'surroundings')
    return `${started.why}. If its image is to blame, name another for ${entry.name} (drill.image)`
  const { server } = started
  try {
    for (const file of files) {
      const why = await proveFile(proving, server, file)
      if (why !== null) return why
    }
    for (const one of wanted) proving.checks.push(await ask(proving, server, one))
    return null
  } finally {
    await server
      .remove()
      .catch((error: Error) =>
        run.report.warn(
          `the scratch server of ${entry.name} is still there, and the next run removes it: ${error.message}`,
        ),
      )
  }
}

function start({ run, entry, kind, image }: Proving, files: readonly File[]) {
  const { host } = run.context
  const [first] = files
  const holdsRoles = files.every(({ database }) => database === null)
  return startScratchServer(host.docker, {
    kind,
    image: image.id,
    reference: image.reference,
    instance: run.instance.id,
    job: host.owner.job,
    settings: first === undefined ? {} : settingsOf(entry, first),
    // the dump of a whole server makes its roles itself
    roles: holdsRoles ? [] : (entry.server?.roles ?? []),
    deadline: deadlineOf(run),
    clockOffsetMs: host.engine.clockOffsetMs,
    hide: async (secrets) => void run.context.hide(secrets, 'the password of a scratch server', 'untold'),
    onLine: (line) => run.log.write('marina', line),
    signal: run.abort.signal,
  })
}

function deadlineOf({ abort, instance }: InstanceRun): number {
  return Math.min(abort.until, Date.now() + instance.timeoutMs)
}

function remaining(run: InstanceRun): number {
  return Math.max(1, deadlineOf(run) - Date.now())
}

/** Loads one file and judges it. Returns what kept it from an answer; `null` if there is one. */
async function proveFile(proving: Proving, server: ScratchServer, file: File): Promise<string | null> {
  const { run, entry, checks, clock } = proving
  try {
    await run.report.phase('load', () => clock.during(() => load(proving, server, file)))
  } catch (error) {
    if (run.abort.reason() !== null || !(error instanceof InstanceError)) throw error
    proving.isLoaded = false
    proving.unloaded.push(file)
    const why = await surroundingsOf(proving, server, error)
    if (why !== null) return why
    checks.push({
      kind: 'rows',
      target: entry.name,
      passed: false,
      looked: true,
      seen: `${entry.name}: ${error.message}`,
    })
    return null
  }
  const counted = await run.report.phase('count', () => count(proving, server, file))
  const loaded = { target: entry.name, file, counted, isOwn: engineOf(proving.kind).isOwnTable }
  checks.push(judgeRows(loaded))
  proving.rows.push(...rowsOf(loaded))
  return null
}

function load({ run, helper, restored, kind, image }: Proving, server: ScratchServer, file: File): Promise<void> {
  return loadDump(run.context.host.docker, helper, {
    kind,
    purpose: 'empty',
    container: server.container,
    into: `a scratch server of image ${image.reference}`,
    dumpArgs: server.dumpArgs,
    file: { ...file, path: `${restored}/${file.path}` },
    hide: async () => {}, // its only password is hidden since the start
    onLine: (line) => run.log.write('marina', line),
    deadlineMs: remaining(run),
    signal: run.abort.signal,
  })
}

/** Asks what a check wants to know. Of a dump that was not loaded nothing can be asked. */
async function ask(
  { run, kind, unloaded }: Proving,
  server: ScratchServer,
  { check, database, file }: WantedOfFile,
): Promise<DrillCheck> {
  if (file !== undefined && unloaded.includes(file)) {
    const seen = `the check of ${check.db} in line ${check.line} could not be asked, since the dump was not loaded`
    return { kind: 'sql', target: check.db, passed: false, looked: false, seen }
  }
  const answer = await explained(server, () =>
    askDatabase(run.context.host.docker, check, {
      kind,
      database,
      server,
      deadlineMs: remaining(run),
      signal: run.abort.signal,
    }),
  )
  // a question that ended its server says nothing about the backup
  const why = answer.passed ? null : await server.trouble()
  if (why !== null) throw new InstanceError(`${answer.seen}; ${why}, which says nothing about the backup`)
  return answer
}

function count({ run, kind }: Proving, server: ScratchServer, { database }: File): Promise<ServerRows> {
  const { container, dumpArgs } = server
  const asked = { kind, container, dumpArgs, database }
  return explained(server, () =>
    countRows(run.context.host.docker, { ...asked, deadlineMs: remaining(run), signal: run.abort.signal }),
  )
}

/** Does `work`; if that fails, says also what happened to the server. */
async function explained<T>({ trouble }: ScratchServer, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const why = error instanceof InstanceError ? await trouble() : null
    throw why === null ? error : new InstanceError(`${(error as Error).message}; ${why}`, { cause: error })
  }
}
