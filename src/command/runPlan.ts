/**
 * Plans a run before the host is asked anything: checks the request, reads the configuration, resolves the selected instances, hides their
 * secrets.
 */
import { join } from 'node:path'
import { refusedEvent } from '../action/platform.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { type Lookup, resolveNodeName } from '../config/resolveInstance.ts'
import type { SecretText } from '../config/secretValues.ts'
import { parseDuration } from '../config/values/duration.ts'
import { ConfigError, InputError } from '../errors.ts'
import type { Redactor } from '../secrets/redaction.ts'
import type { CommandContext } from './commandContext.ts'
import { decideMasking, type HideFound, hideFound, openSecretRegister } from './hideSecrets.ts'
import { instancesOfHost } from './instanceCover.ts'
import { openVariables, type PlannedInstance, readConfig, resolveAll } from './loadConfiguration.ts'
import { leftToOthers, selectInstances } from './selectInstances.ts'

/** The plan of a run, made before the host is asked anything. */
export interface RunPlan {
  readonly config: Config
  readonly instances: readonly PlannedInstance[]
  /** All instances of the file that belong to this host. */
  readonly here: readonly RawInstance[]
  readonly lockWaitMs: number
  /** The configuration's `nodeName`, filled in; `null` if it has none, or if it uses a variable that is not set. */
  readonly hostName: string | null
  /** The reason why `nodeName` could not be filled in, which fails the instances that have none of their own; `null` if it could. */
  readonly hostNameProblem: string | null
  /** Returns the value of a variable. */
  readonly lookup: Lookup
  readonly redactor: Redactor
  /** Masks secrets that are found during the run, such as passwords in a server's command line. */
  readonly hide: HideFound
}

/** Checks the request, reads the configuration, and hides its secrets before it prints anything. Throws `InputError` or `ConfigError`. */
export async function openRunPlan(
  action: CommandContext,
  watcher: (config: Config, lookup: Lookup) => Promise<readonly SecretText[]>,
): Promise<RunPlan> {
  const { inputs, console } = action
  const register = openSecretRegister(console)
  const variables = openVariables(action)
  register.add(variables.values.values())
  const lockWaitMs = checkRequest(action)
  const config = await readConfig(action)
  variables.refuseRests(config)
  const selected = selectInstances({
    all: config.instances,
    ids: inputs.instances,
    host: inputs.host,
    isForOneHost: true,
  })
  const instances = resolveAll(config, selected, variables.lookup)
  const resolved = instances.flatMap((one) => (one.ok ? [one] : []))
  const nodeName = nodeNameOf(config, variables.lookup)
  const hostName = nodeName instanceof ConfigError ? null : nodeName
  const watched = await watcher(config, variables.lookup)
  const secrets = [...variables.secretsOf(config), ...watched, ...resolved.flatMap((one) => one.secrets)]
  const visible = visibleTexts(action, instances, hostName)
  const masking = decideMasking(secrets, visible)
  const masked = masking.masked.map(({ value }) => value)
  register.add(masked)
  for (const warning of masking.warnings) await console.warning(warning)
  for (const notice of config.notices) await console.notice(notice.message, { file: config.file, line: notice.line })
  const others = leftToOthers(inputs.instances, selected)
  if (others.length > 0)
    await console.notice(
      `instances: ${others.join(', ')} ${others.length === 1 ? 'belongs' : 'belong'} to another host than ${inputs.host} (see runsOn), and ${others.length === 1 ? 'is' : 'are'} left to its job`,
    )
  const notices = resolved.flatMap((one) => one.notices)
  for (const notice of masking.notice === null ? notices : [masking.notice, ...notices]) await console.notice(notice)
  const hostNameProblem = nodeName instanceof ConfigError ? nodeName.message : null
  return {
    config,
    instances,
    here: instancesOfHost(config.instances, selected, inputs.host),
    lockWaitMs,
    hostName,
    hostNameProblem,
    lookup: variables.lookup,
    redactor: register.redactor,
    hide: hideFound(register, visible, masked),
  }
}

/** Throws an `InputError` for an event or an input that cannot be served. Returns the longest wait for a lock, ms. */
function checkRequest({ inputs, event }: CommandContext): number {
  const refused = refusedEvent(event.name)
  if (refused !== null) throw new InputError(refused)
  const lockWaitMs = parseDuration(inputs.lockWait)
  if (lockWaitMs === null)
    throw new InputError(`lock-wait is "${inputs.lockWait}": write a duration such as 30s, 10m or 1h30m`)
  return lockWaitMs
}

/** Returns texts that this run prints, which a masked value would make unreadable: ids, names, images, links and paths. */
function visibleTexts(
  { event, inputs, job }: CommandContext,
  instances: readonly PlannedInstance[],
  hostName: string | null,
): readonly string[] {
  const own = instances.flatMap((one) => {
    const targets = one.ok ? (one.instance.targets ?? []) : []
    const names = targets.map((target) => (target.kind === 'db' ? target.container : target.name))
    return [one.raw.id, ...names, ...(one.ok ? [one.instance.customImage] : [])]
  })
  return [
    ...own,
    event.runUrl ?? '',
    event.repository,
    inputs.config,
    join(event.temp, `marina-${job}`),
    hostName ?? '',
  ]
}

/**
 * Fills in the file's `nodeName`; `null` without one. If a variable is missing, the error is returned: instances with their own `nodeName`
 * can go on.
 */
function nodeNameOf(config: Config, lookup: Lookup): string | null | ConfigError {
  try {
    return resolveNodeName(config, lookup)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}
