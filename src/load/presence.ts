/** Tells whether a database is on its server, and drops one that a load has made. */
import { type DbKind, engineOf } from '../databases/engines.ts'
import type { PresencePlan } from '../databases/presenceContract.ts'
import { execTruthfully, foreignReason } from '../docker/exec.ts'
import type { Docker } from '../docker/process.ts'
import type { ContainerFacts } from '../dump/dump.ts'
import { findTools } from '../dump/questions.ts'
import { CancelledError, InstanceError } from '../errors.ts'

export interface PresenceRequest {
  readonly kind: DbKind
  readonly container: ContainerFacts
  /** The login, in the words of `dumpArgs`. */
  readonly dumpArgs: readonly string[]
  readonly database: string
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Tells whether the database is there. Throws an `InstanceError` if the server does not tell, or `CancelledError`. */
export async function isThere(docker: Docker, request: PresenceRequest): Promise<boolean> {
  const plan = await planPresence(docker, request)
  const stdout = await run(docker, request, plan.look, 'could not be looked for')
  try {
    return plan.isThere(stdout)
  } catch (error) {
    throw failure(request, `could not be looked for: the server's answer cannot be read (${(error as Error).message})`)
  }
}

/** Drops the database, if it is there. Throws as `isThere` does. */
export async function dropDatabase(docker: Docker, request: PresenceRequest): Promise<void> {
  const plan = await planPresence(docker, request)
  await run(docker, request, plan.drop, 'could not be dropped')
}

async function planPresence(docker: Docker, request: PresenceRequest): Promise<PresencePlan> {
  const { kind, container, dumpArgs, database, signal } = request
  const engine = engineOf(kind)
  const tools = await findTools(docker, container.id, signal, engine.loadTools)
  const given = engine.extractSecrets(dumpArgs)
  if (engine.planPresence === null) throw failure(request, 'could not be looked for: its server has no named databases')
  return engine.planPresence({ kind, tools, database, given, command: container.cmd, env: container.env })
}

async function run(
  docker: Docker,
  request: PresenceRequest,
  script: PresencePlan['look'],
  what: string,
): Promise<string> {
  const { container, deadlineMs, signal } = request
  const ran = await execTruthfully(docker, { container: container.id, ...script, endsRest: true, deadlineMs, signal })
  if (signal.aborted) throw new CancelledError()
  if (ran.code !== 0) throw failure(request, `${what}: ${docker.redact(foreignReason(docker, ran))}`)
  return ran.stdout
}

function failure({ database, container }: PresenceRequest, what: string): InstanceError {
  return new InstanceError(`database "${database}" of "${container.name}" ${what}`)
}
