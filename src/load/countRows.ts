/** Counts the rows of a database server, table by table, by the names that a manifest uses. */
import type { ServerRows } from '../databases/countContract.ts'
import { type DbKind, engineOf } from '../databases/engines.ts'
import { execTruthfully, foreignReason } from '../docker/exec.ts'
import type { Docker } from '../docker/process.ts'
import type { ContainerFacts } from '../dump/dump.ts'
import { findTools } from '../dump/questions.ts'
import { CancelledError, InstanceError } from '../errors.ts'

export interface CountRequest {
  readonly kind: DbKind
  readonly container: ContainerFacts
  /** The login, in the words of `dumpArgs`. */
  readonly dumpArgs: readonly string[]
  /** The database to count; `null`: the whole server. */
  readonly database: string | null
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Most bytes of an answer that are read. */
const ANSWER_BYTES = 64 << 20

/**
 * Counts the rows of one database, or of the whole server. Throws an `InstanceError` with one sentence if the server does not answer, or
 * answers at too great a length or in another form; or `CancelledError`.
 */
export async function countRows(docker: Docker, request: CountRequest): Promise<ServerRows> {
  const { kind, container, dumpArgs, signal, database } = request
  const engine = engineOf(kind)
  const tools = await findTools(docker, container.id, signal, engine.loadTools)
  const given = engine.extractSecrets(dumpArgs)
  const plan = engine.planCount({ kind, tools, database, given, command: container.cmd, env: container.env })
  const chunks: Buffer[] = []
  let length = 0
  const ran = await execTruthfully(docker, {
    container: container.id,
    ...plan.count,
    deadlineMs: request.deadlineMs,
    signal,
    onStdout: (chunk) => {
      length += chunk.length
      if (length <= ANSWER_BYTES) chunks.push(chunk)
    },
  })
  if (signal.aborted) throw new CancelledError()
  const failed = (why: string) => new InstanceError(`the rows in "${container.name}" could not be counted: ${why}`)
  if (ran.code !== 0) throw failed(docker.redact(foreignReason(docker, ran)))
  if (length > ANSWER_BYTES) throw failed('there are too many tables')
  try {
    return plan.read(Buffer.concat(chunks).toString())
  } catch (error) {
    throw failed(`the server's answer cannot be read (${(error as Error).message})`)
  }
}
