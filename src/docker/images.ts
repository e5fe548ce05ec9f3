/** Images: pulled by policy, and what an image says of itself. */
import { CommandError, InstanceError } from '../errors.ts'
import { commandError, type Docker, type QueryOptions, query } from './process.ts'

export interface ReadyImage {
  readonly reference: string
  readonly id: string
  /** `sha256:…` of the registry's manifest; `null` for an image that was never in one. */
  readonly digest: string | null
  /** `USER` as the image has it; empty is root. */
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly warnings: readonly string[]
}

export type PullPolicy = 'always' | 'missing' | 'never'

/** The most that a pull may take where the caller says nothing, ms. */
const PULL_DEADLINE_MS = 2 * 3_600_000

/**
 * The image, after what the policy asks. `always` falls back to the local image with a warning, `missing` pulls where there is none,
 * `never` does not pull. Throws `InstanceError` where there is none in the end.
 */
export async function ensureImage(
  docker: Docker,
  reference: string,
  policy: PullPolicy,
  options: QueryOptions = {},
): Promise<ReadyImage> {
  const local = policy === 'always' ? null : await inspectImage(docker, reference, options)
  if (local) return local
  if (policy === 'never') {
    throw new InstanceError(
      `image ${reference} is not on this host, and pull is "never": build or load it there, or set pull to "missing"`,
    )
  }
  const argv = ['pull', '--quiet', reference]
  const pulled = await query(docker, argv, { deadlineMs: PULL_DEADLINE_MS, ...options })
  if (pulled.ended.kind === 'cancelled') throw commandError(docker, argv, 'pull', pulled)
  const image = await inspectImage(docker, reference, options)
  const failure =
    pulled.ended.kind === 'exit' && pulled.ended.code === 0
      ? null
      : commandError(docker, argv, `image ${reference} could not be pulled`, pulled)
  if (!failure) {
    if (image) return image
    throw new InstanceError(`image ${reference} was pulled, but is not there`)
  }
  if (!image) {
    throw new InstanceError(
      `${failure.message}. Check its name, and that this host may pull it (docker login); for one that is built on the host, build it there`,
      {
        cause: failure,
      },
    )
  }
  return {
    ...image,
    warnings: [`${failure.message}; the local image is used (pull: missing says so without this warning)`],
  }
}

async function inspectImage(docker: Docker, reference: string, options: QueryOptions): Promise<ReadyImage | null> {
  const argv = ['image', 'inspect', reference]
  const output = await query(docker, argv, options)
  if (output.ended.kind === 'exit' && output.ended.code === 1 && /no such image/i.test(output.stderr)) return null
  if (output.ended.kind !== 'exit' || output.ended.code !== 0)
    throw commandError(docker, argv, `image ${reference} could not be inspected`, output)
  const raw = (JSON.parse(output.stdout) as RawImage[])[0]
  if (!raw)
    throw new CommandError(`image ${reference} could not be inspected: docker gave nothing`, {
      argv,
      ended: output.ended,
      stderr: output.stderr,
    })
  return {
    reference,
    id: raw.Id,
    digest: raw.RepoDigests?.[0]?.split('@')[1] ?? null,
    user: raw.Config?.User ?? '',
    entrypoint: raw.Config?.Entrypoint ?? [],
    warnings: [],
  }
}

/**
 * Whether this ENTRYPOINT was written in shell form (`ENTRYPOINT command`), which drops the command `/backup.sh` and so would do
 * nothing with it; also behind `tini --`, `env` and the like. One that takes its arguments up (`sh -c 'exec "$0" "$@"'`) is fine.
 */
export function dropsItsCommand(entrypoint: readonly string[]): boolean {
  const shell = entrypoint.findIndex((word) => /(^|\/)(sh|bash|ash|dash|ksh|zsh)$/.test(word))
  if (shell < 0) return false
  const rest = entrypoint.slice(shell + 1)
  const at = rest.findIndex((word) => /^-[a-z]*c$/.test(word))
  const script = rest[at + 1]
  // SHELL may give options before -c, and their words: -e, -o pipefail
  const isShellForm = at >= 0 && rest.slice(0, at).every((word) => /^[-+]/.test(word) || /^[a-z]+$/.test(word))
  if (!isShellForm || script === undefined) return false
  // in single quotes it is another program's: awk '{print $9}'
  return !/\$(\{?[0-9@*])/.test(script.replace(/'[^']*'/g, ''))
}

/** The digests by which registries know images, by the images' ids. An image that is gone is left out: its container may outlive it. */
export async function imageDigests(
  docker: Docker,
  ids: readonly string[],
  options: QueryOptions,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const format = '{{.Id}} {{range .RepoDigests}}{{.}} {{end}}'
  const argv = ['image', 'inspect', '--format', format, ...ids]
  const output = await query(docker, argv, options)
  const isAnswered = output.ended.kind === 'exit' && (output.ended.code === 0 || /no such image/i.test(output.stderr))
  if (!isAnswered) throw commandError(docker, argv, 'images could not be inspected', output)
  const rows = output.stdout.split('\n').map((line) => line.trim().split(' '))
  return new Map(rows.flatMap(([id, first]) => (id && first ? [[id, first.split('@')[1] ?? ''] as const] : [])))
}

interface RawImage {
  readonly Id: string
  readonly RepoDigests?: readonly string[] | null
  readonly Config?: { readonly User?: string; readonly Entrypoint?: readonly string[] | null } | null
}
