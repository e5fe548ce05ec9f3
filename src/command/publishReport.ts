/**
 * Publishes a restore or a drill that has ended: annotations, its report, summary, outputs, artifacts. A problem with any of them is a
 * warning.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setOutputs } from '../action/outputs.ts'
import { readPages } from '../action/pages.ts'
import { isForStrangers } from '../action/platform.ts'
import { openSummary } from '../action/stepSummary.ts'
import type { DrillReport } from '../drillReport.ts'
import type { RestoreReport } from '../outcome.ts'
import type { Quotes } from '../report/quotes.ts'
import { redactReport } from '../report/redact.ts'
import type { ReportLinks } from '../report/reportFooter.ts'
import type { Redactor } from '../secrets/redaction.ts'
import type { CommandContext } from './commandContext.ts'
import { type Artifacts, NO_ARTIFACTS, type ReportUpload, uploadReport } from './uploadReport.ts'

interface Page<Report> {
  readonly report: Report
  readonly links: ReportLinks
  readonly isPublic: boolean
  readonly limitBytes: number
}

/** The files and the artifact of the run, for the outputs. */
interface Places {
  readonly report?: string
  readonly logDirectory: string
  readonly artifact?: { readonly id: number; readonly url: string }
}

/** The way a kind of report is published. */
export interface Publication<Report> extends Pick<ReportUpload, 'name' | 'fileName' | 'logs' | 'folder'> {
  /** Folder of the logs, in which the report is written, too. */
  readonly logDirectory: string
  readonly redactor: Redactor
  readonly quotes: Quotes
  /** Takes out what strangers must not read. */
  readonly hide: (report: Report) => Report
  readonly annotate: (report: Report) => Promise<void>
  readonly render: (page: Page<Report>) => string
  readonly outputs: (report: Report, places: Places) => Parameters<typeof setOutputs>[0]
}

/**
 * Publishes a report, which is not redacted yet. The file on the runner and the one in the artifact are the same, byte by byte: what
 * attests the one attests the other. So where strangers may read the artifact, the file on the runner also lacks what they must not read.
 */
export async function publishReport<Report extends RestoreReport | DrillReport>(
  action: CommandContext,
  made: Report,
  how: Publication<Report>,
): Promise<void> {
  const { console, env, event, inputs } = action
  const isPublic = isForStrangers(event)
  await console.settle()
  const whole = redactReport(made, how.redactor.text)
  const visible = isPublic ? how.hide(redactReport(whole, how.quotes.hide)) : whole
  await how.annotate(visible)
  const path = join(how.logDirectory, how.fileName)
  const text = `${JSON.stringify(visible, null, 2)}\n`
  const isWritten = await attempt(action, 'The report could not be written', () => writeFile(path, text))
  const summary = await openSummary(env)
  const pages = readPages(env, inputs.config)
  // before the upload, which may take long or never end, and again with the links to what was uploaded
  const show = async ({ report, logs }: Artifacts) => {
    const links = { ...pages, report: report?.url ?? null, logs: logs?.url ?? null }
    const unwritten = await summary.write(
      how.render({ report: visible, links, isPublic, limitBytes: summary.roomBytes }),
    )
    if (unwritten !== null) await console.warning(unwritten)
  }
  await show(NO_ARTIFACTS)
  await action.saveReported()
  const places = { logDirectory: how.logDirectory, ...(isWritten ? { report: path } : {}) }
  const say = (more: Partial<Places>) =>
    attempt(action, 'The outputs could not be written', () => setOutputs(how.outputs(whole, { ...places, ...more })))
  await say({})
  // GitHub ends a cancelled job within seconds: the artifacts must not cost the release of anything
  if (!action.signal.aborted)
    await attempt(action, 'No artifacts were uploaded', async () => {
      const artifacts = await uploadReport(action, { ...how, text })
      if (artifacts.report === null) return
      await say({ artifact: artifacts.report })
      await show(artifacts)
    })
  await console.info(`${made.result}. Logs: ${how.logDirectory}`)
}

/** Does work that the run does not depend on. If it fails, prints a warning that begins with `what`, and returns `false`. */
export async function attempt(
  { console }: Pick<CommandContext, 'console'>,
  what: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    await console.warning(`${what}: ${(error as Error).message}`)
    return false
  }
}
