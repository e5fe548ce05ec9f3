/**
 * Dumps one database container into the staging volume. A dump counts if its tool said 0, it is not empty, the file is as long as what was
 * passed on, and its format says that it is complete. Anything else is a failure with the tool's own words.
 */

import type { DbTarget } from '../config/model.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { detectKind } from '../databases/detect.ts'
import type { DumpFile, DumpPlan, DumpTools, ServerFacts } from '../databases/engineContract.ts'
import { type DbKind, engineOf } from '../databases/engines.ts'
import { extractedLine, joinedArgument, optionName } from '../databases/secretArgs.ts'
import { execReason } from '../docker/exec.ts'
import { tellWhile } from '../docker/poll.ts'
import type { Docker } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { beginProgress } from './progress.ts'
import { askFacts, askRights, findTools, stoppedMeanwhile } from './questions.ts'
import { ToolFailure } from './toolFailure.ts'
import { type TransferResult, transfer } from './transfer.ts'
import { collectWarnings, type WarningCollector } from './warnings.ts'

/** The facts about a container that a dump needs. */
export interface ContainerFacts {
  readonly id: string
  readonly name: string
  /** The image reference that the container was created with. */
  readonly image: string
  /** Names of its environment variables. */
  readonly env: readonly string[]
  /** Entrypoint and command. */
  readonly cmd: readonly string[]
}

interface DumpRequest {
  readonly target: DbTarget
  readonly container: ContainerFacts
  /** Directory of the dump in the helper, `/backup/<timestamp>/db/<container>`. It is created here; it and its parent belong to `owner`. */
  readonly directory: string
  readonly owner: { readonly uid: number; readonly gid: number }
  /** True if the options of `dumpArgs` that leave something out are not given to the tool. */
  readonly isWhole?: boolean
  /** Masks passwords that are found in arguments, in everything that is printed from then on. */
  readonly hide: (secrets: readonly string[]) => Promise<void>
  /**
   * Receives lines for the instance's log: where passwords stood in `dumpArgs`, notices of the plan, what is waited for, and every 30 s how
   * much was dumped.
   */
  readonly onLine: (line: string) => Promise<void>
  /** Takes each line that the dump tool writes on stderr. */
  readonly onToolLine: (line: string) => Promise<void>
  /** Deadline for all files of the target together, ms. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

interface DumpedFile extends TransferResult {
  /** Absolute path, the same in the helper and in the backup container. */
  readonly path: string
  /** Name of the database; `null`: the whole server. */
  readonly database: string | null
}

export interface DumpReport {
  readonly kind: DbKind
  readonly files: readonly DumpedFile[]
  /** The program that dumped. `toolVersion` is the first line of its `--version`. */
  readonly tool: string
  readonly toolVersion: string
  /** The server's answers about itself, or its version alone if only the dump names it; `null` if neither tells anything. */
  readonly server: ServerFacts | null
  /** The first option of `dumpArgs` that leaves something out, even if `isWhole` kept it from the tool; `null`: there is none. */
  readonly leftOutBy: string | null
  /** Warnings on the target: the dump is complete, but somebody should look. */
  readonly warnings: readonly string[]
  /** Sentences about what the target's owner should change or know. Each becomes a warning of the instance. */
  readonly notices: readonly string[]
}

/** The part of the helper that a dump needs: it runs scripts. */
export type DumpHelper = Pick<CopyHelper, 'exec'>

const MAKE_DIRECTORY_MS = 60_000
const CLEAN_UP_MS = 60_000

const MAKE_DIRECTORY = `mkdir -p -- "$1" && chown -- "$2" "\${1%/*}" "$1" && chmod 0700 -- "$1"`

/**
 * Dumps the target, into one file for the server or one for each of its `databases`. Throws an `InstanceError` with one sentence, or
 * `CancelledError`. Then the tool has been ended, and the dump's directory is removed from the staging volume; if it cannot be removed, the
 * sentence says so.
 */
export async function dumpDatabase(docker: Docker, helper: DumpHelper, request: DumpRequest): Promise<DumpReport> {
  const deadline = Date.now() + request.deadlineMs
  try {
    const telling = {
      what: () => `waiting for an answer of database container "${request.container.name}"`,
      say: request.onLine,
    }
    const tools = await tellWhile(telling, () => findTools(docker, request.container.id, request.signal))
    const { kind, plan, leftOutBy } = await planDump(request, tools)
    const files = await withHint(plan, async () => {
      const warnings = collectWarnings(plan)
      const doubt = await tellWhile(telling, () => askRights(docker, request.container.id, request.signal, plan))
      if (doubt !== null) warnings.say(doubt)
      const { id } = request.container
      const facts = await tellWhile(telling, () =>
        askFacts(docker, { id, signal: request.signal }, plan, async (line) => request.onLine(docker.redact(line))),
      )
      await makeDirectory(helper, request)
      const dumped = await dumpFiles(docker, helper, { request, plan, deadline, warnings })
      for (const words of warnings.quoted()) docker.quotes?.(words, `${plan.tool} warned (its words are in the log)`)
      return { dumped, facts, warnings: warnings.list() }
    })
    return {
      kind,
      files: files.dumped,
      server: files.facts ?? serverIn(files.dumped),
      tool: plan.tool,
      leftOutBy,
      toolVersion: tools.get(plan.tool) ?? '',
      warnings: files.warnings.map(docker.redact),
      notices: plan.notices,
    }
  } catch (error) {
    await removeRest(helper, request, error)
    if (!(error instanceof InstanceError)) throw error
    const stopped = await stoppedMeanwhile(docker, request.container.id)
    throw new InstanceError(
      `database container "${request.container.name}" was not dumped: ${stopped}${docker.redact(error.message)}`,
      { cause: error },
    )
  }
}

/** Returns what the dumps tell of the server. */
function serverIn(files: readonly DumpedFile[]): ServerFacts | null {
  const version = files.find((file) => file.serverVersion !== null)?.serverVersion ?? null
  return version === null ? null : { version, settings: {}, databases: [], roles: [] }
}

/**
 * Decides how to dump. Secrets in the arguments are masked first, because messages may quote the arguments. Throws `InstanceError` for
 * arguments that cannot be used.
 */
async function planDump(
  request: DumpRequest,
  tools: DumpTools,
): Promise<{ readonly kind: DbKind; readonly plan: DumpPlan; readonly leftOutBy: string | null }> {
  const { target, container } = request
  const kind = target.dbKind ?? detectKind({ ...container, command: container.cmd }, tools)
  const engine = engineOf(kind)
  const given = engine.extractSecrets(target.dumpArgs)
  await request.hide(given.secrets)
  if (given.refusal !== null) throw new InstanceError(`dumpArgs ${given.refusal}`)
  const joined = joinedArgument(given.args)
  if (joined !== null)
    throw new InstanceError(
      `dumpArgs has "${optionName(joined)} …" as one argument: write each word as an item of its own, such as ["--clean", "--if-exists"], or a value behind "=", such as ["--host=db"]`,
    )
  const { databases } = target
  const { kept, leftOutBy } = engine.judgeOptions(given.args, databases.length === 0)
  const used = request.isWhole ? { ...given, args: kept } : given
  const plan = engine.plan({ kind, tools, databases, given: used, command: container.cmd, env: container.env })
  await request.hide(plan.secrets)
  const extracted = extractedLine(given, plan.tool)
  for (const line of [...(extracted === null ? [] : [extracted]), ...plan.notices]) await request.onLine(line)
  return { kind, plan, leftOutBy }
}

/** Does `work`. If a tool failed in words that suggest what to write in the configuration (`plan.hint`), the error says that, too. */
async function withHint<T>(plan: DumpPlan, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error
    const hint = plan.hint(error.message)
    if (hint === null) throw error
    throw new InstanceError(`${error.message}. What helps: ${hint}`, { cause: error })
  }
}

interface DumpWork {
  readonly request: DumpRequest
  readonly plan: DumpPlan
  readonly deadline: number
  readonly warnings: WarningCollector
}

async function dumpFiles(docker: Docker, helper: DumpHelper, work: DumpWork): Promise<DumpedFile[]> {
  const files: DumpedFile[] = []
  for (const file of work.plan.files) {
    const path = `${work.request.directory}/${file.name}`
    files.push({ path, ...(await dumpFile(docker, helper, work, file)), database: file.database })
  }
  return files
}

async function dumpFile(docker: Docker, helper: DumpHelper, work: DumpWork, file: DumpFile): Promise<TransferResult> {
  const { request, plan, warnings } = work
  const progress = beginProgress(file.name, request.onLine)
  try {
    return await transfer(docker, helper, {
      source: {
        container: request.container.id,
        script: file.script,
        args: file.args,
        env: file.env,
        onStderr: async (line) => {
          if (line.trim() === '') return
          warnings.add(line)
          await request.onToolLine(line)
        },
      },
      file: `${request.directory}/${file.name}`,
      owner: ownerOf(request),
      check: plan.check(),
      onBytes: progress.add,
      deadline: work.deadline,
      signal: request.signal,
    })
  } catch (error) {
    if (file.database === null || !(error instanceof InstanceError)) throw error
    const Kind = error instanceof ToolFailure ? ToolFailure : InstanceError
    throw new Kind(`database "${file.database}": ${error.message}`, { cause: error })
  } finally {
    await progress.end()
  }
}

function ownerOf({ owner }: DumpRequest): string {
  return `${owner.uid}:${owner.gid}`
}

async function makeDirectory(helper: DumpHelper, request: DumpRequest): Promise<void> {
  const made = await helper.exec({
    script: MAKE_DIRECTORY,
    args: [request.directory, ownerOf(request)],
    deadlineMs: MAKE_DIRECTORY_MS,
    signal: request.signal,
  })
  if (request.signal.aborted) throw new CancelledError()
  if (made.code !== 0)
    throw new InstanceError(`its directory in the staging volume could not be made: ${execReason(made)}`)
}

/**
 * Removes the dump's directory, also if only one of several databases failed. Takes no signal, because a cancelled run cleans up too.
 * Throws `InstanceError` if it cannot; `cause` is why the dump failed.
 */
async function removeRest(helper: DumpHelper, request: DumpRequest, cause: unknown): Promise<void> {
  const removed = await helper.exec({
    script: 'rm -rf -- "$1"',
    args: [request.directory],
    deadlineMs: CLEAN_UP_MS,
  })
  if (removed.code !== 0)
    throw new InstanceError(
      `the rest of a failed dump of "${request.container.name}" could not be removed from the staging volume: ${execReason(removed)}; the dump failed because ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
}
