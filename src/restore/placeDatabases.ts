/** Loads dumps into the running servers of their targets, after a dump of what is there now, which is loaded back if something fails. */
import type { KeptDump } from '../claim/undoPlace.ts'
import type { DbTarget, Instance } from '../config/model.ts'
import type { DatabaseEntry } from '../container/manifest.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { DB_KINDS, type DbKind, engineOf } from '../databases/engines.ts'
import { partSentence } from '../databases/loadContract.ts'
import { inspectContainer } from '../docker/containers.ts'
import type { Docker } from '../docker/process.ts'
import { dumpDatabase } from '../dump/dump.ts'
import { InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { loadDump } from '../load/loadDump.ts'
import { dropDatabase, isThere } from '../load/presence.ts'
import { type DbSource, factsOf, resolveTargets } from '../targets/resolve.ts'
import { countLoaded } from './countLoaded.ts'

/** A database to restore into its server. */
export interface DatabasePlacement {
  readonly entry: DatabaseEntry
  readonly kind: DbKind
  readonly source: DbSource
}

/** Finds the running server of each entry. Throws an `InstanceError` if one does not run, or is of a kind that is not known here. */
export async function findServers(
  run: InstanceRun,
  entries: readonly DatabaseEntry[],
): Promise<readonly DatabasePlacement[]> {
  const { host, hostName } = run.context
  const targets = entries.map((entry) => targetOf(run.instance, entry))
  const on = { docker: host.docker, engine: host.engine, hostName, onOdd: run.report.warnOnce }
  const found = await resolveTargets(on, targets, { signal: run.abort.signal })
  return found.map((source, index) => {
    const entry = entries[index] as DatabaseEntry
    if (source.kind === 'unresolved') throw new InstanceError(source.error)
    const kind = DB_KINDS.find((one) => one === entry.engine)
    if (source.kind !== 'db' || kind === undefined)
      throw new InstanceError(`database ${entry.name} is of the kind ${entry.engine}, which cannot be restored`)
    refusePartOf({ entry, kind, source })
    return { entry, kind, source }
  })
}

/**
 * Throws an `InstanceError` if the dump of a backup leaves something out, or if what the server holds now could not be kept whole. A backup
 * of an earlier release does not say how it was made: then the `dumpArgs` of today count.
 */
export function refusePartOf({ entry, kind, source }: DatabasePlacement): void {
  const engine = engineOf(kind)
  const isServer = entry.files.some(({ database }) => database === null)
  const { kept, leftOutBy: today } = engine.judgeOptions(engine.extractSecrets(source.target.dumpArgs).args, isServer)
  const leftOutBy =
    entry.leftOutBy === undefined ? today : (entry.leftOutBy ?? engine.judgeOptions(kept, isServer).leftOutBy)
  if (leftOutBy !== null) throw new InstanceError(`database ${entry.name}: ${partSentence(leftOutBy)}`)
}

/** Returns the configured target of a database, or a new one if it is not configured. Its `databases` are those in the backup. */
function targetOf({ targets }: Instance, entry: DatabaseEntry): DbTarget {
  const known = (targets ?? []).find((one) => one.kind === 'db' && one.container === entry.name)
  const databases = entry.files.flatMap(({ database }) => database ?? [])
  const base = { dumpArgs: [], preHook: null, postHook: null, line: null }
  return {
    ...(known?.kind === 'db' ? known : base),
    kind: 'db',
    container: entry.name,
    dbKind: DB_KINDS.find((one) => one === entry.engine) ?? null,
    databases,
  }
}

/** Dumps what the servers hold now, below `directory` in the helper. Throws `InstanceError` if one cannot be dumped. */
export async function dumpOld(
  run: InstanceRun,
  helper: CopyHelper,
  { databases, directory }: { readonly databases: readonly DatabasePlacement[]; readonly directory: string },
): Promise<readonly KeptDump[]> {
  const kept: KeptDump[] = []
  for (const placement of databases) {
    const { source, kind } = placement
    const missing = await findMissing(run, placement)
    kept.push(...missing.map((database) => nothingKept(placement, database)))
    const there = source.target.databases.filter((database) => !missing.includes(database))
    if (missing.length > 0 && there.length === 0) continue
    await run.log.write('marina', `dumping what ${source.name} holds now`)
    const dumped = await dumpDatabase(run.context.host.docker, helper, {
      target: { ...source.target, databases: there },
      container: source.facts,
      directory: `${directory}/db/${source.name}`,
      owner: { uid: 0, gid: 0 },
      // what it lacks could not be put back
      isWhole: true,
      hide: (secrets) => hideLogin(run, source, secrets),
      onLine: (line) => run.log.write('marina', line),
      onToolLine: (line) => run.log.write('err', `${line}\n`),
      deadlineMs: run.instance.timeoutMs,
      signal: run.abort.signal,
    })
    for (const file of dumped.files)
      kept.push({
        container: source.container.id,
        name: source.container.name,
        kind,
        hasOwnLogin: source.target.dumpArgs.length > 0,
        path: file.path,
        bytes: file.bytes,
        sha256: file.sha256,
        database: file.database,
      })
  }
  return kept
}

const LOOK_MS = 60_000

/** Returns the databases of the backup that are not on the server, and says so. One that cannot be looked for counts as there. */
async function findMissing(run: InstanceRun, { source, kind }: DatabasePlacement): Promise<readonly string[]> {
  const missing: string[] = []
  await hideLogin(run, source, engineOf(kind).extractSecrets(source.target.dumpArgs).secrets)
  for (const database of source.target.databases) {
    const { dumpArgs } = source.target
    const request = { kind, container: source.facts, dumpArgs, database, deadlineMs: LOOK_MS, signal: run.abort.signal }
    const isFound = await isThere(run.context.host.docker, request).catch((error: unknown) => {
      if (error instanceof InstanceError) return true // the dump says why
      throw error
    })
    if (isFound) continue
    missing.push(database)
    await run.log.write('marina', `database "${database}" is not on ${source.name}, so there is nothing of it to keep`)
  }
  return missing
}

function nothingKept({ source, kind }: DatabasePlacement, database: string): KeptDump {
  return {
    container: source.container.id,
    name: source.container.name,
    kind,
    hasOwnLogin: source.target.dumpArgs.length > 0,
    path: `missing/${source.name}/${database}`,
    bytes: 0,
    sha256: '',
    database,
    isMissing: true,
  }
}

interface LoadNewRequest {
  readonly databases: readonly DatabasePlacement[]
  /** Folder of the restored tree in the helper. */
  readonly restored: string
  /** Called before a server is changed, with the id of its container. */
  readonly onBegin: (container: string) => Promise<void>
}

/** Loads the dumps of the backup. What was there is gone afterwards. Throws an `InstanceError` if a server then lacks rows of its dump. */
export async function loadNew(
  run: InstanceRun,
  helper: CopyHelper,
  { databases, restored, onBegin }: LoadNewRequest,
): Promise<void> {
  for (const placement of databases) {
    await run.log.write('marina', `loading the backup into ${placement.source.name}`)
    for (const file of placement.entry.files)
      await load(run, helper, placement, {
        file: { ...file, path: `${restored}/${file.path}` },
        signal: run.abort.signal,
        isWhole: placement.entry.leftOutBy === null,
        onBegin: () => onBegin(placement.source.container.id),
      })
    for (const file of placement.entry.files) await countLoaded(run, placement, file)
  }
}

/** Loads an old dump back. A cancel or the run's deadline does not stop it. */
export async function loadOld(
  run: InstanceRun,
  helper: CopyHelper,
  { databases, dump }: { readonly databases: readonly DatabasePlacement[]; readonly dump: KeptDump },
): Promise<void> {
  const placement = databases.find(({ source }) => source.container.id === dump.container)
  if (placement === undefined) throw new InstanceError(`container ${dump.name} is none of this restore`)
  const { source, kind } = placement
  const signal = new AbortController().signal
  if (dump.isMissing === true && dump.database !== null)
    return dropDatabase(run.context.host.docker, {
      ...{ kind, container: source.facts, dumpArgs: source.target.dumpArgs, database: dump.database },
      ...{ deadlineMs: run.instance.timeoutMs, signal },
    })
  await load(run, helper, placement, { file: dump, isWhole: true, signal, onBegin: async () => {} })
}

interface FileToLoad {
  readonly file: Pick<KeptDump, 'path' | 'bytes' | 'sha256' | 'database'>
  readonly isWhole: boolean
  readonly signal: AbortSignal
  readonly onBegin: () => Promise<void>
}

function load(
  run: InstanceRun,
  helper: CopyHelper,
  { kind, source }: DatabasePlacement,
  { file, isWhole, signal, onBegin }: FileToLoad,
): Promise<void> {
  return loadDump(run.context.host.docker, helper, {
    kind,
    purpose: 'replace',
    container: source.facts,
    dumpArgs: source.target.dumpArgs,
    file,
    isWhole,
    onBegin,
    hide: (secrets) => hideLogin(run, source, secrets),
    onLine: (line) => run.log.write('marina', line),
    deadlineMs: run.instance.timeoutMs,
    signal,
  })
}

/** Masks the passwords of a server in everything that is printed from then on. */
export async function hideLogin(run: InstanceRun, source: DbSource, secrets: readonly string[]): Promise<void> {
  const doubt = run.context.hide(secrets, `the password of database container "${source.container.name}"`)
  if (doubt !== null) await run.report.warn(doubt)
}

/** Time for loading old data back after a run that died, ms. */
const LOAD_BACK_MS = 12 * 3_600_000

interface LoadBackRequest {
  readonly dump: KeptDump
  /** The target's `dumpArgs`; `null` if this run does not know them. */
  readonly dumpArgs: readonly string[] | null
  readonly hide: (secrets: readonly string[]) => Promise<void>
  readonly say: (line: string) => Promise<void>
}

/**
 * Loads an old dump back for a restore whose run died. Throws an `InstanceError` that says how to do it by hand for a server whose login stood
 * in `dumpArgs`: those may hold secrets, and are nowhere on the host.
 */
export async function loadBack(
  docker: Docker,
  helper: Pick<CopyHelper, 'exec'>,
  { dump, dumpArgs, hide, say }: LoadBackRequest,
): Promise<void> {
  if (dump.hasOwnLogin && dumpArgs === null)
    throw new InstanceError(
      `${dump.name} may hold half of a restore, and its login stands in dumpArgs, which this run does not know: a run of the instance that was restored knows it, or load ${dump.path} of its helper by hand (docs/restore.md)`,
    )
  // somebody may have made it anew meanwhile
  const container = (await inspectContainer(docker, dump.container)) ?? (await inspectContainer(docker, dump.name))
  const kind = DB_KINDS.find((one) => one === dump.kind)
  if (container === null || kind === undefined)
    throw new InstanceError(`container ${dump.name}, which may hold half of a restore, is gone`)
  const server = { kind, container: factsOf(container), dumpArgs: dumpArgs ?? [] }
  const limits = { deadlineMs: LOAD_BACK_MS, signal: new AbortController().signal }
  await hide(engineOf(kind).extractSecrets(server.dumpArgs).secrets)
  if (dump.isMissing === true && dump.database !== null)
    return dropDatabase(docker, { ...server, ...limits, database: dump.database })
  await loadDump(docker, helper, {
    ...server,
    ...limits,
    purpose: 'replace',
    file: dump,
    isWhole: true,
    hide,
    onLine: say,
  })
}
