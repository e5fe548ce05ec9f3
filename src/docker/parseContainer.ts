/** Parses what `docker container inspect` prints, for the whole program. Pure. */
import { z } from 'zod'
import { InstanceError } from '../errors.ts'
import { isClaim, LOOK, VERSION_LABEL } from './labels.ts'
import { withoutMountOptions } from './mountOptions.ts'

/** State of a container. `down` covers all states without a process: created, exited, dead, being removed. */
export type Activity = 'running' | 'paused' | 'restarting' | 'down'

/** A mount that a container has. */
export interface ContainerMount {
  readonly type: string
  /** Name of the volume; `null` if it is no volume (a bind, a tmpfs). */
  readonly name: string | null
  /** Path of the data on the engine's host; empty for a tmpfs. */
  readonly source: string
  /** Path in the container. */
  readonly target: string
  readonly writable: boolean
}

/** A health check, with the engine's defaults filled in. Times in ms. */
export interface HealthCheck {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  readonly startPeriodMs: number
  /** Time between two probes in the start period; `null`: the engine's default. */
  readonly startIntervalMs: number | null
}

export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy'
  /**
   * Time when the last finished probe began, by the engine's clock and in its text; `null` before the first. If it is before the container's
   * start, the probe is one of the previous start.
   */
  readonly lastProbeAt: string | null
}

/** State and history of a container. Times are the engine's own texts, with nanoseconds. */
export interface ContainerState {
  readonly state: Activity
  /** The engine's own word: created, running, paused, restarting, removing, exited, dead. */
  readonly status: string
  /** Time of its last start; Go's zero time (`0001-…`) if never. */
  readonly startedAt: string
  /** Time of its last end; Go's zero time (`0001-…`) if never. */
  readonly finishedAt: string
  readonly exitCode: number
  readonly oomKilled: boolean
  /** The reason why the engine could not start it, in the engine's words without mount options; else empty. */
  readonly startError: string
}

export interface Container extends ContainerState {
  readonly id: string
  /** The container's name without the leading slash. */
  readonly name: string
  readonly createdAt: string
  /** The image reference that it was created with. */
  readonly image: string
  readonly imageId: string
  /** Entrypoint and command. */
  readonly command: readonly string[]
  /** Names of its environment variables. */
  readonly environment: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** Number of restarts by the engine, by its restart policy, since somebody last started it. */
  readonly restartCount: number
  readonly health: Health | null
  readonly healthCheck: HealthCheck | null
  readonly autoRemove: boolean
  /** `no`, `always`, `unless-stopped` or `on-failure`. */
  readonly restartPolicy: string
  /** Stop time-out, s; -1: unlimited; `null`: none is set, and the engine's default of 10 s holds. */
  readonly stopTimeout: number | null
  readonly mounts: readonly ContainerMount[]
  readonly networkMode: string
  readonly pidMode: string
  readonly ipcMode: string
  /** Names of the containers that this one is linked to (`--link`). */
  readonly links: readonly string[]
  /** Directory of its writable layer; `null` if the storage driver names none. */
  readonly upperDir: string | null
  /** True for every container of this action: a helper, a backup container, a journal, and one that only looks at something. */
  readonly ours: boolean
}

const strings = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
// facts without which a container can still be told apart, stopped and started: one odd container must not end the backups of others
const looseText = text.catch('')
const looseList = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? [])
  .catch([])
const looseNumber = z
  .number()
  .nullish()
  .transform((value) => value ?? 0)
  .catch(0)

const inspectedContainer = z.object({
  Id: z.string().min(1),
  Name: z.string(),
  Created: looseText,
  Path: looseText,
  Args: looseList,
  Image: looseText,
  RestartCount: looseNumber,
  State: z.object({
    Status: text,
    StartedAt: looseText,
    FinishedAt: looseText,
    ExitCode: looseNumber,
    OOMKilled: z.boolean().nullish().catch(null),
    Error: looseText,
    Health: z
      .object({ Status: text, Log: z.array(z.object({ Start: text })).nullish() })
      .nullish()
      .catch(null),
  }),
  Config: z.object({
    Image: looseText,
    Env: looseList,
    Labels: strings,
    StopTimeout: z.number().nullish().catch(null),
    Healthcheck: z
      .object({
        Test: looseList,
        Interval: looseNumber,
        Timeout: looseNumber,
        StartPeriod: looseNumber,
        StartInterval: looseNumber,
        Retries: looseNumber,
      })
      .nullish()
      .catch(null),
  }),
  HostConfig: z
    .object({
      AutoRemove: z.boolean().nullish().catch(null),
      RestartPolicy: z.object({ Name: text }).nullish().catch(null),
      NetworkMode: looseText,
      PidMode: looseText,
      IpcMode: looseText,
      Links: looseList,
    })
    .nullish()
    .catch(null),
  Mounts: z
    .array(z.object({ Type: text, Name: text, Source: text, Destination: text, RW: z.boolean().nullish().catch(null) }))
    .nullish()
    .transform((value) => value ?? []),
  GraphDriver: z
    .object({ Data: z.object({ UpperDir: text }).nullish() })
    .nullish()
    .catch(null),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.object({ Links: looseList }).nullish()).nullish() })
    .nullish()
    .catch(null),
})

type RawContainer = z.infer<typeof inspectedContainer>

/**
 * Parses one element of the output of `docker container inspect`. Throws `InstanceError` if the container's id, name, labels, state or
 * mounts do not have Docker's form: without these nobody can tell what it would write to. Any other odd value counts as missing.
 */
export function parseContainer(inspected: unknown): Container {
  const raw = understood(inspected)
  const container = {
    id: raw.Id,
    name: bare(raw.Name),
    labels: raw.Config.Labels,
    ...endOf(raw.State),
    createdAt: raw.Created,
    image: raw.Config.Image,
    imageId: raw.Image,
    command: [raw.Path, ...raw.Args],
    environment: raw.Config.Env.map((line) => line.split('=')[0] ?? ''),
    restartCount: raw.RestartCount,
    health: healthOf(raw.State.Health),
    healthCheck: healthCheckOf(raw.Config.Healthcheck),
    autoRemove: raw.HostConfig?.AutoRemove ?? false,
    restartPolicy: raw.HostConfig?.RestartPolicy?.Name || 'no',
    stopTimeout: raw.Config.StopTimeout ?? null,
    mounts: raw.Mounts.map(mountOf),
    networkMode: raw.HostConfig?.NetworkMode ?? '',
    pidMode: raw.HostConfig?.PidMode ?? '',
    ipcMode: raw.HostConfig?.IpcMode ?? '',
    links: linksOf(raw),
    upperDir: raw.GraphDriver?.Data?.UpperDir || null,
  }
  return { ...container, ours: isClaim(container) || container.labels[VERSION_LABEL] === LOOK }
}

function understood(inspected: unknown): RawContainer {
  const parsed = inspectedContainer.safeParse(inspected)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new InstanceError(
    `the engine describes a container in a way this action does not understand (${issue?.path.join('.') || 'all of it'}: ${issue?.message}); is it a Docker Engine of 20.10 or newer?`,
    { cause: parsed.error },
  )
}

function endOf(state: RawContainer['State']): ContainerState {
  return {
    state: activityOf(state.Status),
    status: state.Status,
    startedAt: state.StartedAt,
    finishedAt: state.FinishedAt,
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled ?? false,
    startError: withoutMountOptions(state.Error),
  }
}

function activityOf(status: string): Activity {
  return status === 'running' || status === 'paused' || status === 'restarting' ? status : 'down'
}

function mountOf(mount: RawContainer['Mounts'][number]): ContainerMount {
  return {
    type: mount.Type,
    name: mount.Type === 'volume' ? mount.Name : null,
    source: mount.Source,
    target: mount.Destination,
    writable: mount.RW ?? true,
  }
}

/**
 * Returns the names of the linked containers, from the links of the default bridge (`/db:/web/alias`) and of the user's own networks
 * (`db:alias`).
 */
function linksOf(raw: RawContainer): readonly string[] {
  const networks = Object.values(raw.NetworkSettings?.Networks ?? {})
  const links = [...(raw.HostConfig?.Links ?? []), ...networks.flatMap((network) => network?.Links ?? [])]
  return [...new Set(links.map((link) => bare(link.split(':')[0] ?? '')))]
}

function healthOf(health: RawContainer['State']['Health']): Health | null {
  const status = health?.Status
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return null
  return { status, lastProbeAt: health?.Log?.at(-1)?.Start || null }
}

/**
 * Parses a health check; `null` if there is none or it is disabled. Docker writes 0 for its default: a probe every 30 s, 30 s for a probe,
 * 3 retries, no start period.
 */
function healthCheckOf(raw: RawContainer['Config']['Healthcheck']): HealthCheck | null {
  if (!raw || raw.Test.length === 0 || raw.Test[0] === 'NONE') return null
  const ms = (nanoseconds: number, fallback: number) => (nanoseconds > 0 ? nanoseconds / 1e6 : fallback)
  return {
    intervalMs: ms(raw.Interval, 30_000),
    timeoutMs: ms(raw.Timeout, 30_000),
    retries: raw.Retries > 0 ? raw.Retries : 3,
    startPeriodMs: ms(raw.StartPeriod, 0),
    startIntervalMs: raw.StartInterval > 0 ? raw.StartInterval / 1e6 : null,
  }
}

function bare(name: string): string {
  return name.replace(/^\//, '')
}
