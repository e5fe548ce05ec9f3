/** `backup`: the instances of this run, one after the other or side by side, and what is said of them in the end. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { createApi } from '../action/api.ts'
import { refusedEvent } from '../action/platform.ts'
import type { DockerHost } from '../claim/host.ts'
import { thisProcess } from '../claim/processIdentity.ts'
import { sweepHost } from '../claim/sweep.ts'
import type { Config, RawInstance } from '../config/load.ts'
import type { Instance } from '../config/model.ts'
import { PENDING_INPUTS, pendingKeys } from '../config/notBuilt.ts'
import { type Lookup, resolveNodeName } from '../config/resolveInstance.ts'
import { parseDuration } from '../config/values/duration.ts'
import { dockerEnvironment } from '../docker/clientEnvironment.ts'
import { openEngine } from '../docker/engine.ts'
import { withoutMountOptions } from '../docker/mountFailures.ts'
import type { Docker } from '../docker/process.ts'
import { ConfigError, InputError, InstanceError } from '../errors.ts'
import { count } from '../format.ts'
import type { InstanceContext } from '../instance/context.ts'
import { previewInstance } from '../instance/preview.ts'
import { errorsOf } from '../instance/reportBuilder.ts'
import { runInstance } from '../instance/runInstance.ts'
import { openLog } from '../log/instanceLog.ts'
import { type InstanceReport, type RunReport, runResult } from '../outcome.ts'
import { nextSlot } from '../schedule/slots.ts'
import type { Redactor } from '../secrets/redaction.ts'
import { discover } from '../targets/discover.ts'
import type { CommandContext } from './commandContext.ts'
import {
  hideMore,
  hideSecrets,
  maskSecrets,
  openVariables,
  type PlannedInstance,
  readConfig,
  resolveAll,
} from './loadConfiguration.ts'
import { publish } from './publish.ts'
import { runAll } from './runAll.ts'
import { selectInstances } from './selectInstances.ts'

/** Runs the backups and returns the process's exit code. Throws `InputError`, `ConfigError` or `DockerUnavailableError` before anything is touched. */
export async function backup(action: CommandContext): Promise<number> {
  const { inputs, event, console } = action
  const startedAt = new Date()
  const variables = openVariables(action)
  maskSecrets(action, variables.secrets)
  const refused = refusedEvent(event.name)
  if (refused !== null) throw new InputError(refused)
  if (inputs.host !== null) throw new InputError(`host is not built yet in this version: ${PENDING_INPUTS.host}`)
  const lockWaitMs = parseDuration(inputs.lockWait)
  if (lockWaitMs === null)
    throw new InputError(`lock-wait is "${inputs.lockWait}": write a duration such as 30s, 10m or 1h30m`)
  const config = await readConfig(action)
  variables.refuseRests(config)
  const selection = selectInstances({
    all: config.instances,
    ids: inputs.instances,
    select: inputs.select,
    event: event.name,
  })
  const settled = resolveAll(config, selection.instances, variables.lookup)
  const secrets = [...variables.secrets, ...settled.flatMap((one) => (one.ok ? one.settled.secrets : []))]
  const redactor = await hideSecrets(action, secrets)
  await sayNotices(action, config, [
    ...selection.notices,
    ...settled.flatMap((one) => (one.ok ? one.settled.notices : [])),
  ])
  const docker: Docker = {
    env: dockerEnvironment(action.env),
    redact: (text) => redactor.text(withoutMountOptions(text)),
  }
  const engine = await openEngine(docker, action.signal)
  const nodeName = nodeNameOf(config, variables.lookup)
  const hostName = (nodeName instanceof ConfigError ? null : nodeName) ?? engine.hostName
  const errors: string[] = []
  const warnings: string[] = []
  const host: DockerHost = {
    docker,
    engine,
    owner: {
      repository: event.repository,
      server: event.serverUrl,
      runId: event.runId,
      attempt: event.attempt,
      job: action.job,
      process: thisProcess(),
    },
    runCompleted: createApi({ token: inputs.githubToken, baseUrl: event.apiUrl }).runCompleted,
    say: (line) => console.info(redactor.text(line)),
    reportError: async (message) => {
      errors.push(redactor.text(message))
      await console.error(redactor.text(message))
    },
    warn: async (message) => {
      warnings.push(redactor.text(message))
      await console.warning(redactor.text(message))
    },
  }
  if (!inputs.dryRun) {
    await action.saveJob()
    await sweepHost(host)
  }
  const folder = join(event.temp, `marina-${action.job}`)
  const logs = join(folder, 'logs')
  await mkdir(logs, { recursive: true }).catch(() => {}) // a disk that is full fails no backup: each log says so
  const labels = discoverOnce(host, config, settled, action.signal)
  const context = (instance: Instance): InstanceContext => ({
    host,
    hostName: instance.nodeName ?? hostName,
    runUrl: event.runUrl,
    lockWaitMs,
    signal: action.signal,
    hide: (found) => hideMore(action, redactor, found),
    readScript: (file) => readScript(event.workspace, file),
    discover: labels,
    pending: (one) => [
      ...pendingKeys(config, one),
      ...(nodeName instanceof ConfigError && one.nodeName === null ? [nodeName.message] : []),
    ],
  })
  const reports = await runAll(
    settled,
    inputs.maxParallel,
    action.signal,
    (one) =>
      one.ok
        ? runOne(action, context(one.settled.instance), one.settled.instance, join(logs, `${one.raw.id}.log`), redactor)
        : Promise.resolve(unsettled(one.raw, one.error.message)),
    (one) => notBegun(one.raw, 'skipped', null),
  )
  const report: RunReport = {
    version: 1,
    result: runResult(
      reports.map((one) => one.status),
      { cancelled: action.signal.aborted, errors },
    ),
    dryRun: inputs.dryRun,
    host: hostName,
    repository: event.repository,
    runUrl: event.runUrl,
    runId: event.runId,
    attempt: event.attempt,
    configFile: inputs.config,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    engine: { version: engine.version, apiVersion: engine.apiVersion },
    errors,
    warnings,
    instances: reports,
  }
  return publish(action, report, { folder, logs, redactor, selected: settled.map((one) => one.raw.id) })
}

/** One instance in its own section of the console, with its own log. */
async function runOne(
  action: CommandContext,
  context: InstanceContext,
  instance: Instance,
  path: string,
  redactor: Redactor,
): Promise<InstanceReport> {
  const section = action.console.section(instance.id)
  const log = await openLog({ path, redactor, live: (line) => section.line(line) })
  const now = () => new Date()
  const report = await (action.inputs.dryRun ? previewInstance : runInstance)(context, instance, log, now)
  await log.write('marina', lastLine(report))
  await log.end()
  await section.end()
  return {
    ...report,
    warnings: [...report.warnings, ...(log.problem === null ? [] : [log.problem])],
    nextRun: instance.schedule === null ? null : nextSlot(instance.schedule, now()).toISOString(),
    log: existsSync(path) ? path : null,
    tail: log.tail(),
  }
}

/** What became of an instance. Why a target failed stands in the log already, where it did. */
function lastLine({ status, error, targets }: Pick<InstanceReport, 'status' | 'error' | 'targets'>): string {
  if (error === null) return status
  const failed = targets.filter((target) => target.status === 'failed')
  const isOfTargets = failed.length > 0 && error === errorsOf(failed)
  return `${status}: ${isOfTargets ? `${failed.length} of ${count(targets.length, 'target')} failed` : error}`
}

/** A variable that is missing fails the instances that have no `nodeName` of their own, not the run. */
function nodeNameOf(config: Config, lookup: Lookup): string | null | ConfigError {
  try {
    return resolveNodeName(config, lookup)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function discoverOnce(
  host: DockerHost,
  config: Config,
  settled: readonly PlannedInstance[],
  signal: AbortSignal,
): InstanceContext['discover'] {
  let asked: ReturnType<typeof discover> | null = null
  // instances that this run does not take are known too, so that their labels are not called unknown
  const instances = config.instances.map((raw) => {
    const own = settled.find((one) => one.raw.id === raw.id)
    const instance = own?.ok ? own.settled.instance : null
    return {
      id: raw.id,
      discovers: instance === null || (instance.targets === null && instance.discover === 'labels'),
      stopAttached: instance?.stopAttached ?? false,
    }
  })
  return async (id) => {
    const isFirst = asked === null
    asked ??= discover(host.docker, instances, signal)
    const found = await asked
    if (isFirst) for (const warning of [...found.warnings, ...found.notices]) await host.warn(warning)
    return found.targetsOf(id)
  }
}

async function sayNotices(action: CommandContext, config: Config, notices: readonly string[]): Promise<void> {
  for (const notice of config.notices)
    await action.console.notice(notice.message, { file: config.file, line: notice.line })
  for (const notice of notices) await action.console.notice(notice)
}

function unsettled(raw: RawInstance, message: string): InstanceReport {
  return notBegun(raw, 'failed', message)
}

function notBegun(raw: RawInstance, status: 'failed' | 'skipped', error: string | null): InstanceReport {
  return {
    id: raw.id,
    line: raw.line,
    status,
    failedPhase: null,
    error,
    warnings: [],
    targets: [],
    phases: [],
    startedAt: null,
    seconds: 0,
    downtimeSeconds: null,
    image: { reference: '', id: null, digest: null },
    exitCode: null,
    nextRun: raw.schedule === null ? null : nextSlot(raw.schedule, new Date()).toISOString(),
    log: null,
    tail: [],
  }
}

/** A file of the repository, and of nothing else: a link that leads out of it is refused. */
async function readScript(workspace: string, file: string): Promise<Buffer> {
  const path = await realpath(join(workspace, file)).catch(() => null)
  if (path === null)
    throw new InstanceError(
      `script ${file} is not in the repository: check its name, and that the repository is checked out`,
    )
  if (!path.startsWith(`${await realpath(workspace)}${sep}`))
    throw new InstanceError(`script ${file} is a link that leads out of the repository: name a file that is in it`)
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InstanceError(
      error.code === 'EISDIR'
        ? `script ${file} is a folder: name the file in it that makes the backup`
        : `script ${file} could not be read: ${error.message}`,
    )
  })
}
