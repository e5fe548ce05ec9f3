/** Builds docker's argument lists: a spec in, an argv out. Pure; nothing here starts a process. */
import { InstanceError } from '../errors.ts'

/** Label on volumes that `docker create` made implicitly for one of our mounts; its value is the job's id. */
export const MADE_BY_LABEL = 'dev.polarfox.marina-action.made-by'

export type MountSpec =
  | {
      readonly type: 'volume'
      readonly source: string
      readonly target: string
      readonly readonly: boolean
      readonly subpath?: string
      /**
       * The job's id. It becomes a label only if this mount creates the volume (measured on 20.10 and 26.1), and so tells a volume that did
       * not exist from the user's own.
       */
      readonly madeBy?: string
      /** Labels that the volume gets if this mount creates it. */
      readonly labels?: Readonly<Record<string, string>>
    }
  /** An anonymous volume, which is removed with its container (`rm -fv`). */
  | {
      readonly type: 'anonymous'
      readonly target: string
      readonly labels: Readonly<Record<string, string>>
      /** True if the engine copies what the image has at `target`, with owner and mode. */
      readonly isFilled?: boolean
    }
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readonly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string }

export interface RunSpec {
  readonly name: string
  /** Id of the image, so that the image that was inspected runs, even if its tag is moved meanwhile. */
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly MountSpec[]
  readonly env: Readonly<Record<string, string>>
  /**
   * Replaces the image's ENTRYPOINT: the program, then the arguments that go before `command`. `null` keeps the image's; an empty list
   * removes it.
   */
  readonly entrypoint: readonly string[] | null
  readonly command: readonly string[]
  readonly user: string | null
  readonly network: string | null
  readonly memory: string | null
  readonly cpus: string | null
  /** True for the helper: it keeps stdin open, and the engine restarts it whenever it ends (`--restart always`). */
  readonly helper: boolean
}

/**
 * Describes a `docker create` call: its arguments, and the values that its client takes from the environment and stdin, so that none stands
 * in an argument list.
 */
export interface CreateCall {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly input: Buffer | undefined
}

/**
 * Builds the `docker create` call of one of our containers. `--pull never`, because only the image phase pulls. The `local` log driver,
 * whatever the engine's default: a container's output may hold secrets, and must neither travel to a log server nor fill the disk.
 */
export function createCall(spec: RunSpec): CreateCall {
  const [first = '', ...rest] = spec.entrypoint ?? []
  const { byName, byFile } = splitEnv(spec.env)
  return {
    name: spec.name,
    labels: spec.labels,
    argv: [
      'create',
      ...['--name', spec.name, '--pull', 'never', '--no-healthcheck'],
      ...['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'],
      ...(spec.helper ? ['--interactive', '--restart', 'always'] : []),
      ...Object.entries(spec.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ...spec.mounts.flatMap((mount) => ['--mount', mountSpec(mount)]),
      ...(spec.user === null ? [] : ['--user', spec.user]),
      ...(spec.network === null ? [] : ['--network', spec.network]),
      ...(spec.memory === null ? [] : ['--memory', spec.memory]),
      ...(spec.cpus === null ? [] : ['--cpus', spec.cpus]),
      ...Object.keys(byName).flatMap((key) => ['--env', key]),
      ...(byFile === '' ? [] : ['--env-file', '/dev/stdin']),
      ...(spec.entrypoint === null ? [] : ['--entrypoint', first]),
      spec.image,
      ...rest,
      ...spec.command,
    ],
    env: byName,
    input: byFile === '' ? undefined : Buffer.from(byFile),
  }
}

/**
 * Splits variables by the way they travel. Most go in the client's environment (`byName`, for `--env KEY`), which takes any byte but NUL. A
 * key that the client itself or its helpers read would change the client, so it goes as a line of `byFile`, for `--env-file` on stdin.
 * Throws `InstanceError` if the value of such a key has several lines. Source: docker/cli `opts/file.go` (a line is `KEY=value`, kept as it
 * stands).
 */
function splitEnv(env: Readonly<Record<string, string>>): { byName: Record<string, string>; byFile: string } {
  const byName: Record<string, string> = {}
  let byFile = ''
  for (const [key, value] of Object.entries(env)) {
    if (!readByClient(key)) byName[key] = value
    else if (!/[\r\n]/.test(value)) byFile += `${key}=${value}\n`
    else
      throw new InstanceError(
        `env ${key} has a value of several lines, which cannot be given to a variable that the docker client itself reads: write it in one line, or under another name`,
      )
  }
  return { byName, byFile }
}

/** Tells whether the docker client, ssh, a credential helper, the dynamic linker or the Go runtime acts on the variable `key`. */
export function readByClient(key: string): boolean {
  return (
    /^(DOCKER_|BUILDKIT_|COMPOSE_|LD_|SSH_(ASKPASS|AUTH_SOCK|AGENT_PID)|XDG_|GODEBUG$|GO(MAX|GC|TRACE)|OTEL_|GLIBC_|MALLOC_)/.test(
      key,
    ) ||
    /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_ALL|NO_COLOR|TERM|PWD)$/.test(key) ||
    /^(all|ftp|https?|no)_proxy$/i.test(key) ||
    /^SSL_CERT_(FILE|DIR)$/.test(key)
  )
}

/**
 * Writes one `--mount` value. We never use `-v`: it copies the image's files into an empty volume, and takes a volume name of one letter
 * for a Windows drive.
 */
export function mountSpec(mount: MountSpec): string {
  switch (mount.type) {
    case 'volume':
      return csv([
        'type=volume',
        `src=${mount.source}`,
        `dst=${mount.target}`,
        'volume-nocopy',
        ...(mount.madeBy === undefined ? [] : [`volume-label=${MADE_BY_LABEL}=${mount.madeBy}`]),
        ...Object.entries(mount.labels ?? {}).map(([key, value]) => `volume-label=${key}=${value}`),
        ...(mount.subpath === undefined ? [] : [`volume-subpath=${mount.subpath}`]),
        ...(mount.readonly ? ['readonly'] : []),
      ])
    case 'anonymous':
      return csv([
        'type=volume',
        `dst=${mount.target}`,
        ...(mount.isFilled ? [] : ['volume-nocopy']),
        ...Object.entries(mount.labels).map(([key, value]) => `volume-label=${key}=${value}`),
      ])
    case 'bind':
      return csv(['type=bind', `src=${mount.source}`, `dst=${mount.target}`, ...(mount.readonly ? ['readonly'] : [])])
    case 'tmpfs':
      return csv(['type=tmpfs', `dst=${mount.target}`])
  }
}

/** Writes the fields as one line of CSV, which is the form that `--mount` takes. Source: docker/cli `opts/mount.go`. */
function csv(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
}
