/** Asks a scratch server what the checks of the configuration want to know of the restored data. */
import type { WantedAnswer } from '../config/model.ts'
import type { DatabaseEntry } from '../container/manifest.ts'
import { type DbKind, engineOf } from '../databases/engines.ts'
import { execTruthfully, foreignReason } from '../docker/exec.ts'
import type { Docker } from '../docker/process.ts'
import type { DrillCheck } from '../drillReport.ts'
import { findTools } from '../dump/questions.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import type { ScratchServer } from '../scratch/scratchServer.ts'
import { judgeAnswer } from './judgeAnswer.ts'

export interface QuestionOptions {
  readonly kind: DbKind
  /** The database to ask; `null`: the one that the client chooses. */
  readonly database: string | null
  readonly server: Pick<ScratchServer, 'container' | 'dumpArgs'>
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Most bytes of an answer that are read. */
const ANSWER_BYTES = 64 << 10

/** Asks, and judges the answer. Throws an `InstanceError` if the server cannot be asked, and `CancelledError`. */
export async function askDatabase(docker: Docker, wanted: WantedAnswer, options: QuestionOptions): Promise<DrillCheck> {
  const { kind, database, server, signal, deadlineMs } = options
  const { container, dumpArgs } = server
  const engine = engineOf(kind)
  const tools = await findTools(docker, container.id, signal, engine.loadTools)
  const given = engine.extractSecrets(dumpArgs)
  const question = { kind, tools, database, given, command: container.cmd, env: container.env, ask: wanted.sql }
  const chunks: Buffer[] = []
  let length = 0
  const ran = await execTruthfully(docker, {
    container: container.id,
    ...engine.planAsk(question),
    deadlineMs,
    signal,
    endsRest: true,
    onStdout: (chunk) => {
      if (length <= ANSWER_BYTES) chunks.push(chunk)
      length += chunk.length
    },
  })
  if (signal.aborted) throw new CancelledError()
  const check = (passed: boolean, seen: string): DrillCheck => ({
    kind: 'sql',
    target: wanted.db,
    passed,
    looked: true,
    seen: `the check of ${wanted.db} in line ${wanted.line} ${seen}`,
  })
  if (ran.code === null) throw new InstanceError(`${wanted.db} could not be asked: ${foreignReason(docker, ran)}`)
  const where = database === null ? '' : ` (in database "${database}")`
  if (ran.code !== 0) return check(false, `was not answered${where}: ${docker.redact(foreignReason(docker, ran))}`)
  if (length > ANSWER_BYTES) return check(false, `was answered with more than ${ANSWER_BYTES >> 10} KiB: ask for less`)
  const answer = Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '')
  const { passed, words } = judgeAnswer(wanted, answer)
  const said = `was answered${where}: ${words}`
  docker.quotes?.(said, `was answered${where} (its answer is in the log)`)
  return check(passed, said)
}

/** Databases that every server has, and that are no application's. */
const SERVERS_OWN = ['postgres', 'mysql', 'sys', 'information_schema', 'performance_schema', 'admin', 'config', 'local']

/** Returns the only database of the backup; `null` if there are more, or nobody knows. */
export function onlyDatabase(entry: DatabaseEntry): string | null {
  const dumped = entry.files.flatMap(({ database }) => database ?? [])
  const told = entry.server?.databases.map(({ name }) => name).filter((name) => !SERVERS_OWN.includes(name)) ?? []
  const names = dumped.length > 0 ? dumped : told
  return names.length === 1 ? (names[0] ?? null) : null
}
