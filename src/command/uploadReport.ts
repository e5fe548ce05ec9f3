/** Uploads the report of a run as an artifact and, if `uploadsLogs` says so, its logs as another. */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { artifactName, type UploadResult, uploadRun } from '../action/artifact.ts'
import { isForStrangers, whyForStrangers } from '../action/platform.ts'
import { cutLog } from '../log/truncate.ts'
import type { CommandContext } from './commandContext.ts'

export interface Artifacts {
  readonly report: { readonly id: number; readonly url: string } | null
  readonly logs: { readonly url: string } | null
}

export const NO_ARTIFACTS: Artifacts = { report: null, logs: null }

export interface ReportUpload {
  /** The part of the artifact's name that tells it from others of the run: the host, for a backup. */
  readonly name: string
  /** Name and text of the report's file. */
  readonly fileName: string
  readonly text: string
  /** Paths of the logs. */
  readonly logs: readonly string[]
  /** The run's own folder below the runner's temporary folder. */
  readonly folder: string
}

/** Tells whether the run uploads its logs: as `upload-logs` says or, if that is `auto`, unless strangers may read them. */
export function uploadsLogs({ inputs, event }: Pick<CommandContext, 'inputs' | 'event'>): boolean {
  return inputs.uploadLogs === 'auto' ? !isForStrangers(event) : inputs.uploadLogs
}

/**
 * Uploads the report and the logs, and says what could not be uploaded, or is not because of strangers. Throws if a file cannot be written.
 */
export async function uploadReport(action: CommandContext, upload: ReportUpload): Promise<Artifacts> {
  const { inputs, event, console } = action
  const logsToo = uploadsLogs(action)
  if (inputs.uploadLogs === 'auto' && !logsToo) {
    await console.notice(
      `Logs are not uploaded, because ${whyForStrangers(event)}: set upload-logs: true to upload them. They are in the log directory on the runner.`,
    )
  }
  const cut = join(upload.folder, 'upload')
  await mkdir(cut, { recursive: true })
  const report = join(cut, upload.fileName)
  await writeFile(report, upload.text)
  const logs = logsToo ? upload.logs : []
  for (const log of logs) await cutLog(log, join(cut, basename(log)))
  const uploaded = await uploadRun(
    {
      name: artifactName(inputs.artifactName, upload.name, event.attempt),
      report,
      logs: logs.map((log) => join(cut, basename(log))),
      rootDirectory: cut,
      retentionDays: inputs.artifactRetentionDays,
      deadlineMs: UPLOAD_DEADLINE_MS,
    },
    action.env,
  )
  const refused = [uploaded.report, ...(uploaded.logs ? [uploaded.logs] : [])].find((one) => one.kind === 'unavailable')
  if (refused)
    await console.warning(
      `Not all artifacts were uploaded: ${refused.why}. The report and the logs are in the log directory on the runner.`,
    )
  return { report: linkOf(uploaded.report), logs: linkOf(uploaded.logs) }
}

function linkOf(result: UploadResult | null): { readonly id: number; readonly url: string } | null {
  return result?.kind === 'uploaded' ? result : null
}

/** Longest wait for the upload of one artifact, ms. The client retries a failing server for about half a minute. */
const UPLOAD_DEADLINE_MS = 120_000
