/** Knows within which bounds a scratch server may run, as words of `docker create` and as the engine tells them of a container. Pure. */

export interface ScratchLimits {
  /** Bytes of memory, without swap. */
  readonly memory: number
  readonly cpus: number
  readonly pids: number
}

/** The capabilities that the start-up of the usual images needs: it gives folders to the server's user, and becomes that user. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']
/** Bytes of shared memory; the engine's 64 MiB are too few for what a server does in parallel. */
const SHARED = 256 << 20

/** Makes the words of `docker create` that bound a container. */
export function boundArgs({ memory, cpus, pids }: ScratchLimits): string[] {
  return [
    ...['--network', 'none', '--restart', 'no'],
    ...['--cap-drop', 'ALL', ...CAPABILITIES.flatMap((one) => ['--cap-add', one])],
    ...['--security-opt', 'no-new-privileges'],
    ...['--memory', String(memory), '--memory-swap', String(memory)],
    ...['--cpus', String(cpus), '--pids-limit', String(pids), '--shm-size', String(SHARED)],
  ]
}

/** The part of an inspected container that bounds it, as the engine writes it. */
export interface InspectedBounds {
  readonly HostConfig?: {
    readonly NetworkMode?: string
    readonly Privileged?: boolean
    readonly CapAdd?: readonly string[] | null
    readonly CapDrop?: readonly string[] | null
    readonly SecurityOpt?: readonly string[] | null
    readonly Memory?: number
    readonly NanoCpus?: number
    readonly PidsLimit?: number | null
    readonly PortBindings?: object | null
    readonly Binds?: readonly string[] | null
    readonly PidMode?: string
    readonly Devices?: readonly unknown[] | null
  }
  readonly Mounts?: readonly { readonly Type?: string }[] | null
}

/**
 * Compares a container with what was asked for. Returns what differs, in words; empty if nothing does. Swap, shared memory and the restart
 * policy are not compared.
 */
export function brokenBounds(inspected: InspectedBounds, { memory, cpus, pids }: ScratchLimits): readonly string[] {
  const host = inspected.HostConfig ?? {}
  const capabilities = (host.CapAdd ?? []).map((one) => one.replace(/^CAP_/, '')).sort()
  const checks: readonly (readonly [string, boolean])[] = [
    ['its network', host.NetworkMode === 'none'],
    ['its ports', Object.keys(host.PortBindings ?? {}).length === 0],
    ['its privileges', host.Privileged === false],
    ['its dropped capabilities', (host.CapDrop ?? []).map((one) => one.replace(/^CAP_/, '')).join() === 'ALL'],
    ['its added capabilities', capabilities.join() === CAPABILITIES.join()],
    ['no-new-privileges', (host.SecurityOpt ?? []).some((one) => /^no-new-privileges(:true|=true)?$/.test(one))],
    ['its memory', host.Memory === memory],
    ['its CPUs', host.NanoCpus === Math.round(cpus * 1e9)],
    ['its number of processes', host.PidsLimit === pids],
    ['its processes', (host.PidMode ?? '') !== 'host'],
    ['its devices', (host.Devices ?? []).length === 0],
    ['its mounts', (host.Binds ?? []).length === 0 && (inspected.Mounts ?? []).every(({ Type }) => Type === 'volume')],
  ]
  return checks.filter(([, isRight]) => !isRight).map(([what]) => what)
}
