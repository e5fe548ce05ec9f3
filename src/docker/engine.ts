/** Asks which engine answers, what it can do, and what time it has. */
import { CancelledError, DockerUnavailableError } from '../errors.ts'
import { withoutEnd } from '../format.ts'
import { type QueryOutput, reason, succeeded } from './callResult.ts'
import { type Docker, query } from './process.ts'

export interface Engine {
  readonly version: string
  /** The newest API version that both client and engine speak. */
  readonly apiVersion: string
  /**
   * The name that the engine gives its host (`docker info`), also if the runner is a container with a name of its own; `unknown` if it gives
   * none.
   */
  readonly hostName: string
  /** True if user namespaces are remapped: files of a volume then have other owners' numbers inside a container than on the host. */
  readonly remapped: boolean
  /** The engine's clock minus ours, ms; 0 if the engine does not tell its time. Deadlines that other processes read are by the engine's clock. */
  readonly clockOffsetMs: number
}

const OLDEST_API = '1.41'
/** The first API version with `volume-subpath`. An older engine ignores the option silently and mounts the whole volume (measured). */
export const SUBPATH_API = '1.45'

/**
 * Asks the engine that the client reaches for its version and traits. `deadlineMs` holds for each of the two questions. Throws
 * `DockerUnavailableError` if none answers, if it is not supported, or if `docker` is not Docker's client; `CancelledError` if the signal
 * fires.
 */
export async function openEngine(docker: Docker, signal?: AbortSignal, deadlineMs = 30_000): Promise<Engine> {
  const asked = { deadlineMs, ...(signal ? { signal } : {}) }
  const version = parse(await query(docker, ['version', '--format', '{{json .}}'], asked)) as VersionAnswer
  const server = version.Server
  if (!server) throw new DockerUnavailableError('docker answered without a server version')
  if (server.Components?.some((part) => /podman/i.test(part.Name ?? ''))) throw refused('Podman')
  if (server.Os !== undefined && server.Os !== 'linux') throw refused(`a ${server.Os} engine`)
  const apiVersion =
    [server.ApiVersion, version.Client?.ApiVersion ?? server.ApiVersion].sort(compareVersions)[0] ?? '0'
  if (compareVersions(server.ApiVersion, OLDEST_API) < 0) {
    throw new DockerUnavailableError(
      `Docker Engine ${server.Version} (API ${server.ApiVersion}) is too old: 20.10 (API ${OLDEST_API}) or newer is needed`,
    )
  }
  const before = Date.now()
  const info = parse(await query(docker, ['info', '--format', '{{json .}}'], asked)) as InfoAnswer
  const options = info.SecurityOptions ?? []
  if (options.some((option) => /name=rootless/.test(option))) throw refused('rootless Docker')
  const engineTime = Date.parse(info.SystemTime ?? '')
  return {
    version: server.Version,
    apiVersion,
    hostName: info.Name ?? 'unknown',
    remapped: options.some((option) => /name=userns/.test(option)),
    clockOffsetMs: Number.isNaN(engineTime) ? 0 : engineTime - Math.round((before + Date.now()) / 2),
  }
}

/** Compares two versions by their first two numbers: negative if `a` is older than `b`, 0 if both numbers are equal, else positive. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]]
  return (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0)
}

interface VersionAnswer {
  readonly Client?: { readonly ApiVersion?: string }
  readonly Server?: {
    readonly Version: string
    readonly ApiVersion: string
    readonly Os?: string
    readonly Components?: readonly { readonly Name?: string }[]
  }
}

interface InfoAnswer {
  readonly Name?: string
  readonly SystemTime?: string
  readonly SecurityOptions?: readonly string[] | null
}

function refused(what: string): DockerUnavailableError {
  return new DockerUnavailableError(`${what} is not supported yet: use a rootful Docker Engine 20.10 or newer`)
}

/**
 * Parses the answer to a question as JSON. If the client failed, throws `CancelledError`, or `DockerUnavailableError` with the first line
 * that it wrote on stderr. Throws `DockerUnavailableError` too if the answer is no JSON.
 */
function parse(output: QueryOutput): unknown {
  if (succeeded(output)) return parseAnswer(output.stdout)
  if (output.ended.kind === 'cancelled') throw new CancelledError()
  const why = reason(output.ended, output.stderr.trim().split('\n')[0] ?? '')
  throw new DockerUnavailableError(
    `no Docker engine answers: ${why}. See that the engine runs and that this runner's user may use it (DOCKER_HOST, docker context, group docker)`,
  )
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const [line = ''] = text.trim().split('\n')
    throw new DockerUnavailableError(
      `the docker client answered in words that are not Docker’s: "${withoutEnd(line.slice(0, 200))}". See that docker on PATH is Docker’s own client`,
    )
  }
}
