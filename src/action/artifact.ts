/**
 * Uploads the run's files as artifacts if the platform takes them, and makes their names. A failed upload is returned, not thrown: a good
 * backup does not fail because its report could not be uploaded.
 */
import { access, constants, stat } from 'node:fs/promises'
import { commandLine } from './console/commands.ts'

export type UploadResult =
  | { readonly kind: 'uploaded'; readonly id: number; readonly url: string; readonly name: string }
  | { readonly kind: 'unavailable'; readonly why: string }

interface Upload {
  /** The wanted name, in characters that GitHub accepts (see `artifactName`). If the run has an artifact of that name, `.2` to `.5` are added. */
  readonly name: string
  readonly files: readonly string[]
  /** Path of the folder to which the names in the artifact are relative. */
  readonly rootDirectory: string
  readonly retentionDays: number | null
  /** Time after which the upload is given up, ms. The client cannot be stopped: it may go on until the process exits. */
  readonly deadlineMs: number
}

const NAMES_TRIED = 5
const NAME_CHARACTERS = 120

/**
 * Uploads, as one artifact, those of the files that can be read. The result is `unavailable` if there are none, if the platform takes no
 * artifacts, and if the upload fails or is late. Never throws.
 */
export async function uploadArtifact(upload: Upload, env: NodeJS.ProcessEnv): Promise<UploadResult> {
  const why = whyUnavailable(env)
  if (why !== null) return { kind: 'unavailable', why }
  const files = await readable(upload.files)
  if (files.length === 0) return { kind: 'unavailable', why: 'there was no file to upload' }
  return withinDeadline(upload.deadlineMs, () => uploadUnderFreeName({ ...upload, files }, env))
}

/** The files of a run: the path of the report, and those of the logs (none if they are not to be uploaded). */
interface RunFiles extends Omit<Upload, 'files'> {
  readonly report: string
  readonly logs: readonly string[]
}

/**
 * Uploads the report as one artifact and the logs as another, `<name>-logs`. Returns `null` for the logs if there were none. If the report
 * is not uploaded, the logs are not tried and have the same result: the time limit is spent once.
 */
export async function uploadRun(
  run: RunFiles,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly report: UploadResult; readonly logs: UploadResult | null }> {
  const report = await uploadArtifact({ ...run, files: [run.report] }, env)
  if (run.logs.length === 0) return { report, logs: null }
  if (report.kind === 'unavailable') return { report, logs: report }
  return { report, logs: await uploadArtifact({ ...run, name: `${run.name}-logs`, files: run.logs }, env) }
}

/**
 * Makes the name of an artifact from `wanted` or, for `null`, from `marina-<host>-<attempt>`. Characters that GitHub refuses, white space and
 * all beyond ASCII become `_`. It has 120 characters at most and no dot at either end; if nothing is left, it is `marina`.
 */
export function artifactName(wanted: string | null, host: string, attempt: number): string {
  const name = (wanted ?? `marina-${host}-${attempt}`)
    .replace(/["':<>|*?\\/\s]|[^\x20-\x7e]/g, '_')
    .slice(0, NAME_CHARACTERS)
  return name.replace(/^[. ]+|[. ]+$/g, '') || 'marina'
}

/** Makes the name of a plan's artifact. No report has it by default, whatever the host is called. */
export function planArtifactName(attempt: number): string {
  return `marina.plan-${attempt}`
}

/**
 * Tells from the environment why this platform takes no artifacts; `null` if it does. Asking the service would only make the client retry
 * and annotate the failure.
 */
function whyUnavailable(env: NodeJS.ProcessEnv): string | null {
  if (!env.ACTIONS_RUNTIME_TOKEN || !env.ACTIONS_RESULTS_URL) return 'this platform offers no artifact service'
  const server = env.GITHUB_SERVER_URL || 'https://github.com'
  const host = URL.canParse(server) ? new URL(server).hostname.toUpperCase() : ''
  const served = host === 'GITHUB.COM' || host.endsWith('.GHE.COM') || host.endsWith('.LOCALHOST')
  return served ? null : `the artifact client works with github.com only, not with ${server}`
}

/** Returns those of the paths that are regular files and can be read. Any other would fail the whole upload. */
async function readable(files: readonly string[]): Promise<string[]> {
  const checks = files.map(async (file) => {
    await access(file, constants.R_OK)
    return (await stat(file)).isFile()
  })
  const good = await Promise.allSettled(checks)
  return files.filter((_, i) => good[i]?.status === 'fulfilled' && good[i].value)
}

async function uploadUnderFreeName(upload: Upload, env: NodeJS.ProcessEnv): Promise<UploadResult> {
  const { DefaultArtifactClient } = await import('@actions/artifact') // large: loaded when it is needed
  const client = new DefaultArtifactClient()
  const options = upload.retentionDays === null ? {} : { retentionDays: allowedRetention(upload.retentionDays, env) }
  process.stdout.write(`${commandLine('group', {}, `Upload ${upload.name}`)}\n`) // the client prints what it does
  try {
    for (let tried = 1; ; tried++) {
      const name = tried === 1 ? upload.name : `${upload.name}.${tried}`
      try {
        const { id } = await client.uploadArtifact(name, [...upload.files], upload.rootDirectory, options)
        if (id === undefined) return { kind: 'unavailable', why: 'the artifact service gave no id' }
        return { kind: 'uploaded', id, url: artifactUrl(id, env), name }
      } catch (error) {
        if (tried === NAMES_TRIED || !isTaken(error)) throw error
      }
    }
  } finally {
    process.stdout.write(`${commandLine('endgroup', {}, '')}\n`)
  }
}

function isTaken(error: unknown): boolean {
  return /\(409\)|already exists/i.test(String(error))
}

/** Limits the days to what the repository allows (`GITHUB_RETENTION_DAYS`). The client would do the same, with a warning. */
function allowedRetention(days: number, env: NodeJS.ProcessEnv): number {
  const most = Number.parseInt(env.GITHUB_RETENTION_DAYS ?? '', 10)
  return most > 0 ? Math.min(days, most) : days
}

function artifactUrl(id: number, env: NodeJS.ProcessEnv): string {
  const server = env.GITHUB_SERVER_URL || 'https://github.com'
  return `${server}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}/artifacts/${id}`
}

/**
 * Waits for `work`, which uses the client, until the deadline (ms). If it fails or is late, the result is `unavailable`. The client throws
 * some errors from event handlers, where nobody can catch them: while `work` runs, an uncaught error counts as its failure. After the
 * deadline the client goes on until the process ends, and uncaught errors are ignored.
 */
async function withinDeadline(deadlineMs: number, work: () => Promise<UploadResult>): Promise<UploadResult> {
  return new Promise((resolve) => {
    const finish = (result: UploadResult) => {
      clearTimeout(timer)
      process.removeListener('uncaughtException', onError)
      resolve(result)
    }
    const onError = (error: unknown) =>
      finish({ kind: 'unavailable', why: error instanceof Error ? firstLine(error.message) : String(error) })
    const timer = setTimeout(() => {
      process.on('uncaughtException', () => {})
      finish({
        kind: 'unavailable',
        why: `the artifact service took longer than ${Math.round(deadlineMs / 1000)} s`,
      })
    }, deadlineMs)
    process.on('uncaughtException', onError)
    work().then(finish, onError)
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
