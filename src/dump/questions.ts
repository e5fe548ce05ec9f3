/**
 * Asks a database container before its dump begins which tools it has, whether the account sees everything that is to be dumped, and how
 * the server is set up; and after a failure, whether it stopped meanwhile.
 */

import type { DumpPlan, DumpTools, ServerFacts } from '../databases/engineContract.ts'
import { DATABASE_TOOLS } from '../databases/engines.ts'
import { type ExecRequest, execTruthfully, foreignReason } from '../docker/exec.ts'
import { type Docker, query } from '../docker/process.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { ToolFailure } from './toolFailure.ts'

const QUESTION_MS = 60_000
const INSPECT_MS = 10_000

const FIND_TOOLS = `
for tool do
  if command -v "$tool" >/dev/null 2>&1; then printf '%s\\t%s\\n' "$tool" "$("$tool" --version 2>&1 </dev/null | head -n 1)"; fi
done`

type Question = Pick<ExecRequest, 'script' | 'args' | 'env'>

/**
 * Runs a question's script in the container and returns its stdout. Throws `CancelledError`; `ToolFailure` with the script's own words if
 * it failed; another `InstanceError` if nobody can say how it ended.
 */
export async function ask(
  docker: Docker,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
  question: Question,
): Promise<string> {
  const answer = await execTruthfully(docker, { container: id, ...question, deadlineMs: QUESTION_MS, signal })
  if (signal.aborted) throw new CancelledError()
  if (answer.code === null) throw new InstanceError(foreignReason(docker, answer))
  if (answer.code !== 0) throw new ToolFailure(foreignReason(docker, answer))
  return answer.stdout
}

/** Finds programs in the container, by default the dump tools of all engines, each with the first line of its `--version`. Throws as `ask` does. */
export async function findTools(
  docker: Docker,
  id: string,
  signal: AbortSignal,
  names: readonly string[] = DATABASE_TOOLS,
): Promise<DumpTools> {
  const stdout = await ask(docker, { id, signal }, { script: FIND_TOOLS, args: names })
  return new Map(
    stdout
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1).trim()]),
  )
}

/**
 * Asks for the account's rights, because a dump silently lacks what the account may not see. Throws an `InstanceError` if the dump would
 * lack something, or as `ask` does. Returns a warning if the rights cannot be known; `null` if they suffice, or if the plan has no
 * question.
 */
export async function askRights(
  docker: Docker,
  id: string,
  signal: AbortSignal,
  plan: DumpPlan,
): Promise<string | null> {
  if (plan.rights === null) return null
  const { judge, ...question } = plan.rights
  const { error, warning } = judge(await ask(docker, { id, signal }, question))
  if (error !== null) throw new InstanceError(error)
  return warning
}

/**
 * Asks the server about itself, for the manifest. Nothing depends on the answer: after a failure it tells `say` the reason, and returns
 * `null`. It also returns `null` if the plan has no such question. Throws `CancelledError`.
 */
export async function askFacts(
  docker: Docker,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
  plan: DumpPlan,
  say: (line: string) => Promise<void>,
): Promise<ServerFacts | null> {
  if (plan.facts === null) return null
  const { read, ...question } = plan.facts
  try {
    return read(await ask(docker, { id, signal }, question))
  } catch (error) {
    if (error instanceof CancelledError) throw error
    const why = error instanceof Error ? error.message : String(error)
    await say(`the manifest does not say how the server is set up: ${why}`)
    return null
  }
}

/**
 * Says what happened to the container during the dump, as the beginning of the failure's sentence (`it was paused meanwhile: `); `''` if it
 * runs, or if the engine does not tell.
 */
export async function stoppedMeanwhile(docker: Docker, id: string): Promise<string> {
  const argv = ['container', 'inspect', '--format', '{{.State.Status}}', id]
  const { stdout } = await query(docker, argv, { deadlineMs: INSPECT_MS })
  const status = stdout.trim()
  if (status === 'paused') return 'it was paused meanwhile: '
  return status === '' || status === 'running' ? '' : 'it stopped meanwhile: '
}
