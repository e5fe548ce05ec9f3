/**
 * Publishes a run that has ended: annotations, summary, report, artifacts, outputs, exit code. A problem with any of them never fails a good
 * backup.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOutputs, setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { isForStrangers } from '../action/platform.ts'
import { openSummary } from '../action/stepSummary.ts'
import { count } from '../format.ts'
import { exitCode, type RunReport } from '../outcome.ts'
import { failedByContainer, withLastWords } from '../report/lastWords.ts'
import { publicPage, withoutLines } from '../report/publicPage.ts'
import type { Quotes } from '../report/quotes.ts'
import { redactReport } from '../report/redact.ts'
import { renderSummary } from '../report/summary.ts'
import type { Redactor } from '../secrets/redaction.ts'
import type { CommandContext } from './commandContext.ts'
import type { Pings } from './pings.ts'
import { attempt } from './publishReport.ts'
import { type Artifacts, NO_ARTIFACTS, uploadReport, uploadsLogs } from './uploadReport.ts'

interface Published {
  /** The run's own folder below the runner's temporary folder. */
  readonly folder: string
  readonly logs: string
  readonly redactor: Redactor
  readonly quotes: Quotes
  readonly selected: readonly string[]
  readonly pings: Pings
}

/** Publishes a run, whose report is `made` (not redacted yet), and returns the exit code of the process (see `exitCode` in outcome). */
export async function publish(action: CommandContext, made: RunReport, run: Published): Promise<number> {
  const report = redactReport(made, run.redactor.text)
  const { inputs, console } = action
  await console.settle()
  const isPublic = isForStrangers(action.event)
  // the report on the runner is whole; what strangers may see quotes no container
  const visible = isPublic ? redactReport(report, run.quotes.hide) : report
  await annotate(action, visible, isPublic)
  const path = join(run.logs, 'report.json')
  const isWritten = await attempt(action, 'The report could not be written', () => writeFile(path, json(report)))
  const show = await summaryOf(action, visible, { isPublic, logs: run.logs })
  await show(NO_ARTIFACTS)
  await action.saveReported()
  const places = { logDirectory: run.logs, due: run.selected, ...(isWritten ? { report: path } : {}) }
  const say = (outputs: ReturnType<typeof runOutputs>) =>
    attempt(action, 'The outputs could not be written', () => setOutputs(outputs))
  await say(runOutputs(report, places))
  const told = run.pings.end(report)
  // GitHub ends a cancelled job within seconds: the artifacts must not cost the release of anything
  if (!action.signal.aborted) {
    await attempt(action, 'No artifacts were uploaded', async () => {
      const artifacts = await upload(action, visible, run)
      if (artifacts.report === null) return
      await say(runOutputs(report, { ...places, artifact: artifacts.report }))
      await show(artifacts)
    })
  }
  await told
  await console.info(`${lastLine(report)}. Logs: ${run.logs}`)
  return exitCode(report.result, inputs.allowPartial)
}

/**
 * Makes the function that writes the summary, with links to the given artifacts. Call it before they are uploaded, because that may take
 * long or never end, and again when they are there: it then replaces what it wrote before.
 */
async function summaryOf(
  { env, event, inputs, console }: CommandContext,
  report: RunReport,
  { isPublic, logs }: { readonly isPublic: boolean; readonly logs: string },
) {
  const summary = await openSummary(env)
  const pages = readPages(env, inputs.config)
  return async (artifacts: Artifacts): Promise<void> => {
    const markdown = renderSummary(report, {
      publicRepository: isPublic,
      logDirectory: logs,
      limitBytes: summary.roomBytes,
      allowPartial: inputs.allowPartial,
      links: {
        ...pages,
        server: event.serverUrl,
        takesInstances: event.takesInstances,
        report: artifacts.report?.url ?? null,
        logs: artifacts.logs?.url ?? null,
      },
      runner: env.RUNNER_NAME || null,
      version: env.GITHUB_ACTION_REF || null,
    })
    const unwritten = await summary.write(markdown)
    if (unwritten !== null) await console.warning(unwritten)
  }
}

function lastLine({ dryRun, result, instances }: RunReport): string {
  if (!dryRun) return result
  const would = instances.filter(({ status }) => status === 'skipped').length
  return `Dry run, nothing was backed up: ${count(would, 'backup')} of ${instances.length} would run`
}

const json = (report: RunReport) => `${JSON.stringify(report, null, 2)}\n`

/**
 * Annotates each instance's failure, warnings and notices at its line of the configuration. With `isPublic`, as the summary shows them: without
 * lines that containers printed, and without names of files.
 */
async function annotate({ console, inputs }: CommandContext, report: RunReport, isPublic: boolean): Promise<void> {
  for (const instance of publicPage(report, isPublic).instances) {
    const at = { file: inputs.config, line: instance.line }
    const isBad = instance.status === 'failed' || instance.status === 'partial' || instance.status === 'cancelled'
    if (isBad) {
      const say = instance.status === 'partial' && inputs.allowPartial ? console.warning : console.error
      const hidden = isPublic && failedByContainer(instance) ? HIDDEN_WORDS : ''
      await say(`${instance.id}: ${withLastWords(instance)}${hidden}`, {
        ...at,
        title: `Backup ${instance.id}: ${instance.status}`,
      })
    }
    for (const warning of instance.warnings) await console.warning(`${instance.id}: ${warning}`, at)
    for (const notice of instance.notices ?? []) await console.notice(`${instance.id}: ${notice}`, at)
  }
}

const HIDDEN_WORDS =
  '. What it printed is not shown, because the repository is public or may be: the summary says where its log is'

async function upload(action: CommandContext, report: RunReport, run: Published): Promise<Artifacts> {
  const logsToo = uploadsLogs(action)
  // the report is uploaded in any case; the last lines of the logs are logs
  const shown = publicPage(report, isForStrangers(action.event))
  const tails = { ...shown, instances: shown.instances.map((one) => (logsToo ? one : withoutLines(one))) }
  return uploadReport(action, {
    name: report.host,
    fileName: 'report.json',
    text: json(tails),
    logs: report.instances.flatMap(({ log }) => log ?? []),
    folder: run.folder,
  })
}
