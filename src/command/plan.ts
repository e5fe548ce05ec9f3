/** `plan`: says which backups are due, why, when each comes next and on which host, and makes the matrix for the jobs. Backs nothing up. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { planArtifactName, uploadArtifact } from '../action/artifact.ts'
import { type PlanOutputs, planOutputs, setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { openSummary } from '../action/stepSummary.ts'
import { type DockerHost, engineNow } from '../claim/host.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { hostKey, hostsOf } from '../config/runnerHosts.ts'
import { writtenCatchUp } from '../config/writtenCatchUp.ts'
import { DockerUnavailableError, InputError } from '../errors.ts'
import type { CoverageReport } from '../outcome.ts'
import type { InstanceRecord } from '../record/recordLabels.ts'
import { type PlannedRow, renderPlan } from '../report/planPage.ts'
import { isCoverageBroken } from '../report/uncovered.ts'
import type { Candidate, PlanItem } from '../schedule/planRun.ts'
import { slotWords } from '../schedule/slotWords.ts'
import type { CommandContext } from './commandContext.ts'
import { openSecretRegister } from './hideSecrets.ts'
import { openHostTargets } from './hostTargets.ts'
import { coverOf, hostCount, instancesOfHost } from './instanceCover.ts'
import { readConfig } from './loadConfiguration.ts'
import { openHost } from './openHost.ts'
import { matrixOf } from './planMatrix.ts'
import { sayCoverage } from './sayCoverage.ts'
import { selectInstances } from './selectInstances.ts'
import { decideAll, hostsById, type Memory, NO_MEMORY, readMemory, sayDecisions } from './takeDue.ts'

/** Number of jobs that GitHub takes from one matrix. */
const MOST_JOBS = 256
/** Longest wait for an engine that may not be there, ms. */
const ENGINE_MS = 10_000
const UPLOAD_MS = 60_000

/**
 * Makes the plan and returns the exit code: 0, or 1 if `coverage: enforce` finds something on this host that is in no backup. All outputs
 * are set then, too. Needs no Docker and no variable's value. Throws `ConfigError` and `InputError` for a wrong configuration, a wrong
 * request and, once the plan is published, for more hosts than a matrix can have.
 */
export async function plan(action: CommandContext): Promise<number> {
  const { inputs, console } = action
  const config = await readConfig(action)
  for (const { message, line } of config.notices) await console.notice(message, { file: config.file, line })
  const selected = selectInstances({
    all: config.instances,
    ids: inputs.instances,
    host: inputs.host,
    isForOneHost: false,
  })
  const host = await hostAtHand(action)
  const { memory, now } = host === null ? { memory: NO_MEMORY, now: Date.now() } : await remembered(host, selected)
  const candidates = selected.map((raw) => candidateOf(config, raw, inputs.instances.includes(raw.id)))
  const items = await decideAll(action, { candidates, hosts: hostsById(config), memory, now })
  await sayDecisions(console, items)
  const rows = rowsOf(config, selected, items)
  const matrix = matrixOf(rows, inputs.instances.length === 0)
  const here = instancesOfHost(config.instances, selected, inputs.host)
  const coverage = host === null ? null : await coverageOf(action, host, { config, here })
  if (host !== null && coverage !== null) await sayCoverage(action.console, host, host.engine.hostName, coverage)
  await publishPlan(action, config, { rows, matrix, basis: basisOf(memory), coverage })
  if (matrix.length > MOST_JOBS)
    throw new InputError(
      `${matrix.length} hosts have something due, and a matrix takes ${MOST_JOBS} jobs at most: split the configuration into two files with a workflow each, or give instances of one host the same runsOn`,
    )
  return coverage !== null && isCoverageBroken(coverage) ? 1 : 0
}

/** Connects to this host's engine; `null` if it has none: a plan may well be made on such a machine. */
async function hostAtHand(action: CommandContext): Promise<DockerHost | null> {
  const { redactor } = openSecretRegister(action.console)
  try {
    return (await openHost(action, { redactor }, ENGINE_MS)).host
  } catch (error) {
    if (error instanceof DockerUnavailableError) return null
    throw error
  }
}

/** Reads what this host remembers of the selected instances. What it remembers of one that has moved to another host since does not count. */
async function remembered(
  host: DockerHost,
  selected: readonly RawInstance[],
): Promise<{ readonly memory: Memory; readonly now: number }> {
  const ids = selected.map(({ id }) => id)
  const { records, goingOn } = await readMemory(host, ids)
  const hosts = new Map(selected.map(({ id, runsOn }) => [id, hostKey(runsOn)]))
  const isHere = ([id, record]: readonly [string, InstanceRecord]) =>
    record.host === null || record.host === hosts.get(id)
  return { memory: { records: new Map([...records].filter(isHere)), goingOn }, now: engineNow(host) }
}

/**
 * Finds what no instance of this host backs up. `null` if it cannot be told here: if the instances belong to several hosts, of which any
 * may be this one, or if names of targets depend on variables, which only a backup knows.
 */
async function coverageOf(
  { env, signal, console }: CommandContext,
  host: DockerHost,
  { config, here }: { readonly config: Config; readonly here: readonly RawInstance[] },
): Promise<CoverageReport | null> {
  if (hostCount(here) !== 1) return null
  const lookup = (name: string) => env[name]
  const hasUnknown = here.some((raw) => coverOf(config, raw, lookup).hasUnknown)
  if (!hasUnknown) return openHostTargets({ host, config, here, settled: [], lookup, signal }).coverage()
  await console.info('Names of targets depend on variables: the backup tells what of this host is in no instance.')
  return null
}

function candidateOf(config: Config, raw: RawInstance, isNamed: boolean): Candidate {
  const { id, schedule, scheduleIsOpen } = raw
  return { id, schedule, isOpen: scheduleIsOpen, catchUp: writtenCatchUp(config, raw), isNamed }
}

function rowsOf(config: Config, selected: readonly RawInstance[], items: readonly PlanItem[]): readonly PlannedRow[] {
  const hosts = new Map(hostsOf(config.instances).map((host, index) => [config.instances[index]?.id, host]))
  return selected.map((raw, index): PlannedRow => {
    const { isTaken, why, slot, next } = items[index] as PlanItem
    const host = hosts.get(raw.id) as ReturnType<typeof hostsOf>[number]
    return {
      id: raw.id,
      isDue: isTaken,
      why,
      slot: slot?.toISOString() ?? null,
      next: next?.toISOString() ?? null,
      nextWords: next === null || raw.schedule === null ? null : slotWords(next, raw.schedule),
      host: host.name,
      runsOn: host.runsOn,
      variables: raw.variables,
      optionalVariables: raw.optionalVariables,
      line: raw.line,
    }
  })
}

/** Says who remembers, for people who wonder why something is due. */
function basisOf({ records }: Memory): string {
  return records.size === 0
    ? 'No record of a host was at hand: earlier runs of the workflow, or its ticks, tell what was served.'
    : 'The records of this host tell what was served; for instances without one, earlier runs of the workflow or its ticks do.'
}

interface MadePlan {
  readonly rows: readonly PlannedRow[]
  readonly matrix: PlanOutputs['matrix']
  readonly basis: string
  readonly coverage: CoverageReport | null
}

async function publishPlan(action: CommandContext, config: Config, made: MadePlan): Promise<void> {
  const { env, event, inputs, console } = action
  const { rows, matrix, basis, coverage } = made
  const folder = join(event.temp, `marina-${action.job}`)
  const path = join(folder, 'plan.json')
  const due = rows.flatMap(({ id, isDue }) => (isDue ? [id] : []))
  const isWritten = await mkdir(folder, { recursive: true })
    .then(() => writeFile(path, `${JSON.stringify(planFile(action, made), null, 2)}\n`))
    .then(() => true)
    .catch(async (error: Error) => {
      await console.warning(`plan.json could not be written: ${error.message}`)
      return false
    })
  const summary = await openSummary(env)
  const unwritten = await summary.write(
    renderPlan({
      rows,
      basis,
      coverage,
      nodeNameVariables: config.nodeNameVariables,
      config: readPages(env, inputs.config).config,
      limitBytes: summary.roomBytes,
    }),
  )
  if (unwritten !== null) await console.warning(unwritten)
  await setOutputs(planOutputs({ due, matrix, report: isWritten ? path : '' }))
  await console.info(`${due.length} of ${rows.length} due, on ${matrix.length} host${matrix.length === 1 ? '' : 's'}.`)
  if (!isWritten) return
  await console.settle()
  const name = planArtifactName(event.attempt)
  const uploaded = await uploadArtifact(
    { name, files: [path], rootDirectory: folder, retentionDays: null, deadlineMs: UPLOAD_MS },
    env,
  )
  if (uploaded.kind === 'unavailable')
    await console.notice(`plan.json was not uploaded: ${uploaded.why}. It is in ${path}`)
}

function planFile({ event, inputs }: CommandContext, { rows, matrix, basis, coverage }: MadePlan) {
  return {
    version: 1,
    repository: event.repository,
    runId: event.runId,
    attempt: event.attempt,
    configFile: inputs.config,
    plannedAt: new Date().toISOString(),
    basis,
    matrix,
    instances: rows,
    coverage,
  }
}
