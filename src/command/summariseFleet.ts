/** `summary`: joins the reports of all hosts of a fleet's run, shows one summary of them, and fails if one is missing or tells of a failure. */
import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { artifactName, planArtifactName } from '../action/artifact.ts'
import { runOutputs, setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { isForStrangers } from '../action/platform.ts'
import { openSummary } from '../action/stepSummary.ts'
import { InputError } from '../errors.ts'
import { exitCode } from '../outcome.ts'
import {
  type Fleet,
  type FleetHost,
  type FleetJobs,
  joinFleet,
  parseDue,
  parseFleetJobs,
  parseReport,
  slimReport,
} from '../report/fleet.ts'
import { renderFleet } from '../report/fleetPage.ts'
import { publicPage } from '../report/publicPage.ts'
import type { CommandContext } from './commandContext.ts'

/** Joins and shows the reports, and returns the exit code of the process. Throws an `InputError` for a wrong request. */
export async function summary(action: CommandContext): Promise<number> {
  const { event, inputs, console } = action
  const jobs = readJobs(inputs.fleet)
  if (inputs.reports === '') throw new InputError('Input reports is empty: name the folder of the downloaded reports')
  const hosts: FleetHost[] = []
  const due = await readDue(action, jobs)
  if (jobs.plan === 'success')
    for (const name of jobs.hosts) hosts.push(await readHost(action, jobs, { name, due: due.get(name) ?? [] }))
  const { repository, runUrl, runId, attempt } = event
  const facts = { repository, runUrl, runId, attempt, configFile: inputs.config }
  const fleet = joinFleet(jobs, hosts, facts, inputs.allowPartial)
  for (const problem of annotations(fleet)) await console.error(problem)
  await show(action, fleet)
  const outputs = runOutputs(fleet.run, {})
  const unknown = hosts.flatMap((host) => (host.report === null ? host.due : []))
  await setOutputs({ ...outputs, failed: JSON.stringify([...JSON.parse(outputs.failed), ...unknown]) })
  await console.info(`${fleet.run.result}: the reports of ${hosts.length - missing(fleet)} of ${hosts.length} hosts`)
  return exitCode(fleet.run.result, inputs.allowPartial)
}

function readJobs(text: string): FleetJobs {
  try {
    return parseFleetJobs(text)
  } catch (error) {
    throw new InputError(
      `Input fleet cannot be read (${(error as Error).message}): use the workflow marina.yml, which writes it`,
    )
  }
}

/** Reads from the plan's own file what each host was to back up. Empty if the plan uploaded none. */
async function readDue(
  { event, inputs }: CommandContext,
  jobs: FleetJobs,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = resolve(event.workspace, inputs.reports, planArtifactName(jobs.attempt))
  return parseDue((await readText(join(folder, 'plan.json'))) ?? '')
}

/** Largest report that is read, bytes: a thousand instances with all their last lines have less. */
const LARGEST_REPORT = 64 * 1024 * 1024

/** Reads the report of a host's latest job, not older than the plan. Never throws. */
async function readHost(
  { event, inputs }: CommandContext,
  jobs: FleetJobs,
  { name, due }: { readonly name: string; readonly due: readonly string[] },
): Promise<FleetHost> {
  const folder = resolve(event.workspace, inputs.reports)
  for (let attempt = event.attempt; attempt >= jobs.attempt; attempt--) {
    const artifact = artifactName(null, name, attempt)
    const text = await readText(join(folder, artifact, 'report.json'))
    if (text === null) continue
    const report = parseReport(text)
    if (typeof report === 'string')
      return { name, report: null, due, missing: `the one in ${artifact} cannot be read, ${report}` }
    return { name, report: publicPage(slimReport(report), isForStrangers(event)), missing: null }
  }
  return {
    name,
    report: null,
    due,
    missing: 'its job failed before it began a backup, was cancelled or killed, or still waits for its runner',
  }
}

/** Returns the text of a file; `null` if there is none that can be read. */
async function readText(path: string): Promise<string | null> {
  try {
    return (await stat(path)).size > LARGEST_REPORT ? null : await readFile(path, 'utf8')
  } catch {
    return null
  }
}

function missing({ hosts }: Fleet): number {
  return hosts.filter(({ report }) => report === null).length
}

/** GitHub shows ten errors of a step. */
const SHOWN = 10

function annotations({ problems }: Fleet): readonly string[] {
  if (problems.length <= SHOWN) return problems
  return [...problems.slice(0, SHOWN - 1), `and ${problems.length - SHOWN + 1} more hosts: see the summary`]
}

async function show({ env, event, inputs, console }: CommandContext, fleet: Fleet): Promise<void> {
  const page = await openSummary(env)
  const { takesInstances, serverUrl } = event
  const links = { ...readPages(env, inputs.config), server: serverUrl, takesInstances, report: null, logs: null }
  const markdown = renderFleet(fleet, { limitBytes: page.roomBytes, allowPartial: inputs.allowPartial, links })
  const unwritten = await page.write(markdown)
  if (unwritten !== null) await console.warning(unwritten)
}
