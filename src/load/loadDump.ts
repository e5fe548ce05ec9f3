/**
 * Loads one dump into a database server: out of the helper's volume, through this process, to the engine's own tool in the server's
 * container. Little memory is used, however large the dump. A load counts if the tool said 0 and the bytes that were read are those that the
 * manifest names; the tool's last statements are withheld until that is known. Anything else is a failure with the tool's own words.
 */
import { randomBytes } from 'node:crypto'
import type { CopyHelper } from '../copy/copyHelper.ts'
import type { DumpTools } from '../databases/engineContract.ts'
import { type DbKind, engineOf } from '../databases/engines.ts'
import type { LoadPlan, LoadPurpose, LoadScript } from '../databases/loadContract.ts'
import { type ExecResult, execReason, execTruthfully, foreignReason } from '../docker/exec.ts'
import type { Docker } from '../docker/process.ts'
import type { ContainerFacts } from '../dump/dump.ts'
import { beginProgress } from '../dump/progress.ts'
import { findTools, stoppedMeanwhile } from '../dump/questions.ts'
import { CancelledError, DamagedBackupError, InstanceError } from '../errors.ts'
import { collectErrors, RefusedDumpError } from './loadErrors.ts'
import { readDump } from './readDump.ts'

/** A dump file in the helper, as the manifest describes it. */
export interface DumpToLoad {
  /** Absolute path in the helper. */
  readonly path: string
  readonly bytes: number
  /** SHA-256 of the file, hex. */
  readonly sha256: string
  /** Name of the database that it holds; `null`: the whole server. */
  readonly database: string | null
}

export interface LoadRequest {
  /** Kind of the server, as the manifest names it (`engine`). */
  readonly kind: DbKind
  readonly purpose: LoadPurpose
  /** The server to load into. */
  readonly container: ContainerFacts
  /** Names the server in messages; left out: `database container "NAME"`. */
  readonly into?: string
  /** The target's `dumpArgs`: they say how to reach the server and its account. */
  readonly dumpArgs: readonly string[]
  readonly file: DumpToLoad
  /** True if the dump is known to leave nothing out, whatever `dumpArgs` hold now. */
  readonly isWhole?: boolean
  /** Masks passwords that are found in arguments, in everything that is printed from then on. */
  readonly hide: (secrets: readonly string[]) => Promise<void>
  /** Receives lines for the log: what the tool says, and every 30 s how much was loaded. */
  readonly onLine: (line: string) => Promise<void>
  /** Called when all is known that the load needs, before the server is changed. */
  readonly onBegin?: () => Promise<void>
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** The part of the helper that a load needs: it runs scripts. */
export type LoadHelper = Pick<CopyHelper, 'exec'>

const CLEAN_UP_MS = 60_000

/**
 * Loads a dump. Throws an `InstanceError` with one sentence, or `CancelledError`; then the server may hold a part of the dump and a part of
 * what was there. The error is a `DamagedBackupError` if the file is not the one of the manifest or is no dump, and a `RefusedDumpError` if
 * the tool failed on the dump, not before.
 */
export async function loadDump(docker: Docker, helper: LoadHelper, request: LoadRequest): Promise<void> {
  const { container, file } = request
  const deadline = Date.now() + request.deadlineMs
  try {
    const dump = await readDump(helper, { ...request, file, deadline })
    try {
      const plan = await planLoad(docker, request, dump.head)
      await request.onBegin?.()
      await load(docker, { request, plan, deadline, bytes: dump.bytes })
    } finally {
      await dump.close()
    }
  } catch (error) {
    if (request.signal.aborted) throw new CancelledError()
    if (!(error instanceof InstanceError)) throw error
    const stopped = await stoppedMeanwhile(docker, container.id)
    const into = request.into ?? `database container "${container.name}"`
    throw sameKind(`${nameOf(file)} was not loaded into ${into}: ${stopped}${docker.redact(error.message)}`, error)
  }
}

function sameKind(message: string, error: InstanceError): InstanceError {
  if (error instanceof RefusedDumpError) return new RefusedDumpError(message, { lack: error.lack, cause: error })
  if (error instanceof DamagedBackupError) return new DamagedBackupError(message, { cause: error })
  return new InstanceError(message, { cause: error })
}

function nameOf({ path, database }: DumpToLoad): string {
  return database === null ? `the dump ${path.split('/').pop()}` : `the dump of database "${database}"`
}

async function planLoad(docker: Docker, request: LoadRequest, head: Buffer): Promise<LoadPlan> {
  const { kind, container, dumpArgs, purpose, file, isWhole = false } = request
  const engine = engineOf(kind)
  const tools: DumpTools = await findTools(docker, container.id, request.signal, engine.loadTools)
  const given = engine.extractSecrets(dumpArgs)
  await request.hide(given.secrets)
  if (given.refusal !== null) throw new InstanceError(`dumpArgs ${given.refusal}`)
  const plan = engine.planLoad({
    kind,
    tools,
    database: file.database,
    purpose,
    given,
    isWhole,
    command: container.cmd,
    env: container.env,
    head,
    token: randomBytes(6).toString('hex'),
  })
  await request.hide(plan.secrets)
  return plan
}

interface LoadWork {
  readonly request: LoadRequest
  readonly plan: LoadPlan
  readonly deadline: number
  /** The dump's bytes, without gzip. It ends only if they are those that the manifest names; else it throws. */
  readonly bytes: AsyncIterable<Buffer>
}

async function load(docker: Docker, work: LoadWork): Promise<void> {
  const { plan, request } = work
  const progress = beginProgress(request.file.path.split('/').pop() ?? '', request.onLine)
  try {
    const prepared =
      plan.prepare === null ? '' : await runScript(docker, work, { script: plan.prepare, hasDump: false })
    const input = filtered(work, prepared, progress.add)
    await runScript(docker, work, { script: plan.load, input, hasDump: true })
    if (plan.finish !== null) await runScript(docker, work, { script: plan.finish, hasDump: true })
  } catch (error) {
    await cleanUp(docker, work)
    throw error
  } finally {
    await progress.end()
  }
}

async function* filtered({ plan, bytes }: LoadWork, prepared: string, onBytes: (count: number) => void) {
  const filter = plan.filter(prepared)
  for await (const chunk of bytes) {
    onBytes(chunk.length)
    const changed = filter.pass(chunk)
    if (changed.length > 0) yield changed
  }
  const last = filter.end()
  if (last.length > 0) yield last
}

interface LoadStep {
  readonly script: LoadScript
  readonly input?: AsyncIterable<Buffer>
  /** False before the dump comes: then the tool can only meet faults of the server. */
  readonly hasDump: boolean
}

/** Runs a script of the plan in the server's container and returns its stdout. Throws an `InstanceError` with its words if it failed. */
async function runScript(
  docker: Docker,
  { request, plan, deadline }: LoadWork,
  { script, input, hasDump }: LoadStep,
): Promise<string> {
  const errors = collectErrors(plan.isError)
  const ran = await execTruthfully(docker, {
    container: request.container.id,
    ...script,
    ...(input === undefined ? { endsRest: true } : { input }),
    deadlineMs: Math.max(1, deadline - Date.now()),
    signal: request.signal,
    onStderr: async (line) => {
      if (line.trim() === '') return
      errors.add(line)
      await request.onLine(line)
    },
  })
  if (request.signal.aborted) throw new CancelledError()
  if (ran.code === 0) return ran.stdout
  const words = errors.words()
  const message = failure(docker, ran, plan, words)
  if (!hasDump || ran.code === null) throw new InstanceError(message)
  throw new RefusedDumpError(message, { lack: plan.lack?.(`${words}\n${ran.stderr}`) ?? null })
}

/** Says why the tool failed, and what helps. */
function failure(docker: Docker, ran: ExecResult, plan: LoadPlan, words: string): string {
  if (ran.code === null) return foreignReason(docker, ran)
  const reason = words === '' ? foreignReason(docker, ran) : execReason(ran, words)
  const bare = `${plan.tool} ended with ${execReason(ran, '')}`
  docker.quotes?.(reason, `${bare} (its words are in the log)`)
  const hint = plan.hint(`${words}\n${ran.stderr}`)
  return `${plan.tool} ended with ${reason}${hint === null ? '' : `. What helps: ${hint}`}`
}

/** Removes what a failed load left of ours; what goes wrong with that is not told, for it explains nothing. */
async function cleanUp(docker: Docker, { plan, request }: LoadWork): Promise<void> {
  if (plan.cleanUp === null) return
  await execTruthfully(docker, { container: request.container.id, ...plan.cleanUp, deadlineMs: CLEAN_UP_MS })
}
