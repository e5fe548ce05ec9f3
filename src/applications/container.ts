/** What we need to know of an application's container, out of `docker inspect`. Pure; parsed once here, trusted elsewhere. */
import { z } from 'zod'
import type { EngineVolume } from '../docker/volumes.ts'
import { InstanceError } from '../errors.ts'

/** `down` is everything that runs no process: created, exited, dead, being removed. */
export type ContainerState = 'running' | 'paused' | 'restarting' | 'down'

export interface Mount {
  readonly type: string
  /** Of a volume; `null` for a bind. */
  readonly name: string | null
  /** Where the data lies on the engine's host; empty for a tmpfs. */
  readonly source: string
  readonly writable: boolean
}

/** Times in milliseconds, the engine's defaults filled in. */
export interface HealthCheck {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  readonly startPeriodMs: number
}

export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy'
  /** When the last probe that has ended began, by the engine's clock; `null` before the first. Older than the start of the container: stale. */
  readonly lastProbeAt: string | null
}

export interface Container {
  readonly id: string
  /** Without the leading slash. */
  readonly name: string
  readonly createdAt: string
  readonly state: ContainerState
  /** The engine's clock, with nanoseconds: for comparing, as text, with another one of the same container. */
  readonly startedAt: string
  /** When it last ended. */
  readonly finishedAt: string
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Restarts by the engine since the last start by hand. */
  readonly restartCount: number
  readonly health: Health | null
  readonly healthCheck: HealthCheck | null
  readonly autoRemove: boolean
  /** Seconds; -1 waits for ever; `null` is the engine's default of 10. */
  readonly stopTimeout: number | null
  readonly mounts: readonly Mount[]
  readonly networkMode: string
  readonly pidMode: string
  readonly ipcMode: string
  /** Names of the containers that this one has a legacy link to. */
  readonly links: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** The directory of its writable layer, where the storage driver names one. */
  readonly upperDir: string | null
  /** A helper or a backup container of this action. */
  readonly ours: boolean
}

/** Of a volume, what tells where its data lies. */
export type Volume = Pick<EngineVolume, 'name' | 'driver' | 'mountpoint' | 'options'>

const strings = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})
const list = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? [])
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0)

const inspectedContainer = z.object({
  Id: z.string().min(12),
  Name: z.string(),
  Created: text,
  RestartCount: number,
  State: z.object({
    Status: z.string(),
    StartedAt: text,
    FinishedAt: text,
    ExitCode: number,
    OOMKilled: z.boolean().nullish(),
    Health: z.object({ Status: text, Log: z.array(z.object({ Start: text })).nullish() }).nullish(),
  }),
  Config: z.object({
    Labels: strings,
    StopTimeout: z.number().nullish(),
    Healthcheck: z
      .object({ Test: list, Interval: number, Timeout: number, StartPeriod: number, Retries: number })
      .nullish(),
  }),
  HostConfig: z.object({
    AutoRemove: z.boolean().nullish(),
    NetworkMode: text,
    PidMode: text,
    IpcMode: text,
    Links: list,
  }),
  Mounts: z
    .array(z.object({ Type: text, Name: text, Source: text, RW: z.boolean().nullish() }))
    .nullish()
    .transform((value) => value ?? []),
  GraphDriver: z.object({ Data: z.object({ UpperDir: text }).nullish() }).nullish(),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.object({ Links: list }).nullish()).nullish() })
    .nullish(),
})

/** One element of what `docker inspect` prints; `ours` is whether our labels are believed. Throws `InstanceError` where the engine speaks another language than Docker's. */
export function parseContainer(inspected: unknown, ours = false): Container {
  const c = understood(inspected)
  const networks = Object.values(c.NetworkSettings?.Networks ?? {})
  return {
    id: c.Id,
    name: bare(c.Name),
    createdAt: c.Created,
    state: stateOf(c.State.Status),
    startedAt: c.State.StartedAt,
    finishedAt: c.State.FinishedAt,
    exitCode: c.State.ExitCode,
    oomKilled: c.State.OOMKilled ?? false,
    restartCount: c.RestartCount,
    health: healthOf(c.State.Health),
    healthCheck: healthCheckOf(c.Config.Healthcheck),
    autoRemove: c.HostConfig.AutoRemove ?? false,
    stopTimeout: c.Config.StopTimeout ?? null,
    mounts: c.Mounts.map((mount) => ({
      type: mount.Type,
      name: mount.Type === 'volume' ? mount.Name : null,
      source: mount.Source,
      writable: mount.RW ?? true,
    })),
    networkMode: c.HostConfig.NetworkMode,
    pidMode: c.HostConfig.PidMode,
    ipcMode: c.HostConfig.IpcMode,
    links: [
      ...new Set([...c.HostConfig.Links, ...networks.flatMap((network) => network?.Links ?? [])].map(linkedName)),
    ],
    labels: c.Config.Labels,
    upperDir: c.GraphDriver?.Data?.UpperDir || null,
    ours,
  }
}

function understood(inspected: unknown): z.infer<typeof inspectedContainer> {
  const parsed = inspectedContainer.safeParse(inspected)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new InstanceError(
    `the engine describes a container in a way this action does not understand (${issue?.path.join('.') || 'all of it'}: ${issue?.message}); is it a Docker Engine of 20.10 or newer?`,
    { cause: parsed.error },
  )
}

function stateOf(status: string): ContainerState {
  return status === 'running' || status === 'paused' || status === 'restarting' ? status : 'down'
}

function healthOf(health: { Status: string; Log?: { Start: string }[] | null | undefined } | null | undefined) {
  const status = health?.Status
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return null
  return { status, lastProbeAt: health?.Log?.at(-1)?.Start || null } as const
}

type RawCheck = z.infer<typeof inspectedContainer>['Config']['Healthcheck']

/** Zero means the engine's default: every 30 s, 30 s long, 3 times, no start period. */
function healthCheckOf(raw: RawCheck): HealthCheck | null {
  if (!raw || raw.Test.length === 0 || raw.Test[0] === 'NONE') return null
  const ms = (nanoseconds: number, fallback: number) => (nanoseconds > 0 ? nanoseconds / 1e6 : fallback)
  return {
    intervalMs: ms(raw.Interval, 30_000),
    timeoutMs: ms(raw.Timeout, 30_000),
    retries: raw.Retries > 0 ? raw.Retries : 3,
    startPeriodMs: ms(raw.StartPeriod, 0),
  }
}

function bare(name: string): string {
  return name.replace(/^\//, '')
}

/** `/db:/web/alias` on the default bridge, `db:alias` on a network of the user's. */
function linkedName(link: string): string {
  return bare(link.split(':')[0] ?? '')
}
