/**
 * Dumps one database container into the staging volume. A dump counts when its tool said 0, it is not empty, the file is as
 * long as what was passed on, and it ends as the engine ends it; anything else is a failure with the tool's own words.
 */

import type { DbKind, DbTarget } from '../config/model.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { execReason, execTruthfully } from '../docker/exec.ts'
import { type Docker, query } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { DumpFile, DumpPlan, DumpQuestion, DumpTools } from './engines/contract.ts'
import { detectKind } from './engines/detect.ts'
import { mongoPlan } from './engines/mongo.ts'
import { mysqlPlan } from './engines/mysql.ts'
import { postgresPlan } from './engines/postgres.ts'
import { redisPlan } from './engines/redis.ts'
import { beginProgress } from './progress.ts'
import { type TransferResult, transfer } from './transfer.ts'

/** What `docker inspect` says of a container, as far as a dump needs it. */
export interface ContainerFacts {
  readonly id: string
  readonly name: string
  /** Image reference as the container was created with it. */
  readonly image: string
  /** Names of its environment variables. */
  readonly env: readonly string[]
  /** Entrypoint and command. */
  readonly cmd: readonly string[]
  readonly running: boolean
}

export interface DumpRequest {
  readonly target: DbTarget
  readonly container: ContainerFacts
  /** `/backup/<timestamp>/db/<container>` in the helper; made here. It and its parent belong to the owner. */
  readonly directory: string
  readonly owner: { readonly uid: number; readonly gid: number }
  /** A line for the instance's log: what the tool says, and how far it is every 30 s. */
  readonly onLine: (line: string) => Promise<void>
  /** For all of the target's files together, milliseconds. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

export interface DumpedFile {
  /** Absolute, in the helper and in the backup container. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  /** `null`: the whole server. */
  readonly database: string | null
}

export interface DumpReport {
  readonly kind: DbKind
  readonly files: readonly DumpedFile[]
  /** The program that dumped, and the first line of its `--version`. */
  readonly tool: string
  readonly toolVersion: string
  /** For the target: the dump is whole, but look. */
  readonly warnings: readonly string[]
  /** How the configuration was understood. */
  readonly notices: readonly string[]
}

/** Runs a script in the helper. */
export type DumpHelper = Pick<CopyHelper, 'exec'>

const QUESTION_MS = 60_000
const CLEAN_UP_MS = 60_000
const INSPECT_MS = 10_000
/** As many lines of one tool become warnings; the log has all. */
const MOST_WARNINGS = 20

const PROBE = `
for tool in pg_dumpall pg_dump mariadb-dump mysqldump mariadb mysql mongodump valkey-cli redis-cli; do
  if command -v "$tool" >/dev/null 2>&1; then printf '%s\\t%s\\n' "$tool" "$("$tool" --version 2>&1 | head -n 1)"; fi
done`

const MAKE_DIRECTORY = `mkdir -p -- "$1" && chown -- "$2" "\${1%/*}" "$1" && chmod 0700 -- "$1"`

/**
 * Dumps the target, one file for the server or one for each of its `databases`.
 * Throws an `InstanceError` of one sentence, or `CancelledError`; then no process is left in the container and nothing of
 * the dump in the staging volume.
 */
export async function dumpDatabase(docker: Docker, helper: DumpHelper, request: DumpRequest): Promise<DumpReport> {
  const deadline = Date.now() + request.deadlineMs
  const { name, running } = request.container
  if (!running)
    throw new InstanceError(`database container "${name}" is not running: start it, or take it out of the targets`)
  try {
    const tools = await findTools(docker, request)
    const kind = request.target.dbKind ?? detectKind({ ...request.container, command: request.container.cmd }, tools)
    const plan = planOf({
      kind,
      tools,
      databases: request.target.databases,
      dumpArgs: request.target.dumpArgs,
      command: request.container.cmd,
    })
    for (const notice of plan.notices) await request.onLine(notice)
    const warnings = await askRights(docker, request, plan)
    await inBench(helper, request, MAKE_DIRECTORY, [request.directory, ownerOf(request)])
    const files = await dumpFiles(docker, helper, { request, plan, deadline, warnings })
    return { kind, files, tool: plan.tool, toolVersion: tools.get(plan.tool) ?? '', warnings, notices: plan.notices }
  } catch (error) {
    await removeRest(helper, request, error)
    if (!(error instanceof InstanceError)) throw error
    const stopped = await hasStopped(docker, request.container.id)
    throw new InstanceError(
      `database container "${name}" was not dumped: ${stopped ? 'it stopped meanwhile: ' : ''}${docker.redact(error.message)}`,
      { cause: error },
    )
  }
}

/** Only to say more of a failure: where the engine does not tell, nothing more is said. */
async function hasStopped(docker: Docker, id: string): Promise<boolean> {
  const argv = ['container', 'inspect', '--format', '{{.State.Running}}', id]
  const { stdout } = await query(docker, argv, { deadlineMs: INSPECT_MS })
  return stdout.trim() === 'false'
}

const PLANS: Readonly<Record<DbKind, (question: DumpQuestion) => DumpPlan>> = {
  postgres: postgresPlan,
  mysql: mysqlPlan,
  mariadb: mysqlPlan,
  mongo: mongoPlan,
  redis: redisPlan,
  valkey: redisPlan,
}

function planOf(question: DumpQuestion): DumpPlan {
  return PLANS[question.kind](question)
}

async function findTools(docker: Docker, request: DumpRequest): Promise<DumpTools> {
  const probe = await execTruthfully(docker, {
    container: request.container.id,
    script: PROBE,
    deadlineMs: QUESTION_MS,
    signal: request.signal,
  })
  if (request.signal.aborted) throw new CancelledError()
  if (probe.code !== 0) throw new InstanceError(execReason(probe))
  return new Map(
    probe.stdout
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1).trim()]),
  )
}

/** What the account may not see is missing from a dump that ends well: so it is asked for before. Returns the warnings. */
async function askRights(docker: Docker, request: DumpRequest, plan: DumpPlan): Promise<string[]> {
  if (plan.rights === null) return []
  const { script, args, env, judge } = plan.rights
  const asked = await execTruthfully(docker, {
    container: request.container.id,
    script,
    args,
    env,
    deadlineMs: QUESTION_MS,
    signal: request.signal,
  })
  if (request.signal.aborted) throw new CancelledError()
  if (asked.code !== 0) throw new InstanceError(execReason(asked))
  const { error, warning } = judge(asked.stdout)
  if (error !== null) throw new InstanceError(error)
  return warning === null ? [] : [warning]
}

interface Work {
  readonly request: DumpRequest
  readonly plan: DumpPlan
  readonly deadline: number
  readonly warnings: string[]
}

async function dumpFiles(docker: Docker, helper: DumpHelper, work: Work): Promise<DumpedFile[]> {
  const files: DumpedFile[] = []
  for (const file of work.plan.files) {
    const path = `${work.request.directory}/${file.name}`
    const handed = await dumpFile(docker, helper, work, file)
    files.push({ path, ...handed, database: file.database })
  }
  return files
}

async function dumpFile(docker: Docker, helper: DumpHelper, work: Work, file: DumpFile): Promise<TransferResult> {
  const { request, plan } = work
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
          if (plan.isWarning(line) && work.warnings.length < MOST_WARNINGS) work.warnings.push(line.trim())
          await request.onLine(line)
        },
      },
      file: `${request.directory}/${file.name}`,
      owner: ownerOf(request),
      wholeness: plan.wholeness(),
      onBytes: progress.add,
      deadline: work.deadline,
      signal: request.signal,
    })
  } catch (error) {
    if (file.database === null || !(error instanceof InstanceError)) throw error
    throw new InstanceError(`database "${file.database}": ${error.message}`, { cause: error })
  } finally {
    await progress.end()
  }
}

function ownerOf(request: DumpRequest): string {
  return `${request.owner.uid}:${request.owner.gid}`
}

async function inBench(
  helper: DumpHelper,
  request: DumpRequest,
  script: string,
  args: readonly string[],
): Promise<void> {
  const result = await helper.exec({ script, args, deadlineMs: QUESTION_MS, signal: request.signal })
  if (request.signal.aborted) throw new CancelledError()
  if (result.code !== 0)
    throw new InstanceError(`its directory in the staging volume could not be made: ${execReason(result)}`)
}

/** Half a dump, or some of several databases, is no dump: nothing of it stays. Does not listen to the signal: a cancelled run cleans up too. */
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
