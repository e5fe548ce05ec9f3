/**
 * Restores databases by their server's own file, which is replaced while the server is stopped: the folder in which it lies is a volume or
 * a folder of the host, and comes into place as a volume does. What only the server knows is asked before and afterwards.
 */
import { posix } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { placedAt } from '../claim/undoPlace.ts'
import type { DatabaseEntry } from '../container/manifest.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { engineOf } from '../databases/engines.ts'
import type { ServerFiles } from '../databases/fileContract.ts'
import type { LoadScript } from '../databases/loadContract.ts'
import { type ExecResult, execReason, execTruthfully, foreignReason } from '../docker/exec.ts'
import type { ContainerMount } from '../docker/parseContainer.ts'
import { findTools } from '../dump/questions.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { type DatabasePlacement, hideLogin } from './placeDatabases.ts'

/** A server's own file, and the mount in which it lies. */
export interface FilePlacement {
  readonly database: DatabasePlacement
  readonly files: ServerFiles
  /** Name of the volume, or the server's folder on the host. */
  readonly mounted: { readonly type: 'volume' | 'bind'; readonly source: string }
  /** Path of the server's folder below that; empty: that itself. */
  readonly below: string
}

const LOOK_MS = 60_000
const SAVE_MS = 1_800_000
/** Longest wait for a server that reads its file, ms, and the time between two looks. */
const READ_MS = 1_800_000
const READ_POLL_MS = 500

/** Tells whether an entry of the manifest is restored by its server's own file. */
export function isByFile({ kind }: Pick<DatabasePlacement, 'kind'>): boolean {
  return engineOf(kind).planFiles !== null
}

/** Asks a running server for its file. Throws an `InstanceError` that says why it cannot be restored. */
export async function findServerFile(run: InstanceRun, database: DatabasePlacement): Promise<FilePlacement> {
  const { docker } = run.context.host
  const { source, kind } = database
  const { signal } = run.abort
  const engine = engineOf(kind)
  const failed = (why: string) =>
    new InstanceError(`database ${source.container.name} cannot be restored into place: ${why}`)
  const given = engine.extractSecrets(source.target.dumpArgs)
  await hideLogin(run, source, given.secrets)
  if (given.refusal !== null) throw failed(`dumpArgs ${given.refusal}`)
  const tools = await findTools(docker, source.container.id, signal, engine.loadTools)
  const plan = engine.planFiles?.({ kind, tools, given, command: source.facts.cmd, env: source.facts.env })
  if (plan === undefined) throw failed('it has no file of its own')
  const looked = await ask(run, source.container.id, plan.look, LOOK_MS)
  if (looked.code !== 0) throw failed(docker.redact(foreignReason(docker, looked)))
  const files = withWords(() => plan.read(looked.stdout), failed)
  const mount = mountOf(files.folder, source.container.mounts)
  if (mount === null)
    throw failed(
      `its file lies in ${files.folder}, which is no volume and no folder of the host, and is lost with the container: restore it by hand`,
    )
  return { database, files, ...placeOf(mount, files.folder) }
}

function withWords<T>(read: () => T, failed: (why: string) => Error): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof InstanceError) throw failed(error.message)
    throw error
  }
}

/** Returns the mount in which a folder lies; `null` if it lies in none that can be mounted elsewhere. */
function mountOf(folder: string, mounts: readonly ContainerMount[]): ContainerMount | null {
  const isWithin = ({ target }: ContainerMount) =>
    folder === target || folder.startsWith(`${target.replace(/\/$/, '')}/`)
  const [nearest] = mounts.filter(isWithin).sort((a, b) => b.target.length - a.target.length)
  return nearest !== undefined && /^(volume|bind)$/.test(nearest.type) ? nearest : null
}

/**
 * Returns where the helper finds a server's folder, which lies in this mount of the server. Of a folder of the host it gets this part alone:
 * what lies beside it is not the server's, and processes of the host may write there. Pure.
 */
export function placeOf(
  { type, name, source, target }: ContainerMount,
  folder: string,
): Pick<FilePlacement, 'mounted' | 'below'> {
  const below = posix.relative(target, folder)
  return type === 'volume' && name !== null
    ? { mounted: { type: 'volume', source: name }, below }
    : { mounted: { type: 'bind', source: posix.join(source, below) }, below: '' }
}

/** Makes a server write its data down, so that its old files hold what it has. Throws an `InstanceError` if it does not. */
export async function saveOld(run: InstanceRun, { database, files }: FilePlacement): Promise<void> {
  if (files.save === null) return
  const { docker } = run.context.host
  const { container } = database.source
  await run.log.write('marina', `letting ${container.name} save what it holds now`)
  const saved = await ask(run, container.id, files.save, SAVE_MS)
  if (run.abort.signal.aborted) throw new CancelledError()
  if (saved.code !== 0)
    throw new InstanceError(`${container.name} could not save it: ${docker.redact(foreignReason(docker, saved))}`)
}

/** Brings the dump of the restored tree `restored` into a stopped server's folder. Throws an `InstanceError`; then it may hold a part of it. */
export async function bringFile(
  helper: CopyHelper,
  { database, files, below }: FilePlacement,
  {
    index,
    restored,
    deadlineMs,
    signal,
  }: { readonly index: number; readonly restored: string; readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { script, args } = files.bring
  const folder = posix.join(placedAt(index), below)
  const dump = `${restored}/${dumpOf(database.entry).path}`
  const brought = await helper.exec({ script, args: [dump, folder, ...args], deadlineMs, signal })
  if (brought.ended.kind === 'cancelled') throw new CancelledError()
  if (brought.code !== 0)
    throw new InstanceError(`the file of ${database.source.name} could not be written: ${execReason(brought)}`)
}

/** Waits until a server that was started again has read its file. Returns what is wrong, in a sentence; `null` if nothing is. */
export async function whyNotRead(run: InstanceRun, { database, files }: FilePlacement): Promise<string | null> {
  const { docker } = run.context.host
  const { id, name } = database.source.container
  const expected = expectedKeys(database.entry)
  const until = Math.min(Date.now() + READ_MS, run.abort.until)
  let why = 'it does not answer'
  do {
    const asked = await ask(run, id, files.loaded, LOOK_MS)
    if (run.abort.signal.aborted) throw new CancelledError()
    if (asked.code !== 0) why = docker.redact(foreignReason(docker, asked))
    else {
      try {
        const found = files.readLoaded(asked.stdout)
        if (found !== null) return await judgeKeys(run, name, { found, expected })
        why = 'it still reads its file'
      } catch (error) {
        why = docker.redact((error as Error).message)
      }
    }
    await delay(READ_POLL_MS)
  } while (Date.now() < until)
  return `container "${name}" was started again, and did not read its file: ${why}`
}

async function judgeKeys(
  run: InstanceRun,
  name: string,
  {
    found,
    expected,
  }: { readonly found: { readonly keys: number; readonly isExact: boolean }; readonly expected: number | null },
): Promise<string | null> {
  if (expected === null || found.keys >= expected) return null
  const what = `container "${name}" has read ${found.keys} of the ${expected} keys of its dump`
  if (found.isExact && found.keys === 0) return what
  // a server that does not say how many keys were over their time may well be right
  if (found.isExact) await run.report.warn(what)
  return null
}

/** Returns the number of keys that the dump held when it was made; `null` if that is not known. */
function expectedKeys(entry: DatabaseEntry): number | null {
  const { rows } = dumpOf(entry)
  return rows === null || rows === undefined ? null : Object.values(rows).reduce((sum, keys) => sum + keys, 0)
}

function dumpOf(entry: DatabaseEntry): DatabaseEntry['files'][number] {
  const [first] = entry.files
  if (first === undefined) throw new InstanceError(`the backup of database ${entry.name} holds no file`)
  return first
}

function ask(run: InstanceRun, container: string, script: LoadScript, deadlineMs: number): Promise<ExecResult> {
  return execTruthfully(run.context.host.docker, {
    container,
    ...script,
    endsRest: true,
    deadlineMs,
    signal: run.abort.signal,
  })
}
