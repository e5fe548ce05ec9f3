/** Pulls images by policy and reads their properties. */
import { CommandError, InstanceError } from '../errors.ts'
import { commandError, isRefused, succeeded } from './callResult.ts'
import { isOfHostOnly, isSameRepository, parseImageName } from './imageNames.ts'
import { type Docker, type QueryOptions, query } from './process.ts'
import { pullAdvice } from './pullAdvice.ts'

export interface ReadyImage {
  readonly reference: string
  readonly id: string
  /**
   * The first manifest digest that the engine notes for the image, `sha256:…`; `null` if it notes none. The containerd image store notes
   * one also for an image that was never in a registry.
   */
  readonly digest: string | null
  /** The image's `USER`; empty means root. */
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly warnings: readonly string[]
  /**
   * Says why no registry was asked, if `pull` was left out and the image on the host is used all the same. `null` otherwise, also for a
   * name that a digest pins.
   */
  readonly notice: string | null
}

export type PullPolicy = 'always' | 'missing' | 'never'

/** Longest pull if the caller sets no limit, ms. */
const PULL_DEADLINE_MS = 2 * 3_600_000

export interface PullOptions {
  readonly signal?: AbortSignal
  /** Longest pull, ms. A look at the images on the host has a deadline of its own. */
  readonly pullDeadlineMs?: number
}

/**
 * Returns the image, pulled as the policy asks. `always` pulls, and falls back to the image on the host with a warning. `missing` pulls if
 * the host has none. `never` does not pull. `null`, if the configuration leaves `pull` out, works as `always` with two exceptions. A name
 * that a digest pins is not pulled again. An image that was never pulled (or may never have been) is used as it is: whoever owns its name
 * in a registry could otherwise put another image in its place. Throws `InstanceError` if there is no image in the end.
 */
export async function ensureImage(
  docker: Docker,
  reference: string,
  policy: PullPolicy | null,
  { signal, pullDeadlineMs = PULL_DEADLINE_MS }: PullOptions = {},
): Promise<ReadyImage> {
  const options = signal ? { signal } : {}
  const local = policy === 'always' ? null : await findImage(docker, reference, options)
  if (local?.kind === 'found') {
    if (policy !== null || parseImageName(reference).isPinned) return local.image
    const notice = whyNotAsked(reference, local)
    if (notice !== null) return { ...local.image, notice }
  }
  if (policy === 'never')
    throw new InstanceError(
      `image ${reference} is not on this host, and pull is "never": build or load it there, or set pull to "missing"${meantOther(local)}`,
    )
  const argv = ['pull', '--quiet', reference]
  const pulled = await query(docker, argv, { ...options, deadlineMs: pullDeadlineMs })
  if (pulled.ended.kind === 'cancelled') throw commandError(docker, 'pull', pulled)
  const found = await findImage(docker, reference, options)
  const isPulled = succeeded(pulled)
  const failure = isPulled ? null : commandError(docker, `image ${reference} could not be pulled`, pulled)
  if (found?.kind === 'found') return failure === null ? found.image : usedInstead(found.image, failure)
  if (failure === null) throw new InstanceError(`image ${reference} was pulled, but is not there`)
  throw new InstanceError(`${failure.message}. ${pullAdvice(reference, failure.message)}${meantOther(found)}`, {
    cause: failure,
  })
}

function usedInstead(image: ReadyImage, failure: Error): ReadyImage {
  const warning = `${failure.message}; the local image is used (to avoid this warning: pull: missing)`
  return { ...image, warnings: [warning] }
}

/**
 * The origin of an image: whether it came from the repository that its name means. A pushed image counts as `pulled`. `unknown`: this engine
 * does not tell.
 */
type Origin = 'pulled' | 'never pulled' | 'unknown'

/** Says why no registry is asked for an image that is on the host; `null` if one is to be asked. */
function whyNotAsked(reference: string, { origin }: FoundImage): string | null {
  const cure = '(to ask one each time: pull: always)'
  if (origin === 'never pulled')
    return `image ${reference} is on this host and was never pulled: it is used as it is, and no registry is asked for it ${cure}`
  // a registry that the name spells out was chosen; Docker Hub was perhaps not, and there the name may be anybody's
  const isChosen = parseImageName(reference).registry !== 'docker.io' && !isOfHostOnly(reference)
  if (origin === 'pulled' || isChosen) return null
  return `image ${reference} is on this host, and this engine does not tell whether it was built here: it is used as it is, and no registry is asked for it ${cure}`
}

/** Returns the id of the image on the host of exactly that name or full id, without a pull; `null` if there is none. */
export async function imageIdOnHost(docker: Docker, reference: string, options: QueryOptions): Promise<string | null> {
  const found = await findImage(docker, reference, options)
  return found?.kind === 'found' ? found.image.id : null
}

interface FoundImage {
  readonly kind: 'found'
  readonly image: ReadyImage
  readonly origin: Origin
}

type LocalImage =
  | FoundImage
  /** No image has that name, but docker took the name for the beginning of this image's id. */
  | { readonly kind: 'other'; readonly id: string; readonly tags: readonly string[] }

function meantOther(found: LocalImage | null): string {
  if (found?.kind !== 'other') return ''
  const name = found.tags[0] === undefined ? '' : ` is called ${found.tags[0]}, and`
  return `. An image on this host whose id begins so${name} has the id ${found.id}: write one of these if it is meant`
}

/**
 * Looks on the host for the image of that name or full id; `null` if docker finds none. `other`: docker found an image whose id only begins
 * so.
 */
async function findImage(docker: Docker, reference: string, options: QueryOptions): Promise<LocalImage | null> {
  const argv = ['image', 'inspect', reference]
  const output = await query(docker, argv, options)
  if (isRefused(output) && /no such image/i.test(output.stderr)) return null
  if (!succeeded(output)) throw commandError(docker, `image ${reference} could not be inspected`, output)
  const raw = (JSON.parse(output.stdout) as RawImage[])[0]
  if (!raw)
    throw new CommandError(`image ${reference} could not be inspected: docker gave nothing`, {
      ended: output.ended,
      stderr: output.stderr,
    })
  const tags = raw.RepoTags ?? []
  if (!isNamed(reference, raw.Id, tags)) return { kind: 'other', id: raw.Id, tags }
  const image: ReadyImage = {
    reference,
    id: raw.Id,
    digest: raw.RepoDigests?.[0]?.split('@')[1] ?? null,
    user: raw.Config?.User ?? '',
    entrypoint: raw.Config?.Entrypoint ?? [],
    warnings: [],
    notice: null,
  }
  return { kind: 'found', image, origin: originOf(reference, raw) }
}

/**
 * Tells where an image came from. The classic image store notes a repository's digest when an image is pulled from it or pushed to it. Its
 * ids are digests of another text (the image's configuration), and so never equal these. The containerd store makes up a digest for every
 * tag, also of an image that was built or loaded here: then the digest equals the id, and proves nothing. Engines with API 1.53 (29.2) and
 * newer say in `Identity` which repositories the content was pulled from. On an older engine with that store nothing tells.
 */
function originOf(reference: string, { Id, RepoDigests, Identity }: RawImage): Origin {
  const digests = (RepoDigests ?? []).filter((digest) => isSameRepository(digest, reference))
  if (digests.length === 0) return 'never pulled'
  if (digests.some((digest) => digest.split('@')[1] !== Id)) return 'pulled'
  if (!Identity) return 'unknown'
  const isFromThere = Identity.Pull?.some(({ Repository }) => Repository && isSameRepository(Repository, reference))
  return isFromThere ? 'pulled' : 'never pulled'
}

/** Tells whether an image is the one that was named. Docker takes a word such as `cafe` for the beginning of an id if no image is called so. */
function isNamed(reference: string, id: string, tags: readonly string[]): boolean {
  const digits = /^(?:sha256:)?([0-9a-f]+)$/.exec(reference)?.[1]
  return digits === undefined || id === `sha256:${digits}` || tags.includes(`${reference}:latest`)
}

/**
 * Tells whether an ENTRYPOINT was written in shell form (`ENTRYPOINT command`), also behind `tini --`, `env` and the like. Such an image
 * ignores the command `/backup.sh`. A shell that runs its arguments (`sh -c 'exec "$0" "$@"'`) is fine.
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

/**
 * Returns the first manifest digest that the engine notes for each image (see `ReadyImage.digest`), by image id. An image is left out if it has
 * none, or if it does not exist any more: a container can outlive its image.
 */
export async function imageDigests(
  docker: Docker,
  ids: readonly string[],
  options: QueryOptions,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const format = '{{.Id}} {{range .RepoDigests}}{{.}} {{end}}'
  const argv = ['image', 'inspect', '--format', format, ...ids]
  const output = await query(docker, argv, options)
  const isAnswered = succeeded(output) || (isRefused(output) && /no such image/i.test(output.stderr))
  if (!isAnswered) throw commandError(docker, 'images could not be inspected', output)
  const rows = output.stdout.split('\n').map((line) => line.trim().split(' '))
  return new Map(rows.flatMap(([id, first]) => (id && first ? [[id, first.split('@')[1] ?? ''] as const] : [])))
}

interface RawImage {
  readonly Id: string
  readonly RepoTags?: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Identity?: { readonly Pull?: readonly { readonly Repository?: string }[] | null } | null
  readonly Config?: { readonly User?: string; readonly Entrypoint?: readonly string[] | null } | null
}
